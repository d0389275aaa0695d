package io.offcut.slurm;

import io.offcut.core.ErrorCode;
import io.offcut.core.OffcutException;
import io.offcut.slurm.internal.exec.BoundedCommand;
import io.offcut.slurm.internal.exec.Tools;
import io.offcut.slurm.internal.parse.FieldLine;
import io.offcut.slurm.internal.parse.JobRecords;
import io.offcut.slurm.internal.parse.NodeRecords;
import io.offcut.slurm.internal.parse.PlanRecords;
import io.offcut.slurm.internal.parse.QueueLines;
import io.offcut.slurm.internal.parse.SlurmText;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.function.Consumer;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * Asks Slurm through its own commands, {@code scontrol} and {@code squeue}, and submits and cancels
 * jobs of this user with {@code sbatch} and {@code scancel}.
 *
 * <p>Every call runs one program, blocks until it has answered, and never longer than the time-out
 * plus one second: with no controller Slurm's commands by themselves would wait about ten seconds,
 * without a configuration a minute. Times are read as UTC. Any thread may call.
 *
 * <p>Failures are {@link OffcutException}s: {@code NOT_FOUND} when the command is not installed or
 * the job or node does not exist, {@code UNREACHABLE} when the controller does not answer.
 */
public final class SlurmCommands implements JobLookup {
    /** Bytes of one record that are read; a job over 10,000 nodes has less than a million. */
    private static final int MAX_LINE_BYTES = 4 << 20;

    private static final int MAX_RECORDS = 1_000_000;

    private final @Nullable Path slurmConf;
    private final @Nullable Path binDirectory;
    private final Duration timeout;

    private SlurmCommands(@Nullable Path slurmConf, @Nullable Path binDirectory, Duration timeout) {
        if (timeout.isZero() || timeout.isNegative()) {
            throw new IllegalArgumentException("a time-out of " + timeout);
        }
        this.slurmConf = slurmConf;
        this.binDirectory = binDirectory;
        this.timeout = timeout;
    }

    /**
     * Looks whether Slurm's configuration is there, before its commands wait half a minute for it.
     *
     * @param named the file that a user named; null: SLURM_CONF, if that is set
     * @throws OffcutException {@link ErrorCode#NOT_FOUND} if it cannot be read
     */
    public static void requireConfiguration(@Nullable Path named) {
        String inherited = System.getenv("SLURM_CONF");
        Path file =
                named != null || inherited == null || inherited.isBlank()
                        ? named
                        : Path.of(inherited);
        if (file != null && !Files.isReadable(file)) {
            throw new OffcutException(
                    ErrorCode.NOT_FOUND,
                    (named == null ? "SLURM_CONF " : "--slurm-conf ")
                            + file
                            + " cannot be read: check path and permissions");
        }
    }

    /** The site's Slurm: commands on PATH or in the usual places, its own configuration. */
    public static SlurmCommands ofSite(Duration timeout) {
        return new SlurmCommands(null, null, timeout);
    }

    /** The Slurm of this configuration file, which the commands get as SLURM_CONF. */
    public static SlurmCommands ofConfiguration(Path slurmConf, Duration timeout) {
        return new SlurmCommands(slurmConf, null, timeout);
    }

    /** The same, with the commands taken from one directory only. */
    public SlurmCommands withBinDirectory(Path directory) {
        return new SlurmCommands(slurmConf, directory.toAbsolutePath(), timeout);
    }

    /** The same with another time-out. */
    public SlurmCommands withTimeout(Duration other) {
        return new SlurmCommands(slurmConf, binDirectory, other);
    }

    /** Whether the commands are installed. Does not ask the controller. */
    public boolean installed() {
        return Tools.find(binDirectory, "scontrol").isPresent()
                && Tools.find(binDirectory, "squeue").isPresent();
    }

    @Override
    public SlurmJob job(String jobId) {
        checkJobId(jobId);
        List<String> lines = lines("job " + jobId, "scontrol", "show", "job", "-d", "-o", jobId);
        return JobRecords.parseAll(lines).stream()
                .filter(job -> job.jobId().equals(jobId))
                .findFirst()
                .orElseThrow(() ->
                        new OffcutException(
                                ErrorCode.NOT_FOUND,
                                "Slurm shows no record of job "
                                        + jobId
                                        + ": it may have ended; see squeue"));
    }

    /** All jobs the controller remembers. For tools and tests; costs the controller a full dump. */
    public List<SlurmJob> jobs() {
        return JobRecords.parseAll(lines("the jobs", "scontrol", "show", "job", "-d", "-o"));
    }

