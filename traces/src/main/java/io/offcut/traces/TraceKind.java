package io.offcut.traces;

import java.util.Arrays;
import java.util.List;

/**
 * What a file seems to be by its first line, so that one that is given to the wrong command is told
 * which takes it.
 */
public enum TraceKind {
    JOB_LOG("a job log", "'offcut trace info' and 'offcut simulate' take it"),
    IDLE_SAMPLES(
            "samples of idle nodes", "'offcut trace idle' and 'offcut simulate idle' take them"),
    UTILIZATION("samples of a machine as a whole", "'offcut trace idle' takes them"),
    CALLS("a function trace", "'offcut simulate LOG --functions FILE' takes it"),
    JOBS_AS_CSV(
            "a table of jobs that Offcut wrote",
            "it is not read again: give the log it was made from"),
    UNKNOWN("nothing that is known", "check the file");

    private final String noun;
    private final String takenBy;

    TraceKind(String noun, String takenBy) {
        this.noun = noun;
        this.takenBy = takenBy;
    }

    /** By the first line that is not blank. */
    public static TraceKind of(String line) {
        List<String> columns = Arrays.stream(line.split(",", -1)).map(String::strip).toList();
        if (line.isBlank()) {
            return UNKNOWN;
        } else if (columns.contains("idle_cpus")) {
            return UTILIZATION;
        } else if (columns.contains("end_timestamp") || columns.contains("HashFunction")) {
            return CALLS;
        } else if (columns.contains("submit") && columns.contains("procs")) {
            return JOBS_AS_CSV;
        } else if (isSample(columns)) {
            return IDLE_SAMPLES;
        }
        return JobLogs.isOne(line) ? JOB_LOG : UNKNOWN;
    }

    private static boolean isSample(List<String> columns) {
        String time = columns.getFirst();
        return (columns.size() == 1 || columns.size() == 3)
                && (time.equals("unix_seconds") || time.matches("[0-9]{9,11}"));
    }

    /** In the words of a refusal: what it is, and what to do. */
    public String explained() {
        return "holds " + noun + ": " + takenBy;
    }
}
