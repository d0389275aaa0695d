package io.offcut.linux;

import io.offcut.core.ErrorCode;
import io.offcut.core.OffcutException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;

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

    private static final LibC MMAP = new LibC("mmap");
    private static final LibC MUNMAP = new LibC("munmap");
    private static final LibC MPROTECT = new LibC("mprotect");

    private GuardedMemory() {}

    /**
     * Maps private memory filled with zeros, each page taken when it is first touched. It lives as
     * long as the arena.
     *
     * @throws OffcutException {@code EXHAUSTED} if there is no address space for it
     */
    public static MemorySegment map(long bytes, Arena arena) {
        long address = MMAP.call(0, bytes, PROT_READ_WRITE, MAP_PRIVATE_ANONYMOUS_NORESERVE, -1, 0);
        if (address == MAP_FAILED) {
            throw new OffcutException(
                    ErrorCode.EXHAUSTED,
                    "cannot map "
                            + bytes
                            + " bytes of memory (errno "
                            + LibC.scratch().errno()
                            + "): use fewer slots or smaller payloads");
        }
        return MemorySegment.ofAddress(address).reinterpret(bytes, arena, GuardedMemory::unmap);
    }

    /**
     * Makes whole pages untouchable for this process: an access is a SIGSEGV.
     *
     * @return false when the kernel refused, for example because its pages are larger than the part
     */
    public static boolean guard(MemorySegment pages) {
        return (int) MPROTECT.call(pages.address(), pages.byteSize(), PROT_NONE) == 0;
    }

    /** Size of a page of this kernel, in bytes. */
    public static int pageBytes() {
        return Math.toIntExact(LibC.SYSCONF.call(SC_PAGESIZE));
    }

    private static void unmap(MemorySegment mapped) {
        long ignored = MUNMAP.call(mapped.address(), mapped.byteSize());
    }
}
