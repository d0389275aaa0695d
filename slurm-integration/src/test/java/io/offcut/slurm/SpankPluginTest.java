package io.offcut.slurm;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Function;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What the plugin says in a real Slurm, and what becomes of jobs whatever it is answered. */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
@Timeout(180)
class SpankPluginTest {
    private static final Duration LONG = Duration.ofSeconds(60);
    private static final Duration SHORT = Duration.ofMillis(300);

    private final List<SlurmCluster> started = new ArrayList<>();
    private final List<FakeNodeDaemon> daemons = new ArrayList<>();

    @BeforeAll
    void startTwoNodes() {
        assumeTrue(
                SlurmCluster.missingPrograms().isEmpty(),
                () -> "needs Slurm: no " + SlurmCluster.missingPrograms());
        assumeTrue(
                SpankPlugin.available(),
                "needs the SPANK plugin: no C compiler or slurm/spank.h at build time");
        started.add(
                SlurmCluster.start(
                        SlurmClusterConfig.fakeNodes(2, 4, 4_000).withOffcutPlugin(LONG)));
    }

    @AfterAll
    void stop() {
        started.forEach(SlurmCluster::close);
    }

    @AfterEach
    void removeDaemons() throws IOException {
        for (FakeNodeDaemon daemon : daemons) {
            daemon.close();
        }
        daemons.clear();
        for (String node : cluster().nodeNames()) {
            await().atMost(LONG).until(() -> cluster().commands().jobIdsOn(node).isEmpty());
        }
    }

    private SlurmCluster cluster() {
        return started.getFirst();
    }

    private String node(int number) {
        return cluster().nodeNames().get(number - 1);
    }

    private FakeNodeDaemon daemon(int node) throws IOException {
        return daemon(node, _ -> "OK\n");
    }

    private FakeNodeDaemon daemon(int node, Function<String, String> answers) throws IOException {
        FakeNodeDaemon daemon = FakeNodeDaemon.start(cluster().jobEventSocket(node(node)), answers);
        daemons.add(daemon);
        return daemon;
    }

    private CommandResult run(String... command) {
        return cluster().run(SlurmRun.of(command).within(LONG));
    }

    /** The id of the one job that a daemon has heard of. */
    private static String onlyJob(FakeNodeDaemon daemon) {
        assertThat(daemon.heard()).isNotEmpty();
        return daemon.heard().getFirst().split(" ", -1)[1];
    }

    /** All that came of a job that has ended. */
    private static List<String> awaitAll(FakeNodeDaemon daemon, String job) {
        return await().atMost(LONG)
                .until(() -> daemon.heardOf(job), lines -> lines.contains("EPILOG " + job));
    }

    private static long uid() throws IOException {
        return ((Number) Files.getAttribute(Path.of("/proc/self"), "unix:uid")).longValue();
    }

    @Test
    void tellsOfSrun() throws IOException {
        FakeNodeDaemon daemon = daemon(1);

        CommandResult result = run("srun", "-w", node(1), "-n1", "-c3", "--mem=200", "true");

        assertThat(result.exitCode()).as(result.error()).isZero();
        assertThat(result.error()).isEmpty();
        String job = onlyJob(daemon);
        String has = " cores=0-2 mem_mib=200 uid=" + uid();
        assertThat(awaitAll(daemon, job))
                .startsWith(
                        "PROLOG " + job + " cpus=3 uid=" + uid(),
                        "ALLOC " + job + " step=extern" + has,
                        "ALLOC " + job + " step=0" + has,
                        "STEP_END " + job + " step=0")
                .containsOnlyOnce("STEP_END " + job + " step=extern")
                .endsWith("EPILOG " + job)
                .hasSize(6);
    }

    @Test
    void tellsOfSbatchAndItsStepsWhatTheJobMaySpare() throws IOException {
        FakeNodeDaemon daemon = daemon(1);

        String job =
                cluster()
                        .submit(
                                "-w",
                                node(1),
                                "-n2",
                                "--mem=300",
                                "--offcut=share:1,1G",
                                "--wrap",
                                "srun -n1 true");

        String has = " cores=0-1 mem_mib=300 uid=" + uid();
        String share = " share=share:1,1024";
        assertThat(awaitAll(daemon, job))
                .startsWith(
                        "PROLOG " + job + " cpus=2 uid=" + uid() + share,
                        "ALLOC " + job + " step=extern" + has,
                        "ALLOC " + job + " step=batch" + has + share,
                        "ALLOC " + job + " step=0" + has + share,
                        "STEP_END " + job + " step=0")
                .contains("STEP_END " + job + " step=batch", "STEP_END " + job + " step=extern")
                .endsWith("EPILOG " + job)
                .hasSize(8);
    }

