package io.offcut.traces;

/**
 * What a synthetic job log is to look like.
 *
 * @param jobs how many jobs, at least 1
 * @param procs processors of the machine, at least 2
 * @param nodes nodes of the machine, for the header; divides {@code procs}
 * @param offeredLoad processor seconds of all jobs over those of the machine in the time the jobs
 *     arrive, above 0
 * @param users how many users submit
 * @param unixStartTimeSeconds time of the first midnight, for the header
 * @param memory what jobs use and ask for
 */
public record JobTraceModel(
        int jobs,
        int procs,
        int nodes,
        double offeredLoad,
        int users,
        long unixStartTimeSeconds,
        MemoryModel memory) {
    /** The log that ships as {@code sample-256.swf}: 2,000 jobs on 16 nodes of 16. */
    public static final JobTraceModel SAMPLE_256 =
            new JobTraceModel(2_000, 256, 16, 0.72, 40, 1_767_225_600L);

    /** With the memory of {@link MemoryModel#GAIA}. */
    public JobTraceModel(
            int jobs,
            int procs,
            int nodes,
            double offeredLoad,
            int users,
            long unixStartTimeSeconds) {
        this(jobs, procs, nodes, offeredLoad, users, unixStartTimeSeconds, MemoryModel.GAIA);
    }

    public JobTraceModel {
        if (jobs < 1
                || procs < 2
                || nodes < 1
                || procs % nodes != 0
                || !(offeredLoad > 0)
                || users < 1) {
            throw new IllegalArgumentException(
                    "a job trace needs at least 1 job, 2 processors in equal nodes, a load above 0"
                            + " and 1 user; got "
                            + jobs
                            + " jobs, "
                            + procs
                            + " processors, "
                            + nodes
                            + " nodes, load "
                            + offeredLoad
                            + ", "
                            + users
                            + " users");
        }
    }
}
