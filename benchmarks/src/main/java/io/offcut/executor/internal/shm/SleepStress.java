package io.offcut.executor.internal.shm;

import static org.openjdk.jcstress.annotations.Expect.ACCEPTABLE;
import static org.openjdk.jcstress.annotations.Expect.FORBIDDEN;

import io.offcut.core.frame.InvocationStatus;
import io.offcut.executor.internal.WorkerChannel;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.Arrays;
import java.util.concurrent.ThreadLocalRandom;
import org.jspecify.annotations.Nullable;
import org.openjdk.jcstress.annotations.Actor;
import org.openjdk.jcstress.annotations.Arbiter;
import org.openjdk.jcstress.annotations.JCStressTest;
import org.openjdk.jcstress.annotations.Outcome;
import org.openjdk.jcstress.annotations.State;
import org.openjdk.jcstress.infra.results.ZZ_Result;

/**
 * That no wake-up is lost: the two channels of a region, one about to sleep while the other gives
 * it a reason not to. All of it is the code that runs in production, but for the futex itself: who
 * would sleep is noted as asleep, as the kernel does it, and stops.
 *
 * <p>Results are whether it slept and whether it sleeps still when both are done.
 */
public final class SleepStress {
    private static final int SLOTS = 2;

    /** About as long as the other side takes to announce its sleep, when it is slow. */
    private static final int MOST_SPINS = 16;

    private SleepStress() {}

    /** Thrown in place of a sleep. */
    private static final class Asleep extends RuntimeException {
        private static final long serialVersionUID = 1;

        Asleep() {
            super(null, null, false, false);
        }
    }

    /**
     * The header and slot table of a region, in the heap, because millions are made; all payloads
     * are one and the same. The lock is what the kernel has around a futex's sleepers.
     */
    static final class WatchedMapping extends ShmMapping {
        private static final MemorySegment[] PAYLOADS = new MemorySegment[SLOTS];

        static {
            Arrays.fill(PAYLOADS, MemorySegment.ofArray(new byte[1]));
        }

        private @Nullable MemorySegment asleepOn;
        private boolean slept;

        WatchedMapping() {
            super(Arena.global(), heap(), SLOTS, 1);
            ShmLayout.INT.setVolatile(region(), (long) ShmLayout.STATE_OFFSET, ShmLayout.READY);
        }

        /** Of longs, because its words must be aligned. */
        private static MemorySegment heap() {
            return MemorySegment.ofArray(new long[(int) ShmLayout.headerBytes(SLOTS) / Long.BYTES]);
        }

        @Override
        MemorySegment[] inputs() {
            return PAYLOADS;
        }

        @Override
        MemorySegment[] results() {
            return PAYLOADS;
        }

        @Override
        synchronized void sleep(MemorySegment word, long nanos) {
            if ((int) ShmLayout.INT.getVolatile(word, 0L) == 1) {
                slept = true;
                asleepOn = word;
                throw new Asleep();
            }
        }

        @Override
        synchronized void wake(MemorySegment word) {
            if (word.equals(asleepOn)) {
                asleepOn = null;
            }
        }

        synchronized void report(ZZ_Result result) {
            result.r1 = slept;
            result.r2 = asleepOn != null;
        }
    }

    /** A region and both its ends. */
    static class Ends {
        final WatchedMapping mapping = new WatchedMapping();
        final ShmWorkerChannel worker = new ShmWorkerChannel(mapping);
        final ShmClientChannel client =
                new ShmClientChannel(mapping, new ShmClaim(mapping.region(), 1), null);
        private final int spins = ThreadLocalRandom.current().nextInt(MOST_SPINS);

        /**
         * What the notifying side begins with. A lost wake-up is made up for by the next one, so
         * the last must fall between the other's last look and its sleep.
         */
        void hesitate() {
            for (int left = spins; left > 0; left--) {
                Thread.onSpinWait();
            }
        }

        void post(int count) {
            for (int left = count; left > 0; left--) {
                int slot = client.acquire();
                int refused = client.post(slot, slot, 0, 0, 0);
                if (refused != 0) {
                    throw new IllegalStateException("refused " + refused);
                }
            }
        }

