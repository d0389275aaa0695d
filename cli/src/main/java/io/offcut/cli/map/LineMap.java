package io.offcut.cli.map;

import com.fasterxml.jackson.databind.JsonNode;
import io.offcut.cli.map.LineSource.Position;
import io.offcut.client.MapOptions;
import io.offcut.client.MapSummary;
import io.offcut.client.Result;
import io.offcut.client.WorkerPool;
import io.offcut.core.ErrorCode;
import io.offcut.core.OffcutException;
import java.io.BufferedOutputStream;
import java.io.FileOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.io.RandomAccessFile;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.ArrayList;
import java.util.List;
import java.util.TreeMap;

/**
 * A function over lines: one call for each, one line of {@code DIR/results.txt} for each, in order.
 *
 * <p>Results grow in {@code results.txt.part}. Every second the journal notes how far input and
 * output have come, with a checksum of the input so far; a later run cuts the output there, reads
 * the input again up to there, and goes on. A failed line leaves an empty line.
 */
final class LineMap {
    static final String RESULTS = "results.txt";

    private static final long CHECKPOINT_NANOS = 1_000_000_000;
    private static final int BUFFER_BYTES = 1 << 18;
    private static final int MAX_NOTED_FAILURES = 100_000;

    private final Path part;
    private final Path results;
    private final Journal journal;
    private final MapProgress progress;
    private final List<FailedItem> failed = new ArrayList<>();
    private Checkpoint last = new Checkpoint(Position.START, 0, 0);
    private Position position = Position.START;
    private long doneBefore;
    private long outputBytes;
    private long failures;
    private long checkpointNanos = System.nanoTime();

    /** Input and output, and how many lines failed so far. */
    private record Checkpoint(Position position, long outputBytes, long failures) {}

    LineMap(Path folder, Journal journal, MapProgress progress) {
        this.part = folder.resolve(RESULTS + ".part");
        this.results = folder.resolve(RESULTS);
        this.journal = journal;
        this.progress = progress;
    }

    /**
     * Takes up what an earlier run left: reads the source up to where that run was.
     *
     * @return whether there is anything left to do
     * @throws OffcutException {@link ErrorCode#CONFLICT} if the input is not the one that was read
     */
    boolean resume(LineSource source) {
        last = latest();
        position = last.position();
        outputBytes = last.outputBytes();
        failures = last.failures();
        doneBefore = position.lines() - failures;
        while (source.position().lines() < position.lines() && source.hasNext()) {
            source.skip();
        }
        if (!source.position().equals(position)) {
            throw new OffcutException(
                    ErrorCode.CONFLICT,
                    "map: the input is not the one whose first "
                            + position.lines()
                            + " lines are done: use another --out, or --restart to run everything"
                            + " again");
        }
        progress.doneBefore(position.lines());
        return source.hasNext() || !Files.exists(results);
    }

    /** The furthest point whose results are all there; and the lines that failed up to there. */
    private Checkpoint latest() {
        long there = Math.max(size(part), size(results));
        TreeMap<Long, Checkpoint> points = new TreeMap<>();
        TreeMap<Long, FailedItem> bad = new TreeMap<>();
        for (JsonNode entry : journal.earlier()) {
            if (entry.has("resumed")) {
                long line = entry.path("resumed").asLong();
                points.tailMap(line, false).clear();
                bad.tailMap(line, false).clear();
            } else if (entry.has("failed")) {
                bad.put(entry.path("line").asLong(), failure(entry));
            } else if (entry.path("outputBytes").asLong() <= there) {
                points.put(entry.path("lines").asLong(), checkpoint(entry));
            }
        }
        Checkpoint found =
                points.isEmpty()
                        ? new Checkpoint(Position.START, 0, 0)
                        : points.lastEntry().getValue();
        failed.addAll(bad.headMap(found.position().lines(), true).values());
        return found;
    }

    private static Checkpoint checkpoint(JsonNode entry) {
        Position at =
                new Position(
                        entry.path("lines").asLong(),
                        entry.path("bytes").asLong(),
                        entry.path("checksum").asInt());
        return new Checkpoint(
                at, entry.path("outputBytes").asLong(), entry.path("failures").asLong());
    }

