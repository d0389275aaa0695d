package io.offcut.scheduler.brain;

import java.util.ArrayList;
import org.jspecify.annotations.Nullable;

/**
 * Who is to be woken next: a binary heap that knows where each of its members lies, so that moving
 * or removing one costs O(log n) and nothing stale is kept. Equal times come out in the order in
 * which they were set.
 */
final class Deadlines {
    private final ArrayList<Timed> heap = new ArrayList<>();
    private long orders;

    /** Wakes {@code member} at this time instead of any other; {@link Timed#NEVER} removes it. */
    void set(Timed member, long atMillis) {
        if (atMillis == Timed.NEVER) {
            remove(member);
            return;
        }
        member.wakeAtMillis = atMillis;
        member.wakeOrder = orders++;
        if (member.heapIndex < 0) {
            member.heapIndex = heap.size();
            heap.add(member);
        }
        settle(member);
    }

    void remove(Timed member) {
        int hole = member.heapIndex;
        if (hole < 0) {
            return;
        }
        member.heapIndex = -1;
        member.wakeAtMillis = Timed.NEVER;
        Timed last = heap.removeLast();
        if (last != member) {
            put(hole, last);
            settle(last);
        }
    }

    /** Takes out one member whose time has come; null when there is none. */
    @Nullable Timed pollDue(long nowMillis) {
        if (heap.isEmpty() || heap.getFirst().wakeAtMillis > nowMillis) {
            return null;
        }
        Timed first = heap.getFirst();
        remove(first);
        return first;
    }

    /** The earliest time; {@link Timed#NEVER} when empty. */
    long nextMillis() {
        return heap.isEmpty() ? Timed.NEVER : heap.getFirst().wakeAtMillis;
    }

    int size() {
        return heap.size();
    }

    private void settle(Timed member) {
        int index = member.heapIndex;
        while (index > 0 && before(member, heap.get((index - 1) / 2))) {
            put(index, heap.get((index - 1) / 2));
            index = (index - 1) / 2;
        }
        while (true) {
            int child = 2 * index + 1;
            if (child + 1 < heap.size() && before(heap.get(child + 1), heap.get(child))) {
                child++;
            }
            if (child >= heap.size() || !before(heap.get(child), member)) {
                break;
            }
            put(index, heap.get(child));
            index = child;
        }
        put(index, member);
    }

    private void put(int index, Timed member) {
        heap.set(index, member);
        member.heapIndex = index;
    }

    private static boolean before(Timed a, Timed b) {
        return a.wakeAtMillis != b.wakeAtMillis
                ? a.wakeAtMillis < b.wakeAtMillis
                : a.wakeOrder < b.wakeOrder;
    }
}
