package io.offcut.benchmarks.invoke;

import io.offcut.benchmarks.invoke.CallLoop.Call;
import io.offcut.benchmarks.invoke.CaseResult.Shape;
import io.offcut.client.LeaseOptions;
import io.offcut.core.api.ChannelDescriptor;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.List;

/** Calls to a worker that is there: hot, warm, many at a time, large. */
final class HotCases {
    private static final int SMALL_BYTES = 64;
    private static final int LARGE_BYTES = 1 << 20;
    private static final int CALLS = 200_000;
    private static final int TCP_CALLS = 20_000;
    private static final int WARM_CALLS = 2_000;
    private static final int LARGE_CALLS = 2_000;
    private static final int PIPELINED_CALLS = 2_000_000;

    /** Hot while a round lasts, asleep soon after it, so that the bare peer has the CPU. */
    private static final long HOT_MICROS = 2_000;

    private static final long TO_SLEEP_NANOS = 60_000;
    private static final double NANOS_PER_SECOND = 1e9;

    private final Caller.Opener client;
    private final RawEnd raw;
    private final Effort effort;

    HotCases(Caller.Opener client, RawEnd raw, Effort effort) {
        this.client = client;
        this.raw = raw;
        this.effort = effort;
    }

    /** The bare mechanism: begun and ended at the peer. */
    private static CallLoop bare(Call begin, Call once, Call end) {
        return CallLoop.of(once).settling().between(begin, end);
    }

    private CallLoop bareShm() {
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
        try (Caller end = client.open(shm(function, HOT_MICROS))) {
            Rounds measured = measure(CALLS, bareShm(), end.empty(SMALL_BYTES, 0));
            return CaseResult.latency(new Shape(name, "shm", "hot", SMALL_BYTES), measured);
        }
    }

    CaseResult shmPipelined() throws IOException, InterruptedException {
        try (Caller end = client.open(shm(Stage.EMPTY, HOT_MICROS))) {
            int calls = effort.calls(PIPELINED_CALLS);
            CallLoop ring = bare(raw::startRing, () -> raw.ring(calls), raw::stopWords);
            Rounds measured = measure(1, ring, end.pipelined(SMALL_BYTES, calls));
            Shape shape = new Shape("shm hot, depth 16", "shm", "pipelined", SMALL_BYTES);
            CaseResult whole = CaseResult.latency(shape, measured);
            double rate = calls * NANOS_PER_SECOND / whole.p50();
            double bare = calls * NANOS_PER_SECOND / whole.rawP50();
            return CaseResult.throughput(shape, rate, bare)
                    .bound(">= 3 M invocations/s", rate >= 3e6);
        }
    }

    private Rounds measure(int calls, Rounds.Side bare, Rounds.Side ours)
            throws IOException, InterruptedException {
        return Rounds.of(effort.rounds(), effort.calls(calls), bare, ours);
    }

    CaseResult shmLarge() throws IOException, InterruptedException {
        try (Arena arena = Arena.ofConfined();
                Caller end = client.open(shm(Stage.EMPTY, HOT_MICROS))) {
            MemorySegment input = arena.allocate(LARGE_BYTES, 64).fill((byte) 7);
            MemorySegment copy = arena.allocate(LARGE_BYTES, 64);
            CallLoop memcpy =
                    CallLoop.of(() -> MemorySegment.copy(input, 0, copy, 0, input.byteSize()));
            Rounds measured = measure(LARGE_CALLS, memcpy.settling(), end.ends(LARGE_BYTES));
            return bulk(
                    new Shape("shm 1 MiB in, 8 B out", "shm", "bulk", LARGE_BYTES),
                    measured,
                    1,
                    0.9);
        }
    }

    /** As bandwidth; the bound is on the ratio of bandwidths. */
    private static CaseResult bulk(Shape shape, Rounds measured, int directions, double least) {
        CaseResult result = CaseResult.bandwidth(shape, measured, directions);
        return result.bound(">= " + least + " x raw bandwidth", result.toRaw() >= least);
    }

    CaseResult tcpSmall() throws IOException, InterruptedException {
        try (Caller end = client.open(tcp(Stage.EMPTY))) {
            Rounds measured = measure(TCP_CALLS, bareTcp(SMALL_BYTES), end.echo(SMALL_BYTES));
            CaseResult result =
                    CaseResult.latency(new Shape("tcp hot", "tcp", "hot", SMALL_BYTES), measured);
            return result.bound("p50 <= 1.25 x raw", result.toRaw() <= 1.25);
        }
    }

    CaseResult tcpLarge() throws IOException, InterruptedException {
        try (Caller end = client.open(tcp(Stage.EMPTY))) {
            Rounds measured = measure(LARGE_CALLS / 4, bareTcp(LARGE_BYTES), end.echo(LARGE_BYTES));
            return bulk(new Shape("tcp 1 MiB echo", "tcp", "bulk", LARGE_BYTES), measured, 2, 0.8);
        }
    }

    private CallLoop bareTcp(int bytes) {
        return bare(() -> raw.startTcp(bytes), () -> raw.tcpOnce(bytes), () -> raw.stopTcp(bytes));
    }

    /**
     * @param part of the rate of a closed loop: one in so many
     */
    CaseResult shmOpen(String name, int part) throws IOException, InterruptedException {
        Shape shape = new Shape(name, "shm", "open", SMALL_BYTES);
        return open(shape, shm(Stage.EMPTY, HOT_MICROS), CALLS, bareShm(), part);
    }

    /**
     * @param part of the rate of a closed loop: one in so many
     */
    CaseResult tcpOpen(String name, int part) throws IOException, InterruptedException {
        Shape shape = new Shape(name, "tcp", "open", SMALL_BYTES);
        return open(shape, tcp(Stage.EMPTY), TCP_CALLS, bareTcp(SMALL_BYTES), part);
    }

    /** Both sides at one rate. */
    private CaseResult open(Shape shape, LeaseOptions options, int calls, CallLoop bare, int part)
            throws IOException, InterruptedException {
        try (Caller end = client.open(options)) {
            Rounds closed =
                    Rounds.of(
                            effort.rounds(), effort.calls(calls), null, end.empty(SMALL_BYTES, 0));
            long every = closed.ours().p50() * part;
            Rounds measured = measure(calls, bare.every(every), end.due(SMALL_BYTES, every));
            CaseResult result = CaseResult.latency(shape, measured);
            return result.at(NANOS_PER_SECOND / every)
                    .notes("raw p99 " + result.rawP99() / 1_000 + " us");
        }
    }

    /** Each side has time to fall asleep before each call. */
    CaseResult shmWarm() throws IOException, InterruptedException {
        try (Caller end = client.open(shm(Stage.EMPTY, 0))) {
            CallLoop wake = bare(raw::startSleeping, raw::wakeOnce, raw::stopWords);
            CaseResult result =
                    CaseResult.latency(
                            new Shape("shm warm", "shm", "warm", SMALL_BYTES),
                            measure(
                                    WARM_CALLS,
                                    wake.pausing(TO_SLEEP_NANOS),
                                    end.empty(SMALL_BYTES, TO_SLEEP_NANOS)));
            return result.bound("p50 <= 1.3 x raw futex wake", result.toRaw() <= 1.3);
        }
    }
}
