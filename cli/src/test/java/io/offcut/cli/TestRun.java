package io.offcut.cli;

import static java.nio.charset.StandardCharsets.UTF_8;

import io.offcut.cli.output.Terminal;
import io.offcut.client.config.ConfigLoader;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.util.List;
import java.util.Map;

/**
 * What one command line did.
 *
 * @param out standard output
 * @param err standard error
 */
public record TestRun(int exitCode, String out, String err) {
    public static TestRun of(String... args) {
        return of(Map.of(), new byte[0], args);
    }

    public static TestRun of(Map<String, String> environment, byte[] stdin, String... args) {
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        ByteArrayOutputStream err = new ByteArrayOutputStream();
        Io io =
                new Io(
                        new ByteArrayInputStream(stdin),
                        new PrintStream(out, true, UTF_8),
                        new PrintStream(err, true, UTF_8),
                        Terminal.NONE,
                        new ConfigLoader(environment, List.of()));
        int exitCode = Main.run(io, args);
        return new TestRun(exitCode, out.toString(UTF_8), err.toString(UTF_8));
    }
}
