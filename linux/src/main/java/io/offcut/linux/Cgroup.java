package io.offcut.linux;

import io.offcut.core.CpuSet;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Set;

/**
 * One control group that Offcut made, the same under version 1 and 2 of the kernel interface.
 * Methods talk to the kernel each time; nothing is cached. Safe for use by any thread.
 *
 * <p>A figure whose controller is missing is −1.
 */
public sealed interface Cgroup permits CgroupV1, CgroupV2 {
    /**
     * What the group may use.
     *
     * @param cpus CPUs of the machine; empty for no limit
     * @param memoryBytes ceiling for memory, swap included; 0 for none
     * @param pids most processes and threads; 0 for no limit
     */
    record Limits(CpuSet cpus, long memoryBytes, int pids) {
        /** No limit at all. */
        public static final Limits NONE = new Limits(CpuSet.empty(), 0, 0);

        public Limits {
            if (memoryBytes < 0 || pids < 0) {
                throw new IllegalArgumentException(
                        "cgroup limits of " + memoryBytes + " bytes, " + pids + " pids");
            }
        }
    }

    /** Its own name, without the parent's. */
    String name();

    /** The files that a process's id is written into for it to join. All of them exist. */
    List<Path> procsFiles();

    /**
     * Moves a process into the group, all of its threads at once. Blocks while the kernel waits for
     * its other CPUs, some 10 ms.
     *
     * @throws IOException if the kernel refuses, or there is no such process
     */
    default void join(long pid) throws IOException {
        for (Path file : procsFiles()) {
            KernelFile.write(file, Long.toString(pid));
        }
    }

    /**
     * Sets other limits than the group was made with; what is in it keeps to them at once.
     *
     * @throws io.offcut.core.OffcutException {@code EXHAUSTED} if the kernel refuses
     */
    void limit(Limits limits);

    /**
     * Stops everything in the group, and waits until the kernel says so. Without a freezer the
     * processes get SIGSTOP.
     *
     * @return false when not all of it stood still within the time; it stays asked for
     */
    boolean freeze(long timeoutMillis);

    /** Lets what was frozen go on. Does not wait. */
    void thaw();

    /**
     * Ends everything in the group, frozen or not, and waits until it is empty.
     *
     * @return false when something was still there after that time
     */
    boolean kill(long timeoutMillis);

    /** The processes in the group now, each once, ascending. */
    List<Long> pids();

    /** The CPUs the kernel lets the group use; empty when the controller is missing. */
    CpuSet cpus();

    /** CPU time used by the group since it was made, also by those that ended, µs. */
    long cpuMicros();

    /**
     * What reads how much of the machine it uses, as often as wanted.
     *
     * @param text where what was read is held meanwhile
     */
    CgroupMeter meter(KernelText text);

    /** Memory without the part of the page cache that can be dropped at once, looked at once. */
    default long workingSetBytes() {
        try (CgroupMeter meter = meter(new KernelText())) {
            return meter.lookAtMemory().workingSetBytes();
        }
    }

    /** {@link CgroupMeter#heldBytes}, looked at once. */
    default long heldBytes() {
        try (CgroupMeter meter = meter(new KernelText())) {
            return meter.lookAtMemory().heldBytes();
        }
    }

    /** How many processes of the group the kernel killed for want of memory. */
    long oomKills();

    /**
     * Removes the group with groups inside it. Waits up to a second for the kernel to let go of
     * processes that just ended.
     *
     * @return true when it is gone, also when it already was
     */
    boolean remove();

    /** Parts that this group does without: of {@code cpuset, memory, pids, freezer, cpuacct}. */
    Set<String> missing();
}
