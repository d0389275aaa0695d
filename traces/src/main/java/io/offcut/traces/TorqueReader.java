package io.offcut.traces;

import io.offcut.traces.Complaints.Kind;
import java.time.DateTimeException;
import java.time.LocalDateTime;
import java.time.ZoneId;
import java.time.format.DateTimeFormatter;
import java.util.HashMap;
import java.util.Locale;
import java.util.Map;

/**
 * Reads the accounting records of Torque and of PBS: {@code date;type;job;attributes}. Jobs are
 * made of the records of their ends (type E); of the others only the time is used, which tells from
 * when to when the log was written. What each attribute becomes is in docs/reference/traces.md.
 *
 * <p>Source: Torque Administrator Guide, "Accounting Records"; PBS Professional Reference Guide,
 * "Format of Accounting Log Messages". For one thread.
 */
final class TorqueReader {
    static final int MAX_LINE_BYTES = 1024 * 1024;
    private static final DateTimeFormatter DATE =
            DateTimeFormatter.ofPattern("MM/dd/yyyy HH:mm:ss", Locale.ROOT);
    private static final int DATE_CHARS = 19;
    // 256 and a signal: qdel sends SIGTERM, and SIGKILL to who does not listen.
    private static final int ENDED_BY_SIGTERM = 271;

    private final LogInput in;
    private final LineScanner lines;
    private final ZoneId zone;
    private final Complaints complaints = new Complaints();
    private final NameBook names = new NameBook();
    private final JobTable.Builder table = new JobTable.Builder();
    private final JobRow job = new JobRow(table, names, complaints);
    private final MachineSeen machine = new MachineSeen();
    private final Map<String, String> attributes = new HashMap<>();

    TorqueReader(LogInput in, ZoneId zone) {
        this.in = in;
        this.zone = zone;
        this.lines = new LineScanner(in.stream(), MAX_LINE_BYTES);
    }

    /** Whether a line is a record of such a log. */
    static boolean isRecord(String line) {
        return line.length() > DATE_CHARS + 3
                && line.charAt(2) == '/'
                && line.charAt(5) == '/'
                && line.charAt(DATE_CHARS) == ';'
                && line.charAt(DATE_CHARS + 2) == ';'
                && line.indexOf(';', DATE_CHARS + 3) > 0;
    }

    SwfLog read() {
        in.forEachLine(lines, complaints, this::line);
        return machine.log(table.build(), complaints, names, "Torque accounting");
    }

    private void line(String text) {
        if (!isRecord(text)) {
            complaints.add(Kind.NOT_A_RECORD, lines.lineNumber, 0, text);
            return;
        }
        long written = written(text.substring(0, DATE_CHARS));
        if (written < 0) {
            complaints.add(Kind.NOT_A_RECORD, lines.lineNumber, 1, text);
            return;
        }
        machine.record(written);
        if (text.charAt(DATE_CHARS + 1) == 'E') {
            int idEnd = text.indexOf(';', DATE_CHARS + 3);
            split(text.substring(idEnd + 1));
            end(text.substring(DATE_CHARS + 3, idEnd));
        }
    }

    private long written(String date) {
        try {
            return LocalDateTime.parse(date, DATE).atZone(zone).toEpochSecond();
        } catch (DateTimeException e) {
            return -1;
        }
    }

    /** {@code key=value} parted by blanks; a piece without {@code =} is left out. */
    private void split(String text) {
        attributes.clear();
        for (String piece : text.split(" ", -1)) {
            int equals = piece.indexOf('=');
            if (equals > 0) {
                attributes.putIfAbsent(piece.substring(0, equals), piece.substring(equals + 1));
            }
        }
    }

    private String value(String key) {
        return attributes.getOrDefault(key, "");
    }

