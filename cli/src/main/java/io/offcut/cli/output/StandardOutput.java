package io.offcut.cli.output;

import java.io.FileDescriptor;
import java.io.FileOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.file.Files;
import java.nio.file.Path;

/**
 * Standard output of this process. Ends the command with a {@link ReaderGone} when whoever read it
 * has gone; a full disk stays an {@link IOException}. As thread-safe as a file.
 */
public final class StandardOutput extends OutputStream {
    private static final Path DESCRIPTOR = Path.of("/proc/self/fd/1");

    private final OutputStream out = new FileOutputStream(FileDescriptor.out);

    /** Nobody reads any more, as behind {@code | head}. Not caught by streams that print. */
    public static final class ReaderGone extends RuntimeException {
        private static final long serialVersionUID = 1;

        /** As a shell tells of a program that SIGPIPE (13) has ended. */
        public static final int EXIT_CODE = 128 + 13;

        private ReaderGone(IOException cause) {
            super("nobody reads standard output", cause);
        }
    }

    @Override
    public void write(int value) throws IOException {
        write(new byte[] {(byte) value}, 0, 1);
    }

    @Override
    public void write(byte[] bytes, int from, int length) throws IOException {
        try {
            out.write(bytes, from, length);
        } catch (IOException e) {
            // Its message is in the user's language; a pipe fails for this reason alone.
            if (isPipe()) {
                throw new ReaderGone(e);
            }
            throw e;
        }
    }

    /** Where a file descriptor leads is seen in /proc (proc_pid_fd(5)). */
    private static boolean isPipe() throws IOException {
        String target = Files.readSymbolicLink(DESCRIPTOR).toString();
        return target.startsWith("pipe:") || target.startsWith("socket:");
    }
}
