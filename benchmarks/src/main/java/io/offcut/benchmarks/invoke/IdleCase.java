package io.offcut.benchmarks.invoke;

import io.offcut.benchmarks.invoke.CaseResult.Shape;
import io.offcut.client.LeaseOptions;
import io.offcut.core.api.ChannelDescriptor;
import io.offcut.linux.ProcessCpu;
import io.offcut.linux.ProcessRef;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.TimeUnit;

/** What an executor uses of a core while its worker sleeps and its client says nothing. */
final class IdleCase {
    private static final int CALLS = 1_000;
    private static final long SETTLE_SECONDS = 20;
    private static final long LOOK_SECONDS = 60;
    private static final double MOST_MICROS_PER_SECOND = 1_000;

    private final Stage stage;

    IdleCase(Stage stage) {
        this.stage = stage;
    }

    CaseResult measure() throws InterruptedException {
        double shm = microsPerSecond(ChannelDescriptor.SHM);
        double tcp = microsPerSecond(ChannelDescriptor.TCP);
        double worst = Math.max(shm, tcp);
        return CaseResult.throughput(
                        new Shape("executor idle", "process", "warm", Long.BYTES), worst, null)
                .bound("< 0.1 % of a core", worst < MOST_MICROS_PER_SECOND)
                .notes(
                        String.format(
                                Locale.ROOT,
                                "us of CPU a second; %.3f %% of a core with a shm client, %.3f %%"
                                        + " with a tcp client",
                                shm / 1e4,
                                tcp / 1e4));
    }

    private double microsPerSecond(String transport) throws InterruptedException {
        LeaseOptions options =
                LeaseOptions.of(Stage.EMPTY).hotTimeoutMicros(0).transports(List.of(transport));
        try (OurEnd end = stage.open(options)) {
            int function = end.function("empty");
            for (int i = 0; i < CALLS; i++) {
                end.spinOnce(function, Long.BYTES);
            }
            // What its compilers still do belongs to the calls.
            TimeUnit.SECONDS.sleep(SETTLE_SECONDS);
            long before = cpuMicros();
            TimeUnit.SECONDS.sleep(LOOK_SECONDS);
            return (double) (cpuMicros() - before) / LOOK_SECONDS;
        }
    }

    private long cpuMicros() {
        return stage.executors().stream()
                .map(ProcessRef::pid)
                .mapToLong(ProcessCpu::cpuMicros)
                .sum();
    }
}
