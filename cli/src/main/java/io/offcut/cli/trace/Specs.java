package io.offcut.cli.trace;

import java.io.PrintWriter;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Model.CommandSpec;

/** The streams of the command line that a command is run by. */
final class Specs {
    private Specs() {}

    static CommandSpec require(@Nullable CommandSpec spec) {
        if (spec == null) {
            throw new IllegalStateException("run by picocli only");
        }
        return spec;
    }

    static PrintWriter out(@Nullable CommandSpec spec) {
        return require(spec).commandLine().getOut();
    }

    static PrintWriter err(@Nullable CommandSpec spec) {
        return require(spec).commandLine().getErr();
    }
}
