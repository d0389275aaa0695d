package io.offcut.scheduler.internal.http;

import io.offcut.core.api.LeaseRequest;
import io.offcut.core.api.RequestView;
import io.offcut.scheduler.internal.JobDesk;
import io.offcut.scheduler.internal.LeaseDesk;
import io.offcut.scheduler.internal.state.FunctionCatalog;
import java.util.List;
import java.util.concurrent.CompletionStage;
import java.util.function.UnaryOperator;

/** {@code /v1/leases}. */
final class LeaseRoutes {
    /** Names the batch job of which the asking program is a part. */
    static final String JOB_HEADER = "Offcut-Job";

    private static final int CREATED = 201;

    private final LeaseDesk desk;
    private final JobDesk jobs;
    private final FunctionCatalog functions;

    LeaseRoutes(LeaseDesk desk, JobDesk jobs, FunctionCatalog functions) {
        this.desk = desk;
        this.jobs = jobs;
        this.functions = functions;
    }

    List<Route> routes() {
        String one = "/v1/leases/{requestId}";
        return List.of(
                new Route("POST", "/v1/leases", Route.Access.USER, this::submit),
                new Route("GET", "/v1/leases", Route.Access.USER, this::list),
                new Route("GET", one, Route.Access.USER, this::get),
                new Route("POST", one + "/renew", Route.Access.USER, this::renew),
                new Route("DELETE", one, Route.Access.USER, this::release),
                new Route("DELETE", one + "/{leaseId}", Route.Access.USER, this::releaseLease));
    }

    private CompletionStage<Reply> submit(Exchange exchange) {
        LeaseRequest request = LeaseRequests.read(exchange.json());
        LeaseDesk.Asker asker = exchange.principal().asker();
        UnaryOperator<String> resolve =
                ref -> functions.resolve(ref, asker.user(), asker.operator()).bundle();
        String job = exchange.request().getHeaders().get(JOB_HEADER);
        CompletionStage<RequestView> view =
                job == null
                        ? desk.submit(asker, request, resolve)
                        : jobs.submit(
                                JobRoutes.jobId("header " + JOB_HEADER, job),
                                asker,
                                request,
                                resolve);
        return view.thenApply(made ->
                Reply.json(
                        CREATED,
                        made.withFunction(
                                functions.find(made.bundle(), asker.user()).orElse(null))));
    }

    private CompletionStage<Reply> list(Exchange exchange) {
        return Reply.later(desk.list(exchange.principal().asker()));
    }

    private CompletionStage<Reply> get(Exchange exchange) {
        return Reply.later(
                desk.await(
                        exchange.principal().asker(),
                        exchange.parameter("requestId"),
                        exchange.query("version", -1, -1, Long.MAX_VALUE),
                        exchange.query("waitMillis", 0, 0, Long.MAX_VALUE)));
    }

    private CompletionStage<Reply> renew(Exchange exchange) {
        return Reply.later(
                desk.renew(exchange.principal().asker(), exchange.parameter("requestId")));
    }

    private CompletionStage<Reply> release(Exchange exchange) {
        return Reply.later(
                desk.release(exchange.principal().asker(), exchange.parameter("requestId")));
    }

    private CompletionStage<Reply> releaseLease(Exchange exchange) {
        return Reply.later(
                desk.releaseLease(
                        exchange.principal().asker(),
                        exchange.parameter("requestId"),
                        exchange.parameter("leaseId")));
    }
}
