package io.offcut.benchmarks.invoke;

import io.offcut.benchmarks.invoke.CaseResult.Shape;
import io.offcut.benchmarks.invoke.Rounds.Call;
import io.offcut.benchmarks.invoke.Rounds.Side;
import io.offcut.client.LeaseOptions;
import io.offcut.core.api.ChannelDescriptor;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.List;
import java.util.concurrent.locks.LockSupport;

/** Calls to a worker that is there: hot, warm, many at a time, large. */
final class HotCases {
    private static final int SMALL_BYTES = 64;
    private static final int LARGE_BYTES = 1 << 20;
    private static final int CALLS = 200_000;
    private static final int TCP_CALLS = 20_000;
    private static final int WARM_CALLS = 2_000;
    private static final int LARGE_CALLS = 2_000;
    private static final long PIPELINED_CALLS = 2_000_000;

    /** Hot while a round lasts, asleep soon after it, so that the bare peer has the CPU. */
    private static final long HOT_MICROS = 2_000;

    private static final long SETTLE_NANOS = 10_000_000;
    private static final long TO_SLEEP_NANOS = 60_000;
    private static final double NANOS_PER_SECOND = 1e9;

    private final Stage stage;
    private final RawEnd raw;
    private final int rounds;

    HotCases(Stage stage, RawEnd raw, int rounds) {
        this.stage = stage;
        this.raw = raw;
        this.rounds = rounds;
    }

    /** A side whose turn begins when the other's process sleeps. */
    private static Side ours(Call call) {
        return new Side() {
            @Override
            public void start() {
                LockSupport.parkNanos(SETTLE_NANOS);
            }

            @Override
            public void once() throws IOException {
                call.once();
            }
        };
    }

    /** The bare mechanism: begun and ended at the peer. */
    private static Side bare(Call start, Call call, Call stop) {
        return new Side() {
            @Override
            public void start() throws IOException {
                LockSupport.parkNanos(SETTLE_NANOS);
                start.once();
            }

            @Override
            public void once() throws IOException {
                call.once();
            }

            @Override
            public void stop() throws IOException {
                stop.once();
            }
        };
    }

    private Side bareShm() {
        return bare(raw::startSpinning, raw::spinOnce, raw::stopWords);
    }

    private static LeaseOptions shm(String function, long hotMicros) {
        return LeaseOptions.of(function)
                .hotTimeoutMicros(hotMicros)
                .transports(List.of(ChannelDescriptor.SHM));
    }

    private static LeaseOptions tcp(String function) {
        return LeaseOptions.of(function)
                .hotTimeoutMicros(HOT_MICROS)
                .payloadBytes(LARGE_BYTES)
                .transports(List.of(ChannelDescriptor.TCP));
    }

    CaseResult shmNative() throws IOException, InterruptedException {
        CaseResult result = shmHot("shm hot, native", Stage.EMPTY);
        long p50 = result.p50();
        long bare = result.rawP50();
        return result.bound(
                "p50 <= 1.5 x raw and <= raw + 150 ns, p99 <= 3 x p50",
                p50 <= 1.5 * bare && p50 <= bare + 150 && result.p99() <= 3 * p50);
    }

    /** Beside a native function instead of the bare mechanism. */
    CaseResult shmJava(CaseResult nativeResult) throws IOException, InterruptedException {
        CaseResult result = shmHot("shm hot, java", Stage.JAVA_EMPTY);
        double ratio = result.p50() / (double) nativeResult.p50();
        return result.bound("p50 <= 1.3 x native", ratio <= 1.3)
                .notes(String.format(java.util.Locale.ROOT, "%.2f x native", ratio));
    }

    private CaseResult shmHot(String name, String function)
            throws IOException, InterruptedException {
        try (OurEnd end = stage.open(shm(function, HOT_MICROS))) {
            int index = end.function("empty");
            Rounds measured =
                    Rounds.of(
                            rounds, CALLS, bareShm(), ours(() -> end.spinOnce(index, SMALL_BYTES)));
            return CaseResult.latency(new Shape(name, "shm", "hot", SMALL_BYTES), measured);
        }
    }

    CaseResult shmPipelined() throws IOException, InterruptedException {
        double[] ourRates = new double[rounds];
        double[] rawRates = new double[rounds];
        try (OurEnd end = stage.open(shm(Stage.EMPTY, HOT_MICROS))) {
            int index = end.function("empty");
            for (int round = -1; round < rounds; round++) {
                double bare =
                        rate(bare(raw::startRing, () -> raw.ring(PIPELINED_CALLS), raw::stopWords));
                double our = rate(ours(() -> end.pipeline(index, SMALL_BYTES, PIPELINED_CALLS)));
                if (round >= 0) {
                    rawRates[round] = bare;
                    ourRates[round] = our;
                }
            }
        }
        double rate = Rounds.median(ourRates);
        return CaseResult.throughput(
                        new Shape("shm hot, depth 16", "shm", "pipelined", SMALL_BYTES),
                        rate,
                        Rounds.median(rawRates))
                .bound(">= 3 M invocations/s", rate >= 3e6);
    }

