package io.offcut.slurm.internal.event;

import io.offcut.slurm.JobAllocation;
import io.offcut.slurm.JobStart;
import io.offcut.slurm.internal.parse.SlurmText;

/** One request line of the job event protocol, see {@link io.offcut.slurm.JobEventServer}. */
public sealed interface EventRequest {
    /** Longest line, in bytes with its end. */
    int MAX_LINE_BYTES = 1024;

    /** Are you there? */
    record Ping() implements EventRequest {}

    /** A job is about to start. */
    record Prolog(JobStart start) implements EventRequest {}

    /** What the job holds; a step of it is about to start. */
    record Alloc(JobAllocation allocation) implements EventRequest {}

    /** A step has ended. */
    record StepEnd(String jobId, String step) implements EventRequest {}

    /** A job has ended. */
    record Epilog(String jobId) implements EventRequest {}

    /** Not a request; why is for the answer. */
    record Malformed(String why) implements EventRequest {}

    /** Reads a line without its end. Words that are not known are reserved and passed over. */
    static EventRequest parse(String line) {
        String[] words = line.strip().split(" +", 32);
        if (words[0].equals("PING")) {
            return new Ping();
        }
        String job = words.length > 1 ? words[1] : "";
        try {
            return SlurmText.isJobId(job) || !EventWords.takesJob(words[0])
                    ? EventWords.of(words).request(words[0], job)
                    : new Malformed("no job id");
        } catch (IllegalArgumentException e) {
            return new Malformed(e.getMessage() == null ? "unreadable" : e.getMessage());
        }
    }
}
