package io.offcut.traces;

import java.util.Arrays;
import java.util.List;
import java.util.Locale;

/**
 * Makes synthetic job logs after U. Lublin and D. G. Feitelson, "The workload on parallel
 * supercomputers: modeling the characteristics of rigid jobs", J. Parallel Distrib. Comput. 63(11),
 * 2003, with the parameters they give for logs whose jobs are not told apart by type:
 *
 * <ul>
 *   <li>size: serial with probability 0.244; else two to the power of a two-stage uniform variate,
 *       rounded to a power of two for a further 0.576 of all jobs;
 *   <li>run time: the logarithm of the seconds is hyper-gamma; larger jobs more often come from the
 *       component with the long times; never above e<sup>12</sup> s;
 *   <li>arrival: the logarithm of the gap is gamma, stretched by a daily cycle.
 * </ul>
 *
 * <p>It differs from their program: the gaps are scaled as a whole so that the log has the load
 * that was asked for. It adds what they leave out: users (the k-th most active submits in
 * proportion to 1/k), a requested time (run time times a factor from 1 to 10, rounded up to one a
 * person would write), and the memory that is used and asked for ({@link MemoryModel}). The wait is
 * unknown: the log has not been scheduled.
 *
 * <p>Same model and seed, same log, on every machine. Safe for use by any thread.
 */
public final class JobTraceGenerator {
    private static final double SERIAL_SHARE = 0.244;
    private static final double POWER_OF_TWO_SHARE = 0.576;
    private static final double SMALLEST_LOG2 = 0.8;
    private static final double MIDDLE_BELOW_LARGEST_LOG2 = 2.5;
    private static final double BELOW_MIDDLE_SHARE = 0.86;

    private static final double SHORT_SHAPE = 4.2;
    private static final double SHORT_SCALE = 0.94;
    private static final double LONG_SHAPE = 312;
    private static final double LONG_SCALE = 0.03;
    private static final double SHORT_SHARE_PER_PROC = -0.0054;
    private static final double SHORT_SHARE = 0.78;
    private static final double MAX_LOG_RUN = 12;

    private static final double GAP_SHAPE = 10.2303 * 1.0225;
    private static final double GAP_SCALE = 0.4871;
    private static final double MAX_LOG_GAP = 13;
    private static final DailyCycle CYCLE = new DailyCycle(8.1737, 3.9631);

    private static final double SECONDS_PER_DAY = 86_400;

    /** What people write into a time limit, in minutes. */
    private static final int[] USUAL_LIMITS_MINUTES = {
        1, 5, 10, 15, 30, 60, 120, 180, 240, 360, 480, 720, 1440, 2160, 2880, 4320, 7200, 10080
    };

    private JobTraceGenerator() {}

    /** Makes a log. */
    public static SwfLog generate(JobTraceModel model, long seed) {
        RandomVariates random = new RandomVariates(seed);
        int[] procs = new int[model.jobs()];
        int[] runSeconds = new int[model.jobs()];
        double[] gaps = new double[model.jobs()];
        double work = 0;
        for (int job = 0; job < model.jobs(); job++) {
            procs[job] = size(random, model.procs());
            runSeconds[job] = runSeconds(random, procs[job]);
            gaps[job] = gap(random);
            work += (double) procs[job] * runSeconds[job];
        }
        double days = work / (model.procs() * model.offeredLoad()) / SECONDS_PER_DAY;
        double[] submits = submitSeconds(gaps, days);
        JobTable.Builder table = new JobTable.Builder();
        RandomVariates spareMemory = new RandomVariates(~seed);
        for (int job = 0; job < model.jobs(); job++) {
            long[] row = row(random, model, job, submits[job], runSeconds[job], procs[job]);
            row[SwfField.REQUESTED_MEMORY.column()] =
                    model.memory().requestedKib(row[SwfField.USED_MEMORY.column()], spareMemory);
            table.add(row, -1);
        }
        return new SwfLog(header(model, seed), table.build(), new Complaints());
    }

