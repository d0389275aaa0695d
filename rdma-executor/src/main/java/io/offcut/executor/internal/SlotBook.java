package io.offcut.executor.internal;

/**
 * A client's own record of its slots: which are free, taken, posted and completed, and what the
 * completed ones brought. The peer cannot reach it, so it holds whatever the peer writes.
 *
 * <pre>
 *   free ──acquire──▶ acquired ──post──▶ posted ──complete──▶ done ──release──▶ free
 *     ▲                  └──────────────release──────────────────────────────────┘
 *     └── draining: still used by a client that is gone
 * </pre>
 *
 * <p>For one thread. Does not allocate. Misuse by the caller (a slot that is not in the state the
 * call needs) throws {@link IllegalStateException}.
 */
public final class SlotBook {
    /** More would not fit into one machine word. */
    public static final int MAX_SLOTS = 64;

    private static final int NONE = -1;

    private final int slots;
    private final long[] invocationIds;
    private final int[] statusCodes;
    private final int[] resultBytes;
    private final long[] executionNanos;
    private long free;
    private long acquired;
    private long posted;
    private long done;
    private int next;

    /** All slots are free. */
    public SlotBook(int slots) {
        if (slots < 1 || slots > MAX_SLOTS) {
            throw new IllegalArgumentException(slots + " slots, not 1.." + MAX_SLOTS);
        }
        this.slots = slots;
        this.free = slots == MAX_SLOTS ? -1L : (1L << slots) - 1;
        invocationIds = new long[slots];
        statusCodes = new int[slots];
        resultBytes = new int[slots];
        executionNanos = new long[slots];
    }

    public int slots() {
        return slots;
    }

    /** Takes a slot out of use until {@link #drained}. */
    public void draining(int slot) {
        free &= ~bit(slot);
    }

    /** Puts a slot that was {@link #draining} into use. */
    public void drained(int slot) {
        free |= bit(slot);
    }

    /** The lowest free slot, so that few slots stay in the cache; −1 when there is none. */
    public int acquire() {
        if (free == 0) {
            return NONE;
        }
        int slot = Long.numberOfTrailingZeros(free);
        long bit = 1L << slot;
        free &= ~bit;
        acquired |= bit;
        return slot;
    }

    /** Throws unless the slot is the caller's to fill and post. */
    public void requireAcquired(int slot) {
        if ((acquired & bit(slot)) == 0) {
            throw misused(slot, "acquired");
        }
    }

    public void post(int slot, long invocationId) {
        long bit = bit(slot);
        acquired &= ~bit;
        posted |= bit;
        invocationIds[slot] = invocationId;
    }

    /** The posted slots, one bit each. */
    public long posted() {
        return posted;
    }

    /** Whether it is that invocation whose answer the slot awaits. */
    public boolean isPosted(int slot, long invocationId) {
        return isPosted(slot) && invocationIds[slot] == invocationId;
    }

    public boolean isPosted(int slot) {
        return slot >= 0 && slot < slots && (posted & 1L << slot) != 0;
    }

    /** Where to begin looking for a completion, so that no slot is passed over for ever. */
    public int next() {
        return next;
    }

    public void complete(int slot, int statusCode, int bytes, long nanos) {
        long bit = bit(slot);
        posted &= ~bit;
        done |= bit;
        statusCodes[slot] = statusCode;
        resultBytes[slot] = bytes;
        executionNanos[slot] = nanos;
        next = slot + 1 & MAX_SLOTS - 1;
    }

    /** Completes one posted slot with a status and no result; −1 when none is posted. */
    public int failOne(int statusCode) {
        if (posted == 0) {
            return NONE;
        }
        int slot = Long.numberOfTrailingZeros(posted);
        complete(slot, statusCode, 0, 0);
        return slot;
    }

    public long invocationId(int slot) {
        requireDone(slot);
        return invocationIds[slot];
    }

    public int statusCode(int slot) {
        requireDone(slot);
        return statusCodes[slot];
    }

    public int resultBytes(int slot) {
        requireDone(slot);
        return resultBytes[slot];
    }

    public long executionNanos(int slot) {
        requireDone(slot);
        return executionNanos[slot];
    }

    public void release(int slot) {
        long bit = bit(slot);
        if (((done | acquired) & bit) == 0) {
            throw misused(slot, "completed or acquired");
        }
        done &= ~bit;
        acquired &= ~bit;
        free |= bit;
    }

    private void requireDone(int slot) {
        if ((done & bit(slot)) == 0) {
            throw misused(slot, "completed");
        }
    }

    private long bit(int slot) {
        if (slot < 0 || slot >= slots) {
            throw new IllegalArgumentException("slot " + slot + " of " + slots);
        }
        return 1L << slot;
    }

    private static IllegalStateException misused(int slot, String expected) {
        return new IllegalStateException("slot " + slot + " is not " + expected);
    }
}
