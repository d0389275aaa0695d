package io.offcut.traces;

import io.offcut.core.HostList;
import io.offcut.traces.Complaints.Kind;
import java.time.ZoneId;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/**
 * Reads a dump of {@code sacct -P} (or {@code -p}): the first line names the columns, in any order.
 * A job's line may be followed by its steps, of which the memory is taken. What each column becomes
 * is in docs/reference/traces.md; columns as in sacct(1) of Slurm 20.11 to 25.05.
 *
 * <p>One record is held at a time, of at most {@value #MAX_RECORD_CHARS} characters and {@value
 * #MAX_RECORD_LINES} lines. For one thread.
 */
final class SacctReader {
    static final int MAX_LINE_BYTES = 256 * 1024;
    private static final int MAX_RECORD_CHARS = 256 * 1024;
    private static final int MAX_RECORD_LINES = 500;
    // A record that was tried so often is damaged: trying again costs its length every time.
    private static final int MAX_TRIES = 20;
    private static final List<String> NEEDED = List.of("submit");

    private static final Map<String, Integer> STATUS =
            Map.of("COMPLETED", 1, "COMPLETING", 1, "CANCELLED", 5, "REVOKED", 5);

    private final LogInput in;
    private final LineScanner lines;
    private final ZoneId zone;
    private final Complaints complaints = new Complaints();
    private final NameBook names = new NameBook();
    private final JobTable.Builder table = new JobTable.Builder();
    private final JobRow job = new JobRow(table, names, complaints);
    private final MachineSeen machine = new MachineSeen();
    private final StringBuilder record = new StringBuilder();
    // The record that is being put together, and the line that may begin the next.
    private SacctLine line = new SacctLine("");
    private SacctLine next = line;
    private long recordLine;
    private int recordLines;
    private int recordColumns;
    private int tries;
    private boolean complete;

    private boolean holdsJob;
    private String jobNumber = "";
    private long procs;
    private long memoryKib = -1;

    SacctReader(LogInput in, ZoneId zone) {
        this.in = in;
        this.zone = zone;
        this.lines = new LineScanner(in.stream(), MAX_LINE_BYTES);
    }

    /** Whether a text is the header of such a dump. */
    static boolean isHeader(String text) {
        String lower = text.toLowerCase(Locale.ROOT);
        List<String> columns = List.of(lower.split("\\|", -1));
        return columns.size() > 2
                && (columns.contains("jobid") || columns.contains("jobidraw"))
                && columns.containsAll(NEEDED);
    }

    SwfLog read() {
        boolean more = in.advance(lines, complaints);
        while (more && lines.utf8().isBlank()) {
            more = in.advance(lines, complaints);
        }
        if (more) {
            String header = lines.utf8();
            line = new SacctLine(header);
            next = new SacctLine(header);
        }
        while (in.advance(lines, complaints)) {
            if (lines.tooLong) {
                complaints.add(Kind.LINE_TOO_LONG, lines.lineNumber, 0, "");
            } else {
                physicalLine(lines.utf8());
            }
        }
        endRecord();
        endJob();
        return machine.log(table.build(), complaints, names, "sacct");
    }

    /** Joins lines to records: a line that is whole by itself is always one. */
    private void physicalLine(String text) {
        if (text.isBlank() && (recordLines == 0 || complete)) {
            return;
        }
        int columns = SacctLine.count(text);
        boolean whole = columns >= next.columns() && next.take(text);
        if (recordLines > 0 && !whole && !next.begins(text) && joins(text, columns)) {
            return;
        }
        endRecord();
        begin(text, columns);
        if (whole) {
            SacctLine taken = next;
            next = line;
            line = taken;
            complete = true;
        }
    }

    private void begin(String text, int columns) {
        record.append(text);
        recordLine = lines.lineNumber;
        recordLines = 1;
        recordColumns = columns;
        tries = 0;
    }

