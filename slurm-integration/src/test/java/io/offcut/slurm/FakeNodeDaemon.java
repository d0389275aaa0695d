package io.offcut.slurm;

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
import java.util.ArrayList;
import java.util.List;
import java.util.function.Function;

/**
 * Hears what the plugin says on one node and answers as it is told, right or wrong. An empty answer
 * is silence: the connection stays open until this is closed.
 */
final class FakeNodeDaemon implements AutoCloseable {
    static final String SILENCE = "";

    private final Path socket;
    private final ServerSocketChannel server;
    private final Function<String, String> answers;
    private final List<String> heard = new ArrayList<>();
    private final List<SocketChannel> silent = new ArrayList<>();

    private FakeNodeDaemon(Path socket, Function<String, String> answers) throws IOException {
        this.socket = socket;
        this.answers = answers;
        this.server = ServerSocketChannel.open(StandardProtocolFamily.UNIX);
        Files.deleteIfExists(socket);
        server.bind(UnixDomainSocketAddress.of(socket));
        Files.setPosixFilePermissions(socket, PosixFilePermissions.fromString("rw-------"));
    }

    /** One that is given each line without its end and says what it is answered. */
    static FakeNodeDaemon start(Path socket, Function<String, String> answers) throws IOException {
        FakeNodeDaemon started = new FakeNodeDaemon(socket, answers);
        Thread.ofVirtual().start(started::serve);
        return started;
    }

    /** The lines of a job so far, as they came. */
    synchronized List<String> heardOf(String jobId) {
        return heard.stream().filter(line -> line.matches("[A-Z_]+ " + jobId + "( .*)?")).toList();
    }

    synchronized List<String> heard() {
        return List.copyOf(heard);
    }

    private void serve() {
        while (server.isOpen()) {
            try {
                SocketChannel connection = server.accept();
                Thread.ofVirtual().start(() -> serve(connection));
            } catch (IOException e) {
                return;
            }
        }
    }

    private void serve(SocketChannel connection) {
        try {
            String line =
                    new BufferedReader(Channels.newReader(connection, StandardCharsets.US_ASCII))
                            .readLine();
            String answer = answers.apply(line);
            synchronized (this) {
                heard.add(line);
                silent.add(connection);
            }
            if (!answer.equals(SILENCE)) {
                ByteBuffer bytes = ByteBuffer.wrap(answer.getBytes(StandardCharsets.ISO_8859_1));
                while (bytes.hasRemaining()) {
                    connection.write(bytes);
                }
                connection.close();
            }
        } catch (IOException e) {
            // The plugin has no time for more of the answer.
            return;
        }
    }

    @Override
    public synchronized void close() throws IOException {
        server.close();
        for (SocketChannel connection : silent) {
            connection.close();
        }
        Files.deleteIfExists(socket);
    }
}
