package io.offcut.endtoend;

import static org.junit.platform.engine.discovery.DiscoverySelectors.selectClass;
import static org.junit.platform.engine.discovery.DiscoverySelectors.selectMethod;

import java.io.IOException;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import org.junit.platform.engine.DiscoverySelector;
import org.junit.platform.engine.TestExecutionResult;
import org.junit.platform.launcher.LauncherDiscoveryRequest;
import org.junit.platform.launcher.TestExecutionListener;
import org.junit.platform.launcher.TestIdentifier;
import org.junit.platform.launcher.core.LauncherDiscoveryRequestBuilder;
import org.junit.platform.launcher.core.LauncherFactory;

/**
 * Runs tests in a process of its own, which may be one in the guest, and writes what became of each
 * to a file. See {@link GuestTest}.
 */
public final class GuestSuite {
    /** What became of one test; the reason is empty where it passed. */
    record Outcome(String result, String test, String reason) {
        static final String PASSED = "SUCCESSFUL";

        private String line() {
            return String.join("\t", result, test, reason.replaceAll("\\s+", " ")) + "\n";
        }

        /** What a suite wrote to its file. */
        static List<Outcome> readAll(Path file) throws IOException {
            return Files.readAllLines(file).stream()
                    .map(line -> line.split("\t", 3))
                    .map(parts -> new Outcome(parts[0], parts[1], parts[2]))
                    .toList();
        }
    }

    private GuestSuite() {}

    /**
     * Runs them.
     *
     * @param arguments the file, then tests as {@code class} or {@code class#method}
     */
    public static void main(String[] arguments) throws IOException {
        try (PrintStream out =
                new PrintStream(
                        Files.newOutputStream(Path.of(arguments[0])),
                        true,
                        StandardCharsets.UTF_8)) {
            LauncherDiscoveryRequest request =
                    LauncherDiscoveryRequestBuilder.request()
                            .selectors(
                                    Arrays.stream(arguments)
                                            .skip(1)
                                            .map(GuestSuite::selector)
                                            .toList())
                            .build();
            LauncherFactory.create().execute(request, new Writer(out));
        }
        // Threads that a failed test left must not hold up the end.
        System.exit(0);
    }

    private static DiscoverySelector selector(String test) {
        return test.contains("#") ? selectMethod(test) : selectClass(test);
    }

    private record Writer(PrintStream out) implements TestExecutionListener {
        @Override
        public void executionStarted(TestIdentifier test) {
            System.out.println(System.currentTimeMillis() + " " + test.getDisplayName());
        }

        @Override
        public void executionSkipped(TestIdentifier test, String reason) {
            write("SKIPPED", test, reason);
        }

        @Override
        public void executionFinished(TestIdentifier test, TestExecutionResult result) {
            boolean passed = result.getStatus() == TestExecutionResult.Status.SUCCESSFUL;
            if (test.isTest() || !passed) {
                result.getThrowable().ifPresent(Throwable::printStackTrace);
                write(
                        result.getStatus().toString(),
                        test,
                        result.getThrowable().map(Throwable::toString).orElse(""));
            }
        }

        private void write(String result, TestIdentifier test, String reason) {
            out.print(new Outcome(result, test.getLegacyReportingName(), reason).line());
        }
    }
}
