package io.offcut.client.internal;

import com.fasterxml.jackson.core.type.TypeReference;
import io.offcut.core.ErrorCode;
import io.offcut.core.OffcutException;
import io.offcut.core.api.OpenLeaseRequest;
import io.offcut.core.api.OpenedLease;
import java.net.URI;
import java.net.URLEncoder;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Map;

/** Node daemons over HTTP. Safe for use by any thread. */
public final class HttpNodeApi implements NodeApi {
    private static final TypeReference<OpenedLease> OPENED = new TypeReference<>() {};

    private final HttpJson http;
    private final Duration timeout;

    /**
     * Calls with this time-out; opening may start an executor, so that it takes longer than most.
     */
    public HttpNodeApi(HttpJson http, Duration timeout) {
        this.http = http;
        this.timeout = timeout;
    }

    @Override
    public OpenedLease open(String nodeUrl, String leaseId, OpenLeaseRequest request) {
        HttpJson.Call call =
                new HttpJson.Call(
                        "node",
                        "check its daemon and the network between",
                        "POST",
                        uri(nodeUrl, leaseId),
                        Map.of(),
                        timeout);
        return http.send(call, http.encode(request), OPENED);
    }

    private static URI uri(String nodeUrl, String leaseId) {
        String id = URLEncoder.encode(leaseId, StandardCharsets.UTF_8);
        try {
            URI uri = URI.create(nodeUrl + "/v1/leases/" + id + "/open");
            if (("http".equals(uri.getScheme()) || "https".equals(uri.getScheme()))
                    && uri.getHost() != null) {
                return uri;
            }
        } catch (IllegalArgumentException e) {
            // told below
        }
        throw new OffcutException(
                ErrorCode.INVALID_INPUT,
                "node: its address '"
                        + nodeUrl
                        + "' is none: correct the url in its configuration");
    }
}
