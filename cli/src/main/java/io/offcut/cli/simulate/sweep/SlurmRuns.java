package io.offcut.cli.simulate.sweep;

import io.offcut.cli.Io;
import io.offcut.cli.ThisProgram;
import io.offcut.cli.output.ProgressLine;
import io.offcut.cli.output.Units;
import io.offcut.cli.pilot.PilotSupervisor.Pause;
import io.offcut.cli.simulate.figures.ResultJson;
import io.offcut.core.ErrorCode;
import io.offcut.core.OffcutException;
import io.offcut.slurm.JobState;
import io.offcut.slurm.QueuedJob;
import io.offcut.slurm.SlurmCommands;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/**
 * Runs of a sweep as tasks of job arrays of Slurm. Each writes its own result into the folder,
 * which is shared; this only submits, waits and looks. A note in the folder names an array before
 * it is submitted and stays until it is over; by that name another process finds it in the queue
 * and takes up, wherever this one was killed.
 */
final class SlurmRuns {
    private static final String NOTE = "array.json";

    /** Slurm's default MaxArraySize is 1001; indices begin at 0. */
    private static final int MOST_TASKS = 1000;

    private static final int MOST_UNANSWERED = 20;
    private static final long FIRST_PAUSE_MILLIS = 500;
    private static final long LONGEST_PAUSE_MILLIS = 15_000;

    /** For a shared file system to show what a node has written. */
    private static final Duration SETTLE = Duration.ofSeconds(10);

    /** Slurm kills what does not end by itself after KillWait, usually 30 s. */
    private static final Duration CANCEL = Duration.ofSeconds(90);

    /** How the tasks run. */
    record Wishes(int atOnce, List<String> sbatch) {}

    /**
     * An array that is in the queue, or is about to be.
     *
     * @param name of its job, which no other has
     * @param firstRun the run of index 0
     */
    record Array(String name, int firstRun, List<Integer> runs) {}

    private final Io io;
    private final SlurmCommands slurm;
    private final SweepFolder folder;
    private final Wishes wishes;

    /** What was tried now, with the log of each. */
    private final Map<Integer, Path> logs = new HashMap<>();

    private volatile String progress = "";

    SlurmRuns(Io io, SlurmCommands slurm, SweepFolder folder, Wishes wishes) {
        this.io = io;
        this.slurm = slurm;
        this.folder = folder;
        this.wishes = wishes;
    }

    /**
     * Has all done.
     *
     * @param pause waits; false when it is enough, from when on the tasks go on alone
     * @return false if it was enough before all was done
     * @throws OffcutException for the first that failed
     */
    boolean run(List<Integer> runs, Pause pause) throws InterruptedException {
        Array array = queued();
        while (true) {
            List<Integer> todo =
                    runs.stream()
                            .filter(run -> !logs.containsKey(run) && !folder.isDone(run))
                            .toList();
            if (array == null && todo.isEmpty()) {
                break;
            }
            Array next = array == null ? submit(todo) : array;
            array = null;
            next.runs().forEach(run -> logs.put(run, log(next, run)));
            if (!await(next, pause)) {
                io.say(
                        "the tasks go on: the same command takes up again, 'scancel --name="
                                + next.name()
                                + "' ends them");
                return false;
            }
            forget(folder.root());
        }
        requireDone(runs);
        return true;
    }

    /** Ends what an earlier sweep in this folder has left in the queue, and waits until it is. */
    static void cancel(SlurmCommands slurm, Path root) throws InterruptedException {
        Array array = noted(root);
        if (array == null) {
            return;
        }
        long until = System.nanoTime() + CANCEL.toNanos();
        slurm.cancel(jobIds(active(slurm, array)));
        while (!active(slurm, array).isEmpty()) {
            if (System.nanoTime() > until) {
                throw inQueue(root, "are ended but not gone: try again");
            }
            Thread.sleep(FIRST_PAUSE_MILLIS);
        }
        forget(root);
    }

