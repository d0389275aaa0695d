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
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * Runs of a sweep as tasks of job arrays of Slurm. Each writes its own result into the folder,
 * which is shared; this only submits, waits and looks. What is in the queue is found again by the
 * arrays' name and a note in the folder, so that another process can take up.
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

    /** How the tasks run. */
    record Wishes(int atOnce, List<String> sbatch) {}

    /**
     * An array in the queue.
     *
     * @param firstRun the run of index 0
     */
    record Array(String jobId, int firstRun, List<Integer> runs) {}

    private final Io io;
    private final SlurmCommands slurm;
    private final SweepFolder folder;
    private final Wishes wishes;
    private final String name;

    /** What was tried now, with the log of each. */
    private final Map<Integer, Path> logs = new HashMap<>();

    private volatile String progress = "";

    SlurmRuns(Io io, SlurmCommands slurm, SweepFolder folder, Wishes wishes) {
        this.io = io;
        this.slurm = slurm;
        this.folder = folder;
        this.wishes = wishes;
        this.name = name(folder.root());
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
                        "the tasks of job "
                                + next.jobId()
                                + " go on: the same command takes up again, 'scancel "
                                + next.jobId()
                                + "' ends them");
                return false;
            }
        }
        requireDone(runs);
        return true;
    }

    /** Ends what an earlier sweep in this folder has left in the queue. */
    static void cancel(SlurmCommands slurm, Path root) {
        slurm.cancel(
                slurm.ownJobs(name(root)).stream()
                        .filter(QueuedJob::active)
                        .map(QueuedJob::jobId)
                        .distinct()
                        .toList());
    }

    /** By which its arrays are found in the queue. */
    private static String name(Path root) {
        return "offcut-sweep-" + Digest.of(root.toString()).substring(0, 12);
    }

    private Path log(Array array, int run) {
        return folder.slurm().resolve(array.jobId() + "_" + (run - array.firstRun()) + ".log");
    }

    private @Nullable Array queued() {
        Path note = folder.slurm().resolve(NOTE);
        if (!Files.exists(note) || active().isEmpty()) {
            return null;
        }
        Array array = ResultJson.read(note, Array.class);
        io.say("taking up job " + array.jobId() + ", which is in the queue");
        return array;
    }

    private List<QueuedJob> active() {
        return slurm.ownJobs(name).stream().filter(QueuedJob::active).toList();
    }

    private Array submit(List<Integer> todo) {
        int first = todo.getFirst();
        List<Integer> runs = todo.stream().filter(run -> run - first < MOST_TASKS).toList();
        String id = slurm.submit(script(first), options(first, runs));
        Array array = new Array(id, first, runs);
        folder.write("slurm/" + NOTE, ResultJson.text(array));
        io.say("job " + id + ": " + runs.size() + " tasks, logs in " + folder.slurm());
        return array;
    }

    private List<String> options(int first, List<Integer> runs) {
        List<String> options =
                new ArrayList<>(
                        List.of(
                                "--job-name=" + name,
                                "--array=" + indices(first, runs) + limit(),
                                "--ntasks=1",
                                "--cpus-per-task=1",
                                "--chdir=" + Path.of("").toAbsolutePath(),
                                "--output=" + folder.slurm().resolve("%A_%a.log"),
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
        progress = "sweep: job " + array.jobId() + " waits";
        try (ProgressLine _ = ProgressLine.start(io.err(), io.terminal(), () -> progress)) {
            while (true) {
                try {
                    List<QueuedJob> active = active();
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
                                array.jobId(),
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
