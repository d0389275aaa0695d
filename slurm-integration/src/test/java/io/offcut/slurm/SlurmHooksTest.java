package io.offcut.slurm;

import static java.util.concurrent.TimeUnit.SECONDS;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.channels.ServerSocketChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CopyOnWriteArrayList;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** The hooks as Slurm runs them: by path, with a small environment. */
@Timeout(60)
class SlurmHooksTest {
    @TempDir Path directory;

    private final List<String> heard = new CopyOnWriteArrayList<>();
    private final JobEvents listener =
            new JobEvents() {
                @Override
                public boolean jobStarting(JobStart start) {
                    heard.add("start " + start.jobId());
                    return true;
                }

                @Override
                public Allocated jobAllocated(JobAllocation allocation) {
                    return new Allocated(true, List.of());
                }

                @Override
                public void stepEnded(String jobId, String step) {}

                @Override
                public void jobEnded(String jobId) {
                    heard.add("end " + jobId);
                }

                @Override
                public void eventLost() {
                    heard.add("lost");
                }
            };

    private record Outcome(int exit, String output) {}

    @BeforeEach
    void needsTheProgram() {
        assumeTrue(SlurmHooks.available(), "needs offcut-notify: no C compiler at build time");
    }

    private SlurmHooks.Installed install(Duration deadline) {
        String pattern = directory.resolve("%n.sock").toString();
        return SlurmHooks.install(directory.resolve("hooks"), new HookSettings(pattern, deadline));
    }

    private Path socket() {
        return directory.resolve("n7.sock");
    }

    private Outcome run(Path program, Map<String, String> environment, String... arguments)
            throws Exception {
        List<String> command = new ArrayList<>(List.of(program.toString()));
        command.addAll(List.of(arguments));
        ProcessBuilder builder = new ProcessBuilder(command).redirectErrorStream(true);
        builder.environment().clear();
        builder.environment().put("SLURMD_NODENAME", "n7");
        builder.environment().putAll(environment);
        Process process = builder.start();
        byte[] output = process.getInputStream().readAllBytes();
        assertThat(process.waitFor(30, SECONDS)).isTrue();
        return new Outcome(process.exitValue(), new String(output, StandardCharsets.UTF_8));
    }

    @Test
    void reachTheDaemonOfTheirNode() throws Exception {
        SlurmHooks.Installed hooks = install(Duration.ofSeconds(20));
        try (JobEventServer _ = JobEventServer.start(JobEventServerConfig.at(socket()), listener)) {
            Map<String, String> job = Map.of("SLURM_JOB_ID", "4711");
            assertThat(run(hooks.prolog(), job)).isEqualTo(new Outcome(0, ""));
            assertThat(run(hooks.epilog(), job)).isEqualTo(new Outcome(0, ""));
        }
        assertThat(heard).containsExactly("start 4711", "end 4711");
    }

    @Test
    void exitZeroWithoutADaemonOrAProgramOrAJob() throws Exception {
        SlurmHooks.Installed hooks = install(Duration.ofSeconds(20));
        Map<String, String> job = Map.of("SLURM_JOB_ID", "4711");

        Outcome absent = run(hooks.prolog(), job);
        assertThat(absent.exit()).isZero();
        assertThat(absent.output()).contains("no node daemon at " + socket());

        Outcome noJob = run(hooks.epilog(), Map.of("SLURM_JOB_ID", "1;2"));
        assertThat(noJob.exit()).isZero();
        assertThat(noJob.output()).contains("no job id");

        Files.delete(directory.resolve("hooks/offcut-notify"));
        assertThat(run(hooks.prolog(), job).exit()).isZero();
    }

