package io.offcut.testing;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import org.junit.platform.engine.TestExecutionResult;
import org.junit.platform.engine.support.descriptor.ClassSource;
import org.junit.platform.engine.support.descriptor.MethodSource;
import org.junit.platform.launcher.TestExecutionListener;
import org.junit.platform.launcher.TestIdentifier;

/**
 * Says by name which tests a machine could not run and why, so that no skip hides. Registered for
 * every module; prints a line for each and keeps them in {@code target/skipped-tests.txt} of the
 * module.
 */
public final class SkippedTests implements TestExecutionListener {
    @Override
    public void executionSkipped(TestIdentifier test, String reason) {
        report(test, reason);
    }

    @Override
    public void executionFinished(TestIdentifier test, TestExecutionResult result) {
        if (result.getStatus() == TestExecutionResult.Status.ABORTED) {
            report(
                    test,
                    result.getThrowable().map(Throwable::getMessage).orElse("no reason given"));
        }
    }

    private static void report(TestIdentifier test, String reason) {
        String line =
                "skipped: " + name(test) + ": " + reason.replace("Assumption failed: ", "").strip();
        System.out.println(line);
        try {
            Files.writeString(
                    Path.of("target", "skipped-tests.txt"),
                    line + "\n",
                    StandardCharsets.UTF_8,
                    StandardOpenOption.CREATE,
                    StandardOpenOption.APPEND);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static String name(TestIdentifier test) {
        return test.getSource()
                .map(source ->
                        switch (source) {
                            case MethodSource method ->
                                    method.getClassName() + "." + method.getMethodName();
                            case ClassSource type -> type.getClassName();
                            default -> test.getDisplayName();
                        })
                .orElse(test.getDisplayName());
    }
}
