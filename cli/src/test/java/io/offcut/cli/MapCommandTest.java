package io.offcut.cli;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.offcut.cli.demo.LocalDaemon;
import io.offcut.core.ErrorCode;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** Maps on a real scheduler, real nodes and real executors. */
@Timeout(240)
class MapCommandTest {
    private static final ObjectMapper JSON = new ObjectMapper();
    private static final int FILES = 12;

    @TempDir static Path shared;
    private static TestCluster cluster;

    @TempDir Path folder;
    private Path out;

    @BeforeAll
    static void startCluster() throws IOException {
        cluster = TestCluster.start(shared, 2);
        assertThat(cluster.run("function", "push", bundle("1")).exitCode()).isZero();
    }

    @AfterAll
    static void stopCluster() {
        cluster.close();
    }

    private static String bundle(String version) throws IOException {
        return TestCluster.textBundle(shared, version).toString();
    }

    @BeforeEach
    void makeInputs() throws IOException {
        out = folder.resolve("out");
        for (int i = 0; i < FILES; i++) {
            Files.writeString(folder.resolve("f" + i), "content of " + i + "\n");
        }
    }

    /** A killed client cannot give back its workers; they would only end with their ttl. */
    @BeforeEach
    void releaseWhatKilledRunsHeld() throws IOException {
        for (JsonNode request : requests()) {
            String id = request.path("requestId").asText();
            assertThat(cluster.run("lease", "release", id).exitCode()).isZero();
        }
    }

    private static JsonNode requests() throws IOException {
        return JSON.readTree(cluster.run("lease", "list", "--format", "json").out());
    }

    private List<String> inputs() {
        return IntStream.range(0, FILES).mapToObj(i -> folder.resolve("f" + i).toString()).toList();
    }

    private static String[] args(List<String> inputs, String... options) {
        return Stream.concat(
                        Stream.concat(Stream.of("map"), Arrays.stream(options)), inputs.stream())
                .toArray(String[]::new);
    }

    private TestRun map(String function, List<String> inputs, String... more) {
        List<String> options =
                new ArrayList<>(
                        List.of("--function", function, "--out", out.toString(), "--workers", "2"));
        options.addAll(List.of(more));
        return cluster.run(args(inputs, options.toArray(String[]::new)));
    }

    private static JsonNode report(TestRun run) throws IOException {
        return JSON.readTree(run.out());
    }

    private void assertAllOutputs() throws IOException {
        for (int i = 0; i < FILES; i++) {
            assertThat(out.resolve("f" + i)).hasContent("CONTENT OF " + i + "\n");
        }
    }

    private List<String> doneEntries() throws IOException {
        List<String> done = new ArrayList<>();
        for (String line : Files.readAllLines(out.resolve(".offcut-map/journal"))) {
            JsonNode entry = JSON.readTree(line);
            if (entry.has("done")) {
                done.add(entry.path("done").asText());
            }
        }
        return done;
    }

    @Test
    void writesOneResultForEachFileAndDoesNothingTwice() throws IOException {
        TestRun first = map("text/upper", inputs(), "--format", "json");

        assertThat(first.exitCode()).as(first.err()).isZero();
        assertAllOutputs();
        assertThat(report(first).path("done").asInt()).isEqualTo(FILES);
        assertThat(report(first).path("doneBefore").asInt()).isZero();

        TestRun second = map("text/upper", inputs(), "--format", "json");

        assertThat(second.exitCode()).isZero();
        assertThat(report(second).path("doneBefore").asInt()).isEqualTo(FILES);
        assertThat(doneEntries()).hasSize(FILES).doesNotHaveDuplicates();
    }

    @Test
    void goesOnWhereAKilledRunWas() throws Exception {
        Process killed = childMap("text/slow", inputs());
        try {
            await().atMost(Duration.ofSeconds(60)).until(() -> count(out, "f*") >= 3);
        } finally {
            killed.destroyForcibly().waitFor();
        }
        int before = doneEntries().size();
        assertThat(before).isBetween(2, FILES - 1);

        TestRun again = map("text/slow", inputs(), "--format", "json");

        assertThat(again.exitCode()).as(again.err()).isZero();
        assertAllOutputs();
        assertThat(report(again).path("doneBefore").asInt()).isEqualTo(before);
        assertThat(doneEntries()).hasSize(FILES).doesNotHaveDuplicates();
        assertThat(count(out.resolve(".offcut-map"), ".offcut-*")).isZero();
    }

    @Test
    void leavesAStateToGoOnFromWhenInterrupted() throws Exception {
        Process told = childMap("text/slow", inputs());
        await().atMost(Duration.ofSeconds(60)).until(() -> count(out, "f*") >= 2);
        Process kill = new ProcessBuilder("kill", "-INT", String.valueOf(told.pid())).start();
        assertThat(kill.waitFor()).isZero();

        assertThat(told.waitFor()).isEqualTo(130);
        assertThat(new String(told.getInputStream().readAllBytes(), UTF_8))
                .contains("interrupted: run the same command again");
        // What it leased was given back.
        assertThat(requests()).isEmpty();
        assertThat(map("text/slow", inputs()).exitCode()).isZero();
        assertAllOutputs();
    }

