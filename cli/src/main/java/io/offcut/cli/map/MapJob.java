package io.offcut.cli.map;

import io.offcut.cli.OutputFiles;
import io.offcut.cli.map.FileItems.FileItem;
import io.offcut.client.LeaseOptions;
import io.offcut.client.MapOptions;
import io.offcut.client.OffcutClient;
import io.offcut.client.WorkerPool;
import io.offcut.core.OffcutException;
import io.offcut.core.api.ResolvedFunction;
import io.offcut.core.frame.InvocationFrame;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.BiFunction;
import org.jspecify.annotations.Nullable;

/**
 * One run of {@code offcut map}: opens the journal, leases workers if there is anything to do,
 * runs, and names what failed. For one thread; {@link #progress} and {@link #pool} may be asked by
 * any.
 */
public final class MapJob {
    private static final long MIN_PAYLOAD_BYTES = 1 << 20;
    private static final int LINE_PAYLOAD_BYTES = 1 << 16;
    private static final long MIN_WINDOW_BYTES = 16L << 20;

    private final OffcutClient client;
    private final ResolvedFunction function;
    private final Path folder;
    private final boolean restart;
    private final Duration itemTimeout;
    private final Leasing leasing;
    private final MapProgress progress = new MapProgress();
    private final AtomicReference<@Nullable WorkerPool> pool = new AtomicReference<>();

    /** What workers to ask for, given how many items there are and how large payloads may get. */
    @FunctionalInterface
    public interface Leasing extends BiFunction<Long, Long, LeaseOptions> {}

    /**
     * A job.
     *
     * @param folder where results and journal go; made if it is not there
     * @param restart forget what an earlier run did
     * @param itemTimeout longest time of one call on a worker; zero for the function's own limit
     */
    public MapJob(
            OffcutClient client,
            ResolvedFunction function,
            Path folder,
            boolean restart,
            Duration itemTimeout,
            Leasing leasing) {
        this.client = client;
        this.function = function;
        this.folder = folder;
        this.restart = restart;
        this.itemTimeout = itemTimeout;
        this.leasing = leasing;
    }

    public MapProgress progress() {
        return progress;
    }

    /** The workers; null while there are none. */
    public @Nullable WorkerPool pool() {
        return pool.get();
    }

    /** One call for each file. */
    public MapReport files(List<Path> inputs, boolean keepPaths, String suffix) {
        List<FileItem> items = FileItems.of(inputs, keepPaths, suffix);
        try (Journal journal = journal("files")) {
            OutputFiles.removeParts(folder.resolve(Journal.FOLDER));
            FileMap.Plan plan = FileMap.plan(items, folder, journal);
            if (plan.open().isEmpty()) {
                long all = items.size();
                return named(new MapReport(all, all, all, 0, List.of(), 0, false));
            }
            long largest = plan.open().stream().mapToLong(FileItem::bytes).max().orElse(0);
            LeaseOptions wish =
                    leasing.apply((long) plan.open().size(), payload(MIN_PAYLOAD_BYTES, largest));
            return named(
                    leased(
                            wish,
                            workers ->
                                    new FileMap(
                                                    workers,
                                                    folder,
                                                    journal,
                                                    progress,
                                                    wish.payloadBytes())
                                            .run(plan, options(MapOptions.unordered()))));
        }
    }

    /**
     * One call for each line.
     *
     * @param stdin read when there are no files
     */
    public MapReport lines(List<Path> inputs, InputStream stdin) throws IOException {
        LeaseOptions wish = leasing.apply(Long.MAX_VALUE, (long) LINE_PAYLOAD_BYTES);
        int limit = wish.payloadBytes();
        inputs.forEach(input -> FileItems.item(input, ""));
        try (Journal journal = journal("lines");
                LineSource source =
                        inputs.isEmpty()
                                ? LineSource.of(stdin, limit)
                                : LineSource.of(inputs, limit)) {
            LineMap map = new LineMap(folder, journal, progress);
            if (!map.resume(source)) {
                return named(map.nothingLeft());
            }
            return named(
                    leased(
                            wish,
                            workers -> map.run(workers, source, options(MapOptions.inOrder()))));
        }
    }

    private Journal journal(String mode) {
        Journal.Header header = new Journal.Header(mode, function.name(), function.view().bundle());
        try {
            Files.createDirectories(folder);
        } catch (IOException e) {
            throw OffcutException.cannotWrite(folder, e);
        }
        return Journal.open(folder, header, restart);
    }

    /** Room for the largest input, and for results that are somewhat larger. */
    private static long payload(long least, long largestInput) {
        return Math.min(InvocationFrame.MAX_PAYLOAD_BYTES, Math.max(least, 2 * largestInput));
    }

    private MapOptions options(MapOptions base) {
        long window = Math.max(MIN_WINDOW_BYTES, Runtime.getRuntime().maxMemory() / 8);
        return new MapOptions(base.ordered(), base.windowItems(), window, itemTimeout.toNanos());
    }

    private interface Run {
        MapReport with(WorkerPool workers);
    }

    private MapReport leased(LeaseOptions wish, Run run) {
        try (WorkerPool workers = client.lease(wish)) {
            pool.set(workers);
            MapReport report = run.with(workers);
            // The signal has been heard; giving the workers back must not be interrupted.
            Thread.interrupted();
            return report;
        }
    }

    /** Writes the names of what failed beside the results. */
    private MapReport named(MapReport report) {
        Path file = folder.resolve(FileItems.FAILED_FILE);
        if (report.failed().isEmpty()) {
            try {
                Files.deleteIfExists(file);
            } catch (IOException e) {
                throw OffcutException.cannotWrite(file, e);
            }
        } else {
            StringBuilder text = new StringBuilder();
            report.failed().forEach(item -> text.append(item.line()));
            byte[] bytes = text.toString().getBytes(StandardCharsets.UTF_8);
            OutputFiles.replace(file, bytes, folder.resolve(Journal.FOLDER));
        }
        return report;
    }
}
