package io.offcut.simulator;

import io.offcut.traces.Complaints;
import io.offcut.traces.SwfHeader;
import io.offcut.traces.SwfLog;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/**
 * What results say of the run that gave them, beside what {@link SimulationConfig} says. Nothing
 * here may depend on when or where it ran: the same run gives the same bytes.
 *
 * @param offcutVersion of the program
 * @param commandLine that repeats the run; empty when there was none
 * @param logs what was read
 * @param partitionNames of partitions by their numbers in the log
 * @param queueNames of queues by their numbers in the log
 * @param machine from what it was made that nobody told
 * @param coreHourPrice what an hour of one core costs; null when nobody said
 * @param scenario its options, to be read again; null when nobody said
 */
public record RunNote(
        String offcutVersion,
        String commandLine,
        List<Log> logs,
        Map<Integer, String> partitionNames,
        Map<Integer, String> queueNames,
        List<String> machine,
        @Nullable Double coreHourPrice,
        @Nullable String scenario) {
    /** Nothing is known. */
    public static final RunNote NONE =
            new RunNote("", "", List.of(), Map.of(), Map.of(), List.of(), null, null);

    public RunNote {
        logs = List.copyOf(logs);
        machine = List.copyOf(machine);
        partitionNames = Map.copyOf(partitionNames);
        queueNames = Map.copyOf(queueNames);
    }

    /**
     * A log that was read.
     *
     * @param name as it was given
     * @param jobs that it holds
     * @param complaints about its lines
     * @param leftOutLines lines that could not be used
     * @param firstComplaints some of them, with their place
     */
    public record Log(
            String name,
            int jobs,
            long complaints,
            long leftOutLines,
            List<String> firstComplaints) {
        public Log {
            firstComplaints = List.copyOf(firstComplaints);
        }

        /** Of a log and what its reader found. */
        public static Log of(String name, SwfLog log) {
            Complaints complaints = log.complaints();
            return new Log(
                    name,
                    log.jobs().size(),
                    complaints.total(),
                    complaints.droppedLines(),
                    complaints.located().stream().map(String::valueOf).toList());
        }
    }

    /**
     * Of a run over logs.
     *
     * @param header of all of them; names partitions and queues
     * @param machine from what it was made that nobody told
     */
    public static RunNote of(
            String offcutVersion,
            String commandLine,
            List<Log> logs,
            SwfHeader header,
            List<String> machine,
            @Nullable Double coreHourPrice) {
        return new RunNote(
                offcutVersion,
                commandLine,
                logs,
                names(header, "Partition"),
                names(header, "Queue"),
                machine,
                coreHourPrice,
                null);
    }

    /** The same with its options. */
    public RunNote withScenario(String text) {
        return new RunNote(
                offcutVersion,
                commandLine,
                logs,
                partitionNames,
                queueNames,
                machine,
                coreHourPrice,
                text);
    }

    /** Header lines such as {@code Queue: 2 batch}, as the Standard Workload Format has them. */
    private static Map<Integer, String> names(SwfHeader header, String label) {
        Map<Integer, String> names = new TreeMap<>();
        String start = label + ":";
        for (String line : header.lines()) {
            String text = line.strip();
            int space = text.indexOf(' ', start.length() + 1);
            if (space > 0 && text.regionMatches(true, 0, start, 0, start.length())) {
                String number = text.substring(start.length(), space).strip();
                if (number.matches("[0-9]{1,9}")) {
                    names.putIfAbsent(Integer.valueOf(number), text.substring(space).strip());
                }
            }
        }
        return names;
    }
}
