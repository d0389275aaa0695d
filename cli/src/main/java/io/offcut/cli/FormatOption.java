package io.offcut.cli;

import io.offcut.cli.output.JsonOut;
import io.offcut.cli.output.Table;
import java.util.Locale;
import java.util.function.Supplier;
import picocli.CommandLine.Help;
import picocli.CommandLine.ITypeConverter;
import picocli.CommandLine.Option;
import picocli.CommandLine.TypeConversionException;

/** Whether a result is for people or for scripts. */
public final class FormatOption {
    enum Format {
        TABLE,
        JSON;

        static final class Converter implements ITypeConverter<Format> {
            @Override
            public Format convert(String text) {
                return switch (text.toLowerCase(Locale.ROOT)) {
                    case "table" -> TABLE;
                    case "json" -> JSON;
                    default ->
                            throw new TypeConversionException(
                                    "'" + text + "' is not table or json");
                };
            }
        }
    }

    @Option(
            names = "--format",
            paramLabel = "table|json",
            converter = Format.Converter.class,
            showDefaultValue = Help.Visibility.NEVER,
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
