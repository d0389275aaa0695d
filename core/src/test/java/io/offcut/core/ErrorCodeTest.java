package io.offcut.core;

import static org.assertj.core.api.Assertions.assertThat;

import io.offcut.core.frame.InvocationStatus;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.regex.MatchResult;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;

/** The tables that users read are the ones that programs get. */
final class ErrorCodeTest {
    private static final Path TABLES = Path.of("..", "docs", "reference", "errors.md");

    @Test
    void documentedCodesAreTheCodes() throws IOException {
        Pattern row = Pattern.compile("(?m)^\\| `(\\w+)` \\| (\\d+) \\| (\\d+) \\|");
        List<String> documented =
                row.matcher(Files.readString(TABLES))
                        .results()
                        .map(found -> found.group(1) + " " + found.group(2) + " " + found.group(3))
                        .toList();
        assertThat(documented)
                .isEqualTo(
                        Arrays.stream(ErrorCode.values())
                                .map(code ->
                                        code.name()
                                                + " "
                                                + code.exitCode()
                                                + " "
                                                + code.httpStatus())
                                .toList());
    }

    @Test
    void documentedStatusesAreTheStatuses() throws IOException {
        Pattern row = Pattern.compile("(?m)^\\| (\\d+) \\| `(\\w+)` \\| (yes|no) \\|");
        List<MatchResult> documented = row.matcher(Files.readString(TABLES)).results().toList();
        assertThat(documented).hasSize(InvocationStatus.values().length);
        for (MatchResult found : documented) {
            InvocationStatus status = InvocationStatus.valueOf(found.group(2));
            assertThat(status.code())
                    .as(status.name())
                    .isEqualTo(-Integer.parseInt(found.group(1)));
            assertThat(status.retryable())
                    .as(status.name())
                    .isEqualTo("yes".equals(found.group(3)));
        }
    }
}
