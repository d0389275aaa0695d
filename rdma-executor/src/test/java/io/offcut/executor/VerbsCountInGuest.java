package io.offcut.executor;

import static org.assertj.core.api.Assertions.assertThat;

import io.offcut.core.api.ChannelDescriptor;
import io.offcut.executor.internal.verbs.VerbsClientChannel;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/**
 * What a hot invocation costs, in what can be counted: work requests, completions and system calls,
 * the latter by the kernel's own trace of each thread (Documentation/trace/histogram.rst). Runs in
 * the guest, by GuestTest of end-to-end.
 */
@Timeout(value = 180, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class VerbsCountInGuest {
    private static final int CALLS = 16;
    private static final int BATCHES = 20;
    private static final long SYS_WRITE = 1;
    private static final long SYS_IOCTL = 16;
    private static final long SYS_SCHED_YIELD = 24;
    private static final long SYS_CLOCK_GETTIME = 228;
    private static final long SYS_PPOLL = 271;
    private static final Path TRACING = Path.of("/sys/kernel/tracing");
    private static final Path TRIGGER = TRACING.resolve("events/raw_syscalls/sys_enter/trigger");
    private static final Path HISTOGRAM = TRACING.resolve("events/raw_syscalls/sys_enter/hist");
    private static final String COUNTING = "hist:keys=common_pid,id:size=4096";
    private static final Pattern LINE =
            Pattern.compile("common_pid:\\s*(\\d+), id:\\s*(\\d+) \\} hitcount:\\s*(\\d+)");

    @Test
    void isOneWriteEachWayAndNoSystemCall(@TempDir Path directory) throws Exception {
        TestBundle bundle = TestBundle.make(directory.resolve("bundle"));
        TestExecutor.Options options = TestExecutor.Options.DEFAULT.withHotTimeoutMicros(-1);
        try (TestExecutor executor = TestExecutor.start(bundle, options);
                InvocationChannel open = executor.open(ChannelDescriptor.VERBS)) {
            VerbsClientChannel channel = (VerbsClientChannel) open;
            Echo echo = new Echo(channel, bundle.index("checked_echo"));
            mountTracing();
            echo.invoke(20 * CALLS);
            long workRequests = channel.workRequests();
            long completions = channel.completions();
            echo.invoke(CALLS);
            assertThat(channel.workRequests() - workRequests).isEqualTo(CALLS);
            // One result each, and one word for every sixteen writes.
            assertThat(channel.completions() - completions).isEqualTo(CALLS + CALLS / 16);
            long self =
                    Long.parseLong(Path.of("/proc/thread-self").toRealPath().getFileName() + "");
            long worker = thread(executor.process.pid(), "worker-0");
            List<Map<Long, Long>> ofClient = new ArrayList<>();
            List<Map<Long, Long>> ofWorker = new ArrayList<>();
            for (int batch = 0; batch < BATCHES; batch++) {
                Map<Long, Map<Long, Long>> all = counted(echo);
                ofClient.add(all.getOrDefault(self, Map.of()));
                ofWorker.add(all.getOrDefault(worker, Map.of()));
            }
            Map<Long, Long> client = median(ofClient);
            Map<Long, Long> served = median(ofWorker);
            // soft-RoCE is rung by a system call where a NIC is by a store: one a work request.
            assertThat(doorbells(client)).as("client %s", client).isEqualTo(CALLS);
            assertThat(doorbells(served)).as("worker %s", served).isEqualTo(CALLS);
            assertThat(others(client)).as("client %s", client).isZero();
            // For the connection manager, ten times a second; the guest's calls take milliseconds.
            assertThat(client.getOrDefault(SYS_PPOLL, 0L)).as("%s", client).isLessThan(CALLS / 2);
            assertThat(others(served)).as("worker %s", served).isZero();
        }
    }

    /** In some batches the virtual machine, or a look at the connection manager, has its turn. */
    private static Map<Long, Long> median(List<Map<Long, Long>> batches) {
        return batches.stream()
                .sorted(Comparator.comparingLong(VerbsCountInGuest::others))
                .toList()
                .get(batches.size() / 2);
    }

    private static long doorbells(Map<Long, Long> calls) {
        return calls.getOrDefault(SYS_WRITE, 0L) + calls.getOrDefault(SYS_IOCTL, 0L);
    }

    /**
     * But those by which a poller lets others run, which cost nothing where it has its core, and
     * looks at the clock, which takes one in the guest alone: its clock cannot be read without.
     */
    private static long others(Map<Long, Long> calls) {
        return calls.entrySet().stream()
                        .filter(one -> one.getKey() != SYS_SCHED_YIELD)
                        .filter(one -> one.getKey() != SYS_CLOCK_GETTIME)
                        .filter(one -> one.getKey() != SYS_PPOLL)
                        .mapToLong(Map.Entry::getValue)
                        .sum()
                - doorbells(calls);
    }

    private record Echo(VerbsClientChannel channel, int function) {
        void invoke(int calls) {
            for (int i = 0; i < calls; i++) {
                // As the client's threads do between two calls.
                if (channel.ended() != 0) {
                    throw new AssertionError("ended");
                }
                int slot = channel.acquire();
                if (channel.post(slot, i, function, 1, 0) != 0) {
                    throw new AssertionError("not posted");
                }
                while (channel.poll() < 0) {
                    Thread.onSpinWait();
                }
                channel.release(slot);
            }
        }
    }

    /** By thread and number, the system calls of one batch; another thread begins and ends it. */
    private static Map<Long, Map<Long, Long>> counted(Echo echo) {
        AtomicInteger stage = new AtomicInteger();
        AtomicReference<Map<Long, Map<Long, Long>>> all = new AtomicReference<>(Map.of());
        Thread counting =
                Thread.ofPlatform()
                        .start(() -> {
                            try {
                                Files.writeString(TRIGGER, COUNTING);
                                stage.set(1);
                                while (stage.get() != 2) {
                                    Thread.sleep(1);
                                }
                                all.set(read());
                                Files.writeString(TRIGGER, "!" + COUNTING);
                            } catch (IOException | InterruptedException e) {
                                throw new IllegalStateException(e);
                            }
                        });
        while (stage.get() != 1) {
            if (!counting.isAlive()) {
                throw new AssertionError("no system call can be counted");
            }
            Thread.onSpinWait();
        }
        echo.invoke(CALLS);
        stage.set(2);
        // Asleep only when it is over, or the way to sleep would count.
        while (counting.isAlive()) {
            Thread.onSpinWait();
        }
        return all.get();
    }

    private static Map<Long, Map<Long, Long>> read() throws IOException {
        Map<Long, Map<Long, Long>> all = new HashMap<>();
        for (String line : Files.readAllLines(HISTOGRAM)) {
            Matcher matcher = LINE.matcher(line);
            if (matcher.find()) {
                all.computeIfAbsent(Long.parseLong(matcher.group(1)), _ -> new HashMap<>())
                        .put(Long.parseLong(matcher.group(2)), Long.parseLong(matcher.group(3)));
            }
        }
        return all;
    }

    private static void mountTracing() throws Exception {
        if (!Files.exists(TRIGGER)) {
            Process mount =
                    new ProcessBuilder("mount", "-t", "tracefs", "tracefs", TRACING.toString())
                            .inheritIO()
                            .start();
            assertThat(mount.waitFor(60, TimeUnit.SECONDS)).isTrue();
        }
        assertThat(TRIGGER).exists();
    }

    private static long thread(long process, String name) throws IOException {
        try (Stream<Path> tasks = Files.list(Path.of("/proc/" + process + "/task"))) {
            for (Path task : tasks.toList()) {
                if (Files.readString(task.resolve("comm")).strip().equals(name)) {
                    return Long.parseLong(task.getFileName().toString());
                }
            }
        }
        throw new IllegalStateException("no thread " + name);
    }
}