    private static int size(RandomVariates random, int machineProcs) {
        double kind = random.uniform();
        if (kind < SERIAL_SHARE) {
            return 1;
        }
        double largest = StrictMath.log(machineProcs) / StrictMath.log(2);
        double middle = Math.max(SMALLEST_LOG2, largest - MIDDLE_BELOW_LARGEST_LOG2);
        double log2 =
                random.uniform() < BELOW_MIDDLE_SHARE
                        ? random.uniform(SMALLEST_LOG2, middle)
                        : random.uniform(middle, largest);
        if (kind < SERIAL_SHARE + POWER_OF_TWO_SHARE) {
            log2 = StrictMath.rint(log2);
        }
        return (int) Math.min(machineProcs, StrictMath.rint(StrictMath.pow(2, log2)));
    }

    private static int runSeconds(RandomVariates random, int procs) {
        double shortShare = Math.clamp(SHORT_SHARE_PER_PROC * procs + SHORT_SHARE, 0, 1);
        while (true) {
            double log =
                    random.uniform() < shortShare
                            ? random.gamma(SHORT_SHAPE, SHORT_SCALE)
                            : random.gamma(LONG_SHAPE, LONG_SCALE);
            if (log <= MAX_LOG_RUN) {
                return (int) Math.max(1, StrictMath.rint(StrictMath.exp(log)));
            }
        }
    }

    private static double gap(RandomVariates random) {
        while (true) {
            double log = random.gamma(GAP_SHAPE, GAP_SCALE);
            if (log <= MAX_LOG_GAP) {
                return StrictMath.exp(log);
            }
        }
    }

    /** Arrival times from the gaps: the last one after so many days. */
    private static double[] submitSeconds(double[] gaps, double days) {
        double[] submits = new double[gaps.length];
        double sum = Arrays.stream(gaps).sum();
        double passed = 0;
        for (int job = 0; job < gaps.length; job++) {
            passed += gaps[job];
            submits[job] = CYCLE.secondsAfter(passed / sum * days);
        }
        return submits;
    }

    private static long[] row(
            RandomVariates random,
            JobTraceModel model,
            int job,
            double submitSeconds,
            int runSeconds,
            int procs) {
        long[] values = new long[SwfField.COUNT];
        Arrays.fill(values, -1);
        values[SwfField.JOB.column()] = job + 1L;
        values[SwfField.SUBMIT.column()] = (long) submitSeconds;
        values[SwfField.RUN.column()] = runSeconds;
        values[SwfField.PROCS.column()] = procs;
        values[SwfField.USED_MEMORY.column()] = model.memory().usedKib(random);
        values[SwfField.REQUESTED_PROCS.column()] = procs;
        values[SwfField.REQUESTED_TIME.column()] = requestedSeconds(random, runSeconds);
        values[SwfField.STATUS.column()] = 1;
        values[SwfField.USER.column()] = user(random, model.users());
        return values;
    }

    private static int requestedSeconds(RandomVariates random, int runSeconds) {
        double wish = runSeconds * StrictMath.pow(10, random.uniform());
        for (int minutes : USUAL_LIMITS_MINUTES) {
            if (minutes * 60 >= wish) {
                return minutes * 60;
            }
        }
        return (int) (StrictMath.ceil(wish / SECONDS_PER_DAY) * SECONDS_PER_DAY);
    }

    private static int user(RandomVariates random, int users) {
        double total = 0;
        for (int user = 1; user <= users; user++) {
            total += 1.0 / user;
        }
        double rest = random.uniform() * total;
        for (int user = 1; user < users; user++) {
            rest -= 1.0 / user;
            if (rest < 0) {
                return user;
            }
        }
        return users;
    }

    private static SwfHeader header(JobTraceModel model, long seed) {
        return new SwfHeader(
                List.of(
                        " Version: 2.2",
                        " Computer: none, a synthetic log",
                        " Conversion: io.offcut.traces.JobTraceGenerator, seed " + seed,
                        " Acknowledge: model of U. Lublin and D. G. Feitelson, JPDC 63(11), 2003",
                        " MaxJobs: " + model.jobs(),
                        " MaxRecords: " + model.jobs(),
                        " UnixStartTime: " + model.unixStartTimeSeconds(),
                        " TimeZone: 0",
                        " MaxNodes: " + model.nodes(),
                        " MaxProcs: " + model.procs(),
                        String.format(
                                Locale.ROOT, " Note: offered load %.3f", model.offeredLoad())));
    }
}
