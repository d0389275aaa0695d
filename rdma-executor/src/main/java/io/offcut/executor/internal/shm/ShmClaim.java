package io.offcut.executor.internal.shm;

import io.offcut.core.ErrorCode;
import io.offcut.core.OffcutException;
import io.offcut.linux.ProcessRef;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.nio.file.Files;
import java.nio.file.Path;

/**
 * The claim word: one client at a time. The claim of a process that has ended can be replaced; one
 * whose process cannot be seen from here (another pid namespace) counts as alive.
 */
final class ShmClaim {
    /** Neither changes while the process lives. */
    private static final ProcessRef SELF = ProcessRef.of(ProcessHandle.current().pid());

    private static final long PID_NAMESPACE = readPidNamespace();

    private static final long NO_CLAIM = 0;
    private static final long LOW_HALF = 0xFFFF_FFFFL;

    private final MemorySegment region;
    private final long mine;

    ShmClaim(MemorySegment region, long mine) {
        this.region = region;
        this.mine = mine;
    }

    /**
     * Takes the region for this process.
     *
     * @throws OffcutException {@code CONFLICT} if a living client has it
     */
    static ShmClaim take(MemorySegment region) {
        long mine = word(SELF);
        long seen = compareAndExchange(region, NO_CLAIM, mine);
        if (seen != NO_CLAIM && (isAlive(region, seen) || !replace(region, seen, mine))) {
            throw new OffcutException(
                    ErrorCode.CONFLICT,
                    "process "
                            + (seen >>> 32)
                            + " already uses this worker; lease one of your own or end that client");
        }
        ShmLayout.LONG.setVolatile(
                region, (long) ShmLayout.CLAIM_PID_NAMESPACE_OFFSET, PID_NAMESPACE);
        return new ShmClaim(region, mine);
    }

    /** Gives the region back, unless someone has replaced the claim, which happens to the dead. */
    void release() {
        if ((long) ShmLayout.LONG.getVolatile(region, (long) ShmLayout.CLAIM_OFFSET) == mine) {
            ShmLayout.LONG.setVolatile(region, (long) ShmLayout.CLAIM_OFFSET, NO_CLAIM);
        }
    }

    /** Whether a client has the region now. */
    static boolean taken(MemorySegment region) {
        return (long) ShmLayout.LONG.getOpaque(region, (long) ShmLayout.CLAIM_OFFSET) != NO_CLAIM;
    }

    /** Inode number of this process's pid namespace; 0 when it cannot be read. */
    static long pidNamespace() {
        return PID_NAMESPACE;
    }

    /** This process. */
    static ProcessRef self() {
        return SELF;
    }

    private static long readPidNamespace() {
        try {
            String link = Files.readSymbolicLink(Path.of("/proc/self/ns/pid")).toString();
            return Long.parseLong(link.substring(link.indexOf('[') + 1, link.indexOf(']')));
        } catch (IOException | RuntimeException e) {
            return 0;
        }
    }

    private static boolean replace(MemorySegment region, long dead, long mine) {
        return compareAndExchange(region, dead, mine) == dead;
    }

    private static boolean isAlive(MemorySegment region, long claim) {
        long where =
                (long)
                        ShmLayout.LONG.getVolatile(
                                region, (long) ShmLayout.CLAIM_PID_NAMESPACE_OFFSET);
        if (where != PID_NAMESPACE) {
            return true;
        }
        ProcessRef holder = ProcessRef.of(claim >>> 32);
        return word(holder) == claim && holder.isAlive();
    }

    private static long word(ProcessRef process) {
        return process.pid() << 32 | (process.startTimeTicks() & LOW_HALF);
    }

    private static long compareAndExchange(MemorySegment region, long expected, long value) {
        return (long)
                ShmLayout.LONG.compareAndExchange(
                        region, (long) ShmLayout.CLAIM_OFFSET, expected, value);
    }
}
