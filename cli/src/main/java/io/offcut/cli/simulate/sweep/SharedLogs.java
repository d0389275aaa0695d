package io.offcut.cli.simulate.sweep;

import io.offcut.cli.trace.LogFiles;
import io.offcut.traces.SwfLog;
import java.io.PrintStream;
import java.io.PrintWriter;
import java.nio.charset.StandardCharsets;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Function;

/** Logs that are read once for all runs of this process, which only read them. Any thread. */
final class SharedLogs implements Function<String, SwfLog> {
    private final Map<String, SwfLog> logs = new ConcurrentHashMap<>();
    private final PrintWriter err;

    /**
     * @param err told once what is wrong with a log
     */
    SharedLogs(PrintStream err) {
        this.err = new PrintWriter(err, true, StandardCharsets.UTF_8);
    }

    @Override
    public SwfLog apply(String name) {
        return logs.computeIfAbsent(name, this::read);
    }

    private SwfLog read(String name) {
        SwfLog log = LogFiles.read(name);
        LogFiles.warn(err, name, log.complaints());
        return log;
    }
}