    @Test
    void tellsOfSallocAndTheStepsInIt() throws IOException {
        FakeNodeDaemon daemon = daemon(1);

        CommandResult result =
                run("salloc", "-Q", "-w", node(1), "-n1", "--offcut=exclusive", "srun", "true");

        assertThat(result.exitCode()).as(result.error()).isZero();
        String job = onlyJob(daemon);
        assertThat(awaitAll(daemon, job))
                .contains("PROLOG " + job + " cpus=1 uid=" + uid() + " share=exclusive")
                .anyMatch(line ->
                        line.startsWith("ALLOC " + job + " step=0 ")
                                && line.endsWith(" share=exclusive"));
    }

    @Test
    void tellsOfEachElementOfAnArray() throws IOException {
        FakeNodeDaemon daemon = daemon(1);

        cluster().submit("--array=1-3", "-w", node(1), "-n1", "--mem=100", "--wrap", "true");

        await().atMost(LONG)
                .until(() ->
                        daemon.heard().stream().filter(line -> line.startsWith("EPILOG")).count()
                                == 3);
        List<String> jobs =
                daemon.heard().stream()
                        .filter(line -> line.startsWith("PROLOG"))
                        .map(line -> line.split(" ", -1)[1])
                        .distinct()
                        .toList();
        assertThat(jobs)
                .hasSize(3)
                .allSatisfy(job ->
                        assertThat(awaitAll(daemon, job))
                                .anyMatch(line -> line.startsWith("ALLOC " + job + " step=batch")));
    }

    @Test
    void tellsEachNodeItsOwnPartOfAJob() throws IOException {
        FakeNodeDaemon first = daemon(1);
        FakeNodeDaemon second = daemon(2);

        CommandResult result = run("srun", "-N2", "-n3", "--mem=100", "--offcut-workers=2", "true");

        assertThat(result.exitCode()).as(result.error()).isZero();
        String job = onlyJob(first);
        // Which of "2,1" CPUs are here a prolog cannot know.
        assertThat(awaitAll(first, job))
                .contains(
                        "PROLOG " + job + " uid=" + uid(),
                        alloc(job, "0-1") + " workers=2 node_id=0");
        assertThat(awaitAll(second, job))
                .contains(
                        "PROLOG " + job + " uid=" + uid(),
                        alloc(job, "0") + " workers=2 node_id=1");
    }

    private static String alloc(String job, String cores) throws IOException {
        return "ALLOC " + job + " step=0 cores=" + cores + " mem_mib=100 uid=" + uid();
    }

    @Test
    void tellsAsRootOfTheJobsOfUsers() throws IOException {
        assumeTrue("root".equals(System.getProperty("user.name")), "needs root: changes user");
        FakeNodeDaemon daemon = daemon(1);

        CommandResult result =
                cluster()
                        .run(
                                SlurmRun.of("srun", "-w", node(1), "-n1", "--mem=100", "true")
                                        .as("nobody")
                                        .within(LONG));

        assertThat(result.exitCode()).as(result.error()).isZero();
        assertThat(awaitAll(daemon, onlyJob(daemon)))
                .hasSize(6)
                .filteredOn(line -> line.contains(" uid="))
                .allMatch(line -> line.endsWith(" uid=65534"));
    }

    @Test
    void givesTasksWhatTheDaemonSaysOfTheirWorkers() throws IOException {
        FakeNodeDaemon daemon =
                daemon(
                        1,
                        line ->
                                line.contains(" workers=")
                                        ? "OK\nOFFCUT_REQUEST=r-7\nLD_PRELOAD=/none\n"
                                        : "OK\nOFFCUT_REQUEST=not asked for\n");
        String workers = "--offcut-workers=3,mem=512M,function=wc/words";

        String tasks = environment(workers);

        assertThat(tasks.lines())
                .containsExactly(
                        "OFFCUT_FUNCTION=wc/words",
                        "OFFCUT_REQUEST=r-7",
                        "OFFCUT_WORKERS=3",
                        "OFFCUT_WORKER_MEMORY=512M");
        assertThat(daemon.heard())
                .anyMatch(line ->
                        line.endsWith(" workers=3 worker_mem_mib=512 function=wc/words node_id=0"));
        assertThat(environment("--offcut=share")).isEmpty();
    }

    private String environment(String option) {
        CommandResult result = run("srun", "-w", node(1), "-n1", option, "sh", "-c", "env | sort");
        assertThat(result.exitCode()).as(result.error()).isZero();
        StringBuilder variables = new StringBuilder();
        result.output()
                .lines()
                .filter(line -> line.startsWith("OFFCUT_") || line.startsWith("LD_PRELOAD"))
                .filter(line -> !System.getenv().containsKey(line.split("=", 2)[0]))
                .forEach(line -> variables.append(line).append('\n'));
        return variables.toString();
    }

