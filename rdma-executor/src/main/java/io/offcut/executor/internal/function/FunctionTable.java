package io.offcut.executor.internal.function;

import io.offcut.core.frame.InvocationStatus;
import io.offcut.core.function.FunctionKind;
import io.offcut.core.function.FunctionSpec;
import io.offcut.core.function.OffcutFunction;
import java.lang.foreign.MemorySegment;
import java.lang.reflect.InvocationTargetException;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * The functions of one worker, by index. A function is loaded by its first call, so that one whose
 * loading fails, crashes or never ends takes down that call and not the others. For the worker's
 * thread, except {@link #limitNanos} and {@link #endsItself}.
 */
public final class FunctionTable {
    private final List<FunctionSpec> specs;
    private final BundleFiles bundle;
    private final Path workDirectory;
    private final @Nullable LoadedFunction[] loaded;
    private final long[] limitsNanos;
    private final long[] lastNanos;

    /**
     * Names the functions; loads none.
     *
     * @param workDirectory where commands run
     */
    public FunctionTable(List<FunctionSpec> specs, BundleFiles bundle, Path workDirectory) {
        this.specs = List.copyOf(specs);
        this.bundle = bundle;
        this.workDirectory = workDirectory;
        this.loaded = new LoadedFunction[specs.size()];
        this.limitsNanos = new long[specs.size()];
        this.lastNanos = new long[specs.size()];
        Arrays.fill(lastNanos, -1);
        for (int index = 0; index < limitsNanos.length; index++) {
            limitsNanos[index] = TimeUnit.MILLISECONDS.toNanos(specs.get(index).timeoutMillis());
        }
    }

    /**
     * How long an invocation may take: the function's limit, or what the caller wants if that is
     * less.
     *
     * @param index any number
     * @param wishNanos 0 or less for no wish
     */
    public long limitNanos(int index, long wishNanos) {
        long limit = has(index) && limitsNanos[index] > 0 ? limitsNanos[index] : Long.MAX_VALUE;
        return wishNanos > 0 ? Math.min(limit, wishNanos) : limit;
    }

    /** How long the function ran when that was last known; negative when it never was. */
    public long lastNanos(int index) {
        return has(index) ? lastNanos[index] : -1;
    }

    /** Takes note of how long the function ran. */
    public void ran(int index, long nanos) {
        if (has(index)) {
            lastNanos[index] = nanos;
        }
    }

    /** Whether the function watches its own time, as commands do. */
    public boolean endsItself(int index) {
        return has(index) && specs.get(index).kind() == FunctionKind.COMMAND;
    }

    /**
     * Runs a function.
     *
     * @param index any number
     * @return length of the result, or a negative status code; then {@link Call#messageBytes} is
     *     the length of the message
     */
    public int run(int index, Call call) {
        if (!has(index)) {
            return call.fail(
                    InvocationStatus.NO_SUCH_FUNCTION,
                    "the bundle has no function with index " + index);
        }
        try {
            LoadedFunction function = loaded[index];
            if (function == null) {
                function = load(specs.get(index));
                loaded[index] = function;
            }
            return function.run(call);
        } catch (Throwable thrown) {
            return call.fail(InvocationStatus.FUNCTION_ERROR, messageOf(thrown));
        }
    }

    private boolean has(int index) {
        return index >= 0 && index < limitsNanos.length;
    }

    private LoadedFunction load(FunctionSpec spec) {
        try {
            return switch (spec.kind()) {
                case NATIVE -> new NativeFunction(spec, symbol(spec));
                case JAVA -> new JavaFunction(instance(spec));
                case COMMAND -> CommandFunction.of(spec, bundle, workDirectory);
            };
        } catch (MissingException e) {
            return new MissingFunction("function '" + spec.name() + "': " + e.getMessage());
        }
    }

    private MemorySegment symbol(FunctionSpec spec) throws MissingException {
        return bundle.library(spec.file())
                .find(spec.symbol())
                .orElseThrow(() ->
                        new MissingException(
                                "there is no symbol '"
                                        + spec.symbol()
                                        + "' in '"
                                        + spec.file()
                                        + "'"));
    }

    private OffcutFunction instance(FunctionSpec spec) throws MissingException {
        try {
            Class<?> type = Class.forName(spec.symbol(), true, bundle.classes(spec.file()));
            return type.asSubclass(OffcutFunction.class).getConstructor().newInstance();
        } catch (ClassNotFoundException e) {
            throw new MissingException(
                    "there is no class '" + spec.symbol() + "' in '" + spec.file() + "'");
        } catch (InvocationTargetException e) {
            throw new MissingException("its constructor threw " + e.getCause());
        } catch (ReflectiveOperationException | ClassCastException | LinkageError e) {
            throw new MissingException(
                    "class '"
                            + spec.symbol()
                            + "' must be public, implement OffcutFunction and have a public"
                            + " constructor without arguments: "
                            + e);
        }
    }

    /** The function's exception is the function's code: even its message may throw. */
    private static String messageOf(Throwable thrown) {
        try {
            String message = thrown.getMessage();
            return message == null || message.isBlank() ? thrown.getClass().getName() : message;
        } catch (Throwable e) {
            return thrown.getClass().getName();
        }
    }
}
