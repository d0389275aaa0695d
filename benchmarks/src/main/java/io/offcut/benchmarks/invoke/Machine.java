package io.offcut.benchmarks.invoke;

import io.offcut.linux.CpuAffinity;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;

/** What the figures were measured on. */
final class Machine {
    private Machine() {}

    static String describe() {
        String model = "unknown processor";
        try {
            for (String line : Files.readAllLines(Path.of("/proc/cpuinfo"))) {
                if (line.startsWith("model name")) {
                    model = line.substring(line.indexOf(':') + 1).strip();
                    break;
                }
            }
        } catch (IOException e) {
            // Only a label.
        }
        return CpuAffinity.online().size()
                + " CPUs "
                + model
                + ", Linux "
                + System.getProperty("os.version")
                + ", Java "
                + Runtime.version();
    }
}
