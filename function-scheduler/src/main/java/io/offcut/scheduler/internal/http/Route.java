package io.offcut.scheduler.internal.http;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletionStage;

/**
 * One line of the router's table.
 *
 * @param template path with parameters in braces, for example {@code /v1/nodes/{name}/drain}
 */
record Route(String method, String template, Access access, Action action) {
    /** Who may use a route. */
    enum Access {
        OPEN,
        NODE,
        NODE_OR_USER,
        USER,
        OPERATOR
    }

    /** What a route does. May block: it runs on a virtual thread. */
    @FunctionalInterface
    interface Action {
        /** The answer, now or later; fails with {@code OffcutException} for what users can help. */
        CompletionStage<Reply> run(Exchange exchange) throws Exception;
    }

    /** Path parameters by name if the path has the form of the template. */
    Optional<Map<String, String>> match(String path) {
        String[] wanted = template.split("/", -1);
        String[] given = path.split("/", -1);
        if (wanted.length != given.length) {
            return Optional.empty();
        }
        Map<String, String> parameters = new HashMap<>();
        for (int i = 0; i < wanted.length; i++) {
            if (wanted[i].startsWith("{")) {
                if (given[i].isEmpty()) {
                    return Optional.empty();
                }
                parameters.put(wanted[i].substring(1, wanted[i].length() - 1), given[i]);
            } else if (!wanted[i].equals(given[i])) {
                return Optional.empty();
            }
        }
        return Optional.of(parameters);
    }

    /** Several lists as one table. */
    @SafeVarargs
    static List<Route> table(List<Route>... parts) {
        List<Route> all = new ArrayList<>();
        for (List<Route> part : parts) {
            all.addAll(part);
        }
        return List.copyOf(all);
    }
}
