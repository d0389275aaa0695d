package io.offcut.benchmarks.invoke;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.concurrent.TimeUnit;

/** Processes beside this one, most of them of this very program. */
final class OtherProcess {
    private static final long END_SECONDS = 10;

    private OtherProcess() {}

    /** In the scheduling class of executors. */
    static ProcessBuilder idle(Class<?> main, String... arguments) {
        ProcessBuilder builder = of(main, arguments);
        builder.command().addAll(0, List.of("chrt", "--idle", "0"));
        return builder;
    }

    /** Not started yet; with the compilers and the collector that this process has. */
    static ProcessBuilder of(Class<?> main, String... arguments) {
        List<String> command = new ArrayList<>();
        command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
        command.addAll(List.of("-XX:+UseSerialGC", "--enable-native-access=ALL-UNNAMED"));
        command.addAll(List.of("-cp", System.getProperty("java.class.path"), main.getName()));
        Collections.addAll(command, arguments);
        return new ProcessBuilder(command);
    }

    /** Gives it time to end by itself. Blocks for a bounded time. */
    static void end(Process process) {
        try {
            if (!process.waitFor(END_SECONDS, TimeUnit.SECONDS)) {
                process.destroyForcibly();
            }
        } catch (InterruptedException e) {
            process.destroyForcibly();
            Thread.currentThread().interrupt();
        }
    }
}
