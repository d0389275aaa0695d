package io.offcut.cli.simulate.sweep;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.offcut.cli.OutputFiles;
import io.offcut.cli.ThisProgram;
import io.offcut.cli.pilot.PilotFolders;
import io.offcut.cli.simulate.figures.ResultJson;
import io.offcut.cli.simulate.figures.Summary;
import io.offcut.core.ErrorCode;
import io.offcut.core.OffcutException;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.channels.FileLock;
import java.nio.channels.OverlappingFileLockException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;

/**
 * The folder of a sweep: {@code plan.json}, {@code points/NNNN/summary.json} of every run that is
 * done, {@code slurm/} with the logs of its tasks, and the results over all. A run is done when its
 * file is there, which is written whole or not at all; that is all the state there is.
 *
 * @param root the folder
 * @param plan what it is of
 */
record SweepFolder(Path root, SweepPlan plan) {
    private static final String PLAN = "plan.json";
    private static final String POINTS = "points";

    /** The folder of what concerns tasks of Slurm. */
    static final String SLURM = "slurm";

    private static final List<String> RESULTS = List.of("sweep.csv", "sweep.json", PLAN);

    /** Keeps others from writing into the folder. */
    record Lock(RandomAccessFile file, FileLock lock) implements AutoCloseable {
        @Override
        public void close() {
            try {
                lock.close();
                file.close();
            } catch (IOException e) {
                // the process's end frees it
            }
        }
    }

    /**
     * Makes a folder fit for one sweep at a time.
     *
     * @throws OffcutException {@link ErrorCode#CONFLICT} if another process has it
     */
    static Lock lock(Path root) {
        Path file = root.resolve("lock");
        try {
            Files.createDirectories(root);
            RandomAccessFile lockFile = new RandomAccessFile(file.toFile(), "rw");
            FileLock lock = tryLock(lockFile);
            if (lock == null) {
                lockFile.close();
                throw new OffcutException(
                        ErrorCode.CONFLICT,
                        "sweep: "
                                + root
                                + ": another sweep writes there: wait for it or use another --out");
            }
            return new Lock(lockFile, lock);
        } catch (IOException e) {
            throw OffcutException.cannotWrite(file, e);
        }
    }

    private static @Nullable FileLock tryLock(RandomAccessFile file) throws IOException {
        try {
            return file.getChannel().tryLock();
        } catch (OverlappingFileLockException e) {
            return null;
        }
    }

    /**
     * Begins a sweep in a folder, or takes it up again.
     *
     * @param fresh forget what is there
     * @throws OffcutException {@link ErrorCode#CONFLICT} if it has results of another
     */
    static SweepFolder open(Path root, SweepPlan plan, boolean fresh) {
        if (fresh) {
            clear(root);
        }
        SweepFolder folder = new SweepFolder(root, plan);
        Path file = root.resolve(PLAN);
        if (Files.exists(file)) {
            folder.checkIsOf(ResultJson.read(file, SweepPlan.class));
        } else {
            folder.write(file, ResultJson.text(plan));
        }
        return folder;
    }

    /** The folder of a sweep that another process has begun. */
    static SweepFolder existing(Path root) {
        SweepPlan plan = ResultJson.read(root.resolve(PLAN), SweepPlan.class);
        SweepFolder folder = new SweepFolder(root, plan.renewed(ThisProgram.version()));
        folder.checkIsOf(plan);
        return folder;
    }

    private static void clear(Path root) {
        try {
            for (String name : RESULTS) {
                Files.deleteIfExists(root.resolve(name));
            }
        } catch (IOException e) {
            throw OffcutException.cannotWrite(root, e);
        }
        PilotFolders.delete(root.resolve(POINTS));
        PilotFolders.delete(root.resolve(SLURM));
    }

    private void checkIsOf(SweepPlan there) {
        String difference = plan.differenceTo(there);
        if (difference != null) {
            throw new OffcutException(
                    ErrorCode.CONFLICT,
                    "sweep: "
                            + root
                            + " was begun with "
                            + difference
                            + ": use another --out, or --fresh to start anew");
        }
    }

    /** Where a run's result is, or will be. */
    private static Path summary(Path root, int run) {
        return root.resolve(POINTS).resolve("%04d".formatted(run)).resolve("summary.json");
    }

    /** Where logs of tasks are; made if it is not there. */
    Path slurm() {
        Path folder = root.resolve(SLURM);
        try {
            return Files.createDirectories(folder);
        } catch (IOException e) {
            throw OffcutException.cannotWrite(folder, e);
        }
    }

    boolean isDone(int run) {
        return isDone(root, run);
    }

    static boolean isDone(Path root, int run) {
        return Files.exists(summary(root, run));
    }

    /** The runs that are still to do, of so many. */
    List<Integer> missing(int runs) {
        return IntStream.range(0, runs).filter(run -> !isDone(run)).boxed().toList();
    }

    /** Keeps a run's result, from which on it is done. */
    void keep(int run, JsonNode result) {
        if (!(result instanceof ObjectNode document)) {
            throw new OffcutException(ErrorCode.INTERNAL, "a simulation printed no JSON object");
        }
        ObjectNode mark = document.putObject(Summary.SWEEP);
        mark.put("point", plan.point(run));
        mark.put("replication", plan.replication(run));
        mark.put("seed", plan.seed(plan.replication(run)));
        plan.commandLine(plan.point(run)).forEach(mark.putArray("arguments")::add);
        ObjectNode files = mark.putObject("files");
        plan.files().forEach(files::put);
        mark.put("digest", plan.digest(run));
        write(summary(root, run), ResultJson.text(document));
    }

    /**
     * The result of a run that is done.
     *
     * @throws OffcutException {@link ErrorCode#CONFLICT} if it is of other options or another log
     */
    JsonNode result(int run) {
        Path file = summary(root, run);
        JsonNode result = ResultJson.read(file);
        if (!result.path(Summary.SWEEP).path("digest").asText().equals(plan.digest(run))) {
            throw new OffcutException(
                    ErrorCode.CONFLICT,
                    "sweep: "
                            + file
                            + " is of other options or another log: delete it, or --fresh to start"
                            + " anew");
        }
        return result;
    }

    /** Writes a file of results over all runs. */
    void write(String name, String text) {
        write(root.resolve(name), text);
    }

    private void write(Path file, String text) {
        Path folder = file.getParent();
        if (folder == null) {
            throw new IllegalArgumentException("no folder of " + file);
        }
        try {
            Files.createDirectories(folder);
            // What a killed run has left here.
            OutputFiles.removeParts(folder);
        } catch (IOException e) {
            throw OffcutException.cannotWrite(folder, e);
        }
        OutputFiles.replace(file, (text.strip() + "\n").getBytes(StandardCharsets.UTF_8), folder);
    }
}
