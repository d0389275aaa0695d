package io.offcut.scheduler.internal.http;

import io.offcut.core.api.FunctionView;
import io.offcut.scheduler.internal.BrainLoop;
import io.offcut.scheduler.internal.state.FunctionCatalog;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletionStage;

/** {@code /v1/functions}. */
final class FunctionRoutes {
    private static final int CREATED = 201;
    private static final int NO_CONTENT = 204;

    private final FunctionCatalog functions;
    private final BrainLoop loop;
    private final long maxBundleBytes;

    FunctionRoutes(FunctionCatalog functions, BrainLoop loop, long maxBundleBytes) {
        this.functions = functions;
        this.loop = loop;
        this.maxBundleBytes = maxBundleBytes;
    }

    List<Route> routes() {
        String one = "/v1/functions/{ref}";
        return List.of(
                new Route("PUT", "/v1/functions", Route.Access.USER, this::push),
                new Route("GET", "/v1/functions", Route.Access.USER, this::list),
                new Route("GET", one, Route.Access.USER, this::get),
                new Route("GET", one + "/bundle", Route.Access.NODE_OR_USER, this::bundle),
                new Route("DELETE", one, Route.Access.USER, this::remove));
    }

    private CompletionStage<Reply> push(Exchange exchange) {
        exchange.requireLength(maxBundleBytes);
        FunctionView view =
                functions.push(
                        exchange.principal().user(),
                        exchange.stream(),
                        System.currentTimeMillis(),
                        this::inUse);
        return Reply.now(Reply.json(CREATED, view));
    }

    private CompletionStage<Reply> list(Exchange exchange) {
        Principal principal = exchange.principal();
        return Reply.now(Reply.json(functions.list(principal.user(), principal.isOperator())));
    }

    private CompletionStage<Reply> get(Exchange exchange) {
        return Reply.now(
                Reply.json(functions.get(exchange.parameter("ref"), exchange.principal().user())));
    }

    private CompletionStage<Reply> bundle(Exchange exchange) {
        FunctionView view = functions.get(exchange.parameter("ref"), exchange.principal().user());
        return Reply.now(new Reply.Content("application/zip", functions.archive(view.bundle())));
    }

    private CompletionStage<Reply> remove(Exchange exchange) {
        Principal principal = exchange.principal();
        functions.remove(
                exchange.parameter("ref"), principal.user(), principal.isOperator(), this::inUse);
        return Reply.now(new Reply.Body(NO_CONTENT, "application/json", new byte[0], Map.of()));
    }

    /** Asks the core; blocks until it answers. */
    private boolean inUse(String bundle) {
        return loop.call(turn ->
                        turn.brain().requests().stream()
                                .anyMatch(request -> request.bundle().equals(bundle)))
                .join();
    }
}
