package io.offcut.slurm.internal.site;

import static java.nio.charset.StandardCharsets.US_ASCII;
import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

@Timeout(30)
class SiteMachineTest {
    @TempDir Path folder;

    private ServerSocketChannel listen(Path socket) throws IOException {
        ServerSocketChannel server = ServerSocketChannel.open(StandardProtocolFamily.UNIX);
        server.bind(UnixDomainSocketAddress.of(socket), 1);
        return server;
    }

    private Reading pingWith(String answer) throws Exception {
        Path socket = folder.resolve("s" + answer.length());
        try (ServerSocketChannel server = listen(socket)) {
            Thread daemon =
                    Thread.ofVirtual()
                            .start(() -> {
                                try (SocketChannel peer = server.accept()) {
                                    peer.read(ByteBuffer.allocate(5));
                                    peer.write(ByteBuffer.wrap(answer.getBytes(US_ASCII)));
                                    // A line is an answer, also when nobody closes behind it.
                                    int more = answer.isEmpty() ? -1 : 0;
                                    while (more >= 0) {
                                        more = peer.read(ByteBuffer.allocate(5));
                                    }
                                } catch (IOException e) {
                                    // The other side has gone: its answer is what is looked at.
                                    return;
                                }
                            });
            Reading reading = SiteMachine.ping(socket);
            daemon.join();
            return reading;
        }
    }

    @Test
    void hearsWhatTheDaemonAnswers() throws Exception {
        assertThat(pingWith("OK\n")).isEqualTo(Reading.of("OK"));
        assertThat(pingWith("ERROR busy\nmore\n")).isEqualTo(Reading.of("ERROR busy"));
        assertThat(pingWith("").text()).isNull();
        assertThat(pingWith("x".repeat(5000)).text()).isEqualTo("a line that does not end");
    }

    @Test
    void isNotHeldByADaemonThatHangsOrIsGone() throws Exception {
        Path hung = folder.resolve("hung");
        try (ServerSocketChannel server = listen(hung)) {
            assertThat(server.isOpen()).isTrue();
            assertThat(SiteMachine.ping(hung).why()).contains("within 2000 ms");
            assertThat(SiteMachine.ping(hung).text()).isNull();
            // The backlog is full by now.
            assertThat(SiteMachine.ping(hung).text()).isNull();
        }
        assertThat(SiteMachine.ping(hung).why()).isEqualTo("does not answer");
        assertThat(SiteMachine.ping(folder.resolve("none")).why()).isEqualTo("is not there");
        assertThat(SiteMachine.ping(Path.of("/" + "x".repeat(300))).text()).isNull();
    }

    @Test
    void tellsVersionsOfControlGroups() throws IOException {
        assertThat(SiteMachine.cgroups(folder).version()).isZero();

        Path memory = Files.createDirectories(folder.resolve("memory"));
        Files.writeString(memory.resolve("cgroup.procs"), "1\n");
        assertThat(SiteMachine.cgroups(folder))
                .isEqualTo(new SiteFacts.Cgroups(1, java.util.Set.of("memory")));

        Files.writeString(folder.resolve("cgroup.controllers"), "cpuset cpu io memory pids\n");
        assertThat(SiteMachine.cgroups(folder).version()).isEqualTo(2);
        assertThat(SiteMachine.cgroups(folder).controllers()).contains("memory", "cpuset");
    }
}
