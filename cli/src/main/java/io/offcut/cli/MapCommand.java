package io.offcut.cli;

import io.offcut.cli.map.FailedItem;
import io.offcut.cli.map.MapJob;
import io.offcut.cli.map.MapProgress;
import io.offcut.cli.map.MapReport;
import io.offcut.cli.output.JsonOut;
import io.offcut.cli.output.ProgressLine;
import io.offcut.cli.output.Units;
import io.offcut.client.LeaseOptions;
import io.offcut.client.OffcutClient;
import io.offcut.client.PoolStatus;
import io.offcut.client.RetryPolicy;
import io.offcut.client.WorkerPool;
import io.offcut.core.ErrorCode;
import io.offcut.core.OffcutException;
import io.offcut.core.api.ResolvedFunction;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** {@code offcut map}. */
@Command(
        name = "map",
        description = {
            "Calls a function once for each file, or for each line, on whatever is idle.",
            "For files, each result is a file of the same name in DIR. With --lines, the inputs are"
                    + " the lines of the files, or of stdin, and the results are the lines of"
                    + " DIR/results.txt, in the same order.",
            "Run it again after an interruption: what is done is not done again. Items that failed"
                    + " are named in DIR/failed.txt; files that failed are tried again by the next run."
        },
        footerHeading = "%nExamples:%n",
        footer = {
            "  offcut map --function gzip --workers 8 --out packed --suffix .gz *.txt",
            "  seq 1000000 | offcut map --function square --lines --out squares"
        })
final class MapCommand implements Callable<Integer> {
    private static final int DEFAULT_WORKERS = 4;
    private static final int LOST_ATTEMPTS = 50;
    private static final int INTERRUPTED = 130;
    private static final int NAMED = 3;
    private static final int BAR = 20;

    private final Io io;

    @Mixin ClientOptions client = new ClientOptions();
    @Mixin LeaseFlags lease = new LeaseFlags();
    @Mixin FunctionOption function = new FunctionOption();

    @Option(
            names = {"-o", "--out"},
            required = true,
            paramLabel = "DIR",
            description = "Where results go.")
    Path out = Path.of("");

    @Option(names = "--lines", description = "One call for each line.")
    boolean lines;

    @Option(names = "--suffix", paramLabel = "TEXT", description = "Added to the names of outputs.")
    String suffix = "";

    @Option(names = "--keep-paths", description = "Outputs lie in DIR as inputs lie here.")
    boolean keepPaths;

    @Option(
            names = "--files-from",
            paramLabel = "FILE",
            description = "More inputs, one in each line; - is stdin.")
    @Nullable String filesFrom;

    @Option(
            names = "--item-timeout",
            paramLabel = "TIME",
            converter = Quantities.Time.class,
            description = "Longest time of one call. Default: the function's own limit.")
    Duration itemTimeout = Duration.ZERO;

    @Option(names = "--restart", description = "Forgets what an earlier run did.")
    boolean restart;

    @Option(
            names = "--format",
            paramLabel = "text|json",
            description = "How the summary is written. Default: text, on stderr.")
    SummaryFormat format = SummaryFormat.TEXT;

    @Parameters(paramLabel = "INPUT", arity = "0..*", description = "Files.")
    List<Path> inputs = List.of();

    enum SummaryFormat {
        TEXT,
        JSON
    }

    MapCommand(Io io) {
        this.io = io;
    }

    @Override
    public Integer call() throws IOException {
        String wanted = function.required();
        List<Path> all = allInputs();
        if (all.isEmpty() && !lines) {
            throw new OffcutException(
                    ErrorCode.USAGE, "map: no inputs: name files, or use --lines for stdin");
        }
        if (lines && (keepPaths || !suffix.isEmpty())) {
            throw new OffcutException(
                    ErrorCode.USAGE,
                    "map: --lines has one output: leave --suffix and --keep-paths");
        }
        try (Stopping stopping = Stopping.interruptingOnSignal();
                OffcutClient offcut = client.connect(io)) {
            long startNanos = System.nanoTime();
            ResolvedFunction resolved = offcut.resolve(wanted);
            MapJob job =
                    new MapJob(
                            offcut,
                            resolved,
                            out,
                            restart,
                            itemTimeout,
                            (items, payload) -> wish(resolved, items, payload));
            MapReport report = run(job, all, startNanos);
            return stopping.stopped() && report.interrupted()
                    ? summary(report, startNanos, INTERRUPTED)
                    : summary(report, startNanos, report.failed().isEmpty() ? 0 : 1);
        }
    }

