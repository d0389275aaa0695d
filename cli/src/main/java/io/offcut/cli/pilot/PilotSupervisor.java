package io.offcut.cli.pilot;

import io.offcut.core.ErrorCode;
import io.offcut.core.OffcutException;
import io.offcut.slurm.JobState;
import io.offcut.slurm.QueuedJob;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;

/**
 * Keeps pilots queued: looks at the queue now and then, and submits what the {@link PilotPlan}
 * says. It holds nothing that is not in Slurm: another may take its place at any time. For one
 * thread.
 */
public final class PilotSupervisor {
    private static final Duration LONGEST_PAUSE = Duration.ofMinutes(2);

    private final PilotQueue queue;
    private final PilotPlan plan;
    private final Duration interval;
    private final Consumer<String> say;
    private final Map<String, JobState> told = new HashMap<>();
    private boolean first = true;
    private int unanswered;

    /** Waits between two looks; false when it is time to end. */
    @FunctionalInterface
    public interface Pause {
        boolean await(Duration time) throws InterruptedException;
    }

    /**
     * @param most how many pilots are queued and run at most
     * @param lengths their time limits
     * @param mostPerMinute how many are submitted within a minute
     * @param interval between two looks
     * @param say what is told to people
     */
    public PilotSupervisor(
            PilotQueue queue,
            int most,
            List<Duration> lengths,
            int mostPerMinute,
            Duration interval,
            Consumer<String> say) {
        this.queue = queue;
        this.plan = new PilotPlan(most, lengths, mostPerMinute);
        this.interval = interval;
        this.say = say;
    }

    /**
     * Keeps pilots queued until the pause says that it is enough, or somebody cancels one.
     *
     * @throws OffcutException when Slurm refuses the very first, or pilots fail one after the other
     */
    public void run(Pause pause) throws InterruptedException {
        while (true) {
            Duration next = interval;
            try {
                if (!look()) {
                    return;
                }
                unanswered = 0;
            } catch (OffcutException e) {
                if (first || e.code() == ErrorCode.ITEMS_FAILED) {
                    throw e;
                }
                next = patience();
                say.accept(e.getMessage() + "; looking again in " + next.toSeconds() + " s");
            }
            first = false;
            if (!pause.await(next)) {
                return;
            }
        }
    }

    private Duration patience() {
        Duration wait = interval.multipliedBy(1L << Math.min(10, ++unanswered));
        return wait.compareTo(LONGEST_PAUSE) < 0 ? wait : LONGEST_PAUSE;
    }

    private boolean look() {
        List<QueuedJob> jobs = queue.jobs();
        tell(jobs);
        switch (plan.look(jobs, System.currentTimeMillis())) {
            case PilotPlan.Decision.Go go -> submit(go.wanted());
            case PilotPlan.Decision.Cancelled cancelled -> {
                say.accept("pilot " + cancelled.jobId() + " was cancelled: no more are queued");
                return false;
            }
            case PilotPlan.Decision.GiveUp last ->
                    throw new OffcutException(
                            ErrorCode.ITEMS_FAILED,
                            PilotPlan.MOST_FAILURES
                                    + " pilots in a row failed, the last was job "
                                    + last.jobId()
                                    + ": see its log "
                                    + PilotFolders.log(last.jobId()));
        }
        return true;
    }

    private void submit(List<PilotPlan.Wanted> wanted) {
        for (PilotPlan.Wanted each : wanted) {
            String id;
            try {
                id = queue.submit(each.length(), each.delay());
            } catch (OffcutException e) {
                plan.refused();
                throw e;
            }
            plan.submitted(waiting(id, each.length()));
            told.put(id, JobState.PENDING);
            first = false;
            say.accept(
                    "pilot "
                            + id
                            + " queued, for "
                            + each.length().toMinutes()
                            + " min"
                            + (each.delay().isZero()
                                    ? ""
                                    : ", not before "
                                            + each.delay().toSeconds()
                                            + " s, as the one before failed"));
        }
    }

    private static QueuedJob waiting(String id, Duration length) {
        return new QueuedJob(id, JobState.PENDING, "", length, null, null, "", "");
    }

    private void tell(List<QueuedJob> jobs) {
        for (QueuedJob job : jobs) {
            JobState before = told.put(job.jobId(), job.state());
            boolean news = !first && before != null && before != job.state();
            if (news && job.state() == JobState.RUNNING) {
                say.accept("pilot " + job.jobId() + " runs on " + job.node());
            } else if (news && !job.active()) {
                say.accept("pilot " + job.jobId() + " ended: " + job.state() + log(job));
            }
        }
        told.keySet().retainAll(new HashSet<>(jobs.stream().map(QueuedJob::jobId).toList()));
    }

    /** One that ended well has taken its log away. */
    private static String log(QueuedJob job) {
        Path log = PilotFolders.log(job.jobId());
        return Files.exists(log) ? ", its log is " + log : "";
    }
}
