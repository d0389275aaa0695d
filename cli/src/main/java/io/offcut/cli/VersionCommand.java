package io.offcut.cli;

import io.offcut.cli.output.JsonOut;
import io.offcut.core.frame.InvocationFrame;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;

/** {@code offcut version}. */
@Command(
        name = "version",
        description = "Shows the versions of Offcut, of its protocol, and of Java.",
        footerHeading = "%nExample:%n",
        footer = "  offcut version --format json")
final class VersionCommand implements Callable<Integer> {
    private final Io io;

    @Mixin FormatOption format = new FormatOption();

    VersionCommand(Io io) {
        this.io = io;
    }

    @Override
    public Integer call() {
        Map<String, String> values = new LinkedHashMap<>();
        values.put("offcut", version());
        values.put("frame", String.valueOf(InvocationFrame.VERSION));
        values.put("java", Runtime.version().toString());
        if (format.json()) {
            io.print(JsonOut.text(values));
        } else {
            io.print(
                    "offcut "
                            + values.get("offcut")
                            + " (frame version "
                            + values.get("frame")
                            + ", Java "
                            + values.get("java")
                            + ")");
        }
        return 0;
    }

    /** As the jar's manifest says. */
    static String version() {
        String version = Main.class.getPackage().getImplementationVersion();
        return version == null ? "development" : version;
    }
}
