package io.offcut.benchmarks;

import com.sun.management.OperatingSystemMXBean;
import io.offcut.scheduler.SchedulerConfig;
import io.offcut.scheduler.SchedulerServer;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.PrintStream;
import java.lang.management.ManagementFactory;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.TimeUnit;

/**
 * A real scheduler in a process of its own, within 1 GiB of heap. It answers what it is asked on
 * its standard input, and ends when that is closed: with whoever started it.
 */
final class SchedulerProcess implements AutoCloseable {
    private static final long STOP_SECONDS = 20;

    private final Process process;
    private final PrintStream questions;
    private final BufferedReader answers;
    private final URI uri;

    private SchedulerProcess(Process process) throws IOException {
        this.process = process;
        this.questions = new PrintStream(process.getOutputStream(), true, StandardCharsets.UTF_8);
        this.answers =
                new BufferedReader(
                        new InputStreamReader(process.getInputStream(), StandardCharsets.UTF_8));
        this.uri = URI.create(answer());
    }

    /** Starts one with its state, and what it says, in this folder. */
    static SchedulerProcess start(Path folder) throws IOException {
        List<String> command =
                List.of(
                        Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                        "-Xmx1g",
                        "-cp",
                        System.getProperty("java.class.path"),
                        SchedulerProcess.class.getName(),
                        folder.resolve("state").toString());
        return new SchedulerProcess(
                new ProcessBuilder(command)
                        .redirectError(folder.resolve("scheduler.log").toFile())
                        .start());
    }

    URI uri() {
        return uri;
    }

    /** Bytes in use after a collection. */
    long heapBytes() throws IOException {
        return ask("heap");
    }

    /** Time of all its threads on a core. */
    long cpuNanos() throws IOException {
        return ask("cpu");
    }

    private long ask(String what) throws IOException {
        questions.println(what);
        return Long.parseLong(answer());
    }

    private String answer() throws IOException {
        String line = answers.readLine();
        if (line == null) {
            throw new IOException("the scheduler process ended with " + exitCode());
        }
        return line;
    }

    private int exitCode() {
        try {
            return process.waitFor(STOP_SECONDS, TimeUnit.SECONDS) ? process.exitValue() : -1;
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            return -1;
        }
    }

    @Override
    public void close() {
        questions.close();
        if (exitCode() < 0) {
            process.destroyForcibly();
        }
    }

    /** The process itself. */
    @SuppressWarnings("SystemOut")
    public static void main(String[] args) throws IOException {
        PrintStream out = System.out;
        System.setOut(System.err); // whoever logs shall not disturb the answers
        SchedulerConfig config =
                SchedulerConfig.defaults()
                        .withAddress("127.0.0.1", 0)
                        .withStateDir(Path.of(args[0]));
        try (SchedulerServer server = SchedulerServer.start(config);
                BufferedReader in =
                        new BufferedReader(
                                new InputStreamReader(System.in, StandardCharsets.UTF_8))) {
            out.println(server.uri());
            for (String line = in.readLine(); line != null; line = in.readLine()) {
                out.println(line.equals("heap") ? usedBytes() : usedCpuNanos());
            }
        }
    }

    private static long usedBytes() {
        var memory = ManagementFactory.getMemoryMXBean();
        memory.gc();
        return memory.getHeapMemoryUsage().getUsed();
    }

    private static long usedCpuNanos() {
        return ManagementFactory.getPlatformMXBean(OperatingSystemMXBean.class).getProcessCpuTime();
    }
}
