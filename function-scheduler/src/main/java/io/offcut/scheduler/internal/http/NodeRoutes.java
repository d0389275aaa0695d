package io.offcut.scheduler.internal.http;

import com.fasterxml.jackson.databind.JsonNode;
import io.offcut.core.ErrorCode;
import io.offcut.core.OffcutException;
import io.offcut.scheduler.internal.BrainLoop;
import io.offcut.scheduler.internal.Json;
import io.offcut.scheduler.internal.NodeDesk;
import io.offcut.scheduler.internal.link.NodeLinks;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.concurrent.CompletionStage;
import org.eclipse.jetty.websocket.server.ServerWebSocketContainer;

/** {@code /v1/nodes} and {@code /v1/link}. */
final class NodeRoutes {
    private static final int MAX_REASON_CHARS = 200;

    private final BrainLoop loop;
    private final NodeDesk nodes;
    private final NodeLinks links;
    private final ServerWebSocketContainer webSockets;

    NodeRoutes(
            BrainLoop loop, NodeDesk nodes, NodeLinks links, ServerWebSocketContainer webSockets) {
        this.loop = loop;
        this.nodes = nodes;
        this.links = links;
        this.webSockets = webSockets;
    }

    List<Route> routes() {
        String one = "/v1/nodes/{name}";
        return List.of(
                new Route("GET", "/v1/nodes", Route.Access.USER, this::list),
                new Route("POST", one + "/drain", Route.Access.OPERATOR, this::drain),
                new Route("POST", one + "/resume", Route.Access.OPERATOR, this::resume),
                new Route("GET", "/v1/link", Route.Access.NODE, this::link));
    }

    private CompletionStage<Reply> list(Exchange exchange) {
        return Reply.later(loop.call(turn -> turn.brain().nodes(turn.nowMillis())));
    }

    private CompletionStage<Reply> drain(Exchange exchange) {
        byte[] body = exchange.body();
        String reason =
                body.length == 0
                        ? "by " + exchange.principal().user()
                        : reason(new String(body, StandardCharsets.UTF_8));
        return Reply.now(Reply.json(nodes.drain(exchange.parameter("name"), reason)));
    }

    private static String reason(String body) {
        try {
            JsonNode tree = Json.tree(body);
            JsonNode reason = tree.get("reason");
            if (tree.size() == 1
                    && reason != null
                    && reason.isTextual()
                    && reason.textValue().length() <= MAX_REASON_CHARS
                    && reason.textValue().codePoints().noneMatch(Character::isISOControl)) {
                return reason.textValue();
            }
        } catch (Json.BadJson e) {
            // Refused below: there is only one form.
        }
        throw new OffcutException(
                ErrorCode.INVALID_INPUT,
                "the body must be empty or {\"reason\": \"…\"} of one line, at most "
                        + MAX_REASON_CHARS
                        + " characters");
    }

    private CompletionStage<Reply> resume(Exchange exchange) {
        return Reply.now(Reply.json(nodes.resume(exchange.parameter("name"))));
    }

    private CompletionStage<Reply> link(Exchange exchange) {
        boolean taken =
                webSockets.upgrade(
                        (request, response, callback) -> links.newLink(),
                        exchange.request(),
                        exchange.response(),
                        exchange.callback());
        if (!taken) {
            throw new OffcutException(
                    ErrorCode.WRONG_VERSION,
                    "this address speaks WebSocket; node daemons connect to it");
        }
        return Reply.now(new Reply.Taken());
    }
}
