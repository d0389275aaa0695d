package io.offcut.traces;

import io.offcut.core.HostList;
import io.offcut.traces.Complaints.Kind;
import java.time.ZoneId;
import java.util.List;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Reads what Slurm's plugin {@code jobcomp/filetxt} writes, for sites without slurmdbd: a line a
 * job, when it ends, of {@code key=value}. What each becomes is in docs/reference/traces.md.
 *
 * <p>Source: lines of Slurm 22.05 and its src/plugins/jobcomp/filetxt. For one thread.
 */
final class JobCompReader {
    private static final int MAX_LINE_BYTES = 64 * 1024;
    private static final String BEGIN = "JobId=";

    // Only the name may hold blanks; the last of what looks like its end is its end.
    private static final Pattern RECORD =
            Pattern.compile(
                    "JobId=(\\d+) UserId=(\\S*) GroupId=(\\S*) Name=(.*) JobState=(\\S*)"
                            + " Partition=(\\S*) TimeLimit=(\\S*) StartTime=(\\S*) EndTime=(\\S*)"
                            + " NodeList=(\\S*) NodeCnt=(\\d+) ProcCnt=(\\d+)(.*)");

    private static final Map<String, Integer> STATUS =
            Map.of("COMPLETED", 1, "CANCELLED", 5, "REVOKED", 5);

    private final LogInput in;
    private final LineScanner lines;
    private final ZoneId zone;
    private final Complaints complaints = new Complaints();
    private final NameBook names = new NameBook();
    private final JobTable.Builder table = new JobTable.Builder();
    private final JobRow job = new JobRow(table, names, complaints);
    private final MachineSeen machine = new MachineSeen();

    JobCompReader(LogInput in, ZoneId zone) {
        this.in = in;
        this.zone = zone;
        this.lines = new LineScanner(in.stream(), MAX_LINE_BYTES);
    }

    /** Whether a line is a record of such a log. */
    static boolean isRecord(String line) {
        return line.startsWith(BEGIN) && line.contains(" JobState=");
    }

    SwfLog read() {
        in.forEachLine(lines, complaints, this::line);
        return machine.log(table.build(), complaints, names, "jobcomp/filetxt");
    }

    private void line(String text) {
        Matcher record = RECORD.matcher(text);
        if (!record.matches()) {
            complaints.add(Kind.NOT_A_RECORD, lines.lineNumber, 0, text);
            return;
        }
        String rest = record.group(13);
        long number = Quantity.whole(record.group(1));
        long submit = Quantity.epochSeconds(last(rest, " SubmitTime="), zone);
        if (number < 0 || submit < 0) {
            complaints.add(Kind.NOT_A_NUMBER, lines.lineNumber, 0, text);
            return;
        }
        job.values[SwfField.JOB.column()] = number;
        job.values[SwfField.SUBMIT.column()] = submit;
        long procs = Quantity.whole(record.group(12));
        ran(record, submit, procs);
        requested(record.group(7), last(rest, " Tres="), procs);
        job.values[SwfField.STATUS.column()] = STATUS.getOrDefault(record.group(5), 0);
        job.name(SwfField.USER, withoutNumber(record.group(2)), lines.lineNumber);
        job.name(SwfField.GROUP, withoutNumber(record.group(3)), lines.lineNumber);
        job.name(SwfField.EXECUTABLE, record.group(4), lines.lineNumber);
        job.name(SwfField.QUEUE, last(rest, " QOS="), lines.lineNumber);
        job.name(SwfField.PARTITION, record.group(6), lines.lineNumber);
        job.add();
    }

    /** A job that was cancelled while it waited has no nodes. */
    private void ran(Matcher record, long submit, long procs) {
        long start = Quantity.epochSeconds(record.group(8), zone);
        long end = Quantity.epochSeconds(record.group(9), zone);
        if (start < 0 || end < start || Quantity.whole(record.group(11)) < 1) {
            return;
        }
        machine.record(end);
        job.set(SwfField.WAIT, Math.max(0, start - submit), lines.lineNumber);
        job.set(SwfField.RUN, end - start, lines.lineNumber);
        job.set(SwfField.PROCS, procs, lines.lineNumber);
        List<String> nodes = HostList.expandOrNone(record.group(10));
        int each = nodes.isEmpty() ? 0 : (int) Math.ceilDiv(procs, nodes.size());
        for (String node : nodes) {
            table.placements().part(node, Placements.UNKNOWN_CPU, each);
            machine.cores(node, each);
        }
    }

    private void requested(String minutes, String tres, long procs) {
        long limit = Quantity.whole(minutes);
        job.set(SwfField.REQUESTED_TIME, limit < 0 ? -1 : limit * 60, lines.lineNumber);
        long asked = -1;
        long memoryKib = -1;
        for (String part : tres.split(",", -1)) {
            if (part.startsWith("cpu=")) {
                asked = Quantity.whole(part.substring(4));
            } else if (part.startsWith("mem=")) {
                memoryKib = Quantity.kib(part.substring(4), 20);
            }
        }
        job.set(SwfField.REQUESTED_PROCS, asked > 0 ? asked : procs, lines.lineNumber);
        if (procs > 0 && memoryKib > 0) {
            job.set(SwfField.REQUESTED_MEMORY, Math.ceilDiv(memoryKib, procs), lines.lineNumber);
        }
    }

    /** The value of the last such key, since a folder before it may hold anything. */
    private static String last(String text, String key) {
        int at = text.lastIndexOf(key);
        if (at < 0) {
            return "";
        }
        int end = text.indexOf(' ', at + 1);
        return text.substring(at + key.length(), end < 0 ? text.length() : end);
    }

    /** {@code alice(1000)}. */
    private static String withoutNumber(String user) {
        int open = user.indexOf('(');
        return open < 1 ? user : user.substring(0, open);
    }
}
