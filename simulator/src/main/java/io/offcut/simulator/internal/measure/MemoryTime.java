package io.offcut.simulator.internal.measure;

/**
 * Memory held over time, exact to whole KiB and milliseconds. The product of the two can pass 63
 * bits in a long simulation of a large machine, so seconds and the rest are kept apart. For one
 * thread.
 */
public final class MemoryTime {
    private static final int MILLIS = 1000;

    private long kibSeconds;
    private long kibMillis;

    /** Counts so much memory for so long. */
    public void add(long bytes, long millis) {
        long kib = bytes >> 10;
        kibSeconds = Math.addExact(kibSeconds, Math.multiplyExact(kib, millis / MILLIS));
        kibMillis += kib * (millis % MILLIS);
        kibSeconds += kibMillis / MILLIS;
        kibMillis %= MILLIS;
    }

    public double byteSeconds() {
        return kibSeconds * 1024.0 + kibMillis * 1.024;
    }
}
