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
import java.net.ConnectException;
import java.net.SocketTimeoutException;
import java.net.URI;
import java.net.UnknownHostException;
import java.time.Duration;
import java.util.Map;
import java.util.concurrent.CancellationException;
import org.apache.hc.client5.http.ClientProtocolException;
import org.apache.hc.client5.http.ConnectTimeoutException;
import org.apache.hc.core5.http.ContentType;
import org.apache.hc.core5.http.HttpEntity;
import org.apache.hc.core5.http.io.entity.ByteArrayEntity;
import org.apache.hc.core5.http.io.support.ClassicRequestBuilder;
import org.jspecify.annotations.Nullable;

/**
 * Requests with JSON answers. Every failure is an {@link OffcutException} of one line. Calls block;
 * safe for use by any thread.
 */
public final class HttpJson implements AutoCloseable {
    private static final int MAX_ANSWER_BYTES = 64 << 20;
    private static final int EXCERPT_CHARS = 120;

    private final HttpExchange http;
    private final ObjectMapper json =
            new ObjectMapper().disable(DeserializationFeature.FAIL_ON_UNKNOWN_PROPERTIES);

    public HttpJson(Duration connectTimeout) {
        this.http = new HttpExchange(connectTimeout);
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
    HttpEntity encode(Object value) {
        try {
            return new ByteArrayEntity(json.writeValueAsBytes(value), ContentType.APPLICATION_JSON);
        } catch (JsonProcessingException e) {
            throw new IllegalStateException("cannot write " + value.getClass(), e);
        }
    }

    /** Sends and reads the answer as a value of this type. */
    <T> T send(Call call, @Nullable HttpEntity body, TypeReference<T> answer) {
        byte[] bytes = exchange(call, body);
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
        exchange(call, null);
    }

    private byte[] exchange(Call call, @Nullable HttpEntity body) {
        ClassicRequestBuilder request =
                ClassicRequestBuilder.create(call.method())
                        .setUri(call.uri())
                        .addHeader("Accept", "application/json");
        call.headers().forEach((name, value) -> request.addHeader(name, sendable(name, value)));
        if (body != null) {
            request.setEntity(body);
        }
        HttpExchange.Answer answer = answer(call, request);
        if (answer.body().length > MAX_ANSWER_BYTES) {
            throw new OffcutException(
                    ErrorCode.TOO_LARGE,
                    call.peer() + " " + base(call.uri()) + ": answer over 64 MiB");
        }
        if (answer.status() / 100 != 2) {
            throw failure(call, answer.status(), answer.body());
        }
        return answer.body();
    }

    private static String sendable(String name, String value) {
        if (value.codePoints().anyMatch(c -> c < ' ' || c > '~')) {
            throw new OffcutException(
                    ErrorCode.USAGE,
                    "header " + name + ": its value has characters that cannot be sent");
        }
        return value;
    }

    private HttpExchange.Answer answer(Call call, ClassicRequestBuilder request) {
        try {
            return http.exchange(request.build(), call.timeout(), MAX_ANSWER_BYTES);
        } catch (ConnectTimeoutException e) {
            throw unreachable(call, "no connection within the time-out", e);
        } catch (SocketTimeoutException e) {
            throw unreachable(call, "no answer within " + call.timeout().toMillis() + " ms", e);
        } catch (UnknownHostException e) {
            throw unreachable(call, "unknown host", e);
        } catch (ConnectException e) {
            throw unreachable(call, "connection refused", e);
        } catch (CancellationException e) {
            throw unreachable(call, "interrupted", e);
        } catch (ClientProtocolException e) {
            throw new OffcutException(ErrorCode.INVALID_INPUT, notOffcut(call, "no HTTP"), e);
        } catch (IOException e) {
            boolean interrupted = Thread.currentThread().isInterrupted();
            throw unreachable(call, interrupted ? "interrupted" : "connection lost", e);
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
        http.close();
    }
}
