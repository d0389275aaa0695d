package io.offcut.core.api;

import io.offcut.core.ErrorCode;
import io.offcut.core.OffcutException;
import io.offcut.core.function.FunctionSpec;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;

/**
 * A function that a reference named, and the bundle it is in.
 *
 * @param index its place in the bundle's manifest
 */
public record ResolvedFunction(FunctionView view, int index) {
    private static final int MIN_PREFIX_CHARS = 8;
    private static final int MAX_NAMED = 5;

    public FunctionSpec spec() {
        return view.manifest().functions().get(index);
    }

    /** {@code bundle/function}. */
    public String name() {
        return view.manifest().name() + "/" + spec().name();
    }

    /**
     * Finds what a reference means: {@code bundle/function}; {@code bundle} where the bundle has
     * one function; {@code function} where one bundle has it. A bundle is named by its name, then
     * the user's own latest of that name is meant before that of others, or by its SHA-256, of
     * which the first {@value #MIN_PREFIX_CHARS} digits are enough.
     *
     * @throws OffcutException {@link ErrorCode#NOT_FOUND}, or {@link ErrorCode#USAGE} where the
     *     reference means several
     */
    public static ResolvedFunction resolve(
            String reference, List<FunctionView> stored, String user) {
        List<FunctionView> current = current(stored, user);
        int slash = reference.indexOf('/');
        String name = slash < 0 ? reference : reference.substring(0, slash);
        Optional<FunctionView> bundle = bundle(name, current, stored);
        if (bundle.isPresent()) {
            return inBundle(bundle.get(), slash < 0 ? "" : reference.substring(slash + 1));
        }
        if (slash >= 0) {
            throw notFound("bundle", name, names(current));
        }
        return byFunctionName(reference, current);
    }

    /**
     * The bundle of what a reference means, also where it has several functions and the reference
     * names none.
     *
     * @throws OffcutException as {@link #resolve}
     */
    public static FunctionView bundle(String reference, List<FunctionView> stored, String user) {
        List<FunctionView> current = current(stored, user);
        Optional<FunctionView> bundle = bundle(reference, current, stored);
        return bundle.orElseGet(() -> resolve(reference, stored, user).view());
    }

    /** One bundle for each name. */
    private static List<FunctionView> current(List<FunctionView> stored, String user) {
        Comparator<FunctionView> order =
                Comparator.<FunctionView, Boolean>comparing(view -> view.owner().equals(user))
                        .thenComparingLong(FunctionView::pushedAtEpochMillis);
        Map<String, FunctionView> byName = new TreeMap<>();
        for (FunctionView view : stored) {
            byName.merge(view.manifest().name(), view, (a, b) -> order.compare(a, b) > 0 ? a : b);
        }
        return List.copyOf(byName.values());
    }

    private static ResolvedFunction byFunctionName(String name, List<FunctionView> current) {
        List<ResolvedFunction> found = new ArrayList<>();
        for (FunctionView view : current) {
            int index = indexOf(view, name);
            if (index >= 0) {
                found.add(new ResolvedFunction(view, index));
            }
        }
        if (found.isEmpty()) {
            throw notFound("function", name, names(current));
        }
        if (found.size() > 1) {
            throw new OffcutException(
                    ErrorCode.USAGE,
                    "function "
                            + name
                            + ": several bundles have it: name one of "
                            + some(found.stream().map(ResolvedFunction::name).toList()));
        }
        return found.getFirst();
    }

    private static Optional<FunctionView> bundle(
            String name, List<FunctionView> current, List<FunctionView> stored) {
        for (FunctionView view : current) {
            if (view.manifest().name().equals(name)) {
                return Optional.of(view);
            }
        }
        if (name.length() < MIN_PREFIX_CHARS) {
            return Optional.empty();
        }
        List<FunctionView> found =
                stored.stream().filter(view -> view.bundle().startsWith(name)).toList();
        if (found.stream().map(FunctionView::bundle).distinct().count() > 1) {
            throw new OffcutException(
                    ErrorCode.USAGE,
                    "bundle " + name + ": several bundles begin so: give more digits");
        }
        return found.stream().findFirst();
    }

    private static List<String> names(List<FunctionView> views) {
        return views.stream().map(view -> view.manifest().name()).toList();
    }

    private static ResolvedFunction inBundle(FunctionView view, String function) {
        int only = view.manifest().functions().size() == 1 && function.isEmpty() ? 0 : -1;
        int index = function.isEmpty() ? only : indexOf(view, function);
        if (index >= 0) {
            return new ResolvedFunction(view, index);
        }
        String bundle = view.manifest().name();
        List<String> names =
                view.manifest().functions().stream().map(f -> bundle + "/" + f.name()).toList();
        if (function.isEmpty()) {
            throw new OffcutException(
                    ErrorCode.USAGE,
                    "bundle " + bundle + ": has several functions: name one of " + some(names));
        }
        throw notFound("function", bundle + "/" + function, names);
    }

    private static int indexOf(FunctionView view, String function) {
        List<FunctionSpec> functions = view.manifest().functions();
        for (int i = 0; i < functions.size(); i++) {
            if (functions.get(i).name().equals(function)) {
                return i;
            }
        }
        return -1;
    }

    private static OffcutException notFound(String what, String name, List<String> known) {
        return new OffcutException(
                ErrorCode.NOT_FOUND,
                what
                        + " "
                        + name
                        + ": not on the scheduler: "
                        + (known.isEmpty()
                                ? "push one with 'offcut function push DIR'"
                                : "it has " + some(known)));
    }

    private static String some(List<String> names) {
        List<String> distinct = names.stream().distinct().sorted().toList();
        return distinct.size() <= MAX_NAMED
                ? String.join(", ", distinct)
                : String.join(", ", distinct.subList(0, MAX_NAMED))
                        + " and "
                        + (distinct.size() - MAX_NAMED)
                        + " more";
    }
}
