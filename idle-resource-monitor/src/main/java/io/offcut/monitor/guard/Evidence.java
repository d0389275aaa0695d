package io.offcut.monitor.guard;

/** By what a job is seen to be slowed. */
public enum Evidence {
    /** Its own counter grows slower beside functions. */
    PROGRESS("makes %s less progress") {
        @Override
        double slowdown(Pace beside, Pace alone) {
            double with = beside.progressPerSecond();
            double without = alone.progressPerSecond();
            if (with == 0 && without == 0) {
                return Double.NaN;
            }
            // A counter that moves in leaps stands still in either window as often.
            return without == 0 ? -1 : 1 - with / without;
        }
    },
    /** Its threads stand in line for a CPU. */
    WAITING("waits %s longer for its CPUs") {
        @Override
        double slowdown(Pace beside, Pace alone) {
            return beside.waiting() - alone.waiting();
        }
    },
    /** Pressure stall information of its control group: CPU. */
    CPU_STALL("is stalled %s more for want of its CPUs") {
        @Override
        double slowdown(Pace beside, Pace alone) {
            return beside.cpuStall() - alone.cpuStall();
        }
    },
    /** Pressure stall information of its control group: memory. */
    MEMORY_STALL("is stalled %s more for want of memory") {
        @Override
        double slowdown(Pace beside, Pace alone) {
            return beside.memoryStall() - alone.memoryStall();
        }
    };

    private final String text;

    Evidence(String text) {
        this.text = text;
    }

    /** What the job lost beside functions, as a share; NaN when one of both is not known. */
    abstract double slowdown(Pace beside, Pace alone);

    String say(String share) {
        return text.formatted(share);
    }
}
