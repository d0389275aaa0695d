package io.offcut.benchmarks.invoke;

import io.offcut.benchmarks.invoke.CaseResult.Shape;
import io.offcut.client.LeaseOptions;
import io.offcut.client.OffloadModel;
import io.offcut.client.OffloadSummary;
import io.offcut.client.WorkerPool;
import io.offcut.core.ErrorCode;
import io.offcut.core.OffcutException;
import io.offcut.core.api.ChannelDescriptor;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.SymbolLookup;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.MethodHandle;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.Locale;

/**
 * Equal tasks of native work, done by one thread alone and, in turns, by it and a worker as the
 * planner decides, with either client. The program's threads share one CPU, so that whatever
 * offloading costs it is seen.
 */
final class PlannerCases {
    private static final int SMALL_BYTES = 64;
    private static final int LARGE_BYTES = 4 << 20;
    private static final long WORK_NANOS = 200_000_000;
    private static final long CALIBRATING_STEPS = 20_000_000;
    private static final Duration WORKER_TIMEOUT = Duration.ofSeconds(60);
    private static final double MOST = 1.02;

    private final Stage stage;
    private final Effort effort;

    PlannerCases(Stage stage, Effort effort) {
        this.stage = stage;
        this.effort = effort;
    }

    /**
     * What is done.
     *
     * @param taskNanos of each task here
     * @param times how much longer it takes there
     */
    record Job(String name, long taskNanos, int inputBytes, int times) {}

    static final List<Job> JOBS =
            List.of(
                    new Job("planner, 1 ms tasks", 1_000_000, SMALL_BYTES, 1),
                    new Job("planner, 50 us tasks", 50_000, SMALL_BYTES, 1),
                    new Job("planner, 1 ms tasks, 4 MiB in", 1_000_000, LARGE_BYTES, 1),
                    new Job("planner, 50 us tasks, 4 MiB in", 50_000, LARGE_BYTES, 1),
                    new Job("planner, 50 us tasks, slow there", 50_000, SMALL_BYTES, 100),
                    new Job("planner, 1 ms tasks, slow there", 1_000_000, SMALL_BYTES, 100));

    private int tasks(Job job) {
        return effort.calls((int) (WORK_NANOS / job.taskNanos()));
    }

    /** By {@code client/c/tests/bench_planner.c}, which does what {@link #java} does. */
    CaseResult c(Job job, Path programs) throws IOException, InterruptedException {
        try (CProgram program =
                CProgram.start(
                        stage.schedulerUrl(),
                        programs.resolve("bench_planner"),
                        Stage.EMPTY,
                        stage.nativeLibrary().toString(),
                        Integer.toString(job.times()),
                        Integer.toString(LARGE_BYTES))) {
            int bytes = job.inputBytes();
            int tasks = tasks(job);
            long nanos = job.taskNanos();
            Rounds rounds =
                    Rounds.of(
                            effort.rounds(),
                            1,
                            count -> program.turn("here", bytes, tasks, nanos, count),
                            count -> program.turn("planned", bytes, tasks, nanos, count));
            String[] tally = program.ask("tally", 0, 0, 0).split(" ", -1);
            return result(
                    job,
                    rounds,
                    Long.parseLong(tally[0]),
                    Long.parseLong(tally[1]),
                    Long.parseLong(tally[2]));
        }
    }

    CaseResult java(Job job) throws IOException, InterruptedException {
        LeaseOptions options =
                LeaseOptions.of(Stage.EMPTY)
                        .payloadBytes(LARGE_BYTES)
                        .transports(List.of(ChannelDescriptor.SHM));
        try (Arena arena = Arena.ofConfined();
                WorkerPool pool = stage.client().lease(options)) {
            if (!pool.awaitWorkers(1, WORKER_TIMEOUT)) {
                throw new OffcutException(ErrorCode.NO_CAPACITY, "bench: no worker in a minute");
            }
            Tasks tasks = new Tasks(job, tasks(job), new Work(stage.nativeLibrary(), arena));
            List<OffloadSummary> summaries = new ArrayList<>();
            Rounds rounds =
                    Rounds.of(
                            effort.rounds(),
                            1,
                            CallLoop.of(tasks::here).settling(),
                            CallLoop.of(() -> summaries.add(tasks.planned(pool))).settling());
            summaries.forEach(summary -> tasks.check(summary.results()));
            OffloadSummary last = summaries.getLast();
            return result(job, rounds, last.local(), last.takenBack(), last.remote());
        }
    }

    /** With what was done where in the last round. */
    private static CaseResult result(
            Job job, Rounds rounds, long here, long takenBack, long there) {
        double[] ratios = rounds.ratios();
        double ratio = Rounds.median(ratios);
        Shape shape = new Shape(job.name(), "shm", "planner", job.inputBytes());
        return CaseResult.latency(shape, rounds)
                .ratio(ratio)
                .bound("median of planned / alone <= " + MOST, ratio <= MOST)
                .notes(
                        String.format(
                                Locale.ROOT,
                                "longest round %.2f; last round: %d here, %d of them taken back,"
                                        + " %d there",
                                Arrays.stream(ratios).max().getAsDouble(),
                                here,
                                takenBack,
                                there));
    }

    /** All equal. */
    private static final class Tasks {
        private final List<byte[]> inputs;
        private final byte[] result;
        private final Work work;

        Tasks(Job job, int count, Work work) {
            byte[] input = work.input(job);
            this.inputs = Collections.nCopies(count, input);
            this.result = work.here(input);
            this.work = work;
        }

        void here() {
            List<byte[]> results = new ArrayList<>(inputs.size());
            for (byte[] input : inputs) {
                results.add(work.here(input));
            }
            check(results);
        }

        OffloadSummary planned(WorkerPool pool) throws InterruptedException {
            return pool.offload("work", inputs, work::here, OffloadModel.of(1, 1));
        }

        void check(List<byte[]> results) {
            if (results.size() != inputs.size()
                    || !results.stream().allMatch(each -> Arrays.equals(each, result))) {
                throw new IllegalStateException("a task has another result");
            }
        }
    }

    /** The function of {@code bench.c}, here and as an input for there. */
    private static final class Work {
        private static final int WORDS = 2 * Long.BYTES;

        private final MethodHandle steps;
        private final double stepsPerNano;

        Work(Path library, Arena arena) {
            steps =
                    Linker.nativeLinker()
                            .downcallHandle(
                                    SymbolLookup.libraryLookup(library, arena)
                                            .findOrThrow("bench_steps"),
                                    FunctionDescriptor.of(
                                            ValueLayout.JAVA_LONG, ValueLayout.JAVA_LONG));
            long start = System.nanoTime();
            long ignored = run(CALIBRATING_STEPS);
            stepsPerNano = (double) CALIBRATING_STEPS / (System.nanoTime() - start);
        }

        private long run(long count) {
            try {
                return (long) steps.invokeExact(count);
            } catch (Throwable e) {
                throw new IllegalStateException(e);
            }
        }

        byte[] input(Job job) {
            byte[] input = new byte[Math.max(WORDS, job.inputBytes())];
            ByteBuffer.wrap(input)
                    .order(ByteOrder.nativeOrder())
                    .putLong(Math.round(job.taskNanos() * stepsPerNano))
                    .putLong(job.times());
            return input;
        }

        byte[] here(byte[] input) {
            long count = ByteBuffer.wrap(input).order(ByteOrder.nativeOrder()).getLong();
            return ByteBuffer.allocate(Long.BYTES)
                    .order(ByteOrder.nativeOrder())
                    .putLong(run(count))
                    .array();
        }
    }
}
