package io.offcut.monitor;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.offcut.core.CpuSet;
import io.offcut.core.Offer;
import io.offcut.linux.CpuAffinity;
import io.offcut.linux.ProcStat;
import io.offcut.linux.ProcessCpu;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** This machine, with a real busy process on one of its CPUs. */
final class LiveMonitorTest {
    private static final Duration LIMIT = Duration.ofSeconds(60);

    private static final Path PROC = Path.of("/proc");

    private final int core = CpuAffinity.current().toArray()[CpuAffinity.current().size() - 1];
    private final List<OwnExecutor> executors = new ArrayList<>();
    private final List<Process> started = new ArrayList<>();

    @AfterEach
    void endsWhatItStarted() {
        started.forEach(Process::destroyForcibly);
    }

    private Process spinning() throws IOException {
        Process process =
                new ProcessBuilder(
                                "taskset",
                                "-c",
                                Integer.toString(core),
                                "sh",
                                "-c",
                                "while :; do :; done")
                        .start();
        started.add(process);
        return process;
    }

    private NodeSampler sampler(AllocationSource source) {
        return new NodeSampler(
                NodeSampler.Sources.live("test", () -> List.copyOf(executors), source));
    }

    @Test
    void busyProcessTakesItsCoreOutOfTheOffers() throws Exception {
        IdleResourceMonitor monitor =
                new IdleResourceMonitor(
                        sampler(() -> new Allocations.Known(0, List.of())),
                        new IdleEstimator(MonitorConfig.defaults().withReserve(0, 0, 0)));
        spinning();
        await().atMost(LIMIT)
                .pollInterval(Duration.ofMillis(200))
                .untilAsserted(() -> {
                    IdleResourceMonitor.Observation seen = monitor.observe(1);
                    assertThat(seen.sample().foreignLoads().of(core)).isGreaterThan(0.2);
                    assertThat(seen.offers())
                            .extracting(Offer::cores)
                            .noneMatch(cores -> cores.contains(core));
                });
    }

    @Test
    void loadOfOurOwnExecutorIsNotForeign() throws Exception {
        Process own = spinning();
        executors.add(new OwnExecutor("own", CpuSet.of(core), null, own.pid()));
        NodeSampler sampler = sampler(AllocationSource.NONE);
        ProcStat before = ProcStat.read(PROC);
        sampler.sample();
        long usedBefore = ProcessCpu.cpuMicros(own.pid());
        await().atMost(LIMIT).until(() -> ProcessCpu.cpuMicros(own.pid()) > usedBefore + 1_000_000);
        double foreign = sampler.sample().foreignLoads().of(core);
        double wholeMicros =
                ProcessCpu.ticksToMicros(ProcStat.read(PROC).wholeTicksSince(before, core));
        // Others run here too, so only this is certain: our second is not in what is left.
        assertThat(foreign).isLessThanOrEqualTo(1 - 1_000_000 / wholeMicros + 0.1);
    }
}