    /** Whether the line goes on with the record before it. */
    private boolean joins(String text, int columns) {
        int joined = recordColumns + columns - 1;
        if (recordLines == MAX_RECORD_LINES
                || record.length() + text.length() > MAX_RECORD_CHARS
                || tries == MAX_TRIES) {
            return false;
        }
        int before = record.length();
        record.append('\n').append(text);
        boolean fits = false;
        if (joined >= line.columns()) {
            tries++;
            // Leaves what it held where that does not fit.
            fits = line.take(record.toString());
        }
        if (complete && !fits) {
            record.setLength(before);
            return false;
        }
        complete = fits;
        recordLines++;
        recordColumns = joined;
        return true;
    }

    private void endRecord() {
        if (complete) {
            record();
        } else if (recordLines > 0) {
            complaints.add(Kind.TOO_SHORT, recordLine, 0, record.toString());
        }
        record.setLength(0);
        recordLines = 0;
        complete = false;
    }

    /** A job or a step, its columns in {@link #line}. */
    private void record() {
        String id = line.value("jobidraw");
        if (id.isEmpty()) {
            id = line.value("jobid");
        }
        int dot = id.indexOf('.');
        if (dot >= 0) {
            step(id.substring(0, dot));
            return;
        }
        endJob();
        long number = Quantity.whole(Quantity.leadingDigits(id));
        long submit = Quantity.epochSeconds(line.value("submit"), zone);
        if (number < 0 || submit < 0) {
            complaints.add(
                    Kind.NOT_A_NUMBER, recordLine, 0, id + " submitted " + line.value("submit"));
            return;
        }
        jobNumber = id;
        holdsJob = true;
        job.values[SwfField.JOB.column()] = number;
        job.values[SwfField.SUBMIT.column()] = submit;
        job(submit);
    }

    private void job(long submit) {
        String state = SacctColumn.firstWord(line.value("state"));
        long start = Quantity.epochSeconds(line.value("start"), zone);
        long run = runSeconds(start);
        boolean waits = state.equals("PENDING") || state.equals("REQUEUED");
        boolean runs = state.equals("RUNNING") || state.equals("SUSPENDED");
        if (waits || runs) {
            complaints.add(Kind.UNFINISHED, recordLine, 0, jobNumber + " " + state);
        }
        // A job cancelled while it waited has the cancellation as its start, and no nodes.
        boolean started = !waits && start >= 0 && (run > 0 || isPlaced());
        procs = started ? cpus("alloccpus", "ncpus", "alloctres") : -1;
        if (started) {
            job.set(SwfField.WAIT, Math.max(0, start - submit), recordLine);
            job.set(SwfField.RUN, run, recordLine);
            job.set(SwfField.PROCS, procs, recordLine);
            procs = job.get(SwfField.PROCS);
            place();
        }
        requested();
        job.values[SwfField.STATUS.column()] =
                waits || runs || state.isEmpty() ? -1 : STATUS.getOrDefault(state, 0);
        double cpuSeconds = Quantity.seconds(line.value("totalcpu"));
        job.averageCpuSeconds = procs > 0 && cpuSeconds >= 0 && !runs ? cpuSeconds / procs : -1;
        whose();
        memoryKib = -1;
        stepMemory();
    }

    private long runSeconds(long start) {
        long raw = Quantity.whole(line.value("elapsedraw"));
        if (raw >= 0) {
            return raw;
        }
        double elapsed = Quantity.seconds(line.value("elapsed"));
        if (elapsed >= 0) {
            return (long) elapsed;
        }
        long end = Quantity.epochSeconds(line.value("end"), zone);
        return start >= 0 && end >= start ? end - start : -1;
    }

    private boolean isPlaced() {
        String nodes = line.value("nodelist");
        return !nodes.isEmpty() && !nodes.startsWith("None") && !nodes.equals("Unknown");
    }

    private long cpus(String name, String otherName, String tres) {
        long cpus = Quantity.whole(line.value(name));
        if (cpus < 0) {
            cpus = Quantity.whole(line.value(otherName));
        }
        return cpus >= 0 ? cpus : Quantity.whole(tres(line.value(tres), "cpu="));
    }