    private Process childMap(String function, List<String> inputs) throws IOException {
        String[] args =
                args(
                        inputs,
                        "--function",
                        function,
                        "--out",
                        out.toString(),
                        "--workers",
                        "1",
                        "--scheduler",
                        cluster.url());
        // A shell's background job, perhaps this test, ignores SIGINT, and children inherit that.
        List<String> command = new ArrayList<>(List.of("env", "--default-signal=INT"));
        command.addAll(LocalDaemon.offcut(args));
        return new ProcessBuilder(command).redirectErrorStream(true).start();
    }

    private static long count(Path folder, String pattern) throws IOException {
        if (!Files.isDirectory(folder)) {
            return 0;
        }
        long found = 0;
        try (var entries = Files.newDirectoryStream(folder, pattern)) {
            for (Path entry : entries) {
                found += Files.isRegularFile(entry) ? 1 : 0;
            }
        }
        return found;
    }

    @Test
    void runsAgainWhatHasChangedSince() throws IOException {
        assertThat(map("text/upper", inputs()).exitCode()).isZero();
        Files.writeString(folder.resolve("f3"), "another content\n");
        Files.delete(out.resolve("f4"));

        TestRun again = map("text/upper", inputs(), "--format", "json");

        assertThat(again.exitCode()).isZero();
        assertThat(out.resolve("f3")).hasContent("ANOTHER CONTENT\n");
        assertThat(out.resolve("f4")).hasContent("CONTENT OF 4\n");
        assertThat(report(again).path("doneBefore").asInt()).isEqualTo(FILES - 2);
        assertThat(report(again).path("changed").asInt()).isEqualTo(1);
    }

    @Test
    void refusesToMixResultsOfAnotherFunction() {
        List<String> one = inputs().subList(0, 1);
        assertThat(map("text/upper", one).exitCode()).isZero();

        TestRun other = map("text/picky", one);

        assertThat(other.exitCode()).isEqualTo(ErrorCode.CONFLICT.exitCode());
        assertThat(other.err()).contains("text/upper", "--restart");
        assertThat(map("text/picky", one, "--restart").exitCode()).isZero();
        assertThat(out.resolve("f0")).hasContent("content of 0\n");
    }

    @Test
    void namesTheItemsThatFailedAndTriesThemAgain() throws IOException {
        Path bad = Files.writeString(folder.resolve("f1"), "bad news\n");

        TestRun run = map("text/picky", inputs());

        assertThat(run.exitCode()).isEqualTo(ErrorCode.ITEMS_FAILED.exitCode());
        assertThat(run.err()).contains(bad + " (FUNCTION_ERROR: no good)");
        assertThat(out.resolve("failed.txt")).hasContent(bad + "\tFUNCTION_ERROR\tno good\n");
        assertThat(out.resolve("f1")).doesNotExist();
        assertThat(count(out, "f*")).isEqualTo(FILES);

        Files.writeString(bad, "good news\n");
        assertThat(map("text/picky", inputs()).exitCode()).isZero();
        assertThat(out.resolve("f1")).hasContent("good news\n");
        assertThat(out.resolve("failed.txt")).doesNotExist();
    }

    @Test
    void refusesInputsThatAreFoldersMissingOrHaveOneOutput() throws IOException {
        Path sub = Files.createDirectory(folder.resolve("sub"));
        Files.writeString(sub.resolve("f0"), "x");

        TestRun ofFolder = map("text/upper", List.of(sub.toString()));
        assertThat(ofFolder.exitCode()).isEqualTo(ErrorCode.USAGE.exitCode());
        assertThat(ofFolder.err()).contains("is a folder", sub + "/*");
        TestRun missing = map("text/upper", List.of(folder.resolve("none").toString()));
        assertThat(missing.exitCode()).isEqualTo(ErrorCode.NOT_FOUND.exitCode());
        List<String> twice = List.of(folder.resolve("f0").toString(), sub.resolve("f0").toString());
        TestRun same = map("text/upper", twice);
        assertThat(same.exitCode()).isEqualTo(ErrorCode.USAGE.exitCode());
        assertThat(same.err()).contains("--keep-paths");
        assertThat(out).doesNotExist();

        assertThat(map("text/upper", twice, "--keep-paths").exitCode()).isZero();
        assertThat(out.resolve(Path.of("/").relativize(sub.resolve("f0")))).hasContent("X");
    }

    @Test
    void keepsTheOrderOfLines() throws IOException {
        String text =
                IntStream.range(0, 500)
                        .mapToObj(i -> "line " + i + "\n")
                        .collect(Collectors.joining());

        TestRun run =
                cluster.run(
                        text.getBytes(UTF_8),
                        "map",
                        "--lines",
                        "-f",
                        "text/upper",
                        "-n",
                        "2",
                        "-o",
                        out.toString());

        assertThat(run.exitCode()).as(run.err()).isZero();
        assertThat(out.resolve("results.txt")).hasContent(text.toUpperCase(Locale.ROOT));
        assertThat(out.resolve("results.txt.part")).doesNotExist();
    }

