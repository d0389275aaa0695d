package io.offcut.slurm;

import java.util.Locale;

/** State of a batch job (squeue(1), "JOB STATE CODES"). */
public enum JobState {
    PENDING(false),
    CONFIGURING(true),
    RUNNING(true),
    /** Its processes are stopped; the controller may give its cores to others, its memory not. */
    SUSPENDED(true),
    STOPPED(true),
    SIGNALING(true),
    RESIZING(true),
    /** Ending; on some of its nodes processes or the epilog may still run. */
    COMPLETING(true),
    COMPLETED(false),
    CANCELLED(false),
    FAILED(false),
    TIMEOUT(false),
    NODE_FAIL(false),
    PREEMPTED(false),
    BOOT_FAIL(false),
    DEADLINE(false),
    OUT_OF_MEMORY(false),
    LAUNCH_FAILED(false),
    RECONFIG_FAIL(false),
    REQUEUED(false),
    REQUEUE_FED(false),
    REQUEUE_HOLD(false),
    RESV_DEL_HOLD(false),
    SPECIAL_EXIT(false),
    REVOKED(false),
    STAGE_OUT(false),
    /** A state this version does not know: taken as one that holds its nodes. */
    UNKNOWN(true);

    private final boolean holdsNodes;

    JobState(boolean holdsNodes) {
        this.holdsNodes = holdsNodes;
    }

    /** True if a job in this state may still have cores or memory of its nodes. */
    public boolean holdsNodes() {
        return holdsNodes;
    }

    /** Reads the name; {@link #UNKNOWN} if it is none of these. */
    public static JobState parse(String text) {
        String name = text.strip().split("[,+ ]", 2)[0].toUpperCase(Locale.ROOT);
        for (JobState state : values()) {
            if (state.name().equals(name)) {
                return state;
            }
        }
        return UNKNOWN;
    }
}