    @Override
    public List<String> jobIdsOn(String node) {
        checkNodeName(node);
        return lines(
                        "node " + node,
                        "squeue",
                        "--noheader",
                        "--array",
                        "--nodelist=" + node,
                        "--states=running,suspended,completing,configuring,stopped",
                        "--format=%A")
                .stream()
                .map(String::strip)
                .filter(SlurmText::isJobId)
                .distinct()
                .toList();
    }

    /**
     * This user's jobs of a name: those that wait or run, and those that ended so short a while ago
     * that the controller remembers them (MinJobAge, usually five minutes).
     */
    public List<QueuedJob> ownJobs(String name) {
        return lines(
                        "the jobs named " + name,
                        "squeue",
                        "--noheader",
                        "--array",
                        "--user=" + ownUid(),
                        "--name=" + name,
                        "--states=all",
                        "--format=" + QueueLines.FORMAT)
                .stream()
                .map(QueueLines::parse)
                .filter(Objects::nonNull)
                .toList();
    }

    // Accounts of a directory service may have no name here.
    private static String ownUid() {
        try {
            return Files.getAttribute(Path.of("/proc/self"), "unix:uid").toString();
        } catch (IOException e) {
            throw new OffcutException(ErrorCode.EXHAUSTED, "cannot read /proc/self: " + e, e);
        }
    }

    /**
     * Submits a batch job.
     *
     * @param script what its shell runs; others of this user and administrators can read it
     * @param options of {@code sbatch}, as {@code --partition=idle}
     * @return its id
     * @throws OffcutException besides the usual: {@code NOT_FOUND} for an unknown partition, {@code
     *     FORBIDDEN} when this user may not, {@code NO_CAPACITY} over a limit, {@code
     *     INVALID_INPUT} when sbatch refuses for another reason
     */
    public String submit(String script, List<String> options) {
        List<String> command = new ArrayList<>();
        command.add(tool("sbatch"));
        command.add("--parsable");
        command.addAll(options);
        command.add("--wrap=" + script);
        CommandResult result = BoundedCommand.run(command, environment(), null, timeout);
        // With a federation the cluster follows, behind a semicolon.
        String id = result.output().strip().split(";", 2)[0];
        if (!result.succeeded() || !SlurmText.isJobId(id)) {
            throw refused(result);
        }
        return id;
    }

    private OffcutException refused(CommandResult result) {
        String said = firstLine(result, List.of()).replaceFirst("^sbatch: (error: )?", "");
        // The first line is often of the option, the second says why the controller refuses.
        String all = result.error();
        if (all.contains("invalid partition") || all.contains("Invalid partition")) {
            return new OffcutException(
                    ErrorCode.NOT_FOUND,
                    "Slurm knows no such partition (" + said + "): sinfo lists them");
        }
        if (all.contains("denied") || all.contains("not permitted")) {
            return new OffcutException(ErrorCode.FORBIDDEN, "sbatch refused: " + said);
        }
        if (all.contains("violates") || all.contains("limit")) {
            return new OffcutException(ErrorCode.NO_CAPACITY, "sbatch refused: " + said);
        }
        if (result.timedOut() || all.contains("contact slurm controller")) {
            return refusal("sbatch", "a new job", result, List.of());
        }
        return new OffcutException(ErrorCode.INVALID_INPUT, "sbatch refused: " + said);
    }

    /** Cancels jobs; those that have ended meanwhile are no failure. */
    public void cancel(List<String> jobIds) {
        for (String jobId : jobIds) {
            checkJobId(jobId);
        }
        if (!jobIds.isEmpty()) {
            List<String> command = new ArrayList<>(List.of("--quiet"));
            command.addAll(jobIds);
            lines("the jobs to cancel", "scancel", command.toArray(String[]::new));
        }
    }

    private static void checkJobId(String jobId) {
        if (!SlurmText.isJobId(jobId)) {
            throw new OffcutException(
                    ErrorCode.INVALID_INPUT,
                    "'" + SlurmText.free(jobId) + "' is not a Slurm job id: give its number");
        }
    }

    static void checkNodeName(String node) {
        if (!node.matches("[A-Za-z0-9][A-Za-z0-9._-]{0,254}")) {
            throw new OffcutException(
                    ErrorCode.INVALID_INPUT,
                    "'" + SlurmText.free(node) + "' is not the name of a Slurm node");
        }
    }

    /** One node with its state. */
    public SlurmNode node(String name) {
        checkNodeName(name);
        return lines("node " + name, "scontrol", "show", "node", "-o", name).stream()
                .map(NodeRecords::parseLine)
                .filter(Objects::nonNull)
                .filter(node -> node.name().equals(name))
                .findFirst()
                .orElseThrow(() ->
                        new OffcutException(
                                ErrorCode.NOT_FOUND, "Slurm does not know node " + name));
    }