    /**
     * Refuses to work beside tasks, which would do the same runs.
     *
     * @throws OffcutException {@link ErrorCode#CONFLICT} if some may be in the queue
     */
    static void requireNone(SlurmCommands slurm, Path root) {
        Array array = noted(root);
        if (array == null) {
            return;
        }
        if (array.runs().stream().allMatch(run -> SweepFolder.isDone(root, run))) {
            forget(root);
            return;
        }
        try {
            if (active(slurm, array).isEmpty()) {
                forget(root);
                return;
            }
        } catch (OffcutException e) {
            throw inQueue(
                    root,
                    "may be in the queue, which cannot be asked ("
                            + e.getMessage()
                            + "): go on where Slurm is, or delete "
                            + note(root)
                            + " if they have ended");
        }
        throw inQueue(
                root,
                "are in the queue: go on with --slurm, or end them with 'scancel --name="
                        + array.name()
                        + "'");
    }

    private static OffcutException inQueue(Path root, String what) {
        return new OffcutException(
                ErrorCode.CONFLICT, "sweep: " + root + ": tasks of this sweep " + what);
    }

    private static Path note(Path root) {
        return root.resolve(SweepFolder.SLURM).resolve(NOTE);
    }

    private static @Nullable Array noted(Path root) {
        Path note = note(root);
        return Files.exists(note) ? ResultJson.read(note, Array.class) : null;
    }

    /** The array is over, or was never submitted. */
    private static void forget(Path root) {
        Path note = note(root);
        try {
            Files.deleteIfExists(note);
        } catch (IOException e) {
            throw OffcutException.cannotWrite(note, e);
        }
    }

    private Path log(Array array, int run) {
        return folder.slurm().resolve(array.name() + "_" + (run - array.firstRun()) + ".log");
    }

    private @Nullable Array queued() {
        Array array = noted(folder.root());
        List<QueuedJob> active = array == null ? List.of() : active(slurm, array);
        if (active.isEmpty()) {
            return null;
        }
        io.say("taking up job " + jobIds(active).getFirst() + ", which is in the queue");
        return array;
    }

    private static List<QueuedJob> active(SlurmCommands slurm, Array array) {
        return slurm.ownJobs(array.name()).stream().filter(QueuedJob::active).toList();
    }

    /** Numbers of tasks, of which the array's own is the least. */
    private static List<String> jobIds(List<QueuedJob> jobs) {
        return jobs.stream()
                .map(QueuedJob::jobId)
                .distinct()
                .sorted(Comparator.comparingLong(Long::parseLong))
                .toList();
    }

    private Array submit(List<Integer> todo) {
        int first = todo.getFirst();
        List<Integer> runs = todo.stream().filter(run -> run - first < MOST_TASKS).toList();
        Array array = new Array("offcut-sweep-" + UUID.randomUUID(), first, runs);
        folder.write(SweepFolder.SLURM + "/" + NOTE, ResultJson.text(array));
        String id = slurm.submit(script(first), options(array));
        io.say("job " + id + ": " + runs.size() + " tasks, logs in " + folder.slurm());
        return array;
    }

    private List<String> options(Array array) {
        List<String> options =
                new ArrayList<>(
                        List.of(
                                "--job-name=" + array.name(),
                                "--array=" + indices(array.firstRun(), array.runs()) + limit(),
                                "--ntasks=1",
                                "--cpus-per-task=1",
                                "--chdir=" + Path.of("").toAbsolutePath(),
                                "--output=" + folder.slurm().resolve("%x_%a.log"),
                                "--open-mode=truncate",
                                // The user's environment may hold secrets.
                                "--export=HOME,PATH,SLURM_CONF"));
        options.addAll(wishes.sbatch());
        return options;
    }

    private String limit() {
        return wishes.atOnce() > 0 ? "%" + wishes.atOnce() : "";
    }

    /** {@code 0-3,7}. */
    static String indices(int first, List<Integer> runs) {
        StringBuilder text = new StringBuilder();
        int i = 0;
        while (i < runs.size()) {
            int from = i;
            while (i + 1 < runs.size() && runs.get(i + 1) == runs.get(i) + 1) {
                i++;
            }
            text.append(text.isEmpty() ? "" : ",").append(runs.get(from) - first);
            if (i > from) {
                text.append('-').append(runs.get(i) - first);
            }
            i++;
        }
        return text.toString();
    }

