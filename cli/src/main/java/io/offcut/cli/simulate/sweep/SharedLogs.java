package io.offcut.cli.simulate.sweep;

import io.offcut.cli.trace.LogFiles;
import io.offcut.traces.SwfLog;
import java.io.PrintStream;
import java.io.PrintWriter;
import java.nio.charset.StandardCharsets;
import java.time.ZoneId;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;

/** Logs that are read once for all runs of this process, which only read them. Any thread. */
final class SharedLogs implements LogFiles.Reader {
    private record Key(String name, ZoneId zone) {}

    private final Map<Key, SwfLog> logs = new ConcurrentHashMap<>();
    private final PrintWriter err;

    /**
     * @param err told once what is wrong with a log
     */
    SharedLogs(PrintStream err) {
        this.err = new PrintWriter(err, true, StandardCharsets.UTF_8);
    }

    @Override
    public SwfLog read(String name, ZoneId zone) {
        return logs.computeIfAbsent(new Key(name, zone), this::read);
    }

    private SwfLog read(Key key) {
        String name = key.name();
        SwfLog log = LogFiles.read(name, key.zone());
        LogFiles.warn(err, name, log.complaints());
        return log;
    }
}
