package io.offcut.monitor;

import io.offcut.core.CpuSet;
import io.offcut.core.Offer;
import io.offcut.linux.CpuTopology;
import io.offcut.monitor.Allocations.JobShare;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.IntPredicate;

/**
 * Decides what is offered. Pure: the same samples give the same offers.
 *
 * <p>A core moves between three standings:
 *
 * <pre>
 *   BUSY ──enough idle samples──▶ OFFERED ──one busy sample──▶ SUSPECT ──offerAfterSamples──▶ OFFERED
 *     ▲                              │                            │
 *     └──────────── changes hands ───┴────────────────────────────┘
 * </pre>
 *
 * <p>Enough is {@code offerAfterSamples} where only load tells, and one where a batch system says
 * that nobody holds the core. One that a job holds and leaves unused needs {@code
 * underused.afterSamples}, from the first or since it was last busy, and for as long the job's
 * control group must have used so few CPUs that it can spare one. Retreat never waits: a core that
 * is busy, given out or not permitted is not in the offers of that very sample, and neither is
 * memory that is gone.
 *
 * <p>There is one offer of all that no job holds, {@link #UNALLOCATED_ID}, and one for each job
 * that shares what it leaves unused, {@link #underusedId}; their cores and memory change while they
 * live, and no core is in two of them. The former has memory without a core where jobs hold, or
 * others use, all cores and a batch system keeps account of memory. Not safe for use by several
 * threads.
 */
public final class IdleEstimator {
    /** The offer of everything that no job holds; the same id for ever, also after a restart. */
    public static final String UNALLOCATED_ID = "unallocated";

    private final MonitorConfig config;
    private final CpuTopology topology;
    private final CoreStandings standings;
    private final Map<String, JobWatch> watches = new HashMap<>();
    private final SteadyBytes unallocatedMemory;
    private CpuSet unallocated = CpuSet.empty();

    /** For a machine whose cores have one thread each, or whose CPUs are made up. */
    public IdleEstimator(MonitorConfig config) {
        this(config, CpuTopology.unknown());
    }

    /**
     * @param topology which CPUs are threads of one core
     */
    public IdleEstimator(MonitorConfig config, CpuTopology topology) {
        this.config = config;
        this.topology = topology;
        this.standings = new CoreStandings(config, topology);
        this.unallocatedMemory = new SteadyBytes(config);
    }

    /** The offer of what this job leaves unused; the same id while the job lives. */
    public static String underusedId(String jobId) {
        return "job-" + jobId;
    }

    /**
     * Takes in a sample.
     *
     * @param nowEpochMillis when it was taken
     * @return everything that should be advertised from now on
     */
    public List<Offer> update(NodeSample sample, long nowEpochMillis) {
        if (isSilent(sample.allocations())) {
            standings.forget(sample.cores());
            watches.values().forEach(JobWatch::restart);
            unallocated = CpuSet.empty();
            unallocatedMemory.clear();
            return List.of();
        }
        Holdings held = Holdings.of(sample.allocations());
        judge(sample, held);
        MemoryBudget budget = MemoryBudget.of(config, sample, held.jobs(), watches);
        List<Offer> offers = new ArrayList<>();
        long bytes = unallocatedMemory(budget, sample.allocations());
        add(
                offers,
                UNALLOCATED_ID,
                unallocated,
                bytes,
                Offer.Reason.UNALLOCATED,
                until(held.idleUntilEpochMillis(), nowEpochMillis),
                held.idleGpus());
        long left = budget.forJobsBytes();
        for (JobShare job : held.jobs()) {
            JobWatch watch = watch(job);
            if (!watch.offered.isEmpty()) {
                long lent = budget.lent(job, watch.memory, left);
                left -= lent;
                add(
                        offers,
                        underusedId(job.jobId()),
                        watch.offered,
                        lent,
                        Offer.Reason.UNDERUSED,
                        until(job.endEpochMillis(), nowEpochMillis),
                        CpuSet.empty());
            }
        }
        return offers;
    }

    /** Whether nothing may be said of the node, or nothing may run on it. */
    private static boolean isSilent(Allocations allocations) {
        return switch (allocations) {
            case Allocations.NoBatchSystem none -> false;
            case Allocations.Unknown unknown -> true;
            case Allocations.Known known ->
                    known.drained() || known.jobs().stream().anyMatch(job -> job.cores().isEmpty());
        };
    }

    /**
     * Who holds what.
     *
     * @param contested cores that more than one job holds
     * @param vouched whether a batch system says what nobody holds
     */
    private record Holdings(
            List<JobShare> jobs,
            CpuSet cores,
            CpuSet contested,
            boolean vouched,
            long idleUntilEpochMillis,
            CpuSet idleGpus) {
        static Holdings of(Allocations allocations) {
            if (!(allocations instanceof Allocations.Known known)) {
                return new Holdings(
                        List.of(),
                        CpuSet.empty(),
                        CpuSet.empty(),
                        false,
                        Offer.UNKNOWN_UNTIL,
                        CpuSet.empty());
            }
            CpuSet cores = CpuSet.empty();
            CpuSet contested = CpuSet.empty();
            for (JobShare job : known.jobs()) {
                contested =
                        cores.intersects(job.cores())
                                ? contested.plus(cores.intersect(job.cores()))
                                : contested;
                cores = cores.plus(job.cores());
            }
            // In one order, whatever order the record has: memory is given out along it.
            List<JobShare> jobs =
                    known.jobs().stream().sorted(Comparator.comparing(JobShare::jobId)).toList();
            return new Holdings(
                    jobs, cores, contested, true, known.idleUntilEpochMillis(), known.idleGpus());
        }
    }

