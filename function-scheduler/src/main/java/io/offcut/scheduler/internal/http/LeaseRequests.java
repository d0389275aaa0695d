package io.offcut.scheduler.internal.http;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.offcut.core.ErrorCode;
import io.offcut.core.OffcutException;
import io.offcut.core.api.JobAnnouncement;
import io.offcut.core.api.LeaseRequest;
import io.offcut.scheduler.internal.JobDesk;
import io.offcut.scheduler.internal.Json;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * From a body to a {@link LeaseRequest}: every field in its range, defaults for what is missing.
 */
final class LeaseRequests {
    private static final int MAX_WORKERS = 1 << 16;
    private static final long MAX_MEMORY_BYTES = 1L << 46;
    private static final long MAX_PAYLOAD_BYTES = 1L << 30;
    private static final long MAX_MILLIS = 10L * 365 * 24 * 3600 * 1000;
    private static final long MAX_QUEUE_MILLIS = 24L * 3600 * 1000;
    private static final long MAX_HOT_MICROS = 3_600_000_000L;
    private static final int MAX_HOST_ID_CHARS = 256;
    private static final int MAX_NODES = 16;
    private static final Pattern BUNDLE =
            Pattern.compile("[A-Za-z0-9][A-Za-z0-9._-]{0,63}(/[A-Za-z0-9][A-Za-z0-9._-]{0,63})?");
    private static final Set<String> FIELDS =
            Set.of(
                    "bundle",
                    "workers",
                    "minWorkers",
                    "memoryBytesPerWorker",
                    "payloadBytes",
                    "ttlMillis",
                    "queueMillis",
                    "hotTimeoutMicros",
                    "preferredHostId",
                    "regrant",
                    "notOnNodes");

    /** What means nothing to a wish for memory may be there, as nothing. */
    private static final List<String> OF_WORKERS =
            List.of("bundle", "minWorkers", "payloadBytes", "hotTimeoutMicros", "regrant");

    private static final Set<String> NOTHING = Set.of("", "0", "false");

    static final long DEFAULT_MEMORY_BYTES = 256L << 20;
    static final long DEFAULT_PAYLOAD_BYTES = 1L << 20;
    static final long DEFAULT_TTL_MILLIS = 60_000;
    static final long DEFAULT_HOT_MICROS = 1_000;

    private LeaseRequests() {}

    /** The request that is placed at the start of a job; its node renews it. */
    static LeaseRequest ofJob(JobAnnouncement job, String bundle) {
        ObjectNode body = JsonNodeFactory.instance.objectNode();
        body.put("bundle", bundle).put("workers", job.workers());
        if (job.memoryBytesPerWorker() != 0) {
            body.put("memoryBytesPerWorker", job.memoryBytesPerWorker());
        }
        body.put("ttlMillis", JobDesk.TTL_MILLIS).put("queueMillis", MAX_QUEUE_MILLIS);
        body.put("preferredHostId", job.hostId()).put("regrant", true);
        return read(body);
    }

    static LeaseRequest read(JsonNode body) {
        if (!body.isObject()) {
            throw new OffcutException(
                    ErrorCode.INVALID_INPUT, "lease request: a JSON object is expected");
        }
        body.fieldNames()
                .forEachRemaining(name -> {
                    if (!FIELDS.contains(name)) {
                        throw bad(Json.printable(name), "is not a field of it");
                    }
                });
        int workers = (int) whole(body, "workers", 1, 0, MAX_WORKERS);
        if (workers == 0) {
            return ofMemory(body);
        }
        if (body.has("notOnNodes")) {
            throw bad("notOnNodes", "is for memory alone, with 0 workers");
        }
        String bundle = text(body, "bundle", "");
        if (!BUNDLE.matcher(bundle).matches()) {
            throw bad(
                    "bundle",
                    "expected bundle/function, bundle or function; a bundle by name or SHA-256");
        }
        return new LeaseRequest(
                bundle,
                workers,
                (int) whole(body, "minWorkers", 1, 1, workers),
                whole(body, "memoryBytesPerWorker", DEFAULT_MEMORY_BYTES, 1, MAX_MEMORY_BYTES),
                (int) whole(body, "payloadBytes", DEFAULT_PAYLOAD_BYTES, 1, MAX_PAYLOAD_BYTES),
                whole(body, "ttlMillis", DEFAULT_TTL_MILLIS, 1, MAX_MILLIS),
                whole(body, "queueMillis", 0, 0, MAX_QUEUE_MILLIS),
                whole(body, "hotTimeoutMicros", DEFAULT_HOT_MICROS, -1, MAX_HOT_MICROS),
                hostId(body),
                flag(body, "regrant"));
    }

    private static LeaseRequest ofMemory(JsonNode body) {
        for (String field : OF_WORKERS) {
            if (body.has(field) && !NOTHING.contains(body.get(field).asText())) {
                throw bad(field, "is for workers; a request with 0 workers is for memory alone");
            }
        }
        return LeaseRequest.ofMemory(
                whole(body, "memoryBytesPerWorker", DEFAULT_MEMORY_BYTES, 1, MAX_MEMORY_BYTES),
                whole(body, "ttlMillis", DEFAULT_TTL_MILLIS, 1, MAX_MILLIS),
                whole(body, "queueMillis", 0, 0, MAX_QUEUE_MILLIS),
                hostId(body),
                nodes(body.get("notOnNodes")));
    }

    private static List<String> nodes(@Nullable JsonNode names) {
        List<String> nodes = new ArrayList<>();
        if (names != null) {
            if (!names.isArray() || names.size() > MAX_NODES) {
                throw bad("notOnNodes", "is not an array of at most " + MAX_NODES + " names");
            }
            for (JsonNode name : names) {
                if (!name.isTextual() || name.textValue().length() > MAX_HOST_ID_CHARS) {
                    throw bad("notOnNodes", "holds what is not the name of a node");
                }
                nodes.add(name.textValue());
            }
        }
        return nodes;
    }

    private static String hostId(JsonNode body) {
        String hostId = text(body, "preferredHostId", "");
        if (hostId.length() > MAX_HOST_ID_CHARS
                || hostId.codePoints().anyMatch(Character::isISOControl)) {
            throw bad("preferredHostId", "is longer than " + MAX_HOST_ID_CHARS + " characters");
        }
        return hostId;
    }

    private static String text(JsonNode body, String name, String ifMissing) {
        JsonNode value = body.get(name);
        if (value == null) {
            return ifMissing;
        }
        if (!value.isTextual()) {
            throw bad(name, "is not a text");
        }
        return value.textValue();
    }

    private static boolean flag(JsonNode body, String name) {
        JsonNode value = body.get(name);
        if (value != null && !value.isBoolean()) {
            throw bad(name, "is not true or false");
        }
        return value != null && value.booleanValue();
    }

    private static long whole(JsonNode body, String name, long ifMissing, long min, long max) {
        JsonNode value = body.get(name);
        if (value == null) {
            return ifMissing;
        }
        if (!value.isIntegralNumber()
                || !value.canConvertToLong()
                || value.longValue() < min
                || value.longValue() > max) {
            throw bad(
                    name,
                    Json.printable(value.toString())
                            + " is not a whole number from "
                            + min
                            + " to "
                            + max);
        }
        return value.longValue();
    }

    private static OffcutException bad(String field, String why) {
        return new OffcutException(
                ErrorCode.INVALID_INPUT, "lease request, field " + field + ": " + why);
    }
}
