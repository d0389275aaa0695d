package io.offcut.node.internal.sensing;

import io.offcut.core.CpuSet;
import io.offcut.core.Offer;
import io.offcut.monitor.Allocations;
import io.offcut.monitor.Allocations.JobShare;
import io.offcut.monitor.NodeSample;
import io.offcut.monitor.guard.ColocationGuard;
import io.offcut.monitor.guard.ColocationGuard.Finding;
import io.offcut.monitor.guard.ColocationGuard.Probe;
import io.offcut.monitor.guard.JobMeters;
import io.offcut.monitor.guard.JobMeters.Readings;
import io.offcut.monitor.guard.Pace;
import io.offcut.node.internal.loop.EventLoop;
import io.offcut.node.internal.sensing.StandStill.Side;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;
import java.util.stream.Collectors;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Lets the {@link ColocationGuard} see how jobs fare with functions and without, and does what it
 * says. All on the sensing thread, which it never keeps for longer than a look takes.
 */
final class Guarding implements AutoCloseable {
    /** What became of functions beside jobs. */
    interface Watcher {
        /** Waits until all that was told to stand still does; false when it does not in time. */
        boolean awaitFrozen(long timeoutMillis);

        /**
         * Something was decided.
         *
         * @param reasons why functions stand still or are withdrawn now
         */
        void guarded(Finding finding, CpuSet withdrawn, List<String> reasons);

        /** The node has to be looked at, because other cores are offered from now on. */
        void look();
    }

    private static final Logger log = LoggerFactory.getLogger(Guarding.class);
    private static final long FREEZE_MILLIS = 50;

    /** Until caches have what functions, or the job without them, need. */
    private static final long SETTLE_MILLIS = 10;

    private final EventLoop loop;
    private final ColocationGuard guard;
    private final JobMeters meters;
    private final StandStill standStill;
    private final Watcher watcher;
    private boolean begun;
    private boolean probing;

    Guarding(
            EventLoop loop,
            ColocationGuard guard,
            JobMeters meters,
            StandStill standStill,
            Watcher watcher) {
        this.loop = loop;
        this.guard = guard;
        this.meters = meters;
        this.standStill = standStill;
        this.watcher = watcher;
    }

    /** Takes in a sample. */
    void look(NodeSample sample) {
        List<JobShare> jobs =
                sample.allocations() instanceof Allocations.Known known ? known.jobs() : List.of();
        List<Finding> findings = guard.look(jobs, sample.cores(), sample.ownCores(), nowMillis());
        if (!begun) {
            meters.sweep(jobs.stream().map(JobShare::jobId).collect(Collectors.toSet()));
        }
        if (!probing) {
            meters.follow(jobs, guard.runningFunctions());
        }
        findings.forEach(this::tell);
        if (!standStill.of(Side.GUARD).equals(guard.still())) {
            standStill.want(Side.GUARD, guard.still());
        }
        if (!begun) {
            begun = true;
            schedule();
        }
    }

    /** Of these offers what functions may have. */
    List<Offer> allowed(List<Offer> offers) {
        return without(guard.withdrawn(), offers);
    }

    /**
     * Of these offers what is left without these cores. Memory without cores is left as long as
     * some core is: its holder has to run somewhere, and where all were withdrawn that is beside
     * jobs that were slowed.
     */
    static List<Offer> without(CpuSet withdrawn, List<Offer> offers) {
        if (withdrawn.isEmpty()) {
            return offers;
        }
        List<Offer> rest =
                offers.stream()
                        .map(offer -> offer.withCores(offer.cores().minus(withdrawn)))
                        .toList();
        if (rest.stream().allMatch(offer -> offer.cores().isEmpty())) {
            return List.of();
        }
        return rest.stream()
                .filter(offer ->
                        !offer.cores().isEmpty() || offer.reason() == Offer.Reason.UNALLOCATED)
                .toList();
    }

    private void schedule() {
        Probe probe = guard.next();
        var _ = loop.after(probe.afterMillis(), () -> begin(probe));
    }

    private void begin(Probe probe) {
        CpuSet functions = guard.runningFunctions();
        if (functions.isEmpty() || !meters.isTelling()) {
            schedule();
            return;
        }
        probing = true;
        new Comparison(probe, functions).first();
    }

    /** Two windows, one with functions and one without, in either order. */
    private final class Comparison {
        private final Probe probe;
        private final CpuSet functions;
        private final CpuSet ofJobs = standStill.of(Side.JOBS);
        private Map<String, Pace> firstPaces = Map.of();

        Comparison(Probe probe, CpuSet functions) {
            this.probe = probe;
            this.functions = functions;
        }

        void first() {
            window(
                    probe.stillFirst(),
                    paces -> {
                        firstPaces = paces;
                        window(!probe.stillFirst(), this::end);
                    });
        }

        private void window(boolean still, Consumer<Map<String, Pace>> then) {
            if (still) {
                standStill.want(Side.PROBE, functions);
                // One that does not in time is one that gets no CPU, and so slows nobody.
                var _ = watcher.awaitFrozen(FREEZE_MILLIS);
            } else if (probe.stillFirst()) {
                standStill.want(Side.PROBE, CpuSet.empty());
            }
            var _ =
                    loop.after(
                            SETTLE_MILLIS,
                            () -> {
                                Readings before = meters.read();
                                var _ =
                                        loop.after(
                                                probe.windowMillis(),
                                                () -> then.accept(meters.read().since(before)));
                            });
        }

        private void end(Map<String, Pace> secondPaces) {
            standStill.want(Side.PROBE, CpuSet.empty());
            probing = false;
            // With other functions, or others that stood still, it compares nothing.
            if (functions.equals(guard.runningFunctions())
                    && ofJobs.equals(standStill.of(Side.JOBS))) {
                Map<String, Pace> beside = probe.stillFirst() ? secondPaces : firstPaces;
                Map<String, Pace> alone = probe.stillFirst() ? firstPaces : secondPaces;
                beside.forEach((jobId, pace) ->
                        compared(jobId, pace, alone.getOrDefault(jobId, Pace.UNKNOWN)));
            }
            schedule();
        }
    }

    private void compared(String jobId, Pace beside, Pace alone) {
        List<Finding> findings = guard.compare(jobId, beside, alone, nowMillis());
        log.debug("guard: job {}: {} beside functions, {} alone", jobId, beside, alone);
        if (findings.isEmpty()) {
            return;
        }
        standStill.want(Side.GUARD, guard.still());
        findings.forEach(this::tell);
        watcher.look();
    }

    private void tell(Finding finding) {
        log.info("guard: {}", finding.text());
        watcher.guarded(finding, guard.withdrawn(), guard.reasons());
    }

    private static long nowMillis() {
        return System.nanoTime() / 1_000_000;
    }

    @Override
    public void close() {
        meters.close();
    }
}
