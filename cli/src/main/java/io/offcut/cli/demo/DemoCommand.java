package io.offcut.cli.demo;

import io.offcut.cli.output.Terminal;
import io.offcut.client.OffcutClient;
import io.offcut.core.CpuSet;
import io.offcut.core.ErrorCode;
import io.offcut.core.OffcutException;
import io.offcut.linux.CpuAffinity;
import java.io.IOException;
import java.io.PrintStream;
import java.net.URI;
import java.nio.file.FileVisitResult;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.SimpleFileVisitor;
import java.nio.file.attribute.BasicFileAttributes;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.Objects;
import java.util.concurrent.Callable;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/** {@code offcut demo}. */
@Command(
        name = "demo",
        description = {
            "Shows the whole path on this machine, in under a minute: a scheduler, two nodes, a stand-in "
                    + "batch load that takes cores and gives them back, and two functions that run on what is left.",
            "Needs two CPUs, a C compiler and gzip; no root, no Slurm."
        },
        footer = {"", "Example:", "  offcut demo"})
public final class DemoCommand implements Callable<Integer> {
    private static final int INTERRUPTED = 130;
    private static final long FINISH_SECONDS = 10;

    @Option(
            names = "--keep",
            description = "When it has succeeded, leave all running until interrupted.")
    private boolean keep;

    @Option(
            names = "--slurm",
            description = "Shows it next to a real, private Slurm cluster of four nodes instead.")
    private boolean slurm;

    /** Why the folder with the logs stays; the shutdown hook reads it. */
    private volatile boolean failed;

    /** The process was told to end, or has; what fails from then on is nothing to tell. */
    private volatile boolean stopping;

    private volatile @Nullable AutoCloseable running;
    private final CountDownLatch over = new CountDownLatch(1);

    @Override
    public Integer call() throws IOException, InterruptedException {
        PrintStream out = System.out;
        Path dir = Files.createTempDirectory("offcut-demo-");
        cleanAtExit(dir);
        try {
            // Executors run as another user when this is root: they must be able to pass through.
            Files.setPosixFilePermissions(dir, PosixFilePermissions.fromString("rwx--x--x"));
            CpuSet cpus = CpuAffinity.current();
            URI scheduler = slurm ? besideSlurm(out, dir, cpus) : alone(out, dir, cpus);
            if (keep) {
                out.println(
                        "Scheduler, page and metrics: "
                                + scheduler
                                + "  (logs: "
                                + dir
                                + "; Ctrl-C ends it)");
                new CountDownLatch(1).await();
            }
            return 0;
        } catch (OffcutException e) {
            if (stopping) {
                return INTERRUPTED;
            }
            failed = true;
            throw new OffcutException(e.code(), e.getMessage() + " (logs: " + dir + ")", e);
        } catch (IOException | InterruptedException | RuntimeException e) {
            if (stopping) {
                return INTERRUPTED;
            }
            throw e;
        } finally {
            over.countDown();
        }
    }

    private URI alone(PrintStream out, Path dir, CpuSet cpus)
            throws IOException, InterruptedException {
        Demo demo = new Demo(dir, cpus, filesRoot());
        running = demo;
        out.println("Starting a scheduler and two nodes on CPUs " + cpus + " …");
        OffcutClient client = demo.start();
        DemoReport report =
                demo.run(client, new DemoView(out, Terminal.detect(System.getenv()).out()));
        out.println();
        out.print(report.table());
        out.println();
        String failure = report.failure();
        if (failure != null) {
            throw new OffcutException(ErrorCode.INTERNAL, "demo: " + failure);
        }
        out.println("All results verified.");
        return Objects.requireNonNull(demo.schedulerUri());
    }

    private URI besideSlurm(PrintStream out, Path dir, CpuSet cpus)
            throws IOException, InterruptedException {
        SlurmDemo demo = new SlurmDemo(dir, cpus, filesRoot(), out);
        running = demo;
        out.println(
                "Starting Slurm with four nodes of four cores, a scheduler and four node daemons …");
        out.println(
                "A, B, C: cores of jobs; F: cores that run functions of job B's one line, offcut map.");
        return demo.run();
    }

    private void cleanAtExit(Path dir) {
        Thread runs = Thread.currentThread();
        Runtime.getRuntime().addShutdownHook(new Thread(() -> stop(runs, dir), "demo-cleaner"));
    }

    private static Path filesRoot() {
        String home = System.getenv("OFFCUT_HOME");
        return Path.of(home == null ? "." : home).toAbsolutePath().normalize();
    }

    private void stop(Thread runs, Path dir) {
        stopping = true;
        if (over.getCount() > 0) {
            runs.interrupt();
        }
        try {
            // What still runs would write into the folder, or start what nobody ends.
            boolean _ = over.await(FINISH_SECONDS, TimeUnit.SECONDS);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
        clean(dir);
    }

    private void clean(Path dir) {
        AutoCloseable demo = running;
        try {
            if (demo != null) {
                demo.close();
            }
        } catch (Exception e) {
            System.err.println("offcut: demo: " + e.getMessage());
        }
        if (failed) {
            return;
        }
        try {
            Files.walkFileTree(
                    dir,
                    new SimpleFileVisitor<>() {
                        @Override
                        public FileVisitResult visitFile(Path file, BasicFileAttributes attributes)
                                throws IOException {
                            Files.delete(file);
                            return FileVisitResult.CONTINUE;
                        }

                        @Override
                        public FileVisitResult postVisitDirectory(
                                Path folder, @Nullable IOException failure) throws IOException {
                            Files.delete(folder);
                            return FileVisitResult.CONTINUE;
                        }
                    });
        } catch (IOException e) {
            System.err.println("offcut: demo: " + dir + " is not removed: " + e.getMessage());
        }
    }
}