    private static FailedItem failure(JsonNode entry) {
        return new FailedItem(
                entry.path("failed").asText(),
                entry.path("status").asText(),
                entry.path("message").asText());
    }

    private static long size(Path file) {
        try {
            return Files.exists(file) ? Files.size(file) : 0;
        } catch (IOException e) {
            throw OffcutException.cannotWrite(file, e);
        }
    }

    /** What an earlier run did, when nothing is left. */
    MapReport nothingLeft() {
        return report(0, false);
    }

    /** Runs the rest of the source. */
    MapReport run(WorkerPool pool, LineSource source, MapOptions options) {
        MapSummary summary;
        try {
            if (Files.exists(results)) {
                Files.move(results, part, StandardCopyOption.REPLACE_EXISTING);
            }
            cut();
            journal.append(Journal.entry().put("resumed", position.lines()));
            try (OutputStream out =
                    new BufferedOutputStream(
                            new FileOutputStream(part.toFile(), true), BUFFER_BYTES)) {
                try {
                    summary =
                            pool.map(
                                    pool.function().spec().name(),
                                    source,
                                    options,
                                    (at, result) -> handle(source, out, at, result));
                } finally {
                    checkpoint(out);
                }
            }
            if (!summary.interrupted()) {
                Files.move(part, results, StandardCopyOption.REPLACE_EXISTING);
            }
        } catch (IOException e) {
            throw OffcutException.cannotWrite(part, e);
        }
        return report(pool.status().retries(), summary.interrupted());
    }

    private void cut() throws IOException {
        try (RandomAccessFile file = new RandomAccessFile(part.toFile(), "rw")) {
            file.setLength(outputBytes);
        }
    }

    private MapReport report(long retries, boolean interrupted) {
        return new MapReport(
                position.lines(),
                position.lines() - failures,
                doneBefore,
                0,
                failed,
                retries,
                interrupted);
    }

    private void handle(LineSource source, OutputStream out, Position at, Result result) {
        try {
            int length = length(result);
            if (length >= 0) {
                out.write(result.payload(), 0, length);
                outputBytes += length;
            } else {
                fail(source, at.lines(), result);
            }
            out.write('\n');
            outputBytes++;
            position = at;
            if ((at.lines() & 63) == 0 || at.lines() < 64) {
                progress.handled(at.lines() - progress.doneBefore(), failures);
            }
            if (System.nanoTime() - checkpointNanos > CHECKPOINT_NANOS) {
                checkpoint(out);
            }
        } catch (IOException e) {
            throw OffcutException.cannotWrite(part, e);
        }
    }

    /** Length of the one line that a result is, without its end; −1 if it is not one. */
    private static int length(Result result) {
        if (!result.ok()) {
            return -1;
        }
        byte[] payload = result.payload();
        int length = payload.length;
        if (length > 0 && payload[length - 1] == '\n') {
            length--;
        }
        for (int i = 0; i < length; i++) {
            if (payload[i] == '\n') {
                return -1;
            }
        }
        return length;
    }

    private void fail(LineSource source, long line, Result result) {
        failures++;
        if (failed.size() >= MAX_NOTED_FAILURES) {
            return;
        }
        String status = result.ok() ? "SEVERAL_LINES" : result.status().name();
        String message = result.ok() ? "the result is more than one line" : result.message();
        FailedItem item = new FailedItem(source.describe(line), status, message);
        failed.add(item);
        journal.append(
                Journal.entry()
                        .put("failed", item.item())
                        .put("line", line)
                        .put("status", item.status())
                        .put("message", item.message()));
    }

    private void checkpoint(OutputStream out) throws IOException {
        out.flush();
        checkpointNanos = System.nanoTime();
        progress.handled(position.lines() - progress.doneBefore(), failures);
        if (position.lines() == last.position().lines()) {
            return;
        }
        last = new Checkpoint(position, outputBytes, failures);
        journal.append(
                Journal.entry()
                        .put("lines", position.lines())
                        .put("bytes", position.bytes())
                        .put("checksum", position.checksum())
                        .put("outputBytes", outputBytes)
                        .put("failures", failures));
    }
}