    private static double rate(Side side) throws IOException {
        side.start();
        try {
            long start = System.nanoTime();
            side.once();
            return PIPELINED_CALLS * NANOS_PER_SECOND / (System.nanoTime() - start);
        } finally {
            side.stop();
        }
    }

    CaseResult shmLarge() throws IOException, InterruptedException {
        try (Arena arena = Arena.ofConfined();
                OurEnd end = stage.open(shm(Stage.EMPTY, HOT_MICROS))) {
            MemorySegment input = arena.allocate(LARGE_BYTES, 64).fill((byte) 7);
            MemorySegment copy = arena.allocate(LARGE_BYTES, 64);
            input.set(ValueLayout.JAVA_INT, 0, 17);
            int index = end.function("ends");
            Side memcpy = ours(() -> MemorySegment.copy(input, 0, copy, 0, input.byteSize()));
            Rounds measured =
                    Rounds.of(rounds, LARGE_CALLS, memcpy, ours(() -> end.copyOnce(index, input)));
            return bulk(
                    new Shape("shm 1 MiB in, 8 B out", "shm", "bulk", LARGE_BYTES),
                    measured,
                    1,
                    0.9);
        }
    }

    /** As bandwidth; the bound is on the ratio of bandwidths. */
    private static CaseResult bulk(Shape shape, Rounds measured, int directions, double least) {
        CaseResult latency = CaseResult.latency(shape, measured);
        double bytes = (double) directions * shape.payloadBytes();
        double rate = bytes * NANOS_PER_SECOND / latency.p50();
        double bare = bytes * NANOS_PER_SECOND / latency.rawP50();
        return new CaseResult(
                shape.name(),
                shape.transport(),
                shape.mode(),
                shape.payloadBytes(),
                latency.p50Nanos(),
                latency.p99Nanos(),
                latency.p999Nanos(),
                latency.rawP50Nanos(),
                latency.rawP99Nanos(),
                rate,
                bare,
                rate / bare,
                ">= " + least + " x raw bandwidth",
                rate >= least * bare,
                List.of("rates are bytes/s"));
    }

    CaseResult tcpSmall() throws IOException, InterruptedException {
        try (OurEnd end = stage.open(tcp(Stage.EMPTY))) {
            int index = end.function("echo");
            Rounds measured =
                    Rounds.of(
                            rounds,
                            TCP_CALLS,
                            bareTcp(SMALL_BYTES),
                            ours(() -> end.echoOnce(index, SMALL_BYTES)));
            CaseResult result =
                    CaseResult.latency(new Shape("tcp hot", "tcp", "hot", SMALL_BYTES), measured);
            return result.bound("p50 <= 1.25 x raw", result.toRaw() <= 1.25);
        }
    }

    CaseResult tcpLarge() throws IOException, InterruptedException {
        try (OurEnd end = stage.open(tcp(Stage.EMPTY))) {
            int index = end.function("echo");
            Rounds measured =
                    Rounds.of(
                            rounds,
                            LARGE_CALLS / 4,
                            bareTcp(LARGE_BYTES),
                            ours(() -> end.echoOnce(index, LARGE_BYTES)));
            return bulk(new Shape("tcp 1 MiB echo", "tcp", "bulk", LARGE_BYTES), measured, 2, 0.8);
        }
    }

    private Side bareTcp(int bytes) {
        return bare(() -> raw.startTcp(bytes), () -> raw.tcpOnce(bytes), () -> raw.stopTcp(bytes));
    }

    CaseResult shmWarm() throws IOException, InterruptedException {
        try (OurEnd end = stage.open(shm(Stage.EMPTY, 0))) {
            int index = end.function("empty");
            Side bare = paused(bare(raw::startSleeping, raw::wakeOnce, raw::stopWords));
            Side ours = paused(ours(() -> end.spinOnce(index, SMALL_BYTES)));
            CaseResult result =
                    CaseResult.latency(
                            new Shape("shm warm", "shm", "warm", SMALL_BYTES),
                            Rounds.of(rounds, WARM_CALLS, bare, ours));
            return result.bound("p50 <= 1.3 x raw futex wake", result.toRaw() <= 1.3);
        }
    }

    /** Gives the other side time to fall asleep before each call. */
    private static Side paused(Side side) {
        return new Side() {
            @Override
            public void start() throws IOException {
                side.start();
            }

            @Override
            public void once() throws IOException {
                side.once();
            }

            @Override
            public void stop() throws IOException {
                side.stop();
            }

            @Override
            public void pause() {
                long until = System.nanoTime() + TO_SLEEP_NANOS;
                while (System.nanoTime() < until) {
                    Thread.onSpinWait();
                }
            }
        };
    }
}