    private void judge(NodeSample sample, Holdings held) {
        CpuSet offerable = config.offerable(sample.cores());
        CpuSet free = withoutThreadsBesideJobs(offerable.minus(held.cores()), held.cores());
        CpuSet watched = free;
        Set<String> present = new HashSet<>();
        for (JobShare job : held.jobs()) {
            present.add(job.jobId());
            JobWatch watch = watch(job);
            watch.look(job.use());
            if (job.policy().shared()) {
                CpuSet owned = offerable.intersect(job.cores()).minus(held.contested());
                standings.look(owned, job.jobId(), sample.foreignLoads(), watch.offered);
                watched = watched.plus(owned);
                watch.offered = underused(job, owned, watch, sample, held.cores());
            }
            if (watch.offered.isEmpty() || !job.policy().shared()) {
                watch.withdraw();
            }
        }
        watches.keySet().retainAll(present);
        standings.look(free, CoreStandings.NOBODY, sample.foreignLoads(), unallocated);
        standings.forget(sample.cores().minus(watched));
        unallocated =
                filter(free, core -> standings.isIdle(core, sample.foreignLoads(), held.vouched()));
    }

    private JobWatch watch(JobShare job) {
        return watches.computeIfAbsent(job.jobId(), id -> new JobWatch(config));
    }

    private CpuSet withoutThreadsBesideJobs(CpuSet free, CpuSet ofJobs) {
        if (config.offerSiblings() || !topology.hasSiblings()) {
            return free;
        }
        return filter(free, core -> !topology.siblings(core).intersects(ofJobs));
    }

    /** Which of its cores a job lends now. */
    private CpuSet underused(
            JobShare job, CpuSet owned, JobWatch watch, NodeSample sample, CpuSet ofJobs) {
        CpuSet unjudged = sample.unjudgedCores();
        int margin = unjudged.intersects(owned) ? config.underused().marginCores() : 0;
        int spare = watch.spareCores(job.cores().size()) - margin;
        if (spare <= 0) {
            return CpuSet.empty();
        }
        int enough = config.underused().afterSamples();
        CpuSet idle =
                filter(
                        owned,
                        core -> unjudged.contains(core) || standings.idleSamples(core) >= enough);
        List<CpuSet> groups = new ArrayList<>(topology.byCore(idle));
        if (!config.offerSiblings()) {
            groups.removeIf(group -> slowsAJob(group, ofJobs));
        }
        // What is leased stays, then what is offered, then cores that lie together.
        groups.sort(
                Comparator.comparing((CpuSet group) -> !group.intersects(sample.ownCores()))
                        .thenComparing(group -> !group.intersects(watch.offered)));
        return some(groups, spare, job.policy().maxCores());
    }

    /** Whether a job uses, or may use, a thread beside these. */
    private boolean slowsAJob(CpuSet group, CpuSet ofJobs) {
        CpuSet siblings = topology.siblings(group.stream().findFirst().orElseThrow());
        return siblings.minus(group).intersects(ofJobs);
    }

    /** As many as fit: whole groups of what can be spared, and of them so many as are allowed. */
    private static CpuSet some(List<CpuSet> groups, int spare, int allowed) {
        CpuSet spared = CpuSet.empty();
        CpuSet chosen = CpuSet.empty();
        for (CpuSet group : groups) {
            if (spared.size() + group.size() <= spare) {
                spared = spared.plus(group);
                chosen = chosen.plus(group.lowest(Math.max(0, allowed - chosen.size())));
            }
        }
        return chosen;
    }

    private long unallocatedMemory(MemoryBudget budget, Allocations allocations) {
        boolean counted = allocations instanceof Allocations.Known known && known.memoryBytes() > 0;
        // Where nobody counts it, whoever has the cores may take the memory.
        if (unallocated.isEmpty() && !counted) {
            unallocatedMemory.clear();
            return 0;
        }
        return unallocatedMemory.follow(budget.unallocatedBytes(), budget.unallocatedBoundBytes());
    }

    private void add(
            List<Offer> offers,
            String id,
            CpuSet cores,
            long bytes,
            Offer.Reason reason,
            long untilEpochMillis,
            CpuSet gpus) {
        if (bytes >= Math.max(1, config.minOfferMemoryBytes())) {
            offers.add(new Offer(id, cores, bytes, reason, untilEpochMillis, gpus));
        }
    }

    private static CpuSet filter(CpuSet cores, IntPredicate good) {
        return CpuSet.of(cores.stream().filter(good).toArray());
    }

    /** A plan whose time has passed without the job is no plan. */
    private static long until(long planEpochMillis, long nowEpochMillis) {
        return planEpochMillis > nowEpochMillis ? planEpochMillis : Offer.UNKNOWN_UNTIL;
    }
}
