package io.offcut.simulator;

import io.offcut.traces.FunctionTrace;

/** The calls of a trace, from the begin of the simulation on. */
public final class TraceArrivals implements ArrivalSource {
    private final String name;
    private final FunctionTrace trace;

    /**
     * @param name for results, such as that of its file
     */
    public TraceArrivals(String name, FunctionTrace trace) {
        this.name = name;
        this.trace = trace;
    }

    @Override
    public String name() {
        return name;
    }

    @Override
    public Cursor open(long seed) {
        return new Calls();
    }

    private final class Calls implements Cursor {
        private int call = -1;

        @Override
        public boolean advance() {
            return ++call < trace.calls();
        }

        @Override
        public long atMillis() {
            return trace.arrivalMillis(call);
        }

        @Override
        public long durationMillis() {
            return trace.durationMillis(call);
        }

        @Override
        public long memoryBytes() {
            return Math.max(0, trace.memoryBytes(call));
        }

        @Override
        public int function() {
            return trace.function(call);
        }
    }
}
