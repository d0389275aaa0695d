package io.offcut.scheduler.internal.state;

import com.fasterxml.jackson.databind.JsonNode;
import io.offcut.bundle.BundleHash;
import io.offcut.bundle.BundleLimits;
import io.offcut.bundle.BundleStore;
import io.offcut.core.ErrorCode;
import io.offcut.core.OffcutException;
import io.offcut.core.api.FunctionView;
import io.offcut.core.api.ResolvedFunction;
import io.offcut.scheduler.internal.Json;
import java.io.InputStream;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.function.Predicate;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Which bundles were pushed, by whom, under which name. Names are per owner and the latest push of
 * a name wins; a hash works for everybody. Of a name the latest few versions are kept, and older
 * ones that are in use. The list is kept in {@code functions.json}, the archives in a {@link
 * BundleStore}.
 *
 * <p>Reading never blocks, so the core's thread may do it; changes are made one at a time and block
 * on the disk.
 */
public final class FunctionCatalog implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(FunctionCatalog.class);
    private static final String FILE = "functions.json";

    /** Kept of one name of one owner; older ones that nobody uses are retired by a push. */
    private static final int VERSIONS = 5;

    private final StateFolder folder;
    private final BundleStore store;
    private final long maxBytesPerUser;

    /** Oldest first; replaced as a whole. */
    private volatile List<FunctionView> views;

    private FunctionCatalog(
            StateFolder folder, BundleStore store, long maxBytesPerUser, List<FunctionView> views) {
        this.folder = folder;
        this.store = store;
        this.maxBytesPerUser = maxBytesPerUser;
        this.views = views;
    }

    /** Loads the list and removes archives that nobody refers to. */
    public static FunctionCatalog open(
            StateFolder folder, BundleLimits limits, long maxBytesPerUser) {
        BundleStore store = BundleStore.open(folder.path("functions"), limits);
        try {
            List<FunctionView> views = new ArrayList<>();
            for (FunctionView view : load(folder)) {
                if (store.contains(view.bundle())) {
                    views.add(view);
                } else {
                    LOG.warn("the archive of bundle {} is gone; push it again", view.bundle());
                }
            }
            for (String sha256 : store.list()) {
                if (views.stream().noneMatch(view -> view.bundle().equals(sha256))) {
                    store.remove(sha256);
                }
            }
            return new FunctionCatalog(folder, store, maxBytesPerUser, List.copyOf(views));
        } catch (RuntimeException e) {
            store.close();
            throw e;
        }
    }

    private static List<FunctionView> load(StateFolder folder) {
        List<FunctionView> views = new ArrayList<>();
        try {
            Optional<byte[]> text = folder.read(FILE);
            if (text.isPresent()) {
                for (JsonNode node : Json.tree(text.get())) {
                    views.add(Json.read(node, FunctionView.class));
                }
            }
            return views;
        } catch (Json.BadJson e) {
            throw new OffcutException(
                    ErrorCode.INVALID_INPUT,
                    folder.path(FILE)
                            + " is damaged; restore it, or move it away and push the functions again");
        }
    }

    /**
     * Stores what a user sends, and retires old versions of its name that nobody uses.
     *
     * @param in the archive; read to its end or limit, not closed
     * @param inUse asked about each bundle whose last reference would go
     * @throws OffcutException {@code NO_CAPACITY} if the user's quota is too small; then nothing
     *     changed
     */
    public FunctionView push(
            String owner, InputStream in, long nowEpochMillis, Predicate<String> inUse) {
        BundleStore.Stored stored = store.put(in);
        FunctionView view =
                new FunctionView(
                        stored.sha256(),
                        owner,
                        stored.manifest(),
                        stored.archiveBytes(),
                        nowEpochMillis);
        synchronized (this) {
            if (!store.contains(stored.sha256())) {
                throw new OffcutException(
                        ErrorCode.CONFLICT,
                        "the bundle was removed at the same moment; push it again");
            }
            try {
                add(view, inUse);
            } catch (RuntimeException e) {
                removeOrphans(List.of(view), views);
                throw e;
            }
        }
        return view;
    }

    private void add(FunctionView view, Predicate<String> inUse) {
        List<FunctionView> before = views;
        List<FunctionView> next = new ArrayList<>(before);
        next.removeIf(v -> v.owner().equals(view.owner()) && v.bundle().equals(view.bundle()));
        next.add(view);
        List<FunctionView> versions =
                next.stream()
                        .filter(v -> v.owner().equals(view.owner()))
                        .filter(v -> v.manifest().name().equals(view.manifest().name()))
                        .toList();
        List<FunctionView> old = versions.subList(0, Math.max(0, versions.size() - VERSIONS));
        // Hidden first: a request that comes from here on does not find them, earlier ones are
        // seen.
        views = before.stream().filter(v -> !old.contains(v)).toList();
        try {
            List<FunctionView> retired =
                    old.stream().filter(v -> isShared(v, next) || !inUse.test(v.bundle())).toList();
            next.removeAll(retired);
            requireQuota(view.owner(), next);
            replace(next);
            removeOrphans(retired, next);
        } catch (RuntimeException e) {
            views = before;
            throw e;
        }
    }

    private static boolean isShared(FunctionView view, List<FunctionView> all) {
        return all.stream().filter(v -> v.bundle().equals(view.bundle())).count() > 1;
    }

    private void requireQuota(String owner, List<FunctionView> next) {
        long bytes =
                next.stream()
                        .filter(v -> v.owner().equals(owner))
                        .mapToLong(FunctionView::archiveBytes)
                        .sum();
        if (bytes > maxBytesPerUser) {
            throw new OffcutException(
                    ErrorCode.NO_CAPACITY,
                    "your function bundles would have "
                            + bytes
                            + " bytes, more than the "
                            + maxBytesPerUser
                            + " a user may keep; remove some first: 'offcut function rm NAME'");
        }
    }

    private void removeOrphans(List<FunctionView> gone, List<FunctionView> kept) {
        gone.stream()
                .map(FunctionView::bundle)
                .distinct()
                .filter(b -> kept.stream().noneMatch(v -> v.bundle().equals(b)))
                .forEach(store::remove);
    }

    /** The bundle that a user means by a name or a hash. */
    public Optional<FunctionView> find(String ref, String user) {
        List<FunctionView> present = views;
        Comparator<FunctionView> order = Comparator.comparing(v -> v.owner().equals(user));
        if (BundleHash.isHash(ref)) {
            return present.stream().filter(v -> v.bundle().equals(ref)).max(order);
        }
        return present.reversed().stream()
                .filter(v -> v.owner().equals(user) && v.manifest().name().equals(ref))
                .findFirst();
    }

    /** As {@link #find}, or {@code NOT_FOUND}. */
    public FunctionView get(String ref, String user) {
        return find(ref, user).orElseThrow(() -> unknown(ref));
    }

    /**
     * The bundle of the function that a user means ({@link ResolvedFunction#bundle}).
     *
     * @param everybody whether bundles of others may be meant by their names too
     */
    public FunctionView resolve(String ref, String user, boolean everybody) {
        return BundleHash.isHash(ref)
                ? get(ref, user)
                : ResolvedFunction.bundle(ref, list(user, everybody), user);
    }

    private static OffcutException unknown(String ref) {
        return new OffcutException(
                ErrorCode.NOT_FOUND,
                "there is no function bundle '"
                        + Json.printable(ref)
                        + "'; push it first, or list yours (GET /v1/functions)");
    }

    /** Every version kept of a user, or of everybody; the latest last. */
    public List<FunctionView> list(String user, boolean everybody) {
        return views.stream().filter(v -> everybody || v.owner().equals(user)).toList();
    }

    /** The archive, checked against its hash. */
    public Path archive(String sha256) {
        return store.find(sha256).orElseThrow(() -> unknown(sha256));
    }

    /**
     * Forgets what a user means by this: every version of a name, or one hash; an operator's hash
     * is everybody's. An archive that nobody refers to any more is removed.
     *
     * @param inUse asked about each bundle whose last reference would go
     * @throws OffcutException {@code CONFLICT} if one is in use; then nothing changed
     */
    public synchronized void remove(
            String ref, String user, boolean operator, Predicate<String> inUse) {
        boolean hash = BundleHash.isHash(ref);
        Predicate<FunctionView> meant =
                v ->
                        hash
                                ? v.bundle().equals(ref) && (operator || v.owner().equals(user))
                                : v.owner().equals(user) && v.manifest().name().equals(ref);
        List<FunctionView> next = views.stream().filter(meant.negate()).toList();
        if (next.size() == views.size()) {
            throw unknown(ref);
        }
        List<String> orphans =
                views.stream()
                        .filter(meant)
                        .map(FunctionView::bundle)
                        .distinct()
                        .filter(b -> next.stream().noneMatch(v -> v.bundle().equals(b)))
                        .toList();
        List<FunctionView> before = views;
        // Hidden first: a request that comes from here on does not find it, earlier ones are seen.
        views = next;
        try {
            orphans.forEach(orphan -> requireUnused(orphan, inUse));
            folder.write(FILE, Json.bytes(next));
        } catch (RuntimeException e) {
            views = before;
            throw e;
        }
        orphans.forEach(store::remove);
    }

    private static void requireUnused(String bundle, Predicate<String> inUse) {
        if (inUse.test(bundle)) {
            throw new OffcutException(
                    ErrorCode.CONFLICT,
                    "bundle " + bundle + " is in use by a lease; release it first");
        }
    }

    private void replace(List<FunctionView> next) {
        folder.write(FILE, Json.bytes(next));
        views = List.copyOf(next);
    }

    @Override
    public void close() {
        store.close();
    }
}
