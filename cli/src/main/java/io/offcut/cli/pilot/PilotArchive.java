package io.offcut.cli.pilot;

import io.offcut.cli.ThisProgram;
import io.offcut.core.ErrorCode;
import io.offcut.core.OffcutException;
import io.offcut.node.NodeConfig;
import io.offcut.node.NodeDaemon;
import io.offcut.scheduler.SchedulerConfig;
import io.offcut.scheduler.SchedulerServer;
import java.io.File;
import java.io.IOException;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * The archive of the classes of a pilot's daemon, as they are when it has found its scheduler once
 * (JEP 514): a start with it takes half the time. Made where pilots are submitted from, once for
 * each version of program and Java; a pilot that cannot use it starts without.
 */
final class PilotArchive {
    private static final Duration MOST_TIME = Duration.ofSeconds(60);
    private static final Duration CONNECTED = Duration.ofSeconds(20);
    private static final long LOOK_MILLIS = 5;

    private PilotArchive() {}

    /** The file of this version in a folder, made if it is not there; null when it cannot be. */
    static @Nullable Path require(Path folder) {
        String classPath = System.getProperty("java.class.path");
        List<Path> entries =
                Arrays.stream(classPath.split(File.pathSeparator, -1)).map(Path::of).toList();
        // Java archives no class folders.
        if (entries.stream().anyMatch(Files::isDirectory)) {
            return null;
        }
        try {
            Path file = folder.resolve("pilot-" + stamp(entries) + ".aot");
            if (Files.exists(file)) {
                return file;
            }
            Path fresh = folder.resolve("new-" + ProcessHandle.current().pid() + "-pilot.aot");
            Files.createDirectories(folder);
            rehearseInto(fresh);
            Files.move(fresh, file, StandardCopyOption.ATOMIC_MOVE);
            return file;
        } catch (IOException e) {
            return null;
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            return null;
        }
    }

    private static void rehearseInto(Path fresh) throws IOException, InterruptedException {
        List<String> java = new ArrayList<>(PilotStart.JAVA_OPTIONS);
        java.add("-XX:AOTCacheOutput=" + fresh);
        ProcessBuilder builder =
                new ProcessBuilder(ThisProgram.command(java, List.of("pilot", "rehearse")))
                        .redirectErrorStream(true)
                        .redirectOutput(ProcessBuilder.Redirect.DISCARD)
                        .redirectInput(ProcessBuilder.Redirect.from(new File("/dev/null")));
        // What the user says of schedulers and nodes is not meant for these.
        builder.environment().keySet().removeIf(name -> name.startsWith("OFFCUT_"));
        Process process = builder.start();
        try {
            if (!process.waitFor(MOST_TIME.toMillis(), TimeUnit.MILLISECONDS)
                    || process.exitValue() != 0) {
                throw new IOException("Java made no archive of the daemon's classes");
            }
        } finally {
            process.descendants().forEach(ProcessHandle::destroyForcibly);
            process.destroyForcibly();
        }
    }

    private static String stamp(List<Path> entries) throws IOException {
        try {
            MessageDigest digest = MessageDigest.getInstance("SHA-256");
            for (Path entry : entries) {
                String line =
                        entry + " " + Files.size(entry) + " " + Files.getLastModifiedTime(entry);
                digest.update(line.getBytes(StandardCharsets.UTF_8));
            }
            digest.update(Runtime.version().toString().getBytes(StandardCharsets.UTF_8));
            return HexFormat.of().formatHex(digest.digest()).substring(0, 16);
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException(e);
        }
    }

    /** A daemon that offers nothing finds a scheduler, both in this process, and ends. */
    static void rehearse(
            Path dir,
            Function<Map<String, Object>, SchedulerConfig> schedulerOf,
            Function<Map<String, Object>, NodeConfig> nodeOf)
            throws InterruptedException {
        Map<String, Object> scheduler =
                Map.of("port", 0, "stateDir", dir.resolve("scheduler").toString());
        try (SchedulerServer server = SchedulerServer.start(schedulerOf.apply(scheduler));
                NodeDaemon daemon = NodeDaemon.start(nodeOf.apply(node(dir, server.uri())))) {
            long until = System.nanoTime() + CONNECTED.toNanos();
            while (!daemon.connected()) {
                if (System.nanoTime() > until) {
                    throw new OffcutException(
                            ErrorCode.INTERNAL, "a daemon does not find the scheduler beside it");
                }
                Thread.sleep(LOOK_MILLIS);
            }
        }
    }

    private static Map<String, Object> node(Path dir, URI scheduler) {
        return Map.of(
                "name",
                "rehearsal",
                "port",
                0,
                "schedulerUrl",
                scheduler.toString(),
                "stateDir",
                dir.resolve("node").toString(),
                "shmDir",
                "/dev/shm/" + dir.getFileName(),
                "prewarmedExecutors",
                0,
                "reserveMemoryBytes",
                1L << 50);
    }
}
