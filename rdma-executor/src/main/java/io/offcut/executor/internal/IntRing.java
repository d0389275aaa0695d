package io.offcut.executor.internal;

/**
 * A queue of at most as many slot numbers as there are slots. For one thread; does not allocate.
 */
public final class IntRing {
    private final int[] items;
    private int head;
    private int size;

    public IntRing(int capacity) {
        items = new int[capacity];
    }

    public boolean isEmpty() {
        return size == 0;
    }

    /** Puts a number last. More than the capacity is a defect of the caller. */
    public void add(int item) {
        if (size == items.length) {
            throw new IllegalStateException("more than " + size + " slots in a queue");
        }
        items[(head + size++) % items.length] = item;
    }

    /** The first; the queue must not be empty. */
    public int peek() {
        return items[head];
    }

    /** Takes the first; the queue must not be empty. */
    public int remove() {
        int item = items[head];
        head = (head + 1) % items.length;
        size--;
        return item;
    }

    public void clear() {
        size = 0;
    }
}