    @ParameterizedTest
    @ValueSource(strings = {"srun", "salloc", "sbatch"})
    void refusesAWrongOptionAtSubmission(String command) throws IOException {
        FakeNodeDaemon daemon = daemon(1);

        Path script = Files.writeString(cluster().workDirectory().resolve("script"), "#!/bin/sh\n");

        CommandResult share = run(command, "--offcut=share:0", script.toString());
        CommandResult workers = run(command, "--offcut-workers=2,mem=x", script.toString());

        assertThat(share.exitCode()).isNotZero();
        assertThat(share.error())
                .contains(command + ": error: --offcut=share:0: CORES is 1 to 65535");
        assertThat(workers.exitCode()).isNotZero();
        assertThat(workers.error())
                .contains(command + ": error: --offcut-workers=2,mem=x: mem is a number with");
        assertThat(daemon.heard()).isEmpty();
    }

    @ParameterizedTest
    @ValueSource(strings = {"srun", "salloc", "sbatch"})
    void showsItsOptionsInTheHelpOfEachCommand(String command) {
        assertThat(run(command, "--help").output())
                .contains("--offcut=share", "--offcut-workers=N");
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "TIMEOUT\n",
                "ERROR unknown request\n",
                "no answer at all",
                "\n",
                "\0\0\0\n",
                "OK\nPATH=/none\nLD_PRELOAD=/none\nOFFCUT_X=\u001b[2J\nOFFCUT_\n=\n"
            })
    void noAnswerFailsAJob(String answer) throws IOException {
        daemon(1, _ -> answer);

        assertRuns(run("srun", "-w", node(1), "-n1", "--offcut-workers=2", "true"));
    }

    @Test
    void noFloodFailsAJob() throws IOException {
        String flood = "OK\n" + "OFFCUT_X=1\n".repeat(1 << 18);
        daemon(1, _ -> flood);

        assertRuns(run("srun", "-w", node(1), "-n1", "--offcut-workers=2", "true"));
    }

    @Test
    void noDaemonFailsNoJob() throws IOException {
        assertRuns(run("srun", "-w", node(1), "-n1", "--offcut-workers=2", "true"));
        assertThat(Files.readString(cluster().log(SlurmCluster.slurmd(node(1)))))
                .contains("offcut: PROLOG ")
                .contains("no node daemon at " + cluster().jobEventSocket(node(1)));
    }

    @Test
    void aDaemonThatHangsHoldsAJobNoLongerThanTheDeadlines() throws IOException {
        daemon(1, _ -> FakeNodeDaemon.SILENCE);
        install(SHORT);
        try {
            long start = System.nanoTime();
            CommandResult result = run("srun", "-w", node(1), "-n1", "true");
            Duration took = Duration.ofNanos(System.nanoTime() - start);

            assertRuns(result);
            // The prolog, the extern step and step 0 wait; ten seconds are for the machine.
            assertThat(took).isLessThan(SHORT.multipliedBy(3).plusSeconds(10));
        } finally {
            install(LONG);
        }
    }

    @Test
    void aPluginThatIsGoneFailsNoJob() throws IOException {
        Files.delete(cluster().directory().resolve("offcut.so"));
        try {
            assertThat(run("srun", "-w", node(1), "-n1", "true").exitCode()).isZero();
        } finally {
            install(LONG);
        }
    }

    private void install(Duration deadline) {
        String pattern = cluster().jobEventSocket("%n").toString();
        SpankPlugin.install(cluster().directory(), new SpankPlugin.Settings(pattern, deadline));
    }

    /** Not only does it succeed: its user sees nothing of what went wrong. */
    private void assertRuns(CommandResult result) {
        assertThat(result.exitCode()).as(result.error()).isZero();
        assertThat(result.error()).isEmpty();
        assertThat(cluster().status().healthy()).isTrue();
    }

    @Test
    void refusesSettingsThatCannotWork() {
        assertThatThrownBy(() -> new SpankPlugin.Settings("relative/path", LONG))
                .isInstanceOf(IllegalArgumentException.class);
        assertThatThrownBy(() -> new SpankPlugin.Settings("/a\nb", LONG))
                .isInstanceOf(IllegalArgumentException.class);
        assertThatThrownBy(() -> new SpankPlugin.Settings("/a b", LONG))
                .isInstanceOf(IllegalArgumentException.class);
        assertThatThrownBy(() -> new SpankPlugin.Settings("/a", Duration.ofHours(1)))
                .isInstanceOf(IllegalArgumentException.class);
    }
}
