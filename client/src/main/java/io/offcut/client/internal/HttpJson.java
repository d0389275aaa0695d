package io.offcut.client.internal;

import static java.nio.charset.StandardCharsets.UTF_8;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.type.TypeReference;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.offcut.core.ErrorCode;
import io.offcut.core.OffcutException;
import io.offcut.core.api.ErrorBody;
import java.io.IOException;
import java.io.InputStream;
import java.net.ConnectException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpConnectTimeoutException;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.net.http.HttpTimeoutException;
import java.nio.channels.UnresolvedAddressException;
import java.time.Duration;
import java.util.Map;
import java.util.concurrent.Executors;
import org.jspecify.annotations.Nullable;

/**
 * Requests with JSON answers, over the HTTP client of the JDK. Every failure is an {@link
 * OffcutException} of one line. Calls block; safe for use by any thread.
 */
public final class HttpJson implements AutoCloseable {
    private static final int MAX_ANSWER_BYTES = 64 << 20;
    private static final int EXCERPT_CHARS = 120;

    private final HttpClient http;
    private final ObjectMapper json =
            new ObjectMapper().disable(DeserializationFeature.FAIL_ON_UNKNOWN_PROPERTIES);

    public HttpJson(Duration connectTimeout) {
        this.http =
                HttpClient.newBuilder()
                        .version(HttpClient.Version.HTTP_1_1)
                        .followRedirects(HttpClient.Redirect.NEVER)
                        .connectTimeout(connectTimeout)
                        .executor(Executors.newVirtualThreadPerTaskExecutor())
                        .build();
    }

    /**
     * One exchange.
     *
     * @param peer what the other side is, for messages: {@code scheduler} or {@code node}
     * @param remedy what a user can do when it cannot be reached
     */
    public record Call(
            String peer,
            String remedy,
            String method,
            URI uri,
            Map<String, String> headers,
            Duration timeout) {}

    /** The body of a JSON request. */
    public HttpRequest.BodyPublisher encode(Object value) {
        try {
            return HttpRequest.BodyPublishers.ofByteArray(json.writeValueAsBytes(value));
        } catch (JsonProcessingException e) {
            throw new IllegalStateException("cannot write " + value.getClass(), e);
        }
    }

    /** Sends and reads the answer as a value of this type. */
    public <T> T send(
            Call call,
            HttpRequest.@Nullable BodyPublisher body,
            @Nullable String contentType,
            TypeReference<T> answer) {
        byte[] bytes = exchange(call, body, contentType);
        try {
            T value = json.readValue(bytes, answer);
            if (value == null) {
                throw new OffcutException(ErrorCode.INVALID_INPUT, notOffcut(call, "null"));
            }
            return value;
        } catch (IOException e) {
            throw new OffcutException(ErrorCode.INVALID_INPUT, notOffcut(call, text(bytes)), e);
        }
    }

    /** Sends and expects success; the answer's body is not looked at. */
    public void send(Call call) {
        exchange(call, null, null);
    }

    private byte[] exchange(
            Call call, HttpRequest.@Nullable BodyPublisher body, @Nullable String contentType) {
        HttpRequest.Builder request =
                HttpRequest.newBuilder(call.uri())
                        .timeout(call.timeout())
                        .header("Accept", "application/json")
                        .method(
                                call.method(),
                                body == null ? HttpRequest.BodyPublishers.noBody() : body);
        call.headers().forEach(request::header);
        if (contentType != null) {
            request.header("Content-Type", contentType);
        }
        HttpResponse<InputStream> response = receive(call, request.build());
        byte[] bytes = read(call, response);
        if (response.statusCode() / 100 != 2) {
            throw failure(call, response.statusCode(), bytes);
        }
        return bytes;
    }

    private HttpResponse<InputStream> receive(Call call, HttpRequest request) {
        try {
            return http.send(request, HttpResponse.BodyHandlers.ofInputStream());
        } catch (HttpConnectTimeoutException e) {
            throw unreachable(call, "no connection within the time-out", e);
        } catch (HttpTimeoutException e) {
            throw unreachable(call, "no answer within " + call.timeout().toMillis() + " ms", e);
        } catch (ConnectException e) {
            throw unreachable(call, unresolved(e) ? "unknown host" : "connection refused", e);
        } catch (IOException e) {
            throw unreachable(call, "connection lost", e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw unreachable(call, "interrupted", e);
        }
    }

    private static boolean unresolved(@Nullable Throwable e) {
        return e != null && (e instanceof UnresolvedAddressException || unresolved(e.getCause()));
    }

    private static byte[] read(Call call, HttpResponse<InputStream> response) {
        try (InputStream in = response.body()) {
            byte[] bytes = in.readNBytes(MAX_ANSWER_BYTES + 1);
            if (bytes.length > MAX_ANSWER_BYTES) {
                throw new OffcutException(
                        ErrorCode.TOO_LARGE,
                        call.peer() + " " + base(call.uri()) + ": answer over 64 MiB");
            }
            return bytes;
        } catch (IOException e) {
            throw unreachable(call, "connection lost", e);
        }
    }

    private OffcutException failure(Call call, int status, byte[] bytes) {
        try {
            ErrorBody body = json.readValue(bytes, ErrorBody.class);
            if (body != null && body.error() != null && body.message() != null) {
                String message = oneLine(body.message());
                return new OffcutException(
                        body.error(),
                        body.error() == ErrorCode.UNAUTHORIZED
                                ? unauthorized(call, message)
                                : message);
            }
        } catch (IOException e) {
            // not ours; told below
        }
        return new OffcutException(
                status == 404 ? ErrorCode.NOT_FOUND : ErrorCode.UNREACHABLE,
                notOffcut(call, "HTTP " + status + " " + text(bytes)));
    }

    /** Whose credential is wrong, and where it may be set. */
    private static String unauthorized(Call call, String message) {
        String from =
                call.headers().containsKey("Authorization")
                        ? " (it came from --token-file, OFFCUT_TOKEN, OFFCUT_TOKEN_FILE or"
                                + " client.yaml, the first of these that is set)"
                        : " (set OFFCUT_TOKEN_FILE, or tokenFile in client.yaml)";
        return call.peer() + " " + base(call.uri()) + ": " + message + from;
    }

    private static OffcutException unreachable(Call call, String why, Exception cause) {
        return new OffcutException(
                ErrorCode.UNREACHABLE,
                call.peer()
                        + " "
                        + base(call.uri())
                        + ": cannot be reached ("
                        + why
                        + "): "
                        + call.remedy(),
                cause);
    }

    private static String notOffcut(Call call, String got) {
        return call.peer()
                + " "
                + base(call.uri())
                + ": did not answer as Offcut does ("
                + got
                + "): check the address";
    }

    private static String base(URI uri) {
        return uri.getScheme() + "://" + uri.getAuthority();
    }

    private static String text(byte[] bytes) {
        String text = oneLine(new String(bytes, 0, Math.min(bytes.length, 1024), UTF_8));
        return text.length() > EXCERPT_CHARS ? text.substring(0, EXCERPT_CHARS) + "…" : text;
    }

    private static String oneLine(String text) {
        return text.replaceAll("[\\p{Cntrl}]+", " ").strip();
    }

    @Override
    public void close() {
        http.shutdownNow();
    }
}
