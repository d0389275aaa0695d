package io.offcut.linux;

import java.nio.file.Path;
import org.jspecify.annotations.Nullable;

/**
 * The fields of /proc/pid/stat that this room uses (proc_pid_stat(5)).
 *
 * @param state {@code R}, {@code S}, {@code T} stopped, {@code Z} zombie, …
 * @param childTicks CPU time of children that ended and were waited for
 */
record ProcessStat(
        long pid, char state, long parentPid, long ownTicks, long childTicks, long startTimeTicks) {
    private static final int START_TIME = 22;
    private static final int LAST = 52;

    static @Nullable ProcessStat read(Path processDirectory) {
        return parse(KernelFile.readOrEmpty(processDirectory.resolve("stat")));
    }

    /** Null when the text is not such a line. */
    static @Nullable ProcessStat parse(String line) {
        int open = line.indexOf('(');
        // The name may itself contain parentheses and blanks: the last one ends it.
        int close = line.lastIndexOf(')');
        if (open < 0 || close < open) {
            return null;
        }
        String[] rest = line.substring(close + 1).strip().split(" +", LAST);
        long pid = KernelFile.parseLong(line.substring(0, open), -1);
        if (pid < 0 || rest.length <= START_TIME - 3 || rest[0].isEmpty()) {
            return null;
        }
        return new ProcessStat(
                pid,
                rest[0].charAt(0),
                field(rest, 4, 0),
                field(rest, 14, 0) + field(rest, 15, 0),
                field(rest, 16, 0) + field(rest, 17, 0),
                field(rest, START_TIME, -1));
    }

    /** Field by its number in the manual page, where the state is the third. */
    private static long field(String[] rest, int number, long otherwise) {
        return number - 3 < rest.length
                ? KernelFile.parseLong(rest[number - 3], otherwise)
                : otherwise;
    }
}
