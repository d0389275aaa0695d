package io.offcut.cli;

import io.offcut.cli.output.StandardOutput;
import io.offcut.cli.output.Terminal;
import io.offcut.client.config.ConfigLoader;
import java.io.BufferedOutputStream;
import java.io.FileDescriptor;
import java.io.FileInputStream;
import java.io.FileOutputStream;
import java.io.InputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;

/**
 * What a command has to do with the outside: its streams, its terminal, its configuration.
 *
 * @param in standard input
 * @param out results; nothing else goes there
 * @param err messages and progress
 */
public record Io(
        InputStream in, PrintStream out, PrintStream err, Terminal terminal, ConfigLoader config) {
    private static final int BUFFER_BYTES = 1 << 16;

    /** That of this process. */
    public static Io system() {
        return new Io(
                new FileInputStream(FileDescriptor.in),
                new PrintStream(
                        new BufferedOutputStream(new StandardOutput(), BUFFER_BYTES),
                        false,
                        StandardCharsets.UTF_8),
                new PrintStream(
                        new FileOutputStream(FileDescriptor.err), true, StandardCharsets.UTF_8),
                Terminal.detect(System.getenv()),
                ConfigLoader.system());
    }

    /** Writes a line of results and sends it on at once. */
    public void print(String text) {
        out.println(text);
        out.flush();
    }

    /** Writes a message for people. */
    public void say(String text) {
        err.println("offcut: " + text);
    }
}
