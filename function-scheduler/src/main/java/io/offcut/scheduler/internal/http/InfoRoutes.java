package io.offcut.scheduler.internal.http;

import io.offcut.core.ErrorCode;
import io.offcut.core.OffcutException;
import io.offcut.core.api.NodeView;
import io.offcut.core.api.RequestView;
import io.offcut.scheduler.internal.BrainLoop;
import io.offcut.scheduler.internal.Metrics;
import io.offcut.scheduler.internal.link.NodeLinks;
import io.offcut.scheduler.internal.state.Accounting;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;

/** Usage, metrics, health, the description of the interface and the live page. */
final class InfoRoutes {
    private static final long HEALTH_MILLIS = 2_000;

    /** Anybody may scrape, so scrapes within this share one look at the core. */
    private static final long PICTURE_NANOS = 1_000_000_000;

    private final BrainLoop loop;
    private final Accounting accounting;
    private final Metrics metrics;
    private final NodeLinks links;
    private final Recent<Picture> picture;
    private final LivePage page = LivePage.load();
    private final byte[] openApi = LivePage.resource("openapi.json");

    InfoRoutes(BrainLoop loop, Accounting accounting, Metrics metrics, NodeLinks links) {
        this.loop = loop;
        this.accounting = accounting;
        this.metrics = metrics;
        this.links = links;
        this.picture =
                new Recent<>(
                        PICTURE_NANOS,
                        System::nanoTime,
                        () ->
                                loop.call(turn ->
                                        new Picture(
                                                turn.brain().nodes(turn.nowMillis()),
                                                turn.brain().requests())));
    }

    List<Route> routes() {
        return List.of(
                new Route("GET", "/v1/usage", Route.Access.USER, this::usage),
                new Route("GET", "/metrics", Route.Access.OPEN, this::metrics),
                new Route("GET", "/healthz", Route.Access.OPEN, this::health),
                new Route("GET", "/v1/openapi.json", Route.Access.OPEN, this::openApi),
                new Route("GET", "/", Route.Access.OPEN, exchange -> Reply.now(page.reply())));
    }

    private CompletionStage<Reply> usage(Exchange exchange) {
        Principal principal = exchange.principal();
        return Reply.now(
                Reply.json(
                        accounting.totals().stream()
                                .filter(u ->
                                        principal.isOperator() || u.user().equals(principal.user()))
                                .toList()));
    }

    private record Picture(List<NodeView> nodes, List<RequestView> requests) {}

    private CompletionStage<Reply> metrics(Exchange exchange) {
        return picture.get()
                .thenApply(seen ->
                        Reply.text(
                                "text/plain; version=0.0.4; charset=utf-8",
                                metrics.text(seen.nodes(), seen.requests(), links.count())));
    }

    private CompletionStage<Reply> health(Exchange exchange) {
        return loop.call(turn -> turn.nowMillis())
                .orTimeout(HEALTH_MILLIS, TimeUnit.MILLISECONDS)
                .handle((now, failure) -> {
                    String trouble = accounting.trouble();
                    if (failure instanceof TimeoutException) {
                        throw unhealthy("the scheduling core does not answer");
                    }
                    if (failure != null) {
                        throw unhealthy("the scheduling core is stopped or overloaded");
                    }
                    if (trouble != null) {
                        throw unhealthy(trouble);
                    }
                    return Reply.json(Map.of("status", "ok"));
                });
    }

    private static OffcutException unhealthy(String why) {
        return new OffcutException(ErrorCode.UNREACHABLE, why);
    }

    private CompletionStage<Reply> openApi(Exchange exchange) {
        return Reply.now(new Reply.Body(200, "application/json", openApi, Map.of()));
    }
}