        void answer(int slot) {
            worker.complete(slot, 0, 0, 0);
        }

        void awaitAnswers(int count) {
            try {
                for (int left = count; left > 0; ) {
                    int slot = client.await(Long.MAX_VALUE);
                    if (slot >= 0) {
                        client.release(slot);
                        left--;
                    }
                }
            } catch (Asleep e) {
                // Noted.
            }
        }
    }

    /** The worker serves requests that come while it goes to sleep. */
    @JCStressTest
    @Outcome(id = "false, false", expect = ACCEPTABLE, desc = "Served without a sleep.")
    @Outcome(id = "true, false", expect = ACCEPTABLE, desc = "Slept and was woken.")
    @Outcome(id = "true, true", expect = FORBIDDEN, desc = "Sleeps while a request waits.")
    @State
    public static class WorkerSleeps extends Ends {
        @Actor
        public void client() {
            hesitate();
            post(SLOTS);
        }

        @Actor
        public void worker() {
            try {
                for (int left = SLOTS; left > 0; ) {
                    int slot = worker.poll();
                    if (slot == WorkerChannel.NONE) {
                        worker.await(Long.MAX_VALUE, () -> true);
                    } else {
                        answer(slot);
                        left--;
                    }
                }
            } catch (Asleep e) {
                // Noted.
            }
        }

        @Arbiter
        public void result(ZZ_Result result) {
            mapping.report(result);
        }
    }

    /** The client waits for answers that come while it goes to sleep. */
    @JCStressTest
    @Outcome(id = "false, false", expect = ACCEPTABLE, desc = "Had its answers without a sleep.")
    @Outcome(id = "true, false", expect = ACCEPTABLE, desc = "Slept and was woken.")
    @Outcome(id = "true, true", expect = FORBIDDEN, desc = "Sleeps while an answer waits.")
    @State
    public static class ClientSleeps extends Ends {
        public ClientSleeps() {
            post(SLOTS);
            for (int slot = 0; slot < SLOTS; slot++) {
                if (worker.poll() != slot) {
                    throw new IllegalStateException("slot " + slot + " is not served in its turn");
                }
            }
        }

        @Actor
        public void worker() {
            hesitate();
            for (int slot = 0; slot < SLOTS; slot++) {
                answer(slot);
            }
        }

        @Actor
        public void client() {
            awaitAnswers(SLOTS);
        }

        @Arbiter
        public void result(ZZ_Result result) {
            mapping.report(result);
        }
    }

    /** The region ends while its client goes to sleep. */
    @JCStressTest
    @Outcome(id = "false, false", expect = ACCEPTABLE, desc = "Saw the end without a sleep.")
    @Outcome(id = "true, false", expect = ACCEPTABLE, desc = "Slept and was woken.")
    @Outcome(id = "true, true", expect = FORBIDDEN, desc = "Sleeps on a region that has ended.")
    @State
    public static class RegionEnds extends Ends {
        public RegionEnds() {
            post(1);
        }

        @Actor
        public void end() {
            hesitate();
            mapping.end(InvocationStatus.CRASHED.code());
        }

        @Actor
        public void client() {
            awaitAnswers(1);
        }

        @Arbiter
        public void result(ZZ_Result result) {
            mapping.report(result);
        }
    }

    /** Another thread of the executor wants the worker to look up while it goes to sleep. */
    @JCStressTest
    @Outcome(id = "false, false", expect = ACCEPTABLE, desc = "Looked up without a sleep.")
    @Outcome(id = "true, false", expect = ACCEPTABLE, desc = "Slept and was woken.")
    @Outcome(id = "true, true", expect = FORBIDDEN, desc = "Sleeps though it was called.")
    @State
    public static class WorkerIsCalled extends Ends {
        private volatile boolean called;

        @Actor
        public void caller() {
            hesitate();
            called = true;
            worker.wake();
        }

        @Actor
        public void worker() {
            try {
                while (!called) {
                    worker.await(Long.MAX_VALUE, () -> !called);
                }
            } catch (Asleep e) {
                // Noted.
            }
        }

        @Arbiter
        public void result(ZZ_Result result) {
            mapping.report(result);
        }
    }
}
