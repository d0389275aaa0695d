package io.offcut.cli;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.offcut.cli.output.Terminal;
import io.offcut.client.config.ConfigLoader;
import io.offcut.core.CpuSet;
import io.offcut.core.ErrorCode;
import io.offcut.core.NodeDescriptor;
import io.offcut.core.OffcutException;
import io.offcut.core.Offer;
import io.offcut.core.api.NodeView;
import java.io.ByteArrayOutputStream;
import java.io.FileOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.PrintStream;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.nio.file.AccessDeniedException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import picocli.CommandLine;

@Timeout(60)
class CommandLineTest {
    private static final ObjectMapper JSON = new ObjectMapper();

    private static void collect(CommandLine command, String path, List<String> paths) {
        paths.add(path.strip());
        command.getSubcommands().forEach((name, sub) -> collect(sub, path + " " + name, paths));
    }

    private static List<String> allCommands() {
        List<String> paths = new ArrayList<>();
        Io io = new Io(System.in, System.out, System.err, Terminal.NONE, ConfigLoader.system());
        collect(Main.commandLine(io), "", paths);
        return paths;
    }

    @Test
    void everyCommandHasHelpWithAnExampleThatFits() {
        for (String path : allCommands()) {
            List<String> args = new ArrayList<>(List.of(path.split(" ")));
            args.removeIf(String::isEmpty);
            args.add("--help");

            TestRun run = TestRun.of(args.toArray(String[]::new));

            assertThat(run.exitCode()).as(path).isZero();
            assertThat(run.out()).as(path).startsWith("Usage: offcut").contains("Example");
            assertThat(run.out().lines()).as(path).allMatch(line -> line.length() <= 80);
        }
    }

    @Test
    void everyCommandIsListedWithAWholeSentence() {
        Io io = new Io(System.in, System.out, System.err, Terminal.NONE, ConfigLoader.system());
        List<CommandLine> open = new ArrayList<>(List.of(Main.commandLine(io)));
        while (!open.isEmpty()) {
            CommandLine command = open.removeLast();
            assertThat(command.getCommandSpec().usageMessage().description())
                    .as(command.getCommandName())
                    .isNotEmpty()
                    .allMatch(text -> text.endsWith("."));
            open.addAll(command.getSubcommands().values());
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"map", "lease hold"})
    void saysThatAJobMayHaveNamedTheFunction(String command) {
        TestRun run = TestRun.of((command + (command.equals("map") ? " --out x" : "")).split(" "));

        assertThat(run.exitCode()).isEqualTo(ErrorCode.USAGE.exitCode());
        assertThat(run.err()).contains("no function: give --function or set OFFCUT_FUNCTION");
        assertThat(TestRun.of((command + " --help").split(" ")).out()).contains("[-f=F]");
    }

    @ParameterizedTest
    @ValueSource(strings = {"scheduler --slurm-conf /nope", "slurm doctor --slurm-conf /nope"})
    void saysAtOnceThatSlurmsConfigurationIsNotThere(String line) {
        TestRun run = TestRun.of(line.split(" "));

        assertThat(run.exitCode()).as(run.err()).isEqualTo(ErrorCode.NOT_FOUND.exitCode());
        assertThat(run.err()).contains("--slurm-conf /nope cannot be read");
    }

    @Test
    void saysInWordsOfTheUserHowManyWorkersThereMayBe() {
        TestRun run = TestRun.of("invoke", "f", "--scheduler", "http://x", "--workers", "0");

        assertThat(run.err()).contains("--workers (or OFFCUT_WORKERS) must be 1 or more");
    }

    @ParameterizedTest
    @ValueSource(
            strings = {"", "fly", "map", "invoke", "function", "nodes --format xml", "lease fly"})
    void refusesAWrongCommandLineInOneLineWithTheWayToTheHelp(String line) {
        String[] args = line.isEmpty() ? new String[0] : line.split(" ");

        TestRun run = TestRun.of(args);

        assertThat(run.exitCode()).isEqualTo(ErrorCode.USAGE.exitCode());
        assertThat(run.err().lines()).hasSize(1);
        assertThat(run.err()).startsWith("offcut: ").contains("--help'");
        assertThat(run.out()).isEmpty();
    }

