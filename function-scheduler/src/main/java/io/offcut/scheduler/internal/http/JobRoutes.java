package io.offcut.scheduler.internal.http;

import io.offcut.core.ErrorCode;
import io.offcut.core.OffcutException;
import io.offcut.core.api.JobAnnouncement;
import io.offcut.core.api.LeaseRequest;
import io.offcut.scheduler.internal.JobDesk;
import io.offcut.scheduler.internal.Json;
import io.offcut.scheduler.internal.state.FunctionCatalog;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletionStage;
import java.util.regex.Pattern;

/** {@code /v1/jobs}. */
final class JobRoutes {
    private static final int NO_CONTENT = 204;

    /** The number in SLURM_JOB_ID. */
    private static final Pattern JOB_ID = Pattern.compile("[0-9]{1,10}");

    private static final Pattern NODE = Pattern.compile("[A-Za-z0-9][A-Za-z0-9._-]{0,63}");
    private static final Pattern REQUEST_ID = Pattern.compile("r[0-9a-f]{24}");

    private final JobDesk jobs;
    private final FunctionCatalog functions;

    JobRoutes(JobDesk jobs, FunctionCatalog functions) {
        this.jobs = jobs;
        this.functions = functions;
    }

    List<Route> routes() {
        String one = "/v1/jobs/{jobId}/nodes/{node}";
        return List.of(
                new Route("PUT", one, Route.Access.NODE, this::announce),
                new Route("DELETE", one, Route.Access.NODE, this::end));
    }

    /** The text if it can be the number of a job; refused with what it is otherwise. */
    static String jobId(String what, String text) {
        return matching(JOB_ID, what, text, "the number of a job");
    }

    private static String node(Exchange exchange) {
        return matching(NODE, "node", exchange.parameter("node"), "the name of a node");
    }

    private static String matching(Pattern form, String what, String text, String expected) {
        if (!form.matcher(text).matches()) {
            throw new OffcutException(
                    ErrorCode.INVALID_INPUT,
                    what + ": '" + Json.printable(text) + "' is not " + expected);
        }
        return text;
    }

    private CompletionStage<Reply> announce(Exchange exchange) {
        String jobId = jobId("job", exchange.parameter("jobId"));
        JobAnnouncement job = announcement(exchange);
        String bundle = job.bundle();
        LeaseRequest wish = bundle == null ? null : LeaseRequests.ofJob(job, bundle);
        return Reply.later(
                jobs.announce(
                        jobId,
                        node(exchange),
                        job.user(),
                        wish,
                        job.requestIds(),
                        ref -> functions.get(ref, job.user()).bundle()));
    }

    private static JobAnnouncement announcement(Exchange exchange) {
        JobAnnouncement job;
        try {
            job = Json.read(exchange.json(), JobAnnouncement.class);
        } catch (Json.BadJson e) {
            throw new OffcutException(
                    ErrorCode.INVALID_INPUT, "job announcement: " + e.getMessage());
        }
        if (!Access.isUser(job.user())
                || job.requestIds().size() > JobDesk.MAX_SHOWN_REQUESTS
                || !job.requestIds().stream().allMatch(id -> REQUEST_ID.matcher(id).matches())) {
            throw new OffcutException(
                    ErrorCode.INVALID_INPUT,
                    "job announcement: user is not a user's name, or requestIds are not at most "
                            + JobDesk.MAX_SHOWN_REQUESTS
                            + " ids as they were answered");
        }
        return job;
    }

    private CompletionStage<Reply> end(Exchange exchange) {
        String jobId = jobId("job", exchange.parameter("jobId"));
        return jobs.end(jobId, node(exchange))
                .thenApply(done ->
                        new Reply.Body(NO_CONTENT, "application/json", new byte[0], Map.of()));
    }
}