    /** All nodes with their states. */
    public List<SlurmNode> nodes() {
        return lines("the nodes", "scontrol", "show", "node", "-o").stream()
                .map(NodeRecords::parseLine)
                .filter(Objects::nonNull)
                .toList();
    }

    /**
     * When and where pending jobs are expected to start; of jobs that are held, wait for others or
     * are not planned yet, nothing.
     */
    public List<PlannedStart> plannedStarts() {
        return lines(
                        "the pending jobs",
                        "squeue",
                        "--noheader",
                        "--states=pending",
                        "--format=" + PlanRecords.START_FORMAT)
                .stream()
                .map(PlanRecords::parseStart)
                .filter(Objects::nonNull)
                .toList();
    }

    /** All reservations that are under way or to come. */
    public List<SlurmReservation> reservations() {
        return lines("the reservations", "scontrol", "show", "reservation", "-o").stream()
                .map(PlanRecords::parseReservation)
                .filter(Objects::nonNull)
                .toList();
    }

    /** A partition. */
    public SlurmPartition partition(String name) {
        if (!name.matches("[A-Za-z0-9_][A-Za-z0-9._-]{0,254}")) {
            throw new OffcutException(
                    ErrorCode.INVALID_INPUT,
                    "'" + SlurmText.free(name) + "' is not the name of a Slurm partition");
        }
        String what = "partition " + name;
        return lines(what, "scontrol", "show", "partition", "-o", name).stream()
                .map(FieldLine::parse)
                .filter(fields -> fields.firstOr("PartitionName", "").equals(name))
                .map(fields ->
                        new SlurmPartition(
                                name,
                                QueueLines.limit(fields.firstOr("MaxTime", "")),
                                !fields.firstOr("PreemptMode", "OFF").equals("OFF")))
                .findFirst()
                .orElseThrow(() ->
                        new OffcutException(ErrorCode.NOT_FOUND, "Slurm does not know " + what));
    }

    /** What the program printed; the subject is for the refusal. */
    List<String> lines(String subject, String program, String... arguments) {
        List<String> command = new ArrayList<>();
        command.add(tool(program));
        Collections.addAll(command, arguments);
        List<String> lines = Collections.synchronizedList(new ArrayList<>());
        Consumer<String> keep =
                line -> {
                    if (lines.size() < MAX_RECORDS) {
                        lines.add(line);
                    }
                };
        CommandResult result =
                BoundedCommand.runLines(command, environment(), timeout, MAX_LINE_BYTES, keep);
        if (!result.succeeded()) {
            throw refusal(program, subject, result, lines);
        }
        return List.copyOf(lines);
    }

    private String tool(String program) {
        return Tools.find(binDirectory, program)
                .orElseThrow(() ->
                        new OffcutException(
                                ErrorCode.NOT_FOUND,
                                program
                                        + " is not installed"
                                        + (binDirectory == null ? "" : " in " + binDirectory)
                                        + ": install Slurm's client commands (Debian:"
                                        + " apt-get install slurm-client)"))
                .toString();
    }

    private Map<String, String> environment() {
        Map<String, String> environment = new HashMap<>(Tools.environment(slurmConf));
        environment.put("TZ", "UTC");
        environment.put("LC_ALL", "C");
        environment.put("SLURM_TIME_FORMAT", "standard");
        environment.put("SLURM_BITSTR_LEN", "0");
        return environment;
    }

    private OffcutException refusal(
            String program, String subject, CommandResult result, List<String> printed) {
        if (result.timedOut()) {
            return new OffcutException(
                    ErrorCode.UNREACHABLE,
                    program
                            + " did not answer about "
                            + subject
                            + " within "
                            + timeout.toMillis()
                            + " ms: check that slurmctld runs (scontrol ping)");
        }
        String said = firstLine(result, printed);
        boolean unknown =
                said.contains("Invalid job id")
                        || said.contains("Invalid node name")
                        || said.contains("not found");
        if (unknown) {
            return new OffcutException(
                    ErrorCode.NOT_FOUND, "Slurm does not know " + subject + " (" + said + ")");
        }
        return new OffcutException(
                ErrorCode.UNREACHABLE,
                program
                        + " failed for "
                        + subject
                        + ": "
                        + said
                        + ": check that slurmctld runs (scontrol ping)");
    }

    /** What the command complained of; scontrol names an unknown node on standard output. */
    private static String firstLine(CommandResult result, List<String> printed) {
        return SlurmText.free(
                Stream.concat(result.error().lines(), printed.stream())
                        .filter(line -> !line.isBlank())
                        .findFirst()
                        .orElse("exit " + result.exitCode()));
    }
}
