package io.offcut.cli.map;

import com.fasterxml.jackson.databind.JsonNode;
import io.offcut.cli.OutputFiles;
import io.offcut.cli.map.FileItems.FileItem;
import io.offcut.client.Item;
import io.offcut.client.MapOptions;
import io.offcut.client.MapSummary;
import io.offcut.client.Result;
import io.offcut.client.WorkerPool;
import io.offcut.core.OffcutException;
import io.offcut.core.frame.InvocationStatus;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import java.util.NoSuchElementException;
import java.util.Optional;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import org.jspecify.annotations.Nullable;

/**
 * A function over files: one call for each, one output file for each.
 *
 * <p>An output is written beside its place and moved there, then noted in the journal with size and
 * time of its input. A later run skips what is noted, as long as input and output are still as
 * noted.
 */
final class FileMap {
    private final WorkerPool pool;
    private final Path folder;
    private final Journal journal;
    private final MapProgress progress;
    private final int payloadBytes;
    private final Queue<FailedItem> unreadable = new ConcurrentLinkedQueue<>();
    private final List<FailedItem> failed = new ArrayList<>();
    private long done;

    /**
     * A map into a folder.
     *
     * @param payloadBytes the lease's limit: larger inputs are not even read
     */
    FileMap(WorkerPool pool, Path folder, Journal journal, MapProgress progress, int payloadBytes) {
        this.pool = pool;
        this.folder = folder;
        this.journal = journal;
        this.progress = progress;
        this.payloadBytes = payloadBytes;
    }

    /** What is left to do, and what an earlier run did. */
    record Plan(List<FileItem> open, long doneBefore, long changed) {}

    /** Compares the items with the journal. */
    static Plan plan(List<FileItem> items, Path folder, Journal journal) {
        Map<String, JsonNode> noted = new HashMap<>();
        for (JsonNode entry : journal.earlier()) {
            noted.put(entry.path("done").asText(), entry);
        }
        List<FileItem> open = new ArrayList<>();
        long changed = 0;
        for (FileItem item : items) {
            JsonNode note = noted.get(item.name());
            if (note == null || !outputIs(folder.resolve(item.name()), note)) {
                open.add(item);
            } else if (!inputIs(item, note)) {
                open.add(item);
                changed++;
            }
        }
        return new Plan(open, items.size() - open.size(), changed);
    }

    private static boolean inputIs(FileItem item, JsonNode note) {
        return note.path("bytes").asLong(-1) == item.bytes()
                && note.path("modified").asText().equals(item.modified());
    }

    private static boolean outputIs(Path output, JsonNode note) {
        try {
            return Files.isRegularFile(output)
                    && Files.size(output) == note.path("outputBytes").asLong(-1);
        } catch (IOException e) {
            return false;
        }
    }

    /** Runs what is left. */
    MapReport run(Plan plan, MapOptions options) {
        progress.doneBefore(plan.doneBefore());
        progress.total(plan.doneBefore() + plan.open().size());
        MapSummary summary =
                pool.map(
                        pool.function().spec().name(),
                        new Inputs(plan.open().iterator()),
                        options,
                        this::handle);
        failed.addAll(unreadable);
        return new MapReport(
                plan.doneBefore() + plan.open().size(),
                plan.doneBefore() + done,
                plan.doneBefore(),
                plan.changed(),
                failed,
                pool.status().retries(),
                summary.interrupted());
    }

    private void handle(FileItem item, Result result) {
        if (result.ok()) {
            store(item, result.payload());
            done++;
        } else {
            String status = result.status().name();
            failed.add(new FailedItem(item.input().toString(), status, result.message()));
        }
        long bad = failed.size() + (long) unreadable.size();
        progress.handled(done + bad, bad);
    }

    private void store(FileItem item, byte[] result) {
        Path output = folder.resolve(item.name());
        Path parent = Optional.ofNullable(output.getParent()).orElse(folder);
        if (!parent.equals(folder)) {
            try {
                Files.createDirectories(parent);
            } catch (IOException e) {
                throw OffcutException.cannotWrite(parent, e);
            }
        }
        OutputFiles.replace(output, result, folder.resolve(Journal.FOLDER));
        journal.append(
                Journal.entry()
                        .put("done", item.name())
                        .put("bytes", item.bytes())
                        .put("modified", item.modified())
                        .put("outputBytes", result.length));
    }

    /** Reads the inputs ahead, from another thread; those that cannot be read are set aside. */
    private final class Inputs implements Iterator<Item<FileItem>> {
        private final Iterator<FileItem> items;
        private @Nullable Item<FileItem> next;

        Inputs(Iterator<FileItem> items) {
            this.items = items;
        }

        @Override
        public boolean hasNext() {
            while (next == null && items.hasNext()) {
                next = read(items.next());
            }
            return next != null;
        }

        @Override
        public Item<FileItem> next() {
            if (!hasNext()) {
                throw new NoSuchElementException();
            }
            Item<FileItem> item = next;
            next = null;
            if (item == null) {
                throw new NoSuchElementException();
            }
            return item;
        }

        private @Nullable Item<FileItem> read(FileItem planned) {
            String name = planned.input().toString();
            try {
                // As it is at this moment: it may have changed since the plan.
                FileItem item = FileItems.item(planned.input(), planned.name());
                if (item.bytes() > payloadBytes) {
                    unreadable.add(
                            new FailedItem(
                                    name,
                                    InvocationStatus.TOO_LARGE.name(),
                                    item.bytes()
                                            + " bytes are over the payload limit of "
                                            + payloadBytes
                                            + ": raise --payload"));
                    return null;
                }
                return Item.of(item, Files.readAllBytes(item.input()));
            } catch (IOException | OffcutException e) {
                unreadable.add(new FailedItem(name, "UNREADABLE", String.valueOf(e.getMessage())));
                return null;
            }
        }
    }
}
