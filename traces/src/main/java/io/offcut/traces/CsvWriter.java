package io.offcut.traces;

import java.io.IOException;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.util.List;

/**
 * Writes jobs as comma-separated values: one line a job under a line of names, what is unknown
 * empty, names of users and queues instead of numbers where the log has them, and the nodes where
 * the log tells them. For one thread.
 */
final class CsvWriter {
    private static final List<String> HEAD =
            List.of(
                    "job",
                    "submit_seconds",
                    "wait_seconds",
                    "run_seconds",
                    "procs",
                    "average_cpu_seconds",
                    "used_memory_kib_per_proc",
                    "requested_procs",
                    "requested_seconds",
                    "requested_memory_kib_per_proc",
                    "status",
                    "user",
                    "group",
                    "executable",
                    "queue",
                    "partition",
                    "preceding_job",
                    "think_seconds");

    private final SwfLog log;
    private final StringBuilder line = new StringBuilder(256);

    private CsvWriter(SwfLog log) {
        this.log = log;
    }

    static void write(OutputStream out, SwfLog log) throws IOException {
        CsvWriter writer = new CsvWriter(log);
        boolean placed = !log.jobs().placements().isEmpty();
        out.write(
                (String.join(",", HEAD) + (placed ? ",hosts" : "") + "\n")
                        .getBytes(StandardCharsets.UTF_8));
        for (int row = 0; row < log.jobs().size(); row++) {
            writer.row(row, placed);
            out.write(writer.line.toString().getBytes(StandardCharsets.UTF_8));
        }
    }

    private void row(int row, boolean placed) {
        line.setLength(0);
        JobTable jobs = log.jobs();
        for (SwfField field : SwfField.values()) {
            if (field.column() > 0) {
                line.append(',');
            }
            long value = jobs.value(row, field);
            if (field == SwfField.AVERAGE_CPU) {
                if (jobs.averageCpuSeconds(row) != -1) {
                    SwfWriter.appendSeconds(line, jobs.averageCpuSeconds(row));
                }
            } else if (value != -1) {
                quoted(log.name(field, value));
            }
        }
        if (placed) {
            line.append(',');
            hosts(row);
        }
        line.append('\n');
    }

    /** {@code c2/16-31+c3/0-15}, as Torque does; nodes alone where the cores are unknown. */
    private void hosts(int row) {
        Placements placements = log.jobs().placements();
        int before = line.length();
        placements.forEach(
                row,
                (node, nodes, first, cpus) -> {
                    for (int at = node; at < node + nodes; at++) {
                        line.append(line.length() > before ? "+" : "");
                        line.append(plain(placements.nodes().get(at)));
                        if (first != Placements.UNKNOWN_CPU) {
                            line.append('/').append(first);
                            line.append(cpus > 1 ? "-" + (first + cpus - 1) : "");
                        }
                    }
                });
    }

    private static String plain(String node) {
        return node.replaceAll("[,\"\\p{Cntrl}]", "?");
    }

    /** RFC 4180: quoted if there is a comma, a quote or an end of line in it. */
    private void quoted(String text) {
        boolean plain = true;
        for (int at = 0; at < text.length() && plain; at++) {
            char c = text.charAt(at);
            plain = c != ',' && c != '"' && c >= ' ';
        }
        if (plain) {
            line.append(text);
        } else {
            line.append('"').append(text.replace("\"", "\"\"")).append('"');
        }
    }
}
