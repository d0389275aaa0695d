package io.offcut.cli;

import io.offcut.cli.output.JsonOut;
import io.offcut.cli.output.Table;
import java.util.function.Supplier;
import picocli.CommandLine.Option;

/** Whether a list is for people or for scripts. */
public final class FormatOption {
    enum Format {
        TABLE,
        JSON
    }

    @Option(
            names = "--format",
            paramLabel = "table|json",
            description = "For people or for scripts. Default: table.")
    Format format = Format.TABLE;

    /** Whether for scripts. */
    public boolean json() {
        return format == Format.JSON;
    }

    /** Writes a list: as it is for scripts, as a table for people. */
    public void print(Io io, Object values, Supplier<Table> table) {
        io.print(json() ? JsonOut.text(values) : table.get().render(io.terminal()));
    }
}