    @Test
    void goesOnWithTheLinesThatAKilledRunLeft() throws Exception {
        Path input = folder.resolve("lines");
        String text =
                IntStream.range(0, 60)
                        .mapToObj(i -> "line " + i + "\n")
                        .collect(Collectors.joining());
        Files.writeString(input, text);
        Process killed = childMap("text/slow", List.of("--lines", input.toString()));
        Path journal = out.resolve(".offcut-map/journal");
        try {
            await().atMost(Duration.ofSeconds(60))
                    .until(() ->
                            Files.exists(journal)
                                    && Files.readString(journal).contains("\"checksum\""));
        } finally {
            killed.destroyForcibly().waitFor();
        }
        assertThat(out.resolve("results.txt")).doesNotExist();

        TestRun again = map("text/slow", List.of(input.toString()), "--lines", "--format", "json");

        assertThat(again.exitCode()).as(again.err()).isZero();
        assertThat(out.resolve("results.txt")).hasContent(text.toUpperCase(Locale.ROOT));
        assertThat(report(again).path("doneBefore").asInt()).isBetween(1, 59);
    }

    @Test
    void noticesThatLinesDoneBeforeAreOthersNow() throws IOException {
        Path input = Files.writeString(folder.resolve("lines"), "a\nb\n");
        List<String> inputs = List.of(input.toString());
        assertThat(map("text/upper", inputs, "--lines").exitCode()).isZero();
        Files.writeString(input, "a\nc\nd\n");

        TestRun changed = map("text/upper", inputs, "--lines");

        assertThat(changed.exitCode()).isEqualTo(ErrorCode.CONFLICT.exitCode());
        assertThat(changed.err()).contains("first 2 lines", "--restart");

        Files.writeString(input, "a\nb\nd\n");
        assertThat(map("text/upper", inputs, "--lines").exitCode()).isZero();
        assertThat(out.resolve("results.txt")).hasContent("A\nB\nD\n");
    }

    @Test
    void leavesAnEmptyLineForALineThatFailed() throws IOException {
        Path input = Files.writeString(folder.resolve("lines"), "good\nbad one\nfine\n");

        TestRun run = map("text/picky", List.of(input.toString()), "--lines");

        assertThat(run.exitCode()).isEqualTo(ErrorCode.ITEMS_FAILED.exitCode());
        assertThat(out.resolve("results.txt")).hasContent("good\n\nfine\n");
        assertThat(out.resolve("failed.txt")).hasContent(input + ":2\tFUNCTION_ERROR\tno good\n");

        TestRun again = map("text/picky", List.of(input.toString()), "--lines", "--format", "json");

        assertThat(report(again).path("done").asInt()).isEqualTo(2);
        assertThat(report(again).path("doneBefore").asInt()).isEqualTo(2);
    }

    @Test
    void isRightWhenANodeGoesAwayMeanwhile() throws Exception {
        try (TestCluster own = TestCluster.start(folder.resolve("cluster"), 2)) {
            assertThat(own.run("function", "push", bundle("1")).exitCode()).isZero();
            Thread leaving =
                    Thread.ofVirtual()
                            .start(() -> {
                                await().atMost(Duration.ofSeconds(60))
                                        .until(() -> count(out, "f*") >= 4);
                                own.nodes().getFirst().close();
                            });
            String[] options = {"-f", "text/slow", "-n", "2", "-o", out.toString()};

            TestRun run = own.run(args(inputs(), options));

            leaving.join();
            assertThat(run.exitCode()).as(run.err()).isZero();
            assertAllOutputs();
        }
    }

    @Test
    void goesOnWhileTheSchedulerIsAwayAndFindsItsWorkersAgain() throws Exception {
        try (TestCluster own = TestCluster.start(folder.resolve("cluster"), 2)) {
            assertThat(own.run("function", "push", bundle("1")).exitCode()).isZero();
            List<String> many = new ArrayList<>();
            for (int i = 0; i < 60; i++) {
                many.add(Files.writeString(folder.resolve("g" + i), "content of " + i).toString());
            }
            Thread away =
                    Thread.ofVirtual()
                            .start(() -> {
                                await().atMost(Duration.ofSeconds(60))
                                        .until(() -> count(out, "g*") >= 4);
                                own.stopScheduler();
                                long before = filesNow();
                                await().atMost(Duration.ofSeconds(60))
                                        .until(() -> count(out, "g*") >= before + 8);
                                own.startSchedulerAgain();
                            });
            String[] options = {"-f", "text/slow", "-n", "2", "-o", out.toString()};

            TestRun run = own.run(args(many, options));

            away.join();
            assertThat(run.exitCode()).as(run.err()).isZero();
            assertThat(run.err()).contains("60 of 60 items done");
            for (int i = 0; i < 60; i++) {
                assertThat(out.resolve("g" + i)).hasContent("CONTENT OF " + i);
            }
        }
    }

    private long filesNow() {
        try {
            return count(out, "g*");
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
