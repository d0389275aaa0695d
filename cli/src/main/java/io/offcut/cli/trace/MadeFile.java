package io.offcut.cli.trace;

import io.offcut.traces.LogOutput;
import java.io.PrintWriter;
import java.nio.file.Path;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Option;

/** Where a synthetic trace goes, and what it is made from. */
final class MadeFile {
    @Option(
            names = "--out",
            paramLabel = "FILE",
            description = "Where to write; .gz or .zst compresses. Default: stdout.")
    private @Nullable Path out;

    @Option(names = "--seed", paramLabel = "N", defaultValue = "1", description = "Seed.")
    long seed;

    /** Writes it, and says on the terminal what it is. */
    void write(LogOutput.Body body, PrintWriter text, String what) {
        if (out == null) {
            OutputOptions.stdout(body);
            return;
        }
        LogOutput.write(out, body);
        text.printf("%s: %s%n", out, what);
        text.flush();
    }
}
