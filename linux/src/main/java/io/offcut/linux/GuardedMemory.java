package io.offcut.linux;

import static java.lang.foreign.ValueLayout.ADDRESS;
import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import io.offcut.core.ErrorCode;
import io.offcut.core.OffcutException;
import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.MemorySegment;
import java.lang.invoke.MethodHandle;

/**
 * Pages: memory that costs nothing until it is touched, and pages that nobody may touch (mmap(2),
 * mprotect(2)). Nothing here blocks.
 */
public final class GuardedMemory {
    private static final int PROT_NONE = 0;
    private static final int PROT_READ_WRITE = 3;
    private static final int MAP_PRIVATE_ANONYMOUS_NORESERVE = 0x4022;
    private static final int SC_PAGESIZE = 30;
    private static final long MAP_FAILED = -1;

    private static final MethodHandle MMAP =
            LibC.bind(
                    "mmap",
                    FunctionDescriptor.of(
                            ADDRESS, ADDRESS, JAVA_LONG, JAVA_INT, JAVA_INT, JAVA_INT, JAVA_LONG));
    private static final MethodHandle MUNMAP =
            LibC.bind("munmap", FunctionDescriptor.of(JAVA_INT, ADDRESS, JAVA_LONG));
    private static final MethodHandle MPROTECT =
            LibC.bind("mprotect", FunctionDescriptor.of(JAVA_INT, ADDRESS, JAVA_LONG, JAVA_INT));

    private GuardedMemory() {}

    /**
     * Maps private memory filled with zeros, each page taken when it is first touched. It lives as
     * long as the arena.
     *
     * @throws OffcutException {@code EXHAUSTED} if there is no address space for it
     */
    public static MemorySegment map(long bytes, Arena arena) {
        LibC.Scratch scratch = LibC.scratch();
        MemorySegment mapped;
        try {
            mapped =
                    (MemorySegment)
                            MMAP.invokeExact(
                                    scratch.callState,
                                    MemorySegment.NULL,
                                    bytes,
                                    PROT_READ_WRITE,
                                    MAP_PRIVATE_ANONYMOUS_NORESERVE,
                                    -1,
                                    0L);
        } catch (Throwable e) {
            throw LibC.unexpected(e);
        }
        if (mapped.address() == MAP_FAILED) {
            throw new OffcutException(
                    ErrorCode.EXHAUSTED,
                    "cannot map "
                            + bytes
                            + " bytes of memory (errno "
                            + scratch.errno()
                            + "): use fewer slots or smaller payloads");
        }
        return mapped.reinterpret(bytes, arena, GuardedMemory::unmap);
    }

    /**
     * Makes whole pages untouchable for this process: an access is a SIGSEGV.
     *
     * @return false when the kernel refused, for example because its pages are larger than the part
     */
    public static boolean guard(MemorySegment pages) {
        try {
            return (int)
                            MPROTECT.invokeExact(
                                    LibC.scratch().callState, pages, pages.byteSize(), PROT_NONE)
                    == 0;
        } catch (Throwable e) {
            throw LibC.unexpected(e);
        }
    }

    /** Size of a page of this kernel, in bytes. */
    public static int pageBytes() {
        try {
            long bytes = (long) LibC.SYSCONF.invokeExact(LibC.scratch().callState, SC_PAGESIZE);
            return Math.toIntExact(bytes);
        } catch (Throwable e) {
            throw LibC.unexpected(e);
        }
    }

    private static void unmap(MemorySegment mapped) {
        try {
            int ignored =
                    (int) MUNMAP.invokeExact(LibC.scratch().callState, mapped, mapped.byteSize());
        } catch (Throwable e) {
            throw LibC.unexpected(e);
        }
    }
}
