package io.offcut.benchmarks.invoke;

import io.offcut.executor.BareVerbs;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;

/** This process's end of the bare queue pair, and the {@link RawVerbsPeer} at the other. */
final class RawVerbs implements AutoCloseable {
    /** In the place of a slot: the peer stops. */
    static final int STOP = -1;

    private final RawProcess peer;
    private final BareVerbs end;
    private final MemorySegment output;
    private final MemorySegment input;
    private long count;

    /**
     * @param host an address of the device
     */
    RawVerbs(int cpu, String host) throws IOException {
        peer = new RawProcess(RawVerbsPeer.class, Integer.toString(cpu), host);
        try {
            end = BareVerbs.connect(host, Integer.parseInt(peer.expect("port")));
        } catch (IOException | RuntimeException e) {
            peer.close();
            throw e;
        }
        output = end.output(0);
        input = end.input(0);
    }

    /** Begins a round; until {@link #stop} the peer polls. */
    void startPolling(int bytes) throws IOException {
        peer.order("poll " + bytes);
    }

    /** The same, but the peer sleeps until a completion wakes it. */
    void startSleeping(int bytes) throws IOException {
        peer.order("sleep " + bytes);
    }

    /** There and back; what comes back must be what went. */
    void once(int bytes) throws IOException {
        output.set(ValueLayout.JAVA_LONG, 0, ++count);
        end.send(0, bytes, 0);
        if (next() != 0 || input.get(ValueLayout.JAVA_LONG, 0) != count) {
            throw new IOException("the bare peer wrote back something else");
        }
    }

    /** So many there and back, with all slots kept full. */
    void all(int bytes, long messages) throws IOException {
        long sent = 0;
        for (; sent < Math.min(messages, BareVerbs.SLOTS); sent++) {
            end.send((int) sent, bytes, (int) sent);
        }
        for (long done = 0; done < messages; done++) {
            int slot = next();
            if (sent < messages) {
                end.send(slot, bytes, slot);
                sent++;
            }
        }
    }

    private int next() throws IOException {
        int said = end.poll();
        while (said == BareVerbs.NOTHING) {
            Thread.onSpinWait();
            said = end.poll();
        }
        return said;
    }

    void stop() throws IOException {
        end.send(0, Long.BYTES, STOP);
        String ignored = peer.expect("stopped");
    }

    @Override
    public void close() throws IOException {
        peer.close();
        end.close();
    }
}
