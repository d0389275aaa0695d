package io.offcut.monitor.guard;

import io.offcut.core.CpuSet;
import java.util.EnumMap;
import java.util.Locale;
import java.util.Map;

/**
 * What is known of one job beside functions.
 *
 * <pre>
 *   WATCHED ──slowed──▶ HELD ──HOLD_MILLIS──▶ TRIED ──slowed──▶ WITHDRAWN ──back-off──▶ TRIED
 *      ▲                                       └──── CALM comparisons that were not ───▶ WATCHED
 * </pre>
 *
 * <p>HELD: the functions stand still. WITHDRAWN: their cores are not offered, and leases on them
 * have ended; each time for twice as long.
 */
final class GuardedJob {
    enum Standing {
        WATCHED,
        HELD,
        TRIED,
        WITHDRAWN
    }

    static final long HOLD_MILLIS = 5_000;
    static final long FIRST_BACK_OFF_MILLIS = 30_000;
    static final long MAX_BACK_OFF_MILLIS = 3_600_000;

    /** Comparisons after which a job that was slowed is one like any other. */
    static final int CALM = 48;

    private static final int MOST_LOOKS = 60;

    private final String jobId;
    private final double maxSlowdown;
    private final Map<Evidence, Slowdowns> slowdowns = new EnumMap<>(Evidence.class);
    private Standing standing = Standing.WATCHED;
    private CpuSet cores = CpuSet.empty();
    private CpuSet target = CpuSet.empty();
    private String why = "";
    private long changesMillis;
    private int withdrawals;
    private int comparisons;
    private int looks;

    GuardedJob(String jobId, double maxSlowdown) {
        this.jobId = jobId;
        this.maxSlowdown = maxSlowdown;
    }

    void at(CpuSet itsCores) {
        cores = itsCores;
    }

    CpuSet cores() {
        return cores;
    }

    Standing standing() {
        return standing;
    }

    /** Cores on which no function may run now, or be leased. */
    CpuSet target() {
        return target;
    }

    String why() {
        return why;
    }

    long backOffMillis() {
        long doubled = FIRST_BACK_OFF_MILLIS << Math.min(20, Math.max(0, withdrawals - 1));
        return Math.min(MAX_BACK_OFF_MILLIS, doubled);
    }

    /** Lets time pass. True when it is in another standing now. */
    boolean tick(long nowMillis) {
        boolean waited =
                (standing == Standing.HELD || standing == Standing.WITHDRAWN)
                        && nowMillis >= changesMillis;
        if (waited) {
            standing = Standing.TRIED;
            target = CpuSet.empty();
            forget();
        }
        return waited;
    }

    private Slowdowns of(Evidence evidence) {
        return slowdowns.computeIfAbsent(evidence, each -> new Slowdowns());
    }

    private void forget() {
        slowdowns.values().forEach(Slowdowns::clear);
        comparisons = 0;
        looks = 0;
    }

    /**
     * Takes in how it fared beside functions and alone.
     *
     * @param functionCores where functions run that may run
     * @param all the cores of the node
     * @return whether it is in another standing now
     */
    boolean compare(Pace beside, Pace alone, CpuSet functionCores, CpuSet all, long nowMillis) {
        Evidence worst = null;
        boolean known = false;
        for (Evidence evidence : Evidence.values()) {
            double slowdown = evidence.slowdown(beside, alone);
            if (!Double.isNaN(slowdown)) {
                known = true;
                of(evidence).add(slowdown);
                if (worst == null && of(evidence).exceed(maxSlowdown)) {
                    worst = evidence;
                }
            }
        }
        comparisons += known ? 1 : 0;
        looks++;
        if (worst != null) {
            slowed(worst, functionCores, all, nowMillis);
            return true;
        }
        if (standing == Standing.TRIED && looks >= CALM) {
            standing = Standing.WATCHED;
            withdrawals = Math.max(0, withdrawals - 1);
            return true;
        }
        return false;
    }

    private void slowed(Evidence evidence, CpuSet functionCores, CpuSet all, long nowMillis) {
        why = say(evidence);
        // Those on the job's own cores first; the others share its memory and caches.
        CpuSet inside = cores.intersect(all);
        target = target.plus(functionCores.intersects(inside) ? inside : all);
        if (standing == Standing.WATCHED) {
            standing = Standing.HELD;
            changesMillis = nowMillis + HOLD_MILLIS;
        } else {
            standing = Standing.WITHDRAWN;
            withdrawals++;
            changesMillis = nowMillis + backOffMillis();
        }
        forget();
    }

    private String say(Evidence evidence) {
        Interval interval = of(evidence).interval();
        return "job "
                + jobId
                + " "
                + evidence.say(percent(interval.median()))
                + " beside functions (95 % interval "
                + percent(interval.low())
                + " to "
                + percent(interval.high())
                + ", bound "
                + percent(maxSlowdown)
                + ")";
    }

    private static String percent(double share) {
        return String.format(Locale.ROOT, "%.1f %%", 100 * share);
    }

    /** Whether it has to be looked at more often than from time to time. */
    boolean isUndecided() {
        boolean suspicious =
                slowdowns.values().stream().anyMatch(each -> each.suspicious(maxSlowdown));
        // One that shows nothing for so long may never do.
        boolean young = comparisons < Slowdowns.LEAST && looks < MOST_LOOKS;
        return suspicious || standing == Standing.TRIED || young;
    }

    /** What it loses by this evidence. */
    Interval slowdown(Evidence evidence) {
        return of(evidence).interval();
    }
}
