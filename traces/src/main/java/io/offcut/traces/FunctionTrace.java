package io.offcut.traces;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/**
 * Calls of functions in primitive columns, in the order they arrive: 16 bytes a call. Immutable,
 * for use by any thread.
 */
public final class FunctionTrace {
    private static final int INDEX_BITS = 30;
    private static final long MAX_ARRIVAL_MILLIS = 1L << 33;

    /** The most calls a trace may have. */
    public static final int MAX_CALLS = 100_000_000;

    private final List<String> functions;
    private final long[] memoryBytes;
    private final long[] arrivalMillis;
    private final int[] durationMillis;
    private final int[] function;
    private final Complaints complaints;

    private FunctionTrace(Builder from, int[] order) {
        this.functions = List.copyOf(from.functions);
        this.memoryBytes = Arrays.copyOf(from.memoryBytes, functions.size());
        this.arrivalMillis = new long[order.length];
        this.durationMillis = new int[order.length];
        this.function = new int[order.length];
        this.complaints = from.complaints;
        for (int call = 0; call < order.length; call++) {
            arrivalMillis[call] = from.arrivalMillis[order[call]];
            durationMillis[call] = from.durationMillis[order[call]];
            function[call] = from.function[order[call]];
        }
    }

    /** How many calls there are. */
    public int calls() {
        return arrivalMillis.length;
    }

    /** Names of the functions, by their index. */
    public List<String> functions() {
        return functions;
    }

    /** When a call arrives, after the start of the trace; never before the call before it. */
    public long arrivalMillis(int call) {
        return arrivalMillis[call];
    }

    /** How long the call runs. */
    public int durationMillis(int call) {
        return durationMillis[call];
    }

    /** Index of the function called. */
    public int function(int call) {
        return function[call];
    }

    /** Memory that the function of the call needs; −1 if the trace does not tell. */
    public long memoryBytes(int call) {
        return memoryBytes[function[call]];
    }

    /** Memory that a function needs; −1 if the trace does not tell. */
    public long functionMemoryBytes(int index) {
        return memoryBytes[index];
    }

    /** What was wrong with the trace. */
    public Complaints complaints() {
        return complaints;
    }

    /** Collects calls in any order. For one thread. */
    static final class Builder {
        private final List<String> functions = new ArrayList<>();
        private long[] memoryBytes = new long[64];
        private long[] arrivalMillis = new long[1024];
        private int[] durationMillis = new int[1024];
        private int[] function = new int[1024];
        private final Complaints complaints;
        private int calls;

        Builder(Complaints complaints) {
            this.complaints = complaints;
        }

        /** Adds a function; returns its index. */
        int function(String name, long bytes) {
            if (functions.size() == memoryBytes.length) {
                memoryBytes = Arrays.copyOf(memoryBytes, functions.size() * 2);
            }
            memoryBytes[functions.size()] = bytes;
            functions.add(name);
            return functions.size() - 1;
        }

        int calls() {
            return calls;
        }

        /** Adds a call; false if its times are out of range. */
        boolean call(int functionIndex, long arrival, long duration) {
            if (arrival < 0
                    || arrival >= MAX_ARRIVAL_MILLIS
                    || duration < 0
                    || duration > Integer.MAX_VALUE) {
                return false;
            }
            if (calls == function.length) {
                int larger = calls + (calls >> 1);
                arrivalMillis = Arrays.copyOf(arrivalMillis, larger);
                durationMillis = Arrays.copyOf(durationMillis, larger);
                function = Arrays.copyOf(function, larger);
            }
            arrivalMillis[calls] = arrival;
            durationMillis[calls] = (int) duration;
            function[calls++] = functionIndex;
            return true;
        }

        FunctionTrace build() {
            // Arrival and place in one number: sorted without an object a call, and stably.
            long[] keys = new long[calls];
            for (int call = 0; call < calls; call++) {
                keys[call] = (arrivalMillis[call] << INDEX_BITS) | call;
            }
            Arrays.sort(keys);
            int[] order = new int[calls];
            Arrays.setAll(order, at -> (int) (keys[at] & ((1L << INDEX_BITS) - 1)));
            return new FunctionTrace(this, order);
        }
    }
}
