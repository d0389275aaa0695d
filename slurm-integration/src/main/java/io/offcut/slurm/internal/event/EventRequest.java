package io.offcut.slurm.internal.event;

import io.offcut.slurm.internal.parse.SlurmText;

/** One request line of the job event protocol, see {@link io.offcut.slurm.JobEventServer}. */
public sealed interface EventRequest {
    /** Longest line, in bytes with its end. */
    int MAX_LINE_BYTES = 256;

    /** Are you there? */
    record Ping() implements EventRequest {}

    /** A job is about to start. */
    record Prolog(String jobId) implements EventRequest {}

    /** A job has ended. */
    record Epilog(String jobId) implements EventRequest {}

    /** Not a request; why is for the answer. */
    record Malformed(String why) implements EventRequest {}

    /** Reads a line without its end. Words behind those known are reserved and passed over. */
    static EventRequest parse(String line) {
        String[] words = line.strip().split(" +", 3);
        boolean hasJob = words.length > 1 && SlurmText.isJobId(words[1]);
        return switch (words[0]) {
            case "PING" -> new Ping();
            case "PROLOG" -> hasJob ? new Prolog(words[1]) : new Malformed("no job id");
            case "EPILOG" -> hasJob ? new Epilog(words[1]) : new Malformed("no job id");
            default -> new Malformed("unknown request");
        };
    }
}
