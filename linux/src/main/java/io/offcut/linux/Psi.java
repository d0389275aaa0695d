package io.offcut.linux;

import java.nio.file.Path;
import java.util.Locale;
import java.util.Optional;

/**
 * Pressure stall information of one resource (kernel document accounting/psi.rst).
 *
 * @param someAvg10Percent share of the last 10 s in which at least one task waited for it
 * @param fullAvg10Percent share in which all tasks waited at once; 0 where it is not kept
 * @param someTotalMicros time since boot in which at least one task waited
 */
public record Psi(double someAvg10Percent, double fullAvg10Percent, long someTotalMicros) {
    /** What can be waited for. */
    public enum Resource {
        CPU,
        MEMORY,
        IO
    }

    /** Reads {@code pressure/…} in this /proc; absent where the kernel has it not, or off. */
    public static Optional<Psi> read(Path proc, Resource resource) {
        String name = resource.name().toLowerCase(Locale.ROOT);
        return parse(KernelFile.readOrEmpty(proc.resolve("pressure").resolve(name)));
    }

    /** Absent when the text has no {@code some} line. */
    public static Optional<Psi> parse(String text) {
        String some = KernelFile.valueAfter(text, "some ");
        if (some.isEmpty()) {
            return Optional.empty();
        }
        String full = KernelFile.valueAfter(text, "full ");
        return Optional.of(
                new Psi(
                        number(value(some, "avg10")),
                        number(value(full, "avg10")),
                        KernelFile.parseLong(value(some, "total"), 0)));
    }

    /**
     * Time in which at least one task waited, of a file that is read again and again, µs; −1 where
     * there is none.
     */
    public static long readSomeTotalMicros(KeptFile file, KernelText text) {
        return file.read(text) ? someTotalMicros(text) : -1;
    }

    /** The total of the {@code some} line; −1 without one. */
    private static long someTotalMicros(KernelText text) {
        int end = text.startsWith("some ", 0) ? text.lineEnd(0) : 0;
        for (int at = 0; at < end; at++) {
            if (text.startsWith("total=", at)) {
                return text.numberAt(at + "total=".length(), -1);
            }
        }
        return -1;
    }

    private static String value(String line, String key) {
        for (String part : line.split(" ", 8)) {
            if (part.startsWith(key + "=")) {
                return part.substring(key.length() + 1);
            }
        }
        return "";
    }

    private static double number(String text) {
        try {
            double value = Double.parseDouble(text);
            return Double.isFinite(value) ? value : 0;
        } catch (NumberFormatException e) {
            return 0;
        }
    }
}