    private void end(String id) {
        long number = Quantity.whole(Quantity.leadingDigits(id));
        long submit = Quantity.whole(value("ctime"));
        long start = Quantity.whole(value("start"));
        long end = Quantity.whole(value("end"));
        if (number < 0 || submit < 0) {
            complaints.add(Kind.NOT_A_NUMBER, lines.lineNumber, 0, id + " ctime=" + value("ctime"));
            return;
        }
        job.values[SwfField.JOB.column()] = number;
        job.values[SwfField.SUBMIT.column()] = submit;
        long procs = place(value("exec_host"));
        if (procs < 1) {
            procs = Quantity.whole(value("total_execution_slots"));
        }
        if (start >= 0 && end >= start) {
            // Exact, where the time of the record is that of a zone that may be another.
            machine.record(end);
            job.set(SwfField.WAIT, Math.max(0, start - submit), lines.lineNumber);
            job.set(SwfField.RUN, end - start, lines.lineNumber);
        }
        job.set(SwfField.PROCS, procs, lines.lineNumber);
        procs = job.get(SwfField.PROCS);
        used(procs);
        requested(procs);
        job.values[SwfField.STATUS.column()] = status(value("Exit_status"));
        job.name(SwfField.USER, value("user"), lines.lineNumber);
        job.name(SwfField.GROUP, value("group"), lines.lineNumber);
        job.name(SwfField.EXECUTABLE, value("jobname"), lines.lineNumber);
        job.name(SwfField.QUEUE, value("queue"), lines.lineNumber);
        job.add();
    }

    private void used(long procs) {
        double cpuSeconds = Quantity.seconds(value("resources_used.cput"));
        long memory = Quantity.kib(value("resources_used.mem"), 0);
        if (procs > 0) {
            job.averageCpuSeconds = cpuSeconds < 0 ? -1 : cpuSeconds / procs;
            job.set(
                    SwfField.USED_MEMORY,
                    memory < 0 ? -1 : Math.ceilDiv(memory, procs),
                    lines.lineNumber);
        }
    }

    private void requested(long procs) {
        long asked = Quantity.whole(value("Resource_List.ncpus"));
        job.set(SwfField.REQUESTED_PROCS, asked > 0 ? asked : procs, lines.lineNumber);
        double seconds = Quantity.seconds(value("Resource_List.walltime"));
        job.set(SwfField.REQUESTED_TIME, seconds < 0 ? -1 : (long) seconds, lines.lineNumber);
        long memory = Quantity.kib(value("Resource_List.mem"), 0);
        if (memory < 0) {
            memory = Quantity.kib(value("Resource_List.vmem"), 0);
        }
        if (procs > 0 && memory >= 0) {
            job.set(SwfField.REQUESTED_MEMORY, Math.ceilDiv(memory, procs), lines.lineNumber);
        }
    }

    private static long status(String exit) {
        long code = Quantity.whole(exit);
        if (exit.isEmpty()) {
            return -1;
        }
        return code == 0 ? 1 : (code == ENDED_BY_SIGTERM ? 5 : 0);
    }

    /**
     * {@code c2/16-31+c3/0,4-7}, {@code c2/0+c2/1} or PBS's {@code c2/0*16}: the processors of each
     * node. Returns how many there are.
     */
    private long place(String hosts) {
        long procs = 0;
        for (String part : hosts.split("\\+", -1)) {
            int slash = part.indexOf('/');
            if (slash > 0) {
                procs += onNode(part.substring(0, slash), part.substring(slash + 1));
            }
        }
        return procs;
    }

    private long onNode(String node, String cpus) {
        int times = cpus.indexOf('*');
        if (times >= 0) {
            int count = bounded(cpus.substring(times + 1));
            return count < 1 ? 0 : part(node, Placements.UNKNOWN_CPU, count, count);
        }
        long procs = 0;
        for (String range : cpus.split(",", -1)) {
            int dash = range.indexOf('-');
            int first = bounded(dash < 0 ? range : range.substring(0, dash));
            int last = dash < 0 ? first : bounded(range.substring(dash + 1));
            if (first >= 0 && last >= first) {
                procs += part(node, first, last - first + 1, last + 1);
            }
        }
        return procs;
    }

    private long part(String node, int first, int count, int seen) {
        table.placements().part(node, first, count);
        machine.cores(node, seen);
        return count;
    }

    /** A number of a processor; −1 if no machine has so many. */
    private static int bounded(String text) {
        long number = Quantity.whole(text);
        return number < Placements.UNKNOWN_CPU ? (int) number : -1;
    }
}
