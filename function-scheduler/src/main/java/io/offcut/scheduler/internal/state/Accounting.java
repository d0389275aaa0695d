package io.offcut.scheduler.internal.state;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.LongNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.offcut.core.api.UsageView;
import io.offcut.core.lease.EndReason;
import io.offcut.scheduler.brain.BrainCommand;
import io.offcut.scheduler.internal.Json;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * What every ended lease has used: one JSON line each in {@code accounting.jsonl}, appended and
 * forced to the disk in batches, and totals per user. A crash loses at most the batch at hand; the
 * torn last line it may leave is cut off at the next start. A full disk delays lines and loses none
 * while the process lives.
 *
 * <p>{@link #ended} never blocks. Safe for any thread.
 */
public final class Accounting implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(Accounting.class);
    private static final String FILE = "accounting.jsonl";
    private static final int BATCH = 1_000;
    private static final int REMEMBERED_LEASES = 100_000;
    private static final long RETRY_MILLIS = 1_000;
    private static final long STOP_MILLIS = 5_000;

    /** One line. Times in milliseconds since the epoch. */
    record Line(
            String leaseId,
            String requestId,
            String user,
            String node,
            String bundle,
            int cores,
            long memoryBytes,
            EndReason reason,
            long grantedAtMillis,
            long endedAtMillis,
            long invocations,
            long cpuMicros,
            long activeMillis,
            long executingMicros,
            long hotPollingMicros) {
        long coreMillis() {
            return cores * allocatedMillis();
        }

        long memoryMebibyteMillis() {
            return (memoryBytes >> 20) * allocatedMillis();
        }

        private long allocatedMillis() {
            return Math.max(0, endedAtMillis - grantedAtMillis);
        }
    }

    private final Path file;
    private final FileChannel channel;
    private final Map<String, UsageView> totals = new TreeMap<>();
    private final Set<String> known =
            Collections.newSetFromMap(
                    new LinkedHashMap<>() {
                        private static final long serialVersionUID = 1;

                        @Override
                        protected boolean removeEldestEntry(Map.Entry<String, Boolean> eldest) {
                            return size() > REMEMBERED_LEASES;
                        }
                    });
    private final BlockingQueue<Line> queue = new LinkedBlockingQueue<>();
    private final Thread writer;
    private volatile boolean stopped;
    private volatile @Nullable String trouble;

    private Accounting(StateFolder folder) throws IOException {
        this.file = folder.path(FILE);
        cutTornLine(file);
        load();
        this.channel = folder.openToWrite(FILE);
        this.channel.position(channel.size());
        this.writer = Thread.ofPlatform().name("accounting").daemon().unstarted(this::write);
    }

    /** Reads the totals and starts to take more. Blocks while it reads. */
    public static Accounting open(StateFolder folder) {
        try {
            Accounting accounting = new Accounting(folder);
            accounting.writer.start();
            return accounting;
        } catch (IOException e) {
            throw StateFolder.failure("cannot read", folder.path(FILE), e);
        }
    }

    private static void cutTornLine(Path file) throws IOException {
        if (!Files.exists(file)) {
            return;
        }
        try (RandomAccessFile access = new RandomAccessFile(file.toFile(), "rw")) {
            long end = access.length();
            while (end > 0) {
                access.seek(end - 1);
                if (access.read() == '\n') {
                    break;
                }
                end--;
            }
            if (end < access.length()) {
                LOG.warn("{}: cut off an unfinished last line", file);
                access.setLength(end);
            }
        }
    }

    private void load() throws IOException {
        if (!Files.exists(file)) {
            return;
        }
        int number = 0;
        try (BufferedReader reader = Files.newBufferedReader(file, StandardCharsets.ISO_8859_1)) {
            for (String text = reader.readLine(); text != null; text = reader.readLine()) {
                number++;
                try {
                    byte[] bytes = text.getBytes(StandardCharsets.ISO_8859_1);
                    count(Json.read(withTimes(Json.tree(bytes)), Line.class));
                } catch (Json.BadJson e) {
                    LOG.warn("{}, line {}: not an accounting line; skipped", file, number);
                }
            }
        }
    }

    /** An earlier release did not write the times of workers. */
    private static JsonNode withTimes(JsonNode line) {
        if (line instanceof ObjectNode fields) {
            fields.putIfAbsent("executingMicros", LongNode.valueOf(0));
            fields.putIfAbsent("hotPollingMicros", LongNode.valueOf(0));
        }
        return line;
    }

    /** Takes one ended lease; a second report of the same lease is dropped. */
    public void ended(BrainCommand.LeaseEnded lease) {
        Line line =
                new Line(
                        lease.terms().leaseId(),
                        lease.terms().requestId(),
                        lease.terms().user(),
                        lease.terms().nodeName(),
                        lease.terms().bundle(),
                        lease.terms().cores().size(),
                        lease.terms().memoryBytes(),
                        lease.reason(),
                        lease.grantedAtMillis(),
                        lease.endedAtMillis(),
                        Math.max(0, lease.usage().invocations()),
                        Math.max(0, lease.usage().cpuMicros()),
                        Math.max(0, lease.usage().activeMillis()),
                        Math.max(0, lease.usage().executingMicros()),
                        Math.max(0, lease.usage().hotPollingMicros()));
        if (count(line)) {
            queue.add(line);
        }
    }

    private synchronized boolean count(Line line) {
        if (!known.add(line.leaseId())) {
            return false;
        }
        UsageView before = totals.getOrDefault(line.user(), UsageView.nothing(line.user()));
        totals.put(
                line.user(),
                new UsageView(
                        line.user(),
                        before.leases() + 1,
                        before.invocations() + line.invocations(),
                        before.coreMillis() + line.coreMillis(),
                        before.memoryMebibyteMillis() + line.memoryMebibyteMillis(),
                        before.cpuMicros() + line.cpuMicros(),
                        before.executingMicros() + line.executingMicros(),
                        before.hotPollingMicros() + line.hotPollingMicros(),
                        before.leasesReclaimed() + (line.reason() == EndReason.RECLAIMED ? 1 : 0)));
        return true;
    }

    /** Totals by user, in the order of their names. */
    public synchronized List<UsageView> totals() {
        return List.copyOf(totals.values());
    }

    /** Why lines cannot be written at present; null when they can. */
    public @Nullable String trouble() {
        return trouble;
    }

    private void write() {
        List<Line> batch = new ArrayList<>();
        try {
            while (!(stopped && queue.isEmpty() && batch.isEmpty())) {
                if (batch.isEmpty()) {
                    take(batch);
                } else if (append(batch)) {
                    batch.clear();
                } else if (stopped) {
                    LOG.error("{} lines of accounting are lost: {}", batch.size(), trouble);
                    return;
                } else {
                    Thread.sleep(RETRY_MILLIS);
                }
            }
        } catch (InterruptedException e) {
            LOG.error("accounting was interrupted; {} lines are lost", batch.size() + queue.size());
        }
    }

    private void take(List<Line> batch) throws InterruptedException {
        Line first = queue.poll(100, TimeUnit.MILLISECONDS);
        if (first != null) {
            batch.add(first);
            queue.drainTo(batch, BATCH - 1);
        }
    }

    /** Writes all of the batch, or leaves the file as it was. */
    private boolean append(List<Line> batch) {
        StringBuilder text = new StringBuilder();
        batch.forEach(line -> text.append(Json.text(line)).append('\n'));
        ByteBuffer bytes = ByteBuffer.wrap(text.toString().getBytes(StandardCharsets.UTF_8));
        try {
            long start = channel.position();
            try {
                while (bytes.hasRemaining()) {
                    channel.write(bytes);
                }
                channel.force(false);
            } catch (IOException e) {
                channel.truncate(start);
                throw e;
            }
            trouble = null;
            return true;
        } catch (IOException e) {
            String said = StateFolder.failure("cannot write", file, e).getMessage();
            if (!said.equals(trouble)) {
                LOG.warn("{}; usage is kept in memory until then", said);
            }
            trouble = said;
            return false;
        }
    }

    /** Writes what is left and stops. */
    @Override
    public void close() {
        stopped = true;
        try {
            writer.join(STOP_MILLIS);
            channel.close();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        } catch (IOException e) {
            throw StateFolder.failure("cannot close", file, e);
        }
    }
}
