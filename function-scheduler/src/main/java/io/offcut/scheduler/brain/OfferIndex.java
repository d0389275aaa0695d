package io.offcut.scheduler.brain;

import io.offcut.core.CpuSet;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.NavigableMap;
import java.util.TreeMap;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;

/**
 * All offers that workers could go to, so ordered that the few worth comparing are found without
 * looking at the others: by class of lifetime, then number of free cores, then free memory, then
 * who has been left alone longest.
 *
 * <p>Those without a free core stand apart: only memory can be leased of them.
 *
 * <p>{@link #gained()} counts upwards by at least the number of workers, of whatever size, that
 * became placeable. Who found too little room need not look again before it grew by the deficit.
 */
final class OfferIndex {
    /** Enough of each kind to let a policy choose between users. */
    private static final int OF_EACH_KIND = 4;

    /**
     * Where a slot stands.
     *
     * @param order later ones were changed later
     */
    record Place(int lifetimeClass, int freeCores, long freeMemoryBytes, long order) {}

    private static final Comparator<Place> BY_MEMORY =
            Comparator.comparingLong(Place::freeMemoryBytes).thenComparingLong(Place::order);

    private final List<TreeMap<Integer, TreeMap<Place, OfferSlot>>> classes = new ArrayList<>();
    private final TreeMap<Place, OfferSlot> coreless = new TreeMap<>(BY_MEMORY);
    private long orders;
    private long freeCores;
    private long gained;
    private long corelessGained;
    private int size;

    OfferIndex() {
        for (int i = 0; i < Lifetimes.CLASSES; i++) {
            classes.add(new TreeMap<>());
        }
    }

    /** Free cores of all offers in the index. */
    long freeCores() {
        return freeCores;
    }

    long gained() {
        return gained;
    }

    /** Changes when an offer without free cores came, or has more memory than before. */
    long corelessGained() {
        return corelessGained;
    }

    int size() {
        return size;
    }

    /**
     * Sets what is free of a slot.
     *
     * @param placeable whether new workers may go there at all
     */
    void update(
            OfferSlot slot, CpuSet free, long freeMemoryBytes, boolean placeable, long nowMillis) {
        slot.free = free;
        slot.freeMemoryBytes = freeMemoryBytes;
        int lifetimeClass = Lifetimes.classOf(slot.offer.untilEpochMillis(), nowMillis);
        int count = free.size();
        updateCoreless(slot, placeable && count == 0);
        if (!placeable || lifetimeClass == Lifetimes.OVER || count == 0) {
            removePlaced(slot);
            return;
        }
        Place old = slot.place;
        if (old != null
                && old.lifetimeClass == lifetimeClass
                && old.freeCores == count
                && old.freeMemoryBytes == freeMemoryBytes) {
            return;
        }
        countGain(old, count, freeMemoryBytes);
        removePlaced(slot);
        Place place = new Place(lifetimeClass, count, freeMemoryBytes, orders++);
        slot.place = place;
        classes.get(lifetimeClass)
                .computeIfAbsent(count, c -> new TreeMap<>(BY_MEMORY))
                .put(place, slot);
        freeCores += count;
        size++;
    }

    private void countGain(@Nullable Place old, int count, long freeMemoryBytes) {
        if (old == null || freeMemoryBytes > old.freeMemoryBytes) {
            gained += count;
        } else {
            gained += Math.max(0, count - old.freeCores);
        }
    }

    private void updateCoreless(OfferSlot slot, boolean placeable) {
        Place old = slot.corelessPlace;
        boolean some = placeable && slot.freeMemoryBytes > 0;
        if (some && old != null && old.freeMemoryBytes == slot.freeMemoryBytes) {
            return;
        }
        if (old != null) {
            coreless.remove(old);
            slot.corelessPlace = null;
        }
        if (some) {
            if (old == null || slot.freeMemoryBytes > old.freeMemoryBytes) {
                corelessGained++;
            }
            Place place = new Place(0, 0, slot.freeMemoryBytes, orders++);
            slot.corelessPlace = place;
            coreless.put(place, slot);
        }
    }

    void remove(OfferSlot slot) {
        updateCoreless(slot, false);
        removePlaced(slot);
    }

