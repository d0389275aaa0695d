package io.offcut.traces;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.ByteArrayInputStream;
import java.nio.charset.StandardCharsets;
import java.util.List;
import org.junit.jupiter.api.Test;

class LogMergeTest {
    @Test
    void countsFromTheEarliestStart() {
        SwfLog february = log("; UnixStartTime: 2000\n; MaxProcs: 8\n1 5 0 10 2\n");
        SwfLog january = log("; UnixStartTime: 1000\n; MaxProcs: 4\n1 7 0 20 3\n2 1100 0 30 4\n");

        SwfLog both = LogMerge.of(List.of(february, january));

        assertThat(both.header().maxProcs()).hasValue(4);
        assertThat(submits(both)).containsExactly(7, 1005, 1100);
    }

    @Test
    void takesUndatedLogsToStartTogetherAndKeepsTheirOrder() {
        SwfLog first = log("1 5 0 10 2\n3 9 0 10 2\n");
        SwfLog second = log("; UnixStartTime: 2000\n2 5 0 11 2\n3 9 0 12 2\n");

        SwfLog both = LogMerge.of(List.of(first, second));

        assertThat(submits(both)).containsExactly(5, 5, 9, 9);
        int[] rows = both.jobs().rowsBySubmission();
        assertThat(both.jobs().runSeconds(rows[1])).isEqualTo(11);
        assertThat(both.jobs().runSeconds(rows[3])).isEqualTo(12);
    }

    @Test
    void oneLogIsItself() {
        SwfLog log = log("1 5 0 10 2\n");
        assertThat(LogMerge.of(List.of(log))).isSameAs(log);
    }

    private static long[] submits(SwfLog log) {
        long[] submits = new long[log.jobs().size()];
        int[] rows = log.jobs().rowsBySubmission();
        for (int at = 0; at < submits.length; at++) {
            submits[at] = log.jobs().submitSeconds(rows[at]);
        }
        return submits;
    }

    private static SwfLog log(String text) {
        byte[] bytes = text.getBytes(StandardCharsets.ISO_8859_1);
        try (SwfReader reader = new SwfReader(new ByteArrayInputStream(bytes), "test")) {
            return reader.readAll();
        }
    }
}
