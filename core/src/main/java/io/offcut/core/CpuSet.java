package io.offcut.core;

import com.fasterxml.jackson.annotation.JsonCreator;
import com.fasterxml.jackson.annotation.JsonValue;
import java.util.Arrays;
import java.util.BitSet;
import java.util.stream.IntStream;

/**
 * An immutable set of logical CPU numbers, written in the kernel's list format: {@code 0-3,8}
 * (cpuset(7), "List format").
 *
 * <p>Numbers are those of the operating system, from 0 to {@value #MAX_CPU}. Safe for use by any
 * thread.
 */
public final class CpuSet {
    /** Highest CPU number accepted; bounds what a hostile text can make us allocate. */
    public static final int MAX_CPU = 8191;

    private static final CpuSet EMPTY = new CpuSet(new BitSet());

    private final BitSet bits;

    private CpuSet(BitSet bits) {
        this.bits = bits;
    }

    /** The set without members. */
    public static CpuSet empty() {
        return EMPTY;
    }

    /** The set of exactly these CPU numbers. */
    public static CpuSet of(int... cpus) {
        BitSet bits = new BitSet();
        for (int cpu : cpus) {
            bits.set(checked(cpu));
        }
        return new CpuSet(bits);
    }

    /** The numbers from {@code first} to {@code last}, both included. */
    public static CpuSet range(int first, int last) {
        BitSet bits = new BitSet();
        bits.set(checked(first), checked(last) + 1);
        return new CpuSet(bits);
    }

    /**
     * Reads the kernel's list format. Blank text is the empty set.
     *
     * @throws IllegalArgumentException if the text is not a list of numbers and ranges
     */
    @JsonCreator
    public static CpuSet parse(String text) {
        BitSet bits = new BitSet();
        for (String part : text.strip().split(",", -1)) {
            if (part.isBlank()) {
                if (text.isBlank()) {
                    break;
                }
                throw malformed(text);
            }
            int dash = part.indexOf('-');
            try {
                int first = Integer.parseInt((dash < 0 ? part : part.substring(0, dash)).strip());
                int last = dash < 0 ? first : Integer.parseInt(part.substring(dash + 1).strip());
                if (last < first) {
                    throw malformed(text);
                }
                bits.set(checked(first), checked(last) + 1);
            } catch (NumberFormatException e) {
                throw malformed(text);
            }
        }
        return new CpuSet(bits);
    }

    private static IllegalArgumentException malformed(String text) {
        return new IllegalArgumentException(
                "not a CPU list: '" + text + "' (expected for example 0-3,8)");
    }

    private static int checked(int cpu) {
        if (cpu < 0 || cpu > MAX_CPU) {
            throw new IllegalArgumentException("CPU number " + cpu + " is not in 0.." + MAX_CPU);
        }
        return cpu;
    }

    /** How many CPUs are in the set. */
    public int size() {
        return bits.cardinality();
    }

    public boolean isEmpty() {
        return bits.isEmpty();
    }

    public boolean contains(int cpu) {
        return cpu >= 0 && bits.get(cpu);
    }

    public boolean containsAll(CpuSet other) {
        for (int cpu = other.bits.nextSetBit(0); cpu >= 0; cpu = other.bits.nextSetBit(cpu + 1)) {
            if (!bits.get(cpu)) {
                return false;
            }
        }
        return true;
    }

    public boolean intersects(CpuSet other) {
        return bits.intersects(other.bits);
    }

    /** Whether one of these CPU numbers is in the set. */
    public boolean intersects(BitSet cpus) {
        return bits.intersects(cpus);
    }

    public CpuSet plus(CpuSet other) {
        if (isEmpty() || other.isEmpty()) {
            return isEmpty() ? other : this;
        }
        BitSet result = (BitSet) bits.clone();
        result.or(other.bits);
        return new CpuSet(result);
    }

    public CpuSet minus(CpuSet other) {
        if (!intersects(other)) {
            return this;
        }
        BitSet result = (BitSet) bits.clone();
        result.andNot(other.bits);
        return new CpuSet(result);
    }

    public CpuSet intersect(CpuSet other) {
        BitSet result = (BitSet) bits.clone();
        result.and(other.bits);
        return new CpuSet(result);
    }

    /** The {@code count} lowest members, or the whole set when it has fewer. */
    public CpuSet lowest(int count) {
        BitSet result = new BitSet();
        int left = count;
        for (int cpu = bits.nextSetBit(0); cpu >= 0 && left > 0; left--) {
            result.set(cpu);
            cpu = bits.nextSetBit(cpu + 1);
        }
        return new CpuSet(result);
    }

    /** The members in ascending order. */
    public IntStream stream() {
        return bits.stream();
    }

    /** The members in ascending order, as a new array. */
    public int[] toArray() {
        return bits.stream().toArray();
    }

    @Override
    public boolean equals(Object other) {
        return other instanceof CpuSet set && bits.equals(set.bits);
    }

    @Override
    public int hashCode() {
        return Arrays.hashCode(bits.toLongArray());
    }

    /** The kernel's list format, {@code 0-3,8}; the empty set is the empty text. */
    @JsonValue
    @Override
    public String toString() {
        StringBuilder text = new StringBuilder();
        for (int first = bits.nextSetBit(0); first >= 0; ) {
            int last = bits.nextClearBit(first) - 1;
            text.append(text.isEmpty() ? "" : ",").append(first);
            if (last > first) {
                text.append('-').append(last);
            }
            first = bits.nextSetBit(last + 1);
        }
        return text.toString();
    }
}
