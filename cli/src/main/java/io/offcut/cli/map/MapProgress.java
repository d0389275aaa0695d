package io.offcut.cli.map;

/** Told how a map goes on. Written by one thread, read by any. */
public final class MapProgress {
    private volatile long total = -1;
    private volatile long doneBefore;
    private volatile long handled;
    private volatile long failed;

    void total(long items) {
        total = items;
    }

    void doneBefore(long items) {
        doneBefore = items;
    }

    void handled(long items, long failedItems) {
        handled = items;
        failed = failedItems;
    }

    /** All items; −1 while that is not known. */
    public long total() {
        return total;
    }

    /** Items that an earlier run did. */
    public long doneBefore() {
        return doneBefore;
    }

    /** Items of this run that came to an end, well or not. */
    public long handled() {
        return handled;
    }

    /** Of these, how many not well. */
    public long failed() {
        return failed;
    }
}
