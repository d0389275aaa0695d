package io.offcut.scheduler.internal.http;

import io.offcut.scheduler.internal.Json;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;

/** An answer. */
sealed interface Reply {
    /** A body in memory. */
    final class Body implements Reply {
        private final int status;
        private final String contentType;
        private final byte[] bytes;
        private final Map<String, String> headers;

        /** Takes the array as it is; nobody may change it later. */
        Body(int status, String contentType, byte[] bytes, Map<String, String> headers) {
            this.status = status;
            this.contentType = contentType;
            this.bytes = bytes;
            this.headers = headers;
        }

        int status() {
            return status;
        }

        String contentType() {
            return contentType;
        }

        byte[] bytes() {
            return bytes;
        }

        Map<String, String> headers() {
            return headers;
        }
    }

    /** A file, streamed. */
    record Content(String contentType, Path file) implements Reply {}

    /** The connection was taken over, or already answered. */
    record Taken() implements Reply {}

    static Body json(int status, Object value) {
        return new Body(status, "application/json", Json.bytes(value), Map.of());
    }

    static Body json(Object value) {
        return json(200, value);
    }

    static Body text(String contentType, String text) {
        return new Body(200, contentType, text.getBytes(StandardCharsets.UTF_8), Map.of());
    }

    static CompletionStage<Reply> now(Reply reply) {
        return CompletableFuture.completedFuture(reply);
    }

    /** As JSON when it is there. */
    static CompletionStage<Reply> later(CompletionStage<?> value) {
        return value.thenApply(Reply::json);
    }
}