    /** Value of a key in {@code billing=12,cpu=12,mem=33600M,node=1}. */
    private static String tres(String list, String key) {
        for (String part : list.split(",", -1)) {
            if (part.startsWith(key)) {
                return part.substring(key.length());
            }
        }
        return "";
    }

    private void place() {
        List<String> nodes = isPlaced() ? HostList.expandOrNone(line.value("nodelist")) : List.of();
        int each = nodes.isEmpty() ? 0 : (int) Math.ceilDiv(procs, nodes.size());
        for (String node : nodes) {
            table.placements().part(node, Placements.UNKNOWN_CPU, each);
            machine.cores(node, each);
        }
    }

    private void requested() {
        long asked = cpus("reqcpus", "reqcpus", "reqtres");
        job.set(SwfField.REQUESTED_PROCS, asked, recordLine);
        long minutes = Quantity.whole(line.value("timelimitraw"));
        long seconds = minutes >= 0 ? minutes * 60 : timelimit();
        job.set(SwfField.REQUESTED_TIME, seconds, recordLine);
        long over = procs > 0 ? procs : asked;
        long memory = requestedMemoryKib(over);
        if (over > 0 && memory > 0) {
            job.set(SwfField.REQUESTED_MEMORY, Math.ceilDiv(memory, over), recordLine);
        }
    }

    private long timelimit() {
        double seconds = Quantity.seconds(line.value("timelimit"));
        return seconds < 0 ? -1 : (long) seconds;
    }

    /** Until Slurm 20.11 of each CPU ({@code c}) or node ({@code n}), since then of all. */
    private long requestedMemoryKib(long cpus) {
        String text = line.value("reqmem");
        if (text.isEmpty()) {
            return Quantity.kib(tres(line.value("reqtres"), "mem="), 20);
        }
        char last = text.charAt(text.length() - 1);
        if (last != 'c' && last != 'n') {
            return Quantity.kib(text, 20);
        }
        long each = Quantity.kib(text.substring(0, text.length() - 1), 20);
        long times = last == 'c' ? cpus : nodes();
        return each < 0 || times < 1 || each > Long.MAX_VALUE / times ? -1 : each * times;
    }

    private long nodes() {
        long nodes = Quantity.whole(line.value("nnodes"));
        if (nodes < 1) {
            nodes = Quantity.whole(line.value("allocnodes"));
        }
        return nodes < 1 ? Quantity.whole(line.value("reqnodes")) : nodes;
    }

    private void whose() {
        job.name(SwfField.USER, first("user", "uid"), recordLine);
        job.name(SwfField.GROUP, first("group", "account"), recordLine);
        job.name(SwfField.EXECUTABLE, line.value("jobname"), recordLine);
        job.name(SwfField.QUEUE, line.value("qos"), recordLine);
        job.name(SwfField.PARTITION, line.value("partition"), recordLine);
    }

    private String first(String column, String otherwise) {
        String text = line.value(column);
        return text.isEmpty() ? line.value(otherwise) : text;
    }

    private void step(String ofJob) {
        if (!holdsJob || !jobNumber.equals(ofJob)) {
            complaints.add(Kind.STEP_WITHOUT_JOB, recordLine, 0, ofJob);
            return;
        }
        stepMemory();
    }

    /**
     * The most that a step used over all its tasks: what Slurm added up, else the largest task
     * times the tasks.
     */
    private void stepMemory() {
        long total = Quantity.kib(tres(line.value("tresusageintot"), "mem="), 0);
        if (total < 0) {
            long largest = Quantity.kib(line.value("maxrss"), 0);
            long tasks = Math.max(1, Quantity.whole(line.value("ntasks")));
            total = largest < 0 || largest > Long.MAX_VALUE / tasks ? -1 : largest * tasks;
        }
        memoryKib = Math.max(memoryKib, total);
    }

    private void endJob() {
        if (!holdsJob) {
            return;
        }
        if (procs > 0 && memoryKib > 0) {
            job.set(SwfField.USED_MEMORY, Math.ceilDiv(memoryKib, procs), recordLine);
        }
        job.add();
        holdsJob = false;
        procs = -1;
        memoryKib = -1;
    }
}
