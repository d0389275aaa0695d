package io.offcut.benchmarks;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import org.openjdk.jcstress.Main;
import picocli.CommandLine.Command;
import picocli.CommandLine.Parameters;

/** {@code offcut bench stress}. */
@Command(
        name = "stress",
        description =
                "Searches for orders of execution in which a wake-up is lost, with jcstress: all"
                        + " compilers, some minutes. Exits 1 when one is found.",
        footerHeading = "%nExample:%n",
        footer = "  offcut bench stress -- -m quick -t ClientSleeps")
final class StressCommand implements Callable<Integer> {
    @Parameters(paramLabel = "OPTION", description = "Options of jcstress, after --.")
    List<String> options = new ArrayList<>();

    @Override
    public Integer call() throws Exception {
        try {
            Main.main(options.toArray(String[]::new));
            return 0;
        } catch (AssertionError e) {
            // How jcstress ends when it found something; it has printed what.
            return 1;
        }
    }
}
