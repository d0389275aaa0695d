package io.offcut.endtoend.examples;

import io.offcut.client.MemoryOperation;
import io.offcut.client.MemoryResult;
import io.offcut.client.RemoteMemory;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * An array of numbers larger than this process may hold: pages that were used last are here, the
 * others in remote memory, which best is mirrored. For one thread.
 */
public final class OutOfCoreArray implements AutoCloseable {
    private static final ValueLayout.OfLong LONG =
            ValueLayout.JAVA_LONG_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);

    private static final int PAGE_BYTES = 64 << 10;
    private static final int PAGE_LONGS = PAGE_BYTES / Long.BYTES;

    private static final class Page {
        private final MemorySegment bytes = MemorySegment.ofArray(new byte[PAGE_BYTES]);
        private boolean changed;
    }

    private final RemoteMemory memory;
    private final int pagesHere;

    /** The page used last comes last. */
    private final Map<Long, Page> pages = new LinkedHashMap<>(16, 0.75f, true);

    /**
     * @param memory of a multiple of 64 KiB
     * @param pagesHere how many pages of 64 KiB this process holds
     */
    public OutOfCoreArray(RemoteMemory memory, int pagesHere) {
        this.memory = memory;
        this.pagesHere = pagesHere;
    }

    /** Number of elements. */
    public long length() {
        return memory.bytes() / Long.BYTES;
    }

    public long get(long index) {
        return page(index).bytes.getAtIndex(LONG, index % PAGE_LONGS);
    }

    public void set(long index, long value) {
        Page page = page(index);
        page.bytes.setAtIndex(LONG, index % PAGE_LONGS, value);
        page.changed = true;
    }

    private Page page(long index) {
        long number = index / PAGE_LONGS;
        Page page = pages.get(number);
        if (page == null) {
            makeRoom();
            page = new Page();
            requireOk(memory.perform(List.of(read(number, page))));
            pages.put(number, page);
        }
        return page;
    }

    private void makeRoom() {
        if (pages.size() == pagesHere) {
            Map.Entry<Long, Page> oldest = pages.entrySet().iterator().next();
            if (oldest.getValue().changed) {
                requireOk(memory.perform(List.of(write(oldest.getKey(), oldest.getValue()))));
            }
            pages.remove(oldest.getKey());
        }
    }

    /** Writes all pages that were changed, at once. */
    @Override
    public void close() {
        List<MemoryOperation> writes = new ArrayList<>();
        pages.forEach((number, page) -> {
            if (page.changed) {
                writes.add(write(number, page));
                page.changed = false;
            }
        });
        requireOk(memory.perform(writes));
    }

    private static MemoryOperation read(long number, Page page) {
        return new MemoryOperation.Read(number * PAGE_BYTES, page.bytes);
    }

    private static MemoryOperation write(long number, Page page) {
        return new MemoryOperation.Write(number * PAGE_BYTES, page.bytes);
    }

    private static void requireOk(List<MemoryResult> results) {
        results.forEach(MemoryResult::orThrow);
    }
}
