package io.offcut.traces;

import java.io.ByteArrayInputStream;
import java.nio.charset.StandardCharsets;
import java.time.ZoneOffset;

/** Logs read from text. */
final class Logs {
    private Logs() {}

    static SwfLog read(String text) {
        return read(text.getBytes(StandardCharsets.ISO_8859_1));
    }

    static SwfLog read(byte[] bytes) {
        try (LogInput in =
                LogInput.of(new ByteArrayInputStream(bytes), "test", LogInput.Content.JOB_LOG)) {
            return JobLogs.read(in, ZoneOffset.UTC);
        }
    }
}