    @Test
    void giveUpAtTheirDeadlineWhenTheDaemonHangs() throws Exception {
        SlurmHooks.Installed hooks = install(Duration.ofMillis(200));
        try (ServerSocketChannel hung = ServerSocketChannel.open(StandardProtocolFamily.UNIX)) {
            hung.bind(UnixDomainSocketAddress.of(socket()));

            Outcome outcome = run(hooks.prolog(), Map.of("SLURM_JOB_ID", "5"));

            assertThat(outcome.exit()).isZero();
            assertThat(outcome.output()).contains("PROLOG 5: no answer in time");
        }
    }

    @Test
    void giveUpWhenTheQueueOfTheDaemonIsFull() throws Exception {
        SlurmHooks.Installed hooks = install(Duration.ofMillis(200));
        List<AutoCloseable> open = new ArrayList<>();
        try (ServerSocketChannel hung = ServerSocketChannel.open(StandardProtocolFamily.UNIX)) {
            hung.bind(UnixDomainSocketAddress.of(socket()), 1);
            fill(open);

            Outcome outcome = run(hooks.prolog(), Map.of("SLURM_JOB_ID", "5"));

            assertThat(outcome.exit()).isZero();
            assertThat(outcome.output()).contains("no node daemon");
        } finally {
            for (AutoCloseable connection : open) {
                connection.close();
            }
        }
    }

    private void fill(List<AutoCloseable> open) throws IOException {
        for (int i = 0; i < 64; i++) {
            var channel = java.nio.channels.SocketChannel.open(StandardProtocolFamily.UNIX);
            open.add(channel);
            channel.configureBlocking(false);
            try {
                if (!channel.connect(UnixDomainSocketAddress.of(socket()))) {
                    return;
                }
            } catch (IOException e) {
                // The queue is full, as wanted.
                return;
            }
        }
        throw new IllegalStateException("the queue never filled");
    }

    @Test
    void tellTheOutcomeByTheExitCodeOfTheProgram() throws Exception {
        install(Duration.ofSeconds(20));
        Path program = directory.resolve("hooks/offcut-notify");
        Map<String, String> environment =
                Map.of("OFFCUT_HOOK_CONF", directory.resolve("hooks/hook.conf").toString());

        assertThat(run(program, environment, "ping").exit()).isEqualTo(3);
        assertThat(run(program, environment).exit()).isEqualTo(64);
        assertThat(run(program, environment, "explode", "1").exit()).isEqualTo(64);
        assertThat(run(program, environment, "prolog", "1x").exit()).isEqualTo(64);
        try (JobEventServer _ = JobEventServer.start(JobEventServerConfig.at(socket()), listener)) {
            assertThat(run(program, environment, "ping")).isEqualTo(new Outcome(0, ""));
            assertThat(run(program, environment, "epilog", "9").exit()).isZero();
        }
        assertThat(heard).containsExactly("end 9");
    }

    @Test
    void keepTheirDefaultWhenASettingIsWrong() throws Exception {
        install(Duration.ofSeconds(20));
        Path program = directory.resolve("hooks/offcut-notify");

        Outcome outcome =
                run(
                        program,
                        Map.of(
                                "OFFCUT_NODE_SOCKET",
                                "/" + "x".repeat(400),
                                "OFFCUT_HOOK_DEADLINE_MS",
                                "soon",
                                "OFFCUT_HOOK_CONF",
                                directory.resolve("hooks/hook.conf").toString()),
                        "ping");

        assertThat(outcome.exit()).isEqualTo(3);
        assertThat(outcome.output())
                .contains("'soon' is not 1..60000, using 20000")
                .contains("too long, using " + directory);
    }

    @Test
    void refuseSettingsThatCannotWork() {
        assertThatThrownBy(() -> HookSettings.at("relative/path"))
                .isInstanceOf(IllegalArgumentException.class);
        assertThatThrownBy(() -> new HookSettings("/a\nb", Duration.ofSeconds(1)))
                .isInstanceOf(IllegalArgumentException.class);
        assertThatThrownBy(() -> new HookSettings("/a", Duration.ofHours(1)))
                .isInstanceOf(IllegalArgumentException.class);
    }
}
