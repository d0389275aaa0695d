package io.offcut.slurm;

import static java.util.concurrent.TimeUnit.SECONDS;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.offcut.core.CpuSet;
import io.offcut.core.ErrorCode;
import io.offcut.core.OffcutException;
import io.offcut.core.SharePolicy;
import java.io.BufferedReader;
import java.io.IOException;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.Channels;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import java.util.stream.Collectors;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

@Timeout(60)
class JobEventServerTest {
    @TempDir Path directory;

    private final List<String> heard = new CopyOnWriteArrayList<>();
    private final List<JobStart> starts = new CopyOnWriteArrayList<>();
    private final List<JobAllocation> allocations = new CopyOnWriteArrayList<>();
    private final CountDownLatch release = new CountDownLatch(1);
    private Path socket = Path.of("unset");

    /** Job 13 fails, job 14 hangs until released. */
    private final JobEvents listener =
            new JobEvents() {
                @Override
                public boolean jobStarting(JobStart start) throws InterruptedException {
                    String jobId = start.jobId();
                    if (jobId.equals("13")) {
                        throw new IllegalStateException("made to fail");
                    }
                    if (jobId.equals("14")) {
                        release.await();
                    }
                    heard.add("start " + jobId);
                    starts.add(start);
                    return !jobId.equals("16");
                }

                @Override
                public Allocated jobAllocated(JobAllocation allocation) {
                    allocations.add(allocation);
                    return new Allocated(
                            !allocation.jobId().equals("16"), List.of("OFFCUT_A=1", "OFFCUT_B=2"));
                }

                @Override
                public void stepEnded(String jobId, String step) {
                    heard.add("end " + jobId + "." + step);
                }

                @Override
                public void jobEnded(String jobId) {
                    heard.add("end " + jobId);
                }

                @Override
                public void eventLost() {
                    heard.add("lost");
                }
            };

    @BeforeEach
    void chooseSocket() {
        socket = directory.resolve("node.sock");
    }

    @AfterEach
    void releaseListener() {
        release.countDown();
    }

    private JobEventServerConfig config() {
        return JobEventServerConfig.at(socket).withAnswerTimeout(Duration.ofSeconds(20));
    }

    private SocketChannel connect() throws IOException {
        return SocketChannel.open(UnixDomainSocketAddress.of(socket));
    }

    /** All that is answered; empty if the server closed without a word. */
    private static String answer(SocketChannel channel) throws IOException {
        var reader = new BufferedReader(Channels.newReader(channel, StandardCharsets.US_ASCII));
        return reader.lines().map(line -> line + "\n").collect(Collectors.joining());
    }

    private String ask(String request) throws IOException {
        try (SocketChannel channel = connect()) {
            channel.write(ByteBuffer.wrap(request.getBytes(StandardCharsets.US_ASCII)));
            return answer(channel);
        }
    }

    @Test
    void passesEventsOnAndAnswers() throws IOException {
        try (JobEventServer server = JobEventServer.start(config(), listener)) {
            assertThat(server.socketPath()).isEqualTo(socket);
            assertThat(ask("PING\n")).isEqualTo("OK\n");
            assertThat(ask("PROLOG 12\n")).isEqualTo("OK\n");
            assertThat(ask("EPILOG 12 reserved words\r\n")).isEqualTo("OK\n");
        }
        assertThat(heard).containsExactly("start 12", "end 12");
    }

    @Test
    void readsWhatAPrologAndAStepTell() throws IOException {
        try (JobEventServer _ = JobEventServer.start(config(), listener)) {
            assertThat(ask("PROLOG 12 cpus=4 new=1 share=exclusive\n")).isEqualTo("OK\n");
            assertThat(ask("PROLOG 16 share=share:3\n")).isEqualTo("TIMEOUT\n");
            assertThat(
                            ask(
                                    "ALLOC 12 step=extern cores=0-1,5 mem_mib=2000 uid=1001"
                                            + " share=share:3,512 workers=8 worker_mem_mib=64"
                                            + " function=wc/words node_id=1\n"))
                    .isEqualTo("OK\nOFFCUT_A=1\nOFFCUT_B=2\n");
            assertThat(ask("ALLOC 16 step=0 cores=7\n"))
                    .isEqualTo("TIMEOUT\nOFFCUT_A=1\nOFFCUT_B=2\n");
            assertThat(ask("STEP_END 12 step=0\n")).isEqualTo("OK\n");
        }
        assertThat(starts)
                .containsExactly(
                        new JobStart("12", 4, SharePolicy.EXCLUSIVE),
                        new JobStart("16", 0, new SharePolicy(true, 3, Long.MAX_VALUE)));
        assertThat(allocations)
                .containsExactly(
                        new JobAllocation(
                                "12",
                                "extern",
                                CpuSet.of(0, 1, 5),
                                2000L << 20,
                                1001,
                                new SharePolicy(true, 3, 512L << 20),
                                new JobAllocation.WorkerWish(8, 64L << 20, "wc/words", 1)),
                        new JobAllocation("16", "0", CpuSet.of(7), 0, -1, null, null));
        assertThat(heard).containsExactly("start 12", "start 16", "end 12.0");
    }

