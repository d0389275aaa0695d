package io.offcut.cli.archive;

import io.offcut.cli.Io;
import io.offcut.cli.Main;
import java.nio.file.Path;

/**
 * The simulations from which Java learns what an archive should hold and what becomes hot: jobs
 * alone, then a recorded schedule with functions and the report.
 */
public final class Rehearsal {
    private Rehearsal() {}

    /** Three arguments: a log of many jobs, one of some, and a folder for results. */
    public static void main(String[] args) {
        Io io = Io.system();
        String out = Path.of(args[2]).toString();
        Main.run(
                io,
                "simulate",
                args[0],
                "--procs",
                "100",
                "--functions",
                "none",
                "--no-report",
                "--times",
                "--out",
                out);
        System.exit(
                Main.run(
                        io,
                        "simulate",
                        args[1],
                        "--procs",
                        "100",
                        "--scheduler",
                        "recorded",
                        "--functions",
                        "fit",
                        "--out",
                        out));
    }
}
