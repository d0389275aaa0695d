package io.offcut.simulator;

import java.util.List;

/**
 * What runs on the idle cores, and how.
 *
 * @param load who has work
 * @param policy what is offered, and who places the work
 * @param executors how long they take to start
 * @param transport how a call reaches its worker
 * @param memoryBytesPerWorker memory ceiling of each worker
 * @param memoryLeases whether the free memory of nodes without an idle core is leased too. The
 *     scheduling core has no such leases yet: a result with them says what could be won
 * @param functionClass what functions do, as {@link Interference} names it
 * @param interference what functions and jobs on one node do to each other
 */
public record FunctionConfig(
        Load load,
        Policy policy,
        Executors executors,
        Transport transport,
        long memoryBytesPerWorker,
        boolean memoryLeases,
        String functionClass,
        Interference interference) {
    /** As much as fits, with what was measured of this implementation. */
    public static final FunctionConfig DEFAULT =
            new FunctionConfig(
                    new Load.Standing(),
                    Policy.Leases.DEFAULT,
                    Executors.MEASURED,
                    Transport.TCP,
                    256L << 20,
                    false,
                    Interference.COMPUTE,
                    Interference.MEASURED);

    /** No functions at all. */
    public static final FunctionConfig NONE = DEFAULT.with(new Load.None());

    /** Who has work. */
    public sealed interface Load {
        /** Nobody. */
        record None() implements Load {}

        /** One client that always wants all cores there are and never runs out of work. */
        record Standing() implements Load {}

        /**
         * Invocations that come from outside. A client for each function keeps workers leased and
         * asks for more when calls wait.
         *
         * @param patienceMillis a call that waits longer for a worker is dropped
         * @param holdMillis how long a client keeps a lease on which nothing runs
         * @param idempotentPermille of a thousand calls that an eviction breaks, so many may be
         *     called again; the others fail
         * @param payloadBytes of a call and its result together
         */
        record Open(
                ArrivalSource arrivals,
                long patienceMillis,
                long holdMillis,
                int idempotentPermille,
                long payloadBytes)
                implements Load {
            public Open {
                if (patienceMillis < 0
                        || holdMillis < 0
                        || idempotentPermille < 0
                        || idempotentPermille > 1000
                        || payloadBytes < 0) {
                    throw new IllegalArgumentException(
                            "patience, hold and payload must not be negative, of a thousand calls"
                                    + " 0 to 1000 are idempotent; got "
                                    + patienceMillis
                                    + " ms, "
                                    + holdMillis
                                    + " ms, "
                                    + payloadBytes
                                    + " bytes, "
                                    + idempotentPermille);
                }
            }
        }

        /**
         * Batch jobs that split their work between their own cores and leases while they run. A job
         * is over when its cores and its leases together have done what its cores alone do in its
         * run time.
         *
         * @param jobsPermille of a thousand jobs so many do this
         * @param sharePermille of a thousand parts of a job's work so many may be done elsewhere
         * @param workersPerCore leased workers wanted for each core of the job, in thousandths
         */
        record Offload(int jobsPermille, int sharePermille, int workersPerCore) implements Load {
            public Offload {
                if (jobsPermille < 0
                        || jobsPermille > 1000
                        || sharePermille < 0
                        || sharePermille > 1000
                        || workersPerCore < 1) {
                    throw new IllegalArgumentException(
                            "offloading needs shares of 0 to 1 and workers above 0; got jobs "
                                    + jobsPermille / 1e3
                                    + ", share "
                                    + sharePermille / 1e3
                                    + ", workers "
                                    + workersPerCore / 1e3
                                    + " for each core");
                }
            }
        }
    }

    /** Who puts functions where. */
    public sealed interface Policy {
        /**
         * Node daemons offer idle cores, the scheduling core leases them.
         *
         * @param place where workers go
         * @param holdOffMillis a core must be idle for so long before its node offers it
         * @param underused whether cores and memory that a job holds and, by what was measured of
         *     it, does not use are offered too
         * @param idleQuantile idleness is expected to end when that of this share of the nodes that
         *     were idle for as long did, as the scheduler has it with Slurm; 0 for no guess
         * @param reclaim how long a node takes to end what a job wants
         */
        record Leases(
                Place place,
                long holdOffMillis,
                boolean underused,
                double idleQuantile,
                Reclaim reclaim)
                implements Policy {
            /**
             * Offered after 3 s as the node daemon does, nothing of running jobs, for as long as it
             * may be.
             */
            public static final Leases DEFAULT =
                    new Leases(Place.DEFAULT, 3_000, false, 0, Reclaim.MEASURED);

            public Leases {
                if (holdOffMillis < 0 || !(idleQuantile >= 0 && idleQuantile <= 0.9)) {
                    throw new IllegalArgumentException(
                            "a hold-off is not negative, a quantile 0 to 0.9; got "
                                    + holdOffMillis
                                    + " ms and "
                                    + idleQuantile);
                }
            }
        }

        /**
         * Pilot jobs of fixed lengths on nodes that are wholly idle, as in HPC-Whisk (Przybylski et
         * al., "Using unused: non-invasive dynamic FaaS infrastructure with HPC-Whisk", SC 2022).
         *
         * @param lengthsMillis that can be chosen from
         * @param warmUpMillis from the start of a pilot to its first useful work
         */
        record Pilots(List<Long> lengthsMillis, long warmUpMillis, Fit fit) implements Policy {
            /** In minutes: 2, 4, 6, 8, 14, 22, 34, 56, 90, the set of the paper's replay. */
            public static final List<Long> LENGTHS_MILLIS =
                    List.of(2L, 4L, 6L, 8L, 14L, 22L, 34L, 56L, 90L).stream()
                            .map(minutes -> minutes * 60_000)
                            .toList();

            public Pilots {
                lengthsMillis = lengthsMillis.stream().sorted().distinct().toList();
                if (lengthsMillis.isEmpty() || lengthsMillis.getFirst() <= 0 || warmUpMillis < 0) {
                    throw new IllegalArgumentException(
                            "pilots need lengths above 0 and a warm-up; got "
                                    + lengthsMillis
                                    + " and "
                                    + warmUpMillis
                                    + " ms");
                }
            }
        }

        /**
         * How a node takes back what a job wants that starts: it freezes the executors, which frees
         * their cores, tells their clients, and ends them, which frees their memory.
         *
         * @param freezeMillis from the start of the job until the cores are free
         * @param evictMillis from the start of the job until the memory is free for others; not
         *     less
         */
        record Reclaim(long freezeMillis, long evictMillis) {
            /**
             * docs/reference/performance.md, "What a job waits for": 0.80 ms at the median, rounded
             * up to whole milliseconds, and 22 ms.
             */
            public static final Reclaim MEASURED = new Reclaim(1, 22);

            /** All is free at once. */
            public static final Reclaim AT_ONCE = new Reclaim(0, 0);

            public Reclaim {
                if (freezeMillis < 0 || evictMillis < freezeMillis) {
                    throw new IllegalArgumentException(
                            "executors freeze, then end: 0 <= freeze <= evict; got "
                                    + freezeMillis
                                    + " and "
                                    + evictMillis
                                    + " ms");
                }
            }
        }

        /** The placement policies of the scheduling core. */
        enum Place {
            DEFAULT,
            PACK
        }

        /** How the length of a pilot is chosen. */
        enum Fit {
            /** The longest that ends before the node is wanted: somebody knows the future. */
            GREEDY,
            /** The longest there is; a job that wants the node preempts it. */
            PREEMPTED
        }
    }

    /**
     * Start of an executor, one for each lease, and what a node keeps ready.
     *
     * @param coldMillis nothing was ready
     * @param prewarmedMillis one waited for anybody; the next is ready after {@code coldMillis}
     * @param keptMillis one waited since a lease of the same user, bundle and memory
     * @param prewarmed how many wait on each node for anybody
     * @param keepWarmMillis how long one waits for its own kind, after a lease that was given back
     * @param overheadBytes free memory that each waiting one needs
     */
    public record Executors(
            long coldMillis,
            long prewarmedMillis,
            long keptMillis,
            int prewarmed,
            long keepWarmMillis,
            long overheadBytes) {
        /** docs/reference/performance.md, "A call", and the node daemon's defaults. */
        public static final Executors MEASURED = new Executors(90, 15, 11, 1, 60_000, 128L << 20);

        /** Every lease takes so long, whatever was before it. */
        public static Executors cold(long millis) {
            return new Executors(millis, millis, millis, 0, 0, 0);
        }

        public Executors {
            if (coldMillis < 0
                    || prewarmedMillis < 0
                    || keptMillis < 0
                    || prewarmed < 0
                    || keepWarmMillis < 0
                    || overheadBytes < 0) {
                throw new IllegalArgumentException("times and numbers of executors below 0");
            }
        }
    }

    /**
     * The way of a call to its worker and back.
     *
     * @param latencyNanos of an empty call, both ways
     * @param bytesPerSecond what payload takes beyond that
     */
    public record Transport(String name, long latencyNanos, long bytesPerSecond) {
        /** docs/reference/performance.md: 155 ns; 1 MiB in 18.4 µs. */
        public static final Transport SHM = new Transport("shm", 155, 57_000_000_000L);

        /** docs/reference/performance.md: 7.05 µs; 2 MiB, there and back, in 334 µs. */
        public static final Transport TCP = new Transport("tcp", 7_050, 6_280_000_000L);

        /**
         * As published for rFaaS on 100 Gb/s, not measured here: 3.69 µs and 11.69 GiB/s (Copik et
         * al., "rFaaS: Enabling High Performance Serverless with RDMA and Leases", IPDPS 2023).
         */
        public static final Transport RDMA = new Transport("rdma", 3_690, 12_550_000_000L);

        public Transport {
            if (latencyNanos < 0 || bytesPerSecond < 1) {
                throw new IllegalArgumentException(
                        "a transport has a latency and a bandwidth; got "
                                + latencyNanos
                                + " ns and "
                                + bytesPerSecond
                                + " bytes/s");
            }
        }

        /** Microseconds, rounded up, that so much payload takes with its call. */
        public long micros(long payloadBytes) {
            double payloadNanos = payloadBytes * 1e9 / bytesPerSecond;
            return (long) Math.ceil((latencyNanos + payloadNanos) / 1e3);
        }
    }

    public FunctionConfig {
        if (memoryBytesPerWorker < 0) {
            throw new IllegalArgumentException(memoryBytesPerWorker + " bytes for each worker");
        }
        if (policy instanceof Policy.Pilots
                && !(load instanceof Load.None || load instanceof Load.Standing)) {
            throw new IllegalArgumentException(
                    "pilots are simulated for as much as fits only; choose the functions 'fit'");
        }
    }

    /** Whether there is nothing to simulate. */
    public boolean isNone() {
        return load instanceof Load.None;
    }

    /** Whether what a job holds and does not use is offered. */
    public boolean offersUnderused() {
        return policy instanceof Policy.Leases leases && leases.underused();
    }

    public FunctionConfig with(Load newLoad) {
        return new FunctionConfig(
                newLoad,
                policy,
                executors,
                transport,
                memoryBytesPerWorker,
                memoryLeases,
                functionClass,
                interference);
    }

    public FunctionConfig with(Policy newPolicy) {
        return new FunctionConfig(
                load,
                newPolicy,
                executors,
                transport,
                memoryBytesPerWorker,
                memoryLeases,
                functionClass,
                interference);
    }

    public FunctionConfig with(Executors newExecutors) {
        return new FunctionConfig(
                load,
                policy,
                newExecutors,
                transport,
                memoryBytesPerWorker,
                memoryLeases,
                functionClass,
                interference);
    }

    public FunctionConfig with(Transport newTransport) {
        return new FunctionConfig(
                load,
                policy,
                executors,
                newTransport,
                memoryBytesPerWorker,
                memoryLeases,
                functionClass,
                interference);
    }

    public FunctionConfig with(Interference newInterference, String newFunctionClass) {
        return new FunctionConfig(
                load,
                policy,
                executors,
                transport,
                memoryBytesPerWorker,
                memoryLeases,
                newFunctionClass,
                newInterference);
    }

    public FunctionConfig withWorkerMemory(long bytes) {
        return new FunctionConfig(
                load,
                policy,
                executors,
                transport,
                bytes,
                memoryLeases,
                functionClass,
                interference);
    }

    public FunctionConfig withMemoryLeases(boolean on) {
        return new FunctionConfig(
                load,
                policy,
                executors,
                transport,
                memoryBytesPerWorker,
                on,
                functionClass,
                interference);
    }
}