    @Test
    void letsNobodyButItsOwnerOpenTheSocketAndRemovesIt() throws IOException {
        try (JobEventServer _ = JobEventServer.start(config(), listener)) {
            assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(socket)))
                    .isEqualTo("rw-------");
        }
        assertThat(directory).isEmptyDirectory();
    }

    @Test
    void answersTimeoutAndLetsTheListenerFinish() throws IOException {
        JobEventServerConfig config = config().withAnswerTimeout(Duration.ofMillis(100));
        try (JobEventServer _ = JobEventServer.start(config, listener)) {
            assertThat(ask("PROLOG 14\n")).isEqualTo("TIMEOUT\n");
            assertThat(heard).isEmpty();
            release.countDown();
            await().atMost(20, SECONDS).until(() -> heard.contains("start 14"));
        }
    }

    @Test
    void tellsOfAFailureWithoutItsDetails() throws IOException {
        try (JobEventServer _ = JobEventServer.start(config(), listener)) {
            assertThat(ask("PROLOG 13\n")).startsWith("ERROR ").doesNotContain("made to fail");
            assertThat(heard).containsExactly("lost");
            assertThat(ask("PROLOG 15\n")).isEqualTo("OK\n");
        }
    }

    @Test
    void refusesMalformedLines() throws IOException {
        try (JobEventServer _ = JobEventServer.start(config(), listener)) {
            for (String line :
                    List.of(
                            "\n",
                            "HELLO 1\n",
                            "PROLOG\n",
                            "PROLOG 0\n",
                            "PROLOG ../../etc\n",
                            "EPILOG 12345678901\n",
                            "prolog 1\n",
                            "PROLOG 1 cpus=-1\n",
                            "PROLOG 1 cpus=99999999999\n",
                            "PROLOG 1 share=all\n",
                            "PROLOG 1 share=share:1,2,3\n",
                            "PROLOG 1 cpus=1 cpus=2\n",
                            "ALLOC 1 step=0 cores=\n",
                            "ALLOC 1 step=0 cores=0-99999999\n",
                            "ALLOC 1 step=0 cores=3-1\n",
                            "ALLOC 1 step=../x cores=0\n",
                            "ALLOC 1 step=0 cores=0 workers=1 function=a;b\n",
                            "STEP_END 1\n")) {
                assertThat(ask(line)).as(line).startsWith("ERROR ");
            }
            assertThat(ask("PROLOG " + "1".repeat(1017))).isEqualTo("ERROR line too long\n");
        }
        assertThat(heard).isEmpty();
    }

    @Test
    void closesAConnectionThatSendsNoLine() throws IOException {
        JobEventServerConfig config = config().withLimits(Duration.ofMillis(100), 4);
        try (JobEventServer _ = JobEventServer.start(config, listener);
                SocketChannel silent = connect()) {
            silent.write(ByteBuffer.wrap("PROL".getBytes(StandardCharsets.US_ASCII)));
            assertThat(answer(silent)).isEmpty();
            await().atMost(20, SECONDS).until(() -> heard.contains("lost"));
            assertThat(ask("PING\n")).isEqualTo("OK\n");
        }
    }

    @Test
    void refusesMoreEventsThanItsLimitUntilOneIsFinished() throws IOException {
        JobEventServerConfig config =
                config().withAnswerTimeout(Duration.ofMillis(50)).withLimits(SECOND, 1);
        try (JobEventServer _ = JobEventServer.start(config, listener)) {
            assertThat(ask("PROLOG 14\n")).isEqualTo("TIMEOUT\n");
            // Nothing need be sent to be refused, and what is sent may find the socket closed.
            try (SocketChannel channel = connect()) {
                assertThat(answer(channel)).isEqualTo("ERROR busy\n");
            }
            assertThat(heard).containsExactly("lost");
            release.countDown();
            await().atMost(20, SECONDS)
                    .ignoreExceptions()
                    .until(() -> ask("PING\n").equals("OK\n"));
        }
    }

    private static final Duration SECOND = Duration.ofSeconds(1);

    @Test
    void replacesTheSocketOfADeadDaemon() throws IOException {
        ServerSocketChannel dead = ServerSocketChannel.open(StandardProtocolFamily.UNIX);
        dead.bind(UnixDomainSocketAddress.of(socket));
        dead.close();
        assertThat(socket).exists();

        try (JobEventServer _ = JobEventServer.start(config(), listener)) {
            assertThat(ask("PING\n")).isEqualTo("OK\n");
        }
    }

    @Test
    void leavesTheSocketOfALivingDaemonAlone() throws IOException {
        try (JobEventServer _ = JobEventServer.start(config(), listener)) {
            assertRefused(config(), ErrorCode.CONFLICT, "in use");
            assertThat(ask("PING\n")).isEqualTo("OK\n");
        }
    }

    @Test
    void leavesAFileThatIsNoSocketAlone() throws IOException {
        Files.writeString(socket, "precious");

        assertRefused(config(), ErrorCode.CONFLICT, "not a socket");
        assertThat(socket).hasContent("precious");
    }

    @Test
    void refusesPathsThatCannotBeSockets() {
        assertRefused(
                JobEventServerConfig.at(directory.resolve("x".repeat(120))),
                ErrorCode.USAGE,
                "longer than");
        assertRefused(
                JobEventServerConfig.at(directory.resolve("none/s.sock")),
                ErrorCode.USAGE,
                "existing directory");
    }

    @Test
    void refusesATrustedUserWhoDoesNotExist() {
        assertRefused(
                config().withTrustedUsers(Set.of("nosuchuser")), ErrorCode.USAGE, "nosuchuser");
        assertThat(socket).doesNotExist();
    }

    private void assertRefused(JobEventServerConfig config, ErrorCode code, String part) {
        assertThatThrownBy(() -> JobEventServer.start(config, listener))
                .isInstanceOfSatisfying(
                        OffcutException.class, e -> assertThat(e.code()).isEqualTo(code))
                .hasMessageContaining(part);
    }

    /** The socket's mode is opened first, so that only the check of the peer stands in the way. */
    @Test
    void hearsOnlyTrustedUsers() throws Exception {
        assumeTrue(
                "root".equals(System.getProperty("user.name")),
                "needs root: connects as another user");
        Path perl = Path.of("/usr/bin/perl");
        assumeTrue(Files.isExecutable(perl), "needs perl: it connects as another user");
        Files.setPosixFilePermissions(directory, PosixFilePermissions.fromString("rwxr-xr-x"));

        try (JobEventServer _ = JobEventServer.start(config(), listener)) {
            Files.setPosixFilePermissions(socket, PosixFilePermissions.fromString("rw-rw-rw-"));
            assertThat(askAs("nobody")).isEqualTo("ERROR not permitted\n");
            assertThat(heard).isEmpty();
        }
        JobEventServerConfig trusting = config().withTrustedUsers(Set.of("nobody"));
        try (JobEventServer _ = JobEventServer.start(trusting, listener)) {
            Files.setPosixFilePermissions(socket, PosixFilePermissions.fromString("rw-rw-rw-"));
            assertThat(askAs("nobody")).isEqualTo("OK\n");
            assertThat(heard).containsExactly("start 12");
        }
    }

    private String askAs(String user) throws Exception {
        String ask =
                "use Socket; socket(my $s, AF_UNIX, SOCK_STREAM, 0) or die; connect($s,"
                        + " sockaddr_un($ARGV[0])) or die; $SIG{PIPE} = q(IGNORE);"
                        + " syswrite($s, qq(PROLOG 12\n));"
                        + " print while <$s>";
        Process process =
                new ProcessBuilder(
                                "runuser",
                                "-u",
                                user,
                                "--",
                                "/usr/bin/perl",
                                "-e",
                                ask,
                                socket.toString())
                        .redirectErrorStream(true)
                        .start();
        String said = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        assertThat(process.waitFor()).as(said).isZero();
        return said;
    }
}
