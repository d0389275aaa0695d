package io.offcut.endtoend;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.offcut.cli.demo.LocalDaemon;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Daemons are killed while a map runs: every result is there, right, and once. */
final class FaultsTest {
    private static final int FILES = 60;
    private static final ObjectMapper JSON = new ObjectMapper();

    @TempDir Path dir;

    private Site site;

    @BeforeEach
    void startSite() throws Exception {
        site = new Site(dir, "site");
        site.startScheduler();
        site.startNode("a", Map.of());
        site.startNode("b", Map.of());
        Path bundle = TestBundle.write(dir.resolve("bundle"));
        assertThat(site.offcut("function", "push", bundle.toString()).exitCode()).isZero();
        for (int i = 0; i < FILES; i++) {
            Files.writeString(
                    Files.createDirectories(dir.resolve("in")).resolve("f" + i), content(i));
        }
    }

    @AfterEach
    void stopSite() {
        site.close();
    }

    @Test
    void anExecutorIsKilled() throws Exception {
        mapWhile(() -> {
            List<Long> pids = executorPids("a");
            assertThat(pids).isNotEmpty();
            pids.forEach(pid -> ProcessHandle.of(pid).ifPresent(ProcessHandle::destroyForcibly));
        });
    }

    @Test
    void aNodeDaemonIsKilledAndComesBack() throws Exception {
        mapWhile(() -> {
            site.daemon("a").kill();
            site.startNode("a", Map.of());
        });
    }

    @Test
    void aNodeDaemonIsKilledForGood() throws Exception {
        mapWhile(() -> {
            executorPids("a")
                    .forEach(
                            pid -> ProcessHandle.of(pid).ifPresent(ProcessHandle::destroyForcibly));
            site.daemon("a").kill();
        });
        // A daemon that comes back, however late, leaves nothing of its former life behind.
        site.startNode("a", Map.of());
        assertThat(executorPids("a")).isEmpty();
    }

    @Test
    void theSchedulerIsKilledAndInvocationsGoOn() throws Exception {
        mapWhile(() -> {
            site.daemon("scheduler").kill();
            long done = outputs();
            await("invocations without a scheduler")
                    .atMost(Duration.ofSeconds(20))
                    .until(() -> outputs() >= Math.min(FILES, done + 10));
            site.startScheduler();
        });
        await("the new scheduler learns of both nodes")
                .atMost(Duration.ofSeconds(20))
                .until(() ->
                        JSON.readTree(site.offcut("nodes", "--format", "json").out()).size() == 2);
    }

    private interface Fault {
        void strike() throws Exception;
    }

    /** Maps all files, lets the fault strike when a quarter is done, and checks every result. */
    private void mapWhile(Fault fault) throws Exception {
        List<String> command =
                new ArrayList<>(
                        List.of(
                                "map",
                                "--function",
                                "text/slow-upper",
                                "--workers",
                                "4",
                                "--out",
                                out().toString()));
        IntStream.range(0, FILES)
                .forEach(i -> command.add(dir.resolve("in").resolve("f" + i).toString()));
        try (Site.Run run = site.start(command.toArray(String[]::new))) {
            await("a quarter of the items")
                    .atMost(Duration.ofMinutes(1))
                    .until(() -> outputs() >= FILES / 4 || !run.process().isAlive());
            fault.strike();
            Site.Outcome outcome = run.outcome(Duration.ofSeconds(90));
            assertThat(outcome.exitCode()).as("%s", outcome).isZero();
        }
        for (int i = 0; i < FILES; i++) {
            assertThat(out().resolve("f" + i)).hasContent(content(i).toUpperCase(Locale.ROOT));
        }
    }

    private Path out() {
        return dir.resolve("out");
    }

    private long outputs() throws IOException {
        if (!Files.exists(out())) {
            return 0;
        }
        try (Stream<Path> files = Files.list(out())) {
            return files.filter(file -> file.getFileName().toString().matches("f\\d+")).count();
        }
    }

    private List<Long> executorPids(String node) throws IOException {
        LocalDaemon daemon = site.daemon(node);
        JsonNode view = Site.nodeStatus(daemon);
        List<Long> pids = new ArrayList<>();
        view.path("leases").forEach(lease -> pids.add(lease.path("pid").asLong()));
        pids.removeIf(pid -> pid <= 0);
        return pids;
    }

    private static String content(int i) {
        return "file number " + i + "\n" + "abc ".repeat(i);
    }
}
