package io.offcut.benchmarks;

import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import org.openjdk.jmh.Main;
import picocli.CommandLine.Command;
import picocli.CommandLine.Parameters;

/** {@code offcut bench parts}. */
@Command(
        name = "parts",
        description =
                "Measures the parts of a call with JMH, each beside the least that could be in its"
                        + " place.",
        footerHeading = "%nExample:%n",
        footer = "  offcut bench parts -- Frame -f 3")
final class PartsCommand implements Callable<Integer> {
    @Parameters(paramLabel = "OPTION", description = "Options of JMH, after --; -- -h lists them.")
    List<String> options = new ArrayList<>();

    @Override
    public Integer call() throws IOException {
        Main.main(options.toArray(String[]::new));
        return 0;
    }
}
