package io.offcut.slurm;

import static java.util.concurrent.TimeUnit.SECONDS;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.offcut.core.ErrorCode;
import io.offcut.core.OffcutException;
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
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

@Timeout(60)
class JobEventServerTest {
    @TempDir Path directory;

    private final List<String> heard = new CopyOnWriteArrayList<>();
    private final CountDownLatch release = new CountDownLatch(1);
    private Path socket = Path.of("unset");

    /** Job 13 fails, job 14 hangs until released. */
    private final JobEvents listener =
            new JobEvents() {
                @Override
                public void jobStarting(String jobId) throws InterruptedException {
                    if (jobId.equals("13")) {
                        throw new IllegalStateException("made to fail");
                    }
                    if (jobId.equals("14")) {
                        release.await();
                    }
                    heard.add("start " + jobId);
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

    /** The answer line; empty if the server closed without one. */
    private static String answer(SocketChannel channel) throws IOException {
        String line =
                new BufferedReader(Channels.newReader(channel, StandardCharsets.US_ASCII))
                        .readLine();
        return line == null ? "" : line + "\n";
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
                            "prolog 1\n")) {
                assertThat(ask(line)).as(line).startsWith("ERROR ");
            }
            assertThat(ask("PROLOG " + "1".repeat(300))).isEqualTo("ERROR line too long\n");
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
        Files.setPosixFilePermissions(directory, PosixFilePermissions.fromString("rwxr-xr-x"));

        try (JobEventServer _ = JobEventServer.start(config(), listener)) {
            Files.setPosixFilePermissions(socket, PosixFilePermissions.fromString("rw-rw-rw-"));
            assertThat(prologAs("nobody")).isEqualTo("ERROR not permitted\n");
            assertThat(heard).isEmpty();
        }
        JobEventServerConfig trusting = config().withTrustedUsers(Set.of("nobody"));
        try (JobEventServer _ = JobEventServer.start(trusting, listener)) {
            Files.setPosixFilePermissions(socket, PosixFilePermissions.fromString("rw-rw-rw-"));
            assertThat(prologAs("nobody")).isEqualTo("OK\n");
            assertThat(heard).containsExactly("start 12");
        }
    }

    /** What another user, in a process of its own, is answered. */
    private String prologAs(String user) throws Exception {
        Path program =
                Files.writeString(
                        directory.resolve("Prolog.java"),
                        """
                        void main(String[] socket) throws Exception {
                            var address = java.net.UnixDomainSocketAddress.of(socket[0]);
                            try (var channel = java.nio.channels.SocketChannel.open(address)) {
                                channel.write(java.nio.ByteBuffer.wrap("PROLOG 12\\n".getBytes()));
                                var answer = java.nio.ByteBuffer.allocate(100);
                                while (answer.position() == 0
                                        || answer.get(answer.position() - 1) != '\\n') {
                                    channel.read(answer);
                                }
                                IO.print(new String(answer.array(), 0, answer.position()));
                            }
                        }
                        """);
        Process process =
                new ProcessBuilder(
                                "runuser",
                                "-u",
                                user,
                                "--",
                                Path.of(System.getProperty("java.home"), "bin/java").toString(),
                                program.toString(),
                                socket.toString())
                        .redirectErrorStream(true)
                        .start();
        String said = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        process.waitFor();
        return said;
    }
}
