package io.offcut.monitor;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import io.offcut.core.CpuSet;
import io.offcut.core.Offer;
import io.offcut.core.SharePolicy;
import io.offcut.linux.CpuMap;
import io.offcut.monitor.Allocations.JobShare;
import io.offcut.monitor.Allocations.JobUse;
import io.offcut.monitor.Allocations.Known;
import java.io.IOException;
import java.net.URISyntaxException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Objects;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Whole nodes as they were seen; where each is from stands in the README beside them. */
final class RecordedNodesTest {
    private static final long MIB = 1 << 20;

    @TempDir private Path folder;

    private void copy(String name) throws IOException, URISyntaxException {
        var resource = Objects.requireNonNull(getClass().getResource("recorded/" + name), name);
        Path from = Path.of(resource.toURI());
        try (Stream<Path> files = Files.walk(from)) {
            for (Path file : files.filter(Files::isRegularFile).toList()) {
                Path to = folder.resolve(from.relativize(file).toString());
                Files.createDirectories(to.getParent());
                // In place, as the kernel changes them: the sampler keeps its files open.
                Files.write(to, Files.readAllBytes(file));
            }
        }
    }

    private NodeSample look(String name, String node, Allocations record)
            throws IOException, URISyntaxException {
        copy(name + "/first");
        NodeSampler.Sources sources =
                new NodeSampler.Sources(
                        folder.resolve("proc"),
                        folder.resolve("cgroup"),
                        node,
                        List::of,
                        () -> record);
        NodeSampler sampler = new NodeSampler(sources, CpuSet.empty(), CpuMap.identity());
        copy(name + "/then");
        return sampler.sample();
    }

    private static Known record(String jobId, CpuSet cores, long memoryBytes) {
        return new Known(
                8000 * MIB,
                List.of(
                        new JobShare(
                                jobId,
                                cores,
                                memoryBytes,
                                Offer.UNKNOWN_UNTIL,
                                SharePolicy.SHARED,
                                JobUse.UNKNOWN)));
    }

    private static JobUse use(NodeSample sample) {
        return ((Known) sample.allocations()).jobs().getFirst().use();
    }

    @Test
    void version1WithSlurm() throws Exception {
        Known record = record("1", CpuSet.of(0, 1), 300 * MIB);
        NodeSample sample = look("v1-slurm", "na1", record);
        assertThat(sample.cores()).isEqualTo(CpuSet.of(0, 1));
        // 2.83 s of 5.06 s; others had the rest of what was busy.
        assertThat(use(sample).busyCores()).isCloseTo(0.559, within(0.001));
        assertThat(sample.foreignLoads().of(0)).isGreaterThan(0.9);
        assertThat(use(sample).workingSetBytes()).isEqualTo(7_118_848 - 32_768);
        assertThat(use(sample).heldBytes()).isEqualTo(7_118_848 - 32_768 - 20_480);
        assertThat(use(sample).memoryStall()).isNotNegative();
    }

    @Test
    void version1WithoutSlurm() throws Exception {
        NodeSample sample = look("v1-plain", "na1", new Allocations.NoBatchSystem());
        assertThat(sample.cores()).isEqualTo(CpuSet.of(0, 1));
        assertThat(sample.memoryAvailableBytes()).isEqualTo(22_816_804L * 1024);
        assertThat(sample.allocations()).isEqualTo(new Allocations.NoBatchSystem());
    }

    @Test
    void version2WithSlurm() throws Exception {
        NodeSample sample = look("v2-slurm", "n1", record("42", CpuSet.of(2, 3), 4096 * MIB));
        JobShare job = ((Known) sample.allocations()).jobs().getFirst();
        // The kernel's word on which CPUs, not the batch system's numbers.
        assertThat(job.cores()).isEqualTo(CpuSet.of(0, 1));
        assertThat(job.use().busyCores()).isCloseTo(0.97, within(0.001));
        assertThat(job.use().workingSetBytes()).isEqualTo(824 * MIB);
        assertThat(job.use().heldBytes()).isEqualTo(724 * MIB);
        assertThat(job.use().memoryStall()).isCloseTo(0.03, within(0.0001));
        assertThat(sample.foreignLoads().of(0)).isCloseTo(0.965, within(0.001));
        assertThat(sample.foreignLoads().of(1)).isLessThan(0.01);
    }

    @Test
    void version2WithoutSlurm() throws Exception {
        NodeSample sample = look("v2-plain", "n1", new Known(8000 * MIB, List.of()));
        assertThat(((Known) sample.allocations()).jobs()).isEmpty();
        assertThat(sample.cores()).isEqualTo(CpuSet.range(0, 3));
    }
}
