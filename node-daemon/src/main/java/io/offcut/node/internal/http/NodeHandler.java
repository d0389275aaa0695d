package io.offcut.node.internal.http;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.offcut.core.ErrorCode;
import io.offcut.core.OffcutException;
import io.offcut.core.api.ErrorBody;
import io.offcut.core.api.OpenLeaseRequest;
import io.prometheus.client.CollectorRegistry;
import io.prometheus.client.exporter.common.TextFormat;
import java.io.IOException;
import java.io.InputStream;
import java.io.StringWriter;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.eclipse.jetty.http.HttpHeader;
import org.eclipse.jetty.io.Content;
import org.eclipse.jetty.server.Handler;
import org.eclipse.jetty.server.Request;
import org.eclipse.jetty.server.Response;
import org.eclipse.jetty.util.Callback;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** From HTTP to {@link NodeApi} and back. Every failure is an {@link ErrorBody}. */
final class NodeHandler extends Handler.Abstract {
    private static final Logger log = LoggerFactory.getLogger(NodeHandler.class);
    private static final int MAX_BODY_BYTES = 64 * 1024;
    private static final String JSON = "application/json";
    private static final Pattern LEASE =
            Pattern.compile("/v1/leases/([A-Za-z0-9][A-Za-z0-9._-]{0,127})(/open)?");

    private final NodeApi api;
    private final CollectorRegistry metrics;
    private final ObjectMapper json =
            new ObjectMapper()
                    .enable(DeserializationFeature.FAIL_ON_TRAILING_TOKENS)
                    .enable(DeserializationFeature.FAIL_ON_NULL_FOR_PRIMITIVES);

    NodeHandler(NodeApi api, CollectorRegistry metrics) {
        this.api = api;
        this.metrics = metrics;
    }

    @Override
    public boolean handle(Request request, Response response, Callback callback) {
        try {
            answer(request, response, callback);
        } catch (OffcutException e) {
            fail(response, callback, e.code(), e.getMessage());
        } catch (IOException | RuntimeException e) {
            log.error("{} {} failed", request.getMethod(), request.getHttpURI().getPath(), e);
            fail(
                    response,
                    callback,
                    ErrorCode.INTERNAL,
                    "a defect of the node daemon; see its log");
        }
        return true;
    }

    private void answer(Request request, Response response, Callback callback) throws IOException {
        String path = Request.getPathInContext(request);
        String method = request.getMethod();
        Matcher lease = LEASE.matcher(path);
        if (lease.matches()) {
            answerLease(request, response, callback, lease.group(1), lease.group(2) != null);
        } else if (!method.equals("GET")) {
            throw noSuch(method, path);
        } else {
            switch (path) {
                case "/v1/node" -> write(response, callback, 200, JSON, bytes(api.status()));
                case "/healthz" -> write(response, callback, 200, "text/plain", ascii("ok\n"));
                case "/metrics" ->
                        write(response, callback, 200, TextFormat.CONTENT_TYPE_004, metricsText());
                default -> throw noSuch(method, path);
            }
        }
    }

    private void answerLease(
            Request request, Response response, Callback callback, String leaseId, boolean open)
            throws IOException {
        String method = request.getMethod();
        if (open && method.equals("POST")) {
            OpenLeaseRequest wish = body(request, OpenLeaseRequest.class);
            write(response, callback, 200, JSON, bytes(api.open(leaseId, wish)));
        } else if (!open && method.equals("GET")) {
            write(response, callback, 200, JSON, bytes(api.lease(leaseId)));
        } else if (!open && method.equals("DELETE")) {
            api.release(leaseId, bearer(request));
            write(response, callback, 204, JSON, new byte[0]);
        } else {
            throw noSuch(method, Request.getPathInContext(request));
        }
    }

    private <T> T body(Request request, Class<T> type) throws IOException {
        byte[] bytes;
        try (InputStream in = Content.Source.asInputStream(request)) {
            bytes = in.readNBytes(MAX_BODY_BYTES + 1);
        }
        if (bytes.length > MAX_BODY_BYTES) {
            throw new OffcutException(
                    ErrorCode.TOO_LARGE, "the body is over " + MAX_BODY_BYTES + " bytes");
        }
        try {
            T value = json.readValue(bytes, type);
            if (value != null) {
                return value;
            }
        } catch (JsonProcessingException e) {
            log.debug("malformed body", e);
        }
        throw new OffcutException(
                ErrorCode.INVALID_INPUT,
                "the body is not the JSON of an "
                        + type.getSimpleName()
                        + "; see docs/reference/http-api.md");
    }

    private static String bearer(Request request) {
        @Nullable String header = request.getHeaders().get(HttpHeader.AUTHORIZATION);
        if (header == null || !header.startsWith("Bearer ")) {
            throw new OffcutException(
                    ErrorCode.UNAUTHORIZED,
                    "releasing a lease needs its token: Authorization: Bearer <token>");
        }
        return header.substring("Bearer ".length()).strip();
    }

    private static OffcutException noSuch(String method, String path) {
        return new OffcutException(
                ErrorCode.NOT_FOUND,
                "a node daemon has no "
                        + printable(method + " " + path)
                        + "; see docs/reference/http-api.md");
    }

    private static String printable(String text) {
        String cut = text.length() > 200 ? text.substring(0, 200) + "…" : text;
        return cut.replaceAll("\\p{Cntrl}", "?");
    }

    private byte[] metricsText() throws IOException {
        StringWriter text = new StringWriter();
        TextFormat.write004(text, metrics.metricFamilySamples());
        return text.toString().getBytes(StandardCharsets.UTF_8);
    }

    private byte[] bytes(Object value) throws JsonProcessingException {
        return json.writeValueAsBytes(value);
    }

    private static byte[] ascii(String text) {
        return text.getBytes(StandardCharsets.US_ASCII);
    }

    private void fail(Response response, Callback callback, ErrorCode code, String message) {
        byte[] body;
        try {
            body = bytes(new ErrorBody(code, message));
        } catch (JsonProcessingException e) {
            body = ascii("{\"error\":\"INTERNAL\",\"message\":\"unprintable\"}");
        }
        write(response, callback, code.httpStatus(), JSON, body);
    }

    private static void write(
            Response response, Callback callback, int status, String type, byte[] body) {
        response.setStatus(status);
        response.getHeaders().put(HttpHeader.CONTENT_TYPE, type);
        response.getHeaders().put(HttpHeader.CACHE_CONTROL, "no-store");
        response.write(true, ByteBuffer.wrap(body), callback);
    }
}