    private String script(int first) {
        return "exec "
                + ThisProgram.shell(
                        ThisProgram.command(
                                // Of what the job may have, where Slurm holds it to that.
                                List.of("-XX:+UseSerialGC", "-XX:MaxRAMPercentage=75"),
                                List.of(
                                        "simulate",
                                        "sweep",
                                        "--out",
                                        folder.root().toString(),
                                        "--point")))
                + " $(("
                + first
                + " + SLURM_ARRAY_TASK_ID))";
    }

    private boolean await(Array array, Pause pause) throws InterruptedException {
        long startNanos = System.nanoTime();
        long before = done(array);
        long pauseMillis = FIRST_PAUSE_MILLIS;
        int unanswered = 0;
        progress = "sweep: the tasks wait";
        try (ProgressLine _ = ProgressLine.start(io.err(), io.terminal(), () -> progress)) {
            while (true) {
                try {
                    List<QueuedJob> active = active(slurm, array);
                    unanswered = 0;
                    if (active.isEmpty()) {
                        return true;
                    }
                    progress = progress(array, active, before, startNanos);
                } catch (OffcutException e) {
                    if (++unanswered > MOST_UNANSWERED) {
                        throw e;
                    }
                    progress = e.getMessage() + "; looking again";
                }
                if (!pause.await(Duration.ofMillis(pauseMillis))) {
                    return false;
                }
                pauseMillis = Math.min(LONGEST_PAUSE_MILLIS, pauseMillis * 5 / 4);
            }
        }
    }

    private long done(Array array) {
        return array.runs().stream().filter(folder::isDone).count();
    }

    private String progress(Array array, List<QueuedJob> active, long before, long startNanos) {
        long done = done(array);
        long all = array.runs().size();
        long waiting = active.stream().filter(job -> job.state() == JobState.PENDING).count();
        String reason =
                active.stream()
                        .filter(job -> job.state() == JobState.PENDING)
                        .map(QueuedJob::reason)
                        .findFirst()
                        .orElse("");
        String text =
                "sweep: job %s, %d of %d runs done, %d run, %d wait%s"
                        .formatted(
                                jobIds(active).getFirst(),
                                done,
                                all,
                                active.size() - waiting,
                                waiting,
                                reason.isEmpty() ? "" : " (" + reason + ")");
        if (done == before) {
            return text;
        }
        long perRunNanos = (System.nanoTime() - startNanos) / (done - before);
        return text + ", about " + Units.time(perRunNanos * (all - done) / 1_000_000) + " left";
    }

    private void requireDone(List<Integer> runs) throws InterruptedException {
        long until = System.nanoTime() + SETTLE.toNanos();
        List<Integer> missing = missing(runs);
        while (missing.stream().anyMatch(run -> lastLine(run).isEmpty())
                && System.nanoTime() < until) {
            Thread.sleep(FIRST_PAUSE_MILLIS);
            missing = missing(runs);
        }
        if (!missing.isEmpty()) {
            int first = missing.getFirst();
            String said = lastLine(first);
            throw new OffcutException(
                    ErrorCode.ITEMS_FAILED,
                    missing.size()
                            + " of "
                            + runs.size()
                            + " runs failed, the first: "
                            + folder.plan().name(first)
                            + ": "
                            + (said.isEmpty() ? "it was ended" : said)
                            + " (log: "
                            + logs.get(first)
                            + "); the same command tries again");
        }
    }

    private List<Integer> missing(List<Integer> runs) {
        return runs.stream().filter(run -> !folder.isDone(run)).toList();
    }

    /** Of a run's log; empty if it has none. */
    private String lastLine(int run) {
        try {
            Path log = Objects.requireNonNull(logs.get(run));
            List<String> lines =
                    new String(Files.readAllBytes(log), StandardCharsets.UTF_8)
                            .lines()
                            .filter(line -> !line.isBlank())
                            .toList();
            return lines.isEmpty() ? "" : lines.getLast().strip();
        } catch (IOException e) {
            return "";
        }
    }
}