    private MapReport run(MapJob job, List<Path> all, long startNanos) throws IOException {
        ProgressLine line =
                ProgressLine.start(io.err(), io.terminal(), () -> progress(job, startNanos));
        try {
            return lines ? job.lines(all, io.in()) : job.files(all, keepPaths, suffix);
        } finally {
            line.close();
        }
    }

    private List<Path> allInputs() throws IOException {
        List<Path> all = new ArrayList<>(inputs);
        if (filesFrom != null) {
            String names;
            if (filesFrom.equals("-")) {
                names = new String(io.in().readAllBytes(), StandardCharsets.UTF_8);
            } else if (Files.isRegularFile(Path.of(filesFrom))) {
                names = Files.readString(Path.of(filesFrom));
            } else {
                throw new OffcutException(
                        ErrorCode.NOT_FOUND, "map: --files-from " + filesFrom + ": is not a file");
            }
            names.lines().filter(name -> !name.isBlank()).map(Path::of).forEach(all::add);
        }
        return all;
    }

    /** Exactly the version that was resolved, whatever is pushed meanwhile. */
    private LeaseOptions wish(ResolvedFunction resolved, long items, long payloadBytes) {
        String exact = resolved.view().bundle() + "/" + resolved.spec().name();
        int workers = (int) Math.min(DEFAULT_WORKERS, items);
        return lease.options(exact, workers, payloadBytes)
                .retry(new RetryPolicy(LOST_ATTEMPTS, RetryPolicy.DEFAULT.crashedAttempts()));
    }

    // --- what is told

    private String progress(MapJob job, long startNanos) {
        MapProgress progress = job.progress();
        WorkerPool pool = job.pool();
        PoolStatus status = pool == null ? null : pool.status();
        long done = progress.doneBefore() + progress.handled();
        double seconds = (System.nanoTime() - startNanos) / 1e9;
        double perSecond = progress.handled() / Math.max(0.001, seconds);
        StringBuilder text = new StringBuilder("map: ");
        if (progress.total() > 0) {
            int full = (int) (BAR * done / progress.total());
            text.append('[').append("#".repeat(full)).append("-".repeat(BAR - full)).append("] ");
            text.append(done).append('/').append(progress.total());
        } else {
            text.append(done);
        }
        text.append(lines ? " lines" : " items").append(", ").append(Units.rate(perSecond));
        if (status != null) {
            text.append(", ").append(workers(status));
            text.append(status.retries() == 0 ? "" : ", " + status.retries() + " retries");
        }
        text.append(progress.failed() == 0 ? "" : ", " + progress.failed() + " failed");
        return text.toString();
    }

    private static String workers(PoolStatus status) {
        if (status.workers() == 0) {
            String waits = status.leases() > 0 ? "workers are starting" : "waiting for workers";
            return status.schedulerReachable() ? waits : "scheduler away";
        }
        return status.workers() + "/" + status.wishedWorkers() + " workers";
    }

    private int summary(MapReport report, long startNanos, int exitCode) {
        if (format == SummaryFormat.JSON) {
            io.print(JsonOut.text(report));
        } else {
            io.say("map: " + text(report, startNanos));
        }
        return exitCode;
    }

    private String text(MapReport report, long startNanos) {
        String unit = lines ? " lines" : " items";
        StringBuilder text = new StringBuilder();
        text.append(report.done()).append(" of ").append(report.items()).append(unit);
        text.append(" done");
        if (report.doneBefore() > 0) {
            text.append(" (").append(report.doneBefore()).append(" by an earlier run)");
        }
        text.append(" in ").append(Units.time((System.nanoTime() - startNanos) / 1_000_000));
        if (report.changed() > 0) {
            text.append(", ").append(report.changed()).append(" again as their inputs changed");
        }
        if (report.retries() > 0) {
            text.append(", ").append(report.retries()).append(" retries");
        }
        if (!report.failed().isEmpty()) {
            text.append("; failed: ").append(named(report.failed()));
        }
        if (report.interrupted()) {
            text.append("; interrupted: run the same command again to go on");
        }
        return text.toString();
    }

    private String named(List<FailedItem> failed) {
        StringBuilder text = new StringBuilder();
        for (FailedItem item : failed.subList(0, Math.min(NAMED, failed.size()))) {
            text.append(text.isEmpty() ? "" : ", ");
            text.append(item.item()).append(" (").append(item.status()).append(": ");
            text.append(item.message()).append(')');
        }
        if (failed.size() > NAMED) {
            text.append(" and ").append(failed.size() - NAMED).append(" more");
        }
        return text.append(", see ").append(out.resolve("failed.txt")).toString();
    }
}
