package io.offcut.linux;

import java.nio.file.Path;

/**
 * The machine's memory, from /proc/meminfo (proc_meminfo(5)), in bytes; 0 for what is not said.
 *
 * @param availableBytes what can be taken without swapping, as the kernel estimates
 */
public record MemInfo(long totalBytes, long availableBytes, long freeBytes) {
    /** Reads {@code meminfo} in this /proc. */
    public static MemInfo read(Path proc) {
        return parse(KernelFile.readOrEmpty(proc.resolve("meminfo")));
    }

    /** The same of a file that is read again and again. */
    public static MemInfo read(KeptFile file, KernelText text) {
        file.read(text);
        return parse(text.toString());
    }

    /** Skips what it does not understand. */
    public static MemInfo parse(String text) {
        long free = bytes(text, "MemFree:", 0);
        return new MemInfo(bytes(text, "MemTotal:", 0), bytes(text, "MemAvailable:", free), free);
    }

    /** The value of a line {@code key: number kB}, in bytes. */
    static long bytes(String text, String key, long otherwise) {
        String value = KernelFile.valueAfter(text, key);
        int unit = value.indexOf(" kB");
        long kib = KernelFile.parseLong(unit < 0 ? value : value.substring(0, unit), -1);
        return kib < 0 || kib > Long.MAX_VALUE / 1024 ? otherwise : kib * 1024;
    }
}