    private void removePlaced(OfferSlot slot) {
        Place place = slot.place;
        if (place == null) {
            return;
        }
        slot.place = null;
        TreeMap<Integer, TreeMap<Place, OfferSlot>> byCores = classes.get(place.lifetimeClass);
        TreeMap<Place, OfferSlot> kind = byCores.get(place.freeCores);
        if (kind != null && kind.remove(place) != null && kind.isEmpty()) {
            byCores.remove(place.freeCores);
        }
        freeCores -= place.freeCores;
        size--;
    }

    /** How many workers of this size could be placed; stops counting at {@code enough}. */
    long capacity(long memoryBytesPerWorker, long enough) {
        long capacity = 0;
        for (TreeMap<Integer, TreeMap<Place, OfferSlot>> byCores : classes) {
            for (TreeMap<Place, OfferSlot> kind : byCores.values()) {
                for (OfferSlot slot : atLeast(kind, memoryBytesPerWorker).values()) {
                    capacity += workersThatFit(slot, memoryBytesPerWorker);
                    if (capacity >= enough) {
                        return capacity;
                    }
                }
            }
        }
        return capacity;
    }

    /**
     * The slots worth comparing for so many workers: of each kind (class of lifetime, number of
     * free cores) the first few with the least memory that suffices, and where it does not suffice
     * those with the most. Each fits at least one worker.
     */
    List<OfferSlot> shortList(long memoryBytesPerWorker, int workers) {
        List<OfferSlot> list = new ArrayList<>();
        for (TreeMap<Integer, TreeMap<Place, OfferSlot>> byCores : classes) {
            for (Map.Entry<Integer, TreeMap<Place, OfferSlot>> entry : byCores.entrySet()) {
                addKind(list, entry.getValue(), memoryBytesPerWorker, workers, entry.getKey());
            }
        }
        return list;
    }

    private static void addKind(
            List<OfferSlot> list,
            NavigableMap<Place, OfferSlot> kind,
            long memoryBytesPerWorker,
            int workers,
            int freeCores) {
        int here = Math.min(workers, freeCores);
        long all = saturatedProduct(memoryBytesPerWorker, here);
        int room = OF_EACH_KIND;
        for (OfferSlot slot : atLeast(kind, all).values()) {
            list.add(slot);
            if (--room == 0) {
                return;
            }
        }
        for (OfferSlot slot : kind.headMap(probe(all), false).descendingMap().values()) {
            if (slot.freeMemoryBytes < memoryBytesPerWorker || room-- == 0) {
                return;
            }
            list.add(slot);
        }
    }

    /**
     * The slots worth comparing for so much memory and no core, of those that may be taken: of each
     * kind the first few with the least memory that suffices.
     */
    List<OfferSlot> withMemory(long bytes, Predicate<OfferSlot> may) {
        List<OfferSlot> list = new ArrayList<>();
        addWithMemory(list, coreless, bytes, may);
        for (TreeMap<Integer, TreeMap<Place, OfferSlot>> byCores : classes) {
            for (TreeMap<Place, OfferSlot> kind : byCores.values()) {
                addWithMemory(list, kind, bytes, may);
            }
        }
        return list;
    }

    private static void addWithMemory(
            List<OfferSlot> list,
            NavigableMap<Place, OfferSlot> kind,
            long bytes,
            Predicate<OfferSlot> may) {
        int room = OF_EACH_KIND;
        for (OfferSlot slot : atLeast(kind, bytes).values()) {
            if (may.test(slot)) {
                list.add(slot);
                if (--room == 0) {
                    return;
                }
            }
        }
    }

    /** How many workers with so much memory each fit into what is free of the slot. */
    static int workersThatFit(OfferSlot slot, long memoryBytesPerWorker) {
        int cores = slot.free.size();
        return memoryBytesPerWorker == 0
                ? cores
                : (int) Math.min(cores, slot.freeMemoryBytes / memoryBytesPerWorker);
    }

    private static NavigableMap<Place, OfferSlot> atLeast(
            NavigableMap<Place, OfferSlot> kind, long memoryBytes) {
        return kind.tailMap(probe(memoryBytes), true);
    }

    private static Place probe(long memoryBytes) {
        return new Place(0, 0, memoryBytes, -1);
    }

    private static long saturatedProduct(long bytes, int count) {
        return bytes > Long.MAX_VALUE / count ? Long.MAX_VALUE : bytes * count;
    }
}
