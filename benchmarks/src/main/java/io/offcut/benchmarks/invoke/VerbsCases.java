package io.offcut.benchmarks.invoke;

import io.offcut.benchmarks.invoke.CallLoop.Call;
import io.offcut.benchmarks.invoke.CaseResult.Shape;
import io.offcut.client.LeaseOptions;
import io.offcut.core.ErrorCode;
import io.offcut.core.OffcutException;
import io.offcut.core.api.ChannelDescriptor;
import io.offcut.executor.BareVerbs;
import io.offcut.executor.RdmaDevices;
import java.io.IOException;
import java.util.List;
import java.util.Locale;

/**
 * Calls by RDMA beside bare writes with immediate data between the same CPUs, through the same
 * device. No bound: no figure of a NIC was ever seen that could be one.
 */
final class VerbsCases {
    private static final int SMALL_BYTES = 64;
    private static final int LARGE_BYTES = BareVerbs.BYTES;
    private static final int CALLS = 100_000;
    private static final int PIPELINED_CALLS = 1_000_000;
    private static final int LARGE_CALLS = 500;
    private static final int WARM_CALLS = 2_000;
    private static final long HOT_MICROS = 2_000;
    private static final long TO_SLEEP_NANOS = 60_000;
    private static final double NANOS_PER_SECOND = 1e9;

    private final Caller.Opener client;
    private final RawVerbs raw;
    private final Effort effort;

    VerbsCases(Caller.Opener client, RawVerbs raw, Effort effort) {
        this.client = client;
        this.raw = raw;
        this.effort = effort;
    }

    /**
     * An address of the device that is used.
     *
     * @throws OffcutException as {@code offcut rdma devices}: {@code NOT_FOUND} if there is none,
     *     {@code CONFLICT} if none can be used
     */
    static String deviceAddress() {
        if (!RdmaDevices.any()) {
            throw new OffcutException(
                    ErrorCode.NOT_FOUND,
                    "bench invoke --transport verbs: this machine has no RDMA device: run it on one"
                            + " that has, or leave the option out to measure shm and tcp");
        }
        String address = RdmaDevices.address(RdmaDevices.AUTO);
        if (address.isEmpty()) {
            throw new OffcutException(
                    ErrorCode.CONFLICT,
                    "bench invoke --transport verbs: no RDMA device of this machine can be used:"
                            + " 'offcut rdma devices' says why");
        }
        return address;
    }

    private static LeaseOptions verbs(long hotMicros) {
        return LeaseOptions.of(Stage.EMPTY)
                .hotTimeoutMicros(hotMicros)
                .payloadBytes(LARGE_BYTES)
                .transports(List.of(ChannelDescriptor.VERBS));
    }

    private CallLoop bare(Call begin, Call once) {
        return CallLoop.of(once).settling().between(begin, raw::stop);
    }

    private CallLoop polling(int bytes) {
        return bare(() -> raw.startPolling(bytes), () -> raw.once(bytes));
    }

    private Rounds measure(int calls, Rounds.Side bare, Rounds.Side ours)
            throws IOException, InterruptedException {
        return Rounds.of(effort.rounds(), effort.calls(calls), bare, ours);
    }

    /** A case, measured when it is asked for. */
    @FunctionalInterface
    interface Measure {
        CaseResult measure() throws IOException, InterruptedException;
    }

    /** What becomes of a case. */
    @FunctionalInterface
    interface Each {
        void take(String name, Measure measure) throws IOException, InterruptedException;
    }

    /** All of them, in order; those that poll are calls of one worker. */
    void each(Each each) throws IOException, InterruptedException {
        try (Caller end = client.open(verbs(HOT_MICROS))) {
            each.take("verbs hot", () -> hot(end));
            each.take("verbs hot, depth 16", () -> pipelined(end));
            each.take("verbs 1 MiB echo", () -> large(end));
        }
        try (Caller end = client.open(verbs(0))) {
            each.take("verbs warm", () -> warm(end));
        }
    }

    private CaseResult hot(Caller end) throws IOException, InterruptedException {
        Shape shape = new Shape("verbs hot", "verbs", "hot", SMALL_BYTES);
        return added(shape, measure(CALLS, polling(SMALL_BYTES), end.echo(SMALL_BYTES)));
    }

    /** With what an invocation takes longer than the bare writes, as published figures have it. */
    private static CaseResult added(Shape shape, Rounds measured) {
        CaseResult result = CaseResult.latency(shape, measured);
        return result.notes(
                String.format(Locale.ROOT, "%+d ns over raw", result.p50() - result.rawP50()));
    }

    private CaseResult pipelined(Caller end) throws IOException, InterruptedException {
        int calls = effort.calls(PIPELINED_CALLS);
        CallLoop bare =
                bare(() -> raw.startPolling(SMALL_BYTES), () -> raw.all(SMALL_BYTES, calls));
        Rounds measured = Rounds.of(effort.rounds(), 1, bare, end.pipelined(SMALL_BYTES, calls));
        Shape shape = new Shape("verbs hot, depth 16", "verbs", "pipelined", SMALL_BYTES);
        CaseResult whole = CaseResult.latency(shape, measured);
        return CaseResult.throughput(
                shape,
                calls * NANOS_PER_SECOND / whole.p50(),
                calls * NANOS_PER_SECOND / whole.rawP50());
    }

    private CaseResult large(Caller end) throws IOException, InterruptedException {
        Shape shape = new Shape("verbs 1 MiB echo", "verbs", "bulk", LARGE_BYTES);
        return CaseResult.bandwidth(
                shape, measure(LARGE_CALLS, polling(LARGE_BYTES), end.echo(LARGE_BYTES)), 2);
    }

    /** The worker sleeps, and a completion wakes it. */
    private CaseResult warm(Caller end) throws IOException, InterruptedException {
        CallLoop bare =
                bare(() -> raw.startSleeping(SMALL_BYTES), () -> raw.once(SMALL_BYTES))
                        .pausing(TO_SLEEP_NANOS);
        Shape shape = new Shape("verbs warm", "verbs", "warm", SMALL_BYTES);
        return added(shape, measure(WARM_CALLS, bare, end.empty(SMALL_BYTES, TO_SLEEP_NANOS)));
    }
}
