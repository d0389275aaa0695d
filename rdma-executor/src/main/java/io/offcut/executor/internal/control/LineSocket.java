package io.offcut.executor.internal.control;

import java.io.BufferedInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.channels.ByteChannel;
import java.nio.channels.Channels;
import java.nio.charset.StandardCharsets;
import org.jspecify.annotations.Nullable;

/**
 * Control lines over a blocking stream socket. One thread reads; any thread writes. Lines are
 * bounded.
 */
public final class LineSocket implements AutoCloseable {
    private final ByteChannel socket;
    private final InputStream in;
    private final Object writing = new Object();

    public LineSocket(ByteChannel socket) {
        this.socket = socket;
        this.in = new BufferedInputStream(Channels.newInputStream(socket));
    }

    /**
     * Blocks for the next line.
     *
     * @return null when the peer closed the connection
     * @throws IOException if the connection broke, or the peer sent what is not a line
     */
    public @Nullable ControlLine read() throws IOException {
        byte[] line = new byte[ControlLine.MAX_CHARS];
        int length = 0;
        for (int next = in.read(); next != '\n'; next = in.read()) {
            if (next < 0) {
                return null;
            }
            if (length == line.length) {
                throw new IOException("a control line of more than " + length + " bytes");
            }
            line[length++] = (byte) next;
        }
        try {
            return ControlLine.parse(new String(line, 0, length, StandardCharsets.UTF_8));
        } catch (IllegalArgumentException e) {
            throw new IOException(e.getMessage(), e);
        }
    }

    /** Writes lines, at once: the peer wakes for each write. Blocks while it does not read. */
    public void write(ControlLine... lines) throws IOException {
        StringBuilder text = new StringBuilder();
        for (ControlLine line : lines) {
            text.append(line.text()).append('\n');
        }
        ByteBuffer bytes = StandardCharsets.UTF_8.encode(text.toString());
        synchronized (writing) {
            while (bytes.hasRemaining()) {
                int ignored = socket.write(bytes);
            }
        }
    }

    @Override
    public void close() {
        try {
            synchronized (writing) {
                socket.close();
            }
        } catch (IOException e) {
            // Nothing is lost with a connection that nobody needs any more.
        }
    }
}
