package io.offcut.scheduler;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.Locale;
import java.util.Optional;
import java.util.Set;

/** The description of the interface, as clients read it. */
final class Description {
    static final JsonNode TREE = load();

    /** How any request may be refused before its route runs: docs/reference/http-api.md. */
    private static final Set<Integer> BEFORE_ROUTES = Set.of(400, 405, 414, 431);

    private Description() {}

    private static JsonNode load() {
        try {
            return FakeNode.JSON.readTree(
                    Description.class.getResourceAsStream("/io/offcut/scheduler/openapi.json"));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** Fails when a route answers with a status that its description does not list. */
    static void requireStatus(String method, String path, int status) {
        Optional<JsonNode> operation =
                TREE.get("paths").properties().stream()
                        .filter(e -> matches(e.getKey(), path))
                        .map(e -> e.getValue().get(method.toLowerCase(Locale.ROOT)))
                        .filter(node -> node != null)
                        .findFirst();
        boolean described =
                operation
                        .map(o -> o.get("responses").has(Integer.toString(status)))
                        .orElse(status == 404);
        if (!described && !BEFORE_ROUTES.contains(status)) {
            throw new AssertionError(
                    method + " " + path + " answered " + status + ", which is not described");
        }
    }

    private static boolean matches(String template, String path) {
        String pattern = template.replaceAll("\\{\\w+}", "[^/]+");
        return path.replaceFirst("[?].*", "").matches(pattern);
    }
}
