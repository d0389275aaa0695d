package io.offcut.client.internal;

import com.fasterxml.jackson.core.type.TypeReference;
import io.offcut.core.ErrorCode;
import io.offcut.core.OffcutException;
import io.offcut.core.api.FunctionView;
import io.offcut.core.api.LeaseRequest;
import io.offcut.core.api.NodeView;
import io.offcut.core.api.RequestView;
import io.offcut.core.api.UsageView;
import java.net.URI;
import java.net.URLEncoder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.apache.hc.core5.http.ContentType;
import org.apache.hc.core5.http.io.entity.FileEntity;
import org.jspecify.annotations.Nullable;

/** The scheduler over HTTP (docs/reference/http-api.md). Safe for use by any thread. */
public final class HttpSchedulerApi implements SchedulerApi {
    private static final Duration UPLOAD_TIMEOUT = Duration.ofMinutes(5);

    private static final ContentType ZIP = ContentType.create("application/zip");

    private static final TypeReference<List<FunctionView>> FUNCTIONS = new TypeReference<>() {};
    private static final TypeReference<List<RequestView>> REQUESTS = new TypeReference<>() {};
    private static final TypeReference<List<NodeView>> NODES = new TypeReference<>() {};
    private static final TypeReference<List<UsageView>> USAGE = new TypeReference<>() {};

    private static final TypeReference<FunctionView> FUNCTION = new TypeReference<>() {};
    private static final TypeReference<RequestView> REQUEST = new TypeReference<>() {};

    private final HttpJson http;
    private final URI base;
    private final Map<String, String> headers;
    private final Duration timeout;

    /**
     * Speaks as this user.
     *
     * @param token bearer token; null to be taken for {@code user} where the scheduler allows it
     * @param job the batch job that it is a part of; empty for none
     */
    public HttpSchedulerApi(
            HttpJson http,
            URI base,
            @Nullable String token,
            String user,
            String job,
            Duration timeout) {
        this.http = http;
        this.base = base;
        Map<String, String> all = new HashMap<>();
        all.put(
                token == null ? "Offcut-User" : "Authorization",
                token == null ? user : "Bearer " + token);
        if (!job.isEmpty()) {
            all.put("Offcut-Job", job);
        }
        this.headers = Map.copyOf(all);
        this.timeout = timeout;
    }

    @Override
    public FunctionView push(Path archive) {
        HttpJson.Call call = call("PUT", "/v1/functions", UPLOAD_TIMEOUT);
        if (!Files.isReadable(archive)) {
            throw new OffcutException(
                    ErrorCode.NOT_FOUND, "bundle " + archive + ": cannot be read: check its path");
        }
        return http.send(call, new FileEntity(archive.toFile(), ZIP), FUNCTION);
    }

    @Override
    public List<FunctionView> functions() {
        return get("/v1/functions", FUNCTIONS);
    }

    @Override
    public void removeFunction(String reference) {
        http.send(call("DELETE", "/v1/functions/" + part(reference), timeout));
    }

    @Override
    public RequestView submit(LeaseRequest request) {
        return http.send(call("POST", "/v1/leases", timeout), http.encode(request), REQUEST);
    }

    @Override
    public RequestView await(String requestId, long version, long waitMillis) {
        String path =
                "/v1/leases/"
                        + part(requestId)
                        + "?waitMillis="
                        + waitMillis
                        + "&version="
                        + version;
        HttpJson.Call call = call("GET", path, timeout.plusMillis(waitMillis));
        return http.send(call, null, REQUEST);
    }

    @Override
    public RequestView renew(String requestId) {
        HttpJson.Call call = call("POST", "/v1/leases/" + part(requestId) + "/renew", timeout);
        return http.send(call, null, REQUEST);
    }

    @Override
    public void release(String requestId) {
        http.send(call("DELETE", "/v1/leases/" + part(requestId), timeout));
    }

    @Override
    public void release(String requestId, String leaseId) {
        String path = "/v1/leases/" + part(requestId) + "/" + part(leaseId);
        http.send(call("DELETE", path, timeout));
    }

    @Override
    public List<RequestView> requests() {
        return get("/v1/leases", REQUESTS);
    }

    @Override
    public List<NodeView> nodes() {
        return get("/v1/nodes", NODES);
    }

    @Override
    public List<UsageView> usage() {
        return get("/v1/usage", USAGE);
    }

    private <T> T get(String path, TypeReference<T> type) {
        return http.send(call("GET", path, timeout), null, type);
    }

    private HttpJson.Call call(String method, String path, Duration limit) {
        return new HttpJson.Call(
                "scheduler",
                "start it with 'offcut scheduler', or name another with --scheduler or"
                        + " OFFCUT_SCHEDULER_URL",
                method,
                URI.create(base + path),
                headers,
                limit);
    }

    private static String part(String text) {
        return URLEncoder.encode(text, StandardCharsets.UTF_8).replace("+", "%20");
    }
}