    @ParameterizedTest
    @CsvSource({
        "512M, 536870912",
        "2GiB, 2147483648",
        "4096, 4096",
        "1K, 1024",
        "4k, 4096",
        "1T, 1099511627776"
    })
    void readsSizes(String text, long bytes) {
        assertThat(new Quantities.Bytes().convert(text)).isEqualTo(bytes);
    }

    @ParameterizedTest
    @CsvSource({"500ms, PT0.5S", "30, PT30S", "30s, PT30S", "5m, PT5M", "2h, PT2H", "1d, PT24H"})
    void readsTimes(String text, Duration time) {
        assertThat(new Quantities.Time().convert(text)).isEqualTo(time);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "--memory much",
                "--memory -1",
                "--wait soon",
                "--workers 0",
                "--transport ipx"
            })
    void refusesABadQuantity(String option) {
        List<String> args = new ArrayList<>(List.of("invoke", "f", "--scheduler", "http://x"));
        args.addAll(List.of(option.split(" ")));
        assertThat(TestRun.of(args.toArray(String[]::new)).exitCode())
                .isEqualTo(ErrorCode.USAGE.exitCode());
    }

    @ParameterizedTest
    @ValueSource(strings = {"OFFCUT_WORKERS", "OFFCUT_WORKER_MEMORY", "OFFCUT_JOB"})
    void namesTheVariableWhoseValueIsNone(String name) {
        Map<String, String> environment =
                Map.of("OFFCUT_SCHEDULER_URL", "http://x", name, "many", "OFFCUT_FUNCTION", "f");
        TestRun run = TestRun.of(environment, new byte[0], "invoke");
        assertThat(run.exitCode()).isEqualTo(ErrorCode.USAGE.exitCode());
        assertThat(run.err()).contains(name).hasLineCount(1);
    }

    @Test
    void saysHowToGoOnWhenTheSchedulerIsNotThere() throws IOException {
        int port;
        try (ServerSocket free = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
            port = free.getLocalPort();
        }
        String url = "http://127.0.0.1:" + port;
        for (String command : List.of("nodes", "function list", "lease list", "top")) {
            TestRun run =
                    TestRun.of(
                            Map.of("OFFCUT_SCHEDULER_URL", url), new byte[0], command.split(" "));

            assertThat(run.exitCode()).isEqualTo(ErrorCode.UNREACHABLE.exitCode());
            assertThat(run.err().lines()).hasSize(1);
            assertThat(run.err()).contains(url, "connection refused", "offcut scheduler");
        }
    }

    @Test
    void showsAStackTraceOnlyWhenAskedTo() {
        String[] args = {"nodes", "--scheduler", "nonsense"};
        String[] verbose = {"nodes", "--scheduler", "nonsense", "--verbose"};

        assertThat(TestRun.of(args).err().lines()).hasSize(1);
        assertThat(TestRun.of(verbose).err()).contains("\tat io.offcut.");
    }

    @Test
    void writesItsVersionForScripts() throws IOException {
        JsonNode version = JSON.readTree(TestRun.of("version", "--format", "json").out());

        assertThat(version.path("frame").asText()).isNotEmpty();
        assertThat(version.path("java").asText()).startsWith("2");
    }

    @Test
    void namesTheKeyAndTheFileOfABadDaemonConfiguration(@TempDir Path folder) throws IOException {
        Path file = Files.writeString(folder.resolve("s.yaml"), "prot: 7070\n");
        for (String daemon : List.of("scheduler", "node")) {
            TestRun run = TestRun.of(daemon, "--config", file.toString());

            assertThat(run.exitCode()).as(run.err()).isEqualTo(ErrorCode.USAGE.exitCode());
            assertThat(run.err()).contains("'prot'", file.toString(), "'port'");
        }
    }

    @Test
    void takesAnyKeyOnTheCommandLineAlsoOneThatHasAFlag() {
        for (String daemon : List.of("scheduler", "node")) {
            TestRun run = TestRun.of(daemon, "--set", "port=99999");

            assertThat(run.exitCode()).as(run.err()).isEqualTo(ErrorCode.USAGE.exitCode());
            assertThat(run.err()).contains("port", "99999");
        }
    }

    @ParameterizedTest
    @CsvSource({
        "simulate sample --shceduler=easy, --scheduler",
        "nodes --fromat json, --format",
        "simulat sample, simulate",
        "trace inof log.swf, info"
    })
    void saysWhichOptionOrCommandWasProbablyMeant(String line, String meant) {
        TestRun run = TestRun.of(line.split(" "));

        assertThat(run.exitCode()).isEqualTo(ErrorCode.USAGE.exitCode());
        assertThat(run.err()).hasLineCount(1).contains(": did you mean '" + meant + "'?");
    }

    @Test
    void offersNoFarFetchedKeyForAnUnknownOne() {
        TestRun run = TestRun.of("scheduler", "--set", "foo=1");

        assertThat(run.err()).contains("'foo'", "known keys: ").doesNotContain("did you mean");
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 40, 60, 300})
    void worksInATerminalOfAnyWidth(int columns) {
        Terminal terminal = new Terminal(false, false, columns, false);
        Io io = new Io(System.in, System.out, System.err, terminal, ConfigLoader.system());

        assertThat(Main.commandLine(io).getUsageMessage()).contains("Usage: offcut");
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "trace",
                "trace info",
                "trace filter",
                "trace generate",
                "trace generate idle",
                "trace generate functions",
                "simulate",
                "simulate sweep"
            })
    void examplesAreNotBroken(String command) {
        Io io = new Io(System.in, System.out, System.err, Terminal.NONE, ConfigLoader.system());
        String[] words = (command + " --help").split(" ", -1);
        CommandLine line = Main.commandLine(io, words);
        for (String word : command.split(" ", -1)) {
            line = Objects.requireNonNull(line.getSubcommands().get(word));
        }

        assertThat(line.getCommandSpec().usageMessage().footer())
                .allMatch(text -> text.length() <= 80);
        assertThat(line.getSubcommands().values())
                .extracting(each -> each.getCommandSpec().usageMessage().description()[0])
                .allMatch(first -> first.endsWith("."));
    }

    @Test
    void namesTheBundleThatCannotBeUsed(@TempDir Path folder) throws IOException {
        Path bad = Files.writeString(folder.resolve("bad.zip"), "garbage");

        TestRun run = TestRun.of("function", "push", bad.toString());

        assertThat(run.exitCode()).isEqualTo(ErrorCode.INVALID_INPUT.exitCode());
        assertThat(run.err()).contains("bundle bad.zip cannot be used");
    }

    @Test
    void saysWhyAnOutputCannotBeWritten(@TempDir Path folder) {
        Path output = folder.resolve("none/out");

        assertThatThrownBy(() -> OutputFiles.write(output, new byte[0]))
                .hasMessageContaining("output " + output)
                .hasMessageContaining("(its folder is not there)")
                .hasMessageNotContaining(".part");
        assertThat(
                        OffcutException.cannotWrite(
                                output, new AccessDeniedException(output.toString())))
                .hasMessageContaining("(permission denied)");
    }

    @Test
    void replacesTheFileThatALinkNamesAndKeepsItsMode(@TempDir Path folder) throws IOException {
        Path file = Files.writeString(folder.resolve("file"), "before");
        Files.setPosixFilePermissions(file, PosixFilePermissions.fromString("rw-------"));
        Path link = Files.createSymbolicLink(folder.resolve("link"), Path.of("file"));

        OutputFiles.write(link, "after".getBytes(UTF_8));

        assertThat(link).isSymbolicLink().hasContent("after");
        assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(file)))
                .isEqualTo("rw-------");
    }

    @Test
    void leavesADeviceADevice(@TempDir Path folder) throws IOException {
        // By a link, so that a defect replaces that and not the machine's device.
        Path full = Files.createSymbolicLink(folder.resolve("full"), Path.of("/dev/full"));

        assertThatThrownBy(() -> OutputFiles.write(full, new byte[1]))
                .hasMessageContaining("output " + full);
        assertThat(full).isSymbolicLink();
    }

    @Test
    void saysThatAResultIsLostOnStdout() throws IOException {
        ByteArrayOutputStream err = new ByteArrayOutputStream();
        try (PrintStream full = new PrintStream(new FileOutputStream("/dev/full"), false, UTF_8)) {
            Io io =
                    new Io(
                            InputStream.nullInputStream(),
                            full,
                            new PrintStream(err, true, UTF_8),
                            Terminal.NONE,
                            new ConfigLoader(Map.of(), List.of()));
            assertThat(Main.run(io, "version")).isEqualTo(ErrorCode.EXHAUSTED.exitCode());
        }
        assertThat(err.toString(UTF_8).lines()).hasSize(1);
    }

    @Test
    void endsQuietlyWhenNobodyReadsAnyMore(@TempDir Path folder) throws Exception {
        assertThat(exitCode(folder, "| head -n 1", "trace generate jobs --jobs 20000"))
                .isEqualTo(141);
        assertThat(folder.resolve("err")).isEmptyFile();
    }

    @Test
    void aFullDiskIsAnError(@TempDir Path folder) throws Exception {
        assertThat(exitCode(folder, "> /dev/full", "trace generate jobs --jobs 20000"))
                .isEqualTo(ErrorCode.EXHAUSTED.exitCode());
        assertThat(folder.resolve("err")).content().contains("check the disk's room");
    }

    /** Of a process whose output goes where a shell says. */
    private static int exitCode(Path folder, String where, String words) throws Exception {
        List<String> command =
                ThisProgram.command(
                        List.of("-XX:TieredStopAtLevel=1"), List.of(words.split(" ", -1)));
        return new ProcessBuilder(
                        "bash",
                        "-c",
                        ThisProgram.shell(command) + " 2>err " + where + "; exit ${PIPESTATUS[0]}")
                .directory(folder.toFile())
                .redirectOutput(ProcessBuilder.Redirect.DISCARD)
                .start()
                .waitFor();
    }

    @Test
    void refusesAPayloadOverTheLimitInTheUsersNumber() {
        LeaseFlags flags = new LeaseFlags();
        flags.payloadBytes = 900L << 30;

        assertThatThrownBy(() -> flags.options("f", 1, 1))
                .hasMessageContaining("900 GiB")
                .hasMessageContaining("1 GiB");
    }

    @Test
    void saysWhyANodeOffersNothing() {
        NodeDescriptor node =
                new NodeDescriptor(
                        "n", "http://n:1", "h", CpuSet.of(0), 1, List.of(), List.of(), Map.of());
        NodeView view = new NodeView(node, NodeView.State.UP, null, 0, List.of(), Map.of(), 0, 0);

        assertThat(NodesCommand.table(List.of(view), 0).render(Terminal.NONE))
                .contains("nothing idle");
    }

    @Test
    void showsIdleGpusWhereThereAreAny() {
        NodeDescriptor node =
                new NodeDescriptor(
                        "n", "http://n:1", "h", CpuSet.of(0), 1, List.of(), List.of(), Map.of());
        Offer offer =
                new Offer(
                        "o",
                        CpuSet.of(0),
                        1,
                        Offer.Reason.UNALLOCATED,
                        Offer.UNKNOWN_UNTIL,
                        CpuSet.of(1, 3));
        NodeView without =
                new NodeView(node, NodeView.State.UP, null, 0, List.of(), Map.of(), 0, 0);
        NodeView with =
                new NodeView(node, NodeView.State.UP, null, 0, List.of(offer), Map.of(), 0, 0);

        assertThat(NodesCommand.table(List.of(without), 0).render(Terminal.NONE))
                .doesNotContain("GPU");
        assertThat(NodesCommand.table(List.of(without, with), 0).render(Terminal.NONE))
                .contains("IDLE GPUS")
                .containsPattern("(?m)\\s2\\s+-\\s*$");
    }

    @Test
    void saysThatABundleIsNotThere(@TempDir Path folder) {
        TestRun run = TestRun.of("function", "push", folder.resolve("none").toString());
        assertThat(run.exitCode()).isEqualTo(ErrorCode.NOT_FOUND.exitCode());
        assertThat(run.err()).contains("none");
    }
}
