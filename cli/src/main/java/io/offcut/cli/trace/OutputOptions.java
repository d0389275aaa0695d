package io.offcut.cli.trace;

import io.offcut.cli.output.Choice;
import io.offcut.cli.output.StandardOutput;
import io.offcut.cli.output.Units;
import io.offcut.core.ErrorCode;
import io.offcut.core.OffcutException;
import io.offcut.traces.LogOutput;
import io.offcut.traces.LogOutput.Format;
import io.offcut.traces.SwfLog;
import java.io.BufferedOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.io.PrintWriter;
import java.nio.file.Path;
import java.util.Locale;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Option;

/** Where a command writes a log. */
final class OutputOptions {
    @Option(
            names = "--out",
            paramLabel = "FILE",
            description =
                    "Where to write: a name that ends in .swf or .csv, with .gz or .zst behind it"
                            + " to compress. Default: stdout.")
    private @Nullable Path out;

    @Option(
            names = "--as",
            paramLabel = "swf|csv",
            description = "Format, where the name does not tell it. Default: swf.")
    private @Nullable String as;

    /** Writes a log, and says on the terminal how much of it there is. */
    void write(SwfLog log, PrintWriter text, String note) {
        Format format = format();
        if (out == null) {
            stdout(stream -> LogOutput.write(stream, format, log));
            return;
        }
        LogOutput.write(out, format, log);
        text.printf(Locale.ROOT, "%s: %s%s%n", out, Units.counted(log.jobs().size(), "job"), note);
        text.flush();
    }

    private Format format() {
        Format named = out == null ? null : LogOutput.formatOf(out);
        if (as == null && named == null && out != null && out.toString().contains(".")) {
            throw new OffcutException(
                    ErrorCode.USAGE,
                    "--out " + out + ": give a name that ends in " + LogOutput.NAMES + ", or --as");
        }
        if (as != null) {
            return Choice.of("--as", Format.class, as);
        }
        return named == null ? Format.SWF : named;
    }

    // Stays open for whoever comes next.
    static void stdout(LogOutput.Body body) {
        OutputStream out = new BufferedOutputStream(new StandardOutput(), 1 << 16);
        try {
            body.writeTo(out);
            out.flush();
        } catch (IOException e) {
            throw new OffcutException(
                    ErrorCode.EXHAUSTED,
                    "stdout: cannot be written (" + e.getMessage() + "): check the disk's room",
                    e);
        }
    }
}
