package io.offcut.node.internal.bundle;

import io.offcut.bundle.BundleLimits;
import io.offcut.bundle.BundleStore;
import io.offcut.core.ErrorCode;
import io.offcut.core.OffcutException;
import io.offcut.core.function.BundleManifest;
import io.offcut.core.function.FunctionSpec;
import java.io.IOException;
import java.io.InputStream;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.Executor;

/**
 * Bundles of this node: from its own disk, else from the scheduler. What arrives, and what lies on
 * the disk, is checked against its hash. Blocks. Safe for use by any thread.
 */
public final class BundleCache implements AutoCloseable {
    private static final Duration CONNECT = Duration.ofSeconds(3);
    private static final Duration ANSWER = Duration.ofSeconds(30);

    /**
     * A bundle ready to be run.
     *
     * @param folder its files, read-only
     */
    public record Ready(Path folder, List<FunctionSpec> functions) {
        public Ready {
            functions = List.copyOf(functions);
        }
    }

    private final BundleStore store;

    /** Reading one again takes longer than the rest of what a lease needs of its bundle. */
    private final Map<String, BundleManifest> manifests = new ConcurrentHashMap<>();

    private final String schedulerUrl;
    private final String secret;
    private final HttpClient http =
            HttpClient.newBuilder()
                    .connectTimeout(CONNECT)
                    .executor((Executor) Thread::startVirtualThread)
                    .build();

    /**
     * @param secret what nodes show to the scheduler; empty for none
     */
    public BundleCache(Path folder, String schedulerUrl, String secret) {
        this.store = BundleStore.open(folder, BundleLimits.DEFAULT);
        this.schedulerUrl = schedulerUrl.replaceFirst("/+$", "");
        this.secret = secret;
    }

    /**
     * Unpacks the bundle, fetching it first when it is not here or damaged.
     *
     * @throws OffcutException {@code NOT_FOUND} when the scheduler has no such bundle, {@code
     *     UNREACHABLE} when it cannot be asked, {@code EXHAUSTED} when the disk is full
     */
    public Ready ready(String sha256) {
        Path folder = store.ensureUnpacked(sha256, this::fetch);
        return new Ready(folder, manifests.computeIfAbsent(sha256, store::manifest).functions());
    }

    private InputStream fetch(String sha256) throws IOException {
        HttpRequest.Builder request =
                HttpRequest.newBuilder(
                                URI.create(schedulerUrl + "/v1/functions/" + sha256 + "/bundle"))
                        .timeout(ANSWER);
        if (!secret.isEmpty()) {
            request.header("Authorization", "Bearer " + secret);
        }
        HttpResponse<InputStream> response;
        try {
            response = http.send(request.build(), HttpResponse.BodyHandlers.ofInputStream());
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IOException("interrupted", e);
        } catch (IOException e) {
            throw new OffcutException(
                    ErrorCode.UNREACHABLE,
                    "this node has no bundle "
                            + sha256
                            + " and cannot fetch it: the scheduler does not answer; try again",
                    e);
        }
        if (response.statusCode() == 200) {
            return response.body();
        }
        response.body().close();
        throw refused(sha256, response.statusCode());
    }

    private static OffcutException refused(String sha256, int status) {
        return switch (status) {
            case 404 ->
                    new OffcutException(
                            ErrorCode.NOT_FOUND,
                            "the scheduler has no bundle " + sha256 + "; push it again");
            case 401, 403 ->
                    new OffcutException(
                            ErrorCode.UNREACHABLE,
                            "the scheduler does not give bundles to this node (HTTP "
                                    + status
                                    + "); its administrator must set nodeSecretFile");
            default ->
                    new OffcutException(
                            ErrorCode.UNREACHABLE,
                            "the scheduler answered HTTP "
                                    + status
                                    + " when asked for bundle "
                                    + sha256
                                    + "; try again");
        };
    }

    @Override
    public void close() {
        http.shutdownNow();
        store.close();
    }
}
