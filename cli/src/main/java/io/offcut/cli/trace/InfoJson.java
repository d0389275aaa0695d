package io.offcut.cli.trace;

import io.offcut.cli.output.Choice;
import io.offcut.traces.SwfLog;
import io.offcut.traces.analysis.LogSummary;
import java.util.LinkedHashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * What {@code offcut trace info --format json} prints.
 *
 * @param unixStartTime of second 0 of the log; null if it does not tell
 * @param complaints what the reader found wrong, by kind
 */
record InfoJson(
        String log,
        @Nullable Long unixStartTime,
        LogSummary summary,
        Map<String, Long> complaints,
        long linesLeftOut) {
    static InfoJson of(String name, SwfLog log, LogSummary summary) {
        Map<String, Long> complaints = new LinkedHashMap<>();
        log.complaints()
                .counts()
                .forEach((kind, count) -> complaints.put(Choice.name(kind), count));
        var start = log.header().unixStartTimeSeconds();
        return new InfoJson(
                name,
                start.isPresent() ? start.getAsLong() : null,
                summary,
                complaints,
                log.complaints().droppedLines());
    }
}
