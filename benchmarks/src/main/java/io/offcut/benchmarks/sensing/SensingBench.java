package io.offcut.benchmarks.sensing;

import com.sun.management.ThreadMXBean;
import io.offcut.benchmarks.invoke.TempFolder;
import io.offcut.core.Offer;
import io.offcut.monitor.Allocations;
import io.offcut.monitor.IdleEstimator;
import io.offcut.monitor.IdleResourceMonitor;
import io.offcut.monitor.MonitorConfig;
import io.offcut.monitor.NodeSampler;
import io.offcut.monitor.OwnExecutor;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.lang.ref.Reference;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.stream.Stream;

/**
 * Looks at a recorded node again and again, a second having passed on it each time.
 *
 * @param samples that are measured
 * @param warmUp samples before them, without a pause
 * @param pauseMillis before each sample that is measured
 * @param kernel whether the files of groups are the kernel's own, see {@link RecordedNode}
 */
record SensingBench(int samples, int warmUp, int pauseMillis, boolean kernel) {
    SensingResult measure(boolean version2) throws IOException, InterruptedException {
        Path folder = tempFolder();
        try {
            RecordedNode node = new RecordedNode(folder, version2, kernel);
            Allocations record = node.record();
            List<OwnExecutor> executors = node.executors();
            try (NodeSampler sampler =
                    new NodeSampler(
                            new NodeSampler.Sources(
                                    node.proc(),
                                    node.cgroup(),
                                    RecordedNode.NAME,
                                    () -> executors,
                                    () -> record))) {
                return measure(
                        node,
                        new IdleResourceMonitor(
                                sampler, new IdleEstimator(MonitorConfig.defaults())),
                        version2 ? "v2" : "v1");
            }
        } finally {
            TempFolder.delete(folder);
        }
    }

    /** In memory, as /proc is: what is rewritten each second would wait for a disk. */
    private static Path tempFolder() throws IOException {
        Path shm = Path.of("/dev/shm");
        return Files.isWritable(shm)
                ? Files.createTempDirectory(shm, "offcut-sensing")
                : Files.createTempDirectory("offcut-sensing");
    }

    private SensingResult measure(RecordedNode node, IdleResourceMonitor monitor, String cgroups)
            throws IOException, InterruptedException {
        Meter meter = new Meter(warmUp);
        run(node, monitor, meter, warmUp, 0);
        long heapBefore = liveHeapBytes(monitor);
        meter = new Meter(samples);
        List<Offer> offers = run(node, monitor, meter, samples, pauseMillis);
        long growth = liveHeapBytes(monitor) - heapBefore;
        int files = filesRead(node).size();
        double bare = bareMicros(filesRead(node));
        return new SensingResult(
                cgroups,
                meter.meanMicros(),
                meter.p99Micros(),
                bare,
                files,
                meter.meanMicros() / 1e6 * 100,
                meter.allocatedBytes / samples,
                growth,
                offers.size());
    }

    private List<Offer> run(
            RecordedNode node, IdleResourceMonitor monitor, Meter meter, int times, int pause)
            throws IOException, InterruptedException {
        List<Offer> offers = List.of();
        for (int i = 0; i < times; i++) {
            node.pass();
            if (pause > 0) {
                Thread.sleep(pause);
            }
            meter.begin();
            offers = monitor.observe(i).offers();
            meter.end();
        }
        return offers;
    }

    /** CPU time and allocation of this thread. */
    private static final class Meter {
        private final ThreadMXBean threads = (ThreadMXBean) ManagementFactory.getThreadMXBean();
        private final long[] nanos;
        private int count;
        private long allocatedBytes;
        private long cpuBefore;
        private long bytesBefore;

        private Meter(int samples) {
            this.nanos = new long[samples];
        }

        private void begin() {
            bytesBefore = threads.getCurrentThreadAllocatedBytes();
            cpuBefore = threads.getCurrentThreadCpuTime();
        }

        private void end() {
            nanos[count++] = threads.getCurrentThreadCpuTime() - cpuBefore;
            allocatedBytes += threads.getCurrentThreadAllocatedBytes() - bytesBefore;
        }

        private double meanMicros() {
            return Arrays.stream(nanos).average().orElse(0) / 1e3;
        }

        private double p99Micros() {
            long[] sorted = nanos.clone();
            Arrays.sort(sorted);
            return sorted[Math.min(sorted.length - 1, sorted.length * 99 / 100)] / 1e3;
        }
    }

    private static long liveHeapBytes(IdleResourceMonitor monitor) {
        var memory = ManagementFactory.getMemoryMXBean();
        try {
            memory.gc();
            memory.gc();
            return memory.getHeapMemoryUsage().getUsed();
        } finally {
            Reference.reachabilityFence(monitor);
        }
    }

    private static List<Path> filesRead(RecordedNode node) throws IOException {
        List<Path> files = new ArrayList<>(List.of(node.proc().resolve("stat")));
        try (Stream<Path> all = Files.walk(node.cgroup())) {
            all.filter(file -> !Files.isDirectory(file))
                    .filter(file -> !file.getFileName().toString().startsWith("cgroup."))
                    .forEach(files::add);
        }
        return files;
    }

    private double bareMicros(List<Path> files) throws IOException {
        List<FileChannel> open = new ArrayList<>();
        try {
            for (Path file : files) {
                open.add(FileChannel.open(file, StandardOpenOption.READ));
            }
            ByteBuffer buffer = ByteBuffer.allocateDirect(1 << 16);
            Meter meter = new Meter(warmUp + samples);
            for (int i = 0; i < warmUp + samples; i++) {
                meter.begin();
                for (FileChannel file : open) {
                    file.read(buffer.clear(), 0);
                }
                meter.end();
            }
            return Arrays.stream(meter.nanos).skip(warmUp).average().orElse(0) / 1e3;
        } finally {
            for (FileChannel file : open) {
                file.close();
            }
        }
    }
}
