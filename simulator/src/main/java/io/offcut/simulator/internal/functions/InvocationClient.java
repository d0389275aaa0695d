package io.offcut.simulator.internal.functions;

import io.offcut.core.lease.EndReason;
import io.offcut.core.lease.LeaseTerms;
import io.offcut.scheduler.brain.BrainEvent;
import io.offcut.simulator.ArrivalSource;
import io.offcut.simulator.FunctionConfig;
import io.offcut.simulator.FunctionConfig.Load.Open;
import io.offcut.simulator.internal.interference.JobPaces;
import io.offcut.simulator.internal.measure.CoreTime;
import io.offcut.simulator.internal.measure.CoreTime.Use;
import io.offcut.traces.RandomVariates;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.IntUnaryOperator;
import org.jspecify.annotations.Nullable;

/**
 * A client for each function. A call goes to a worker that its client holds and that is idle, or
 * waits; for those that wait workers are asked for, one each. A lease on which nothing has run for
 * long is given back. A call on a lease that is taken back is frozen and has lost what was done of
 * it. When its client hears of that, an idempotent one goes first in the queue, any other has
 * failed.
 *
 * <pre>
 *   arrives ──▶ waiting ──▶ running ──▶ done
 *                 │  ▲         │
 *                 │  │         ▼
 *        patience │  └──────frozen
 *                 ▼            ▼ not idempotent
 *              dropped       failed
 * </pre>
 *
 * <p>For one thread.
 */
final class InvocationClient implements ClientModel {
    private static final int MICROS = 1000;

    private static final class Call {
        final long arrivedMillis;
        final long durationMillis;
        long deadlineMillis;

        Call(long arrivedMillis, long durationMillis) {
            this.arrivedMillis = arrivedMillis;
            this.durationMillis = durationMillis;
        }
    }

    private static final class Function {
        final int number;
        final String user;
        final ArrayDeque<Call> evicted = new ArrayDeque<>();
        final ArrayDeque<Call> queue = new ArrayDeque<>();

        /** Leases with an idle worker, the one used last first; some may be over. */
        final ArrayDeque<Held> idle = new ArrayDeque<>();

        long memoryBytes;

        /** Workers that are asked for or start. */
        int coming;

        boolean waking;

        Function(int number) {
            this.number = number;
            this.user = "f" + number;
        }

        int waiting() {
            return evicted.size() + queue.size();
        }
    }

    private static final class Asked {
        final Function function;
        final long untilMillis;
        int pending;

        Asked(Function function, long untilMillis, int pending) {
            this.function = function;
            this.untilMillis = untilMillis;
            this.pending = pending;
        }
    }

    private static final class Held {
        final OpenLease lease;
        final Function function;

        /** Slots of the calls that run on it, in no order. */
        final int[] slots;

        int calls;
        int idleWorkers;
        boolean ready;
        boolean over;
        boolean listed;
        boolean timed;
        long idleSinceMillis;

        Held(OpenLease lease, Function function) {
            this.lease = lease;
            this.function = function;
            this.slots = new int[lease.cores()];
        }

        void begin(int slot) {
            slots[calls++] = slot;
            idleWorkers--;
        }

        void end(int slot) {
            int at = 0;
            while (slots[at] != slot) {
                at++;
            }
            slots[at] = slots[--calls];
        }
    }

    private static final class Running {
        final Call call;
        final Held held;
        final long startedMillis;
        final long serviceMicros;
        final int slowPermille;

        Running(Call call, Held held, long startedMillis, long serviceMicros, int slowPermille) {
            this.call = call;
            this.held = held;
            this.startedMillis = startedMillis;
            this.serviceMicros = serviceMicros;
            this.slowPermille = slowPermille;
        }
    }

    private final Open load;
    private final FunctionConfig config;
    private final ArrivalSource.Cursor arrivals;
    private final RandomVariates luck;
    private final FunctionTimers timers;
    private final CoreTime coreTime;
    private final FunctionCounts counts;
    private final Mailbox mailbox;
    private final IntUnaryOperator slowPermilleOfNode;
    private final long transportMicros;

    private final List<Function> functions = new ArrayList<>();
    private final Map<String, Asked> asked = new HashMap<>();
    private final Map<Long, Held> leases = new HashMap<>();
    private final Set<Function> unsettled = new LinkedHashSet<>();
    private final long freezeMillis;

    /** Calls on leases that were taken back, of which their clients have yet to hear. */
    private final ArrayDeque<Frozen> frozen = new ArrayDeque<>();

    private record Frozen(Function function, Call call) {}

    /** By slot; its generation tells a new call from one that was evicted. */
    private @Nullable Running[] running = new Running[64];

    private int[] generations = new int[64];
    private int[] freeSlots = new int[64];
    private int freeCount;
    private int slots;
    private long startMillis;

    InvocationClient(
            Open load,
            long freezeMillis,
            HarvesterContext context,
            FunctionCounts counts,
            Mailbox mailbox,
            IntUnaryOperator slowPermilleOfNode) {
        this.load = load;
        this.freezeMillis = freezeMillis;
        this.config = context.config();
        this.arrivals = load.arrivals().open(context.seed());
        this.luck = new RandomVariates(~context.seed());
        this.timers = context.timers();
        this.coreTime = context.coreTime();
        this.counts = counts;
        this.mailbox = mailbox;
        this.slowPermilleOfNode = slowPermilleOfNode;
        this.transportMicros = config.transport().micros(load.payloadBytes());
    }

    @Override
    public void start(long nowMillis) {
        startMillis = nowMillis;
        if (arrivals.advance()) {
            timers.at(nextMillis(nowMillis), FunctionTimers.ARRIVAL, 0);
        }
    }

    private long nextMillis(long nowMillis) {
        return Math.max(nowMillis, startMillis + arrivals.atMillis());
    }

    @Override
    public void event(long nowMillis, int kind, long payload) {
        switch (kind) {
            case FunctionTimers.ARRIVAL -> arrival(nowMillis);
            case FunctionTimers.DONE -> done(nowMillis, payload);
            case FunctionTimers.READY -> ready(nowMillis, payload);
            case FunctionTimers.PATIENCE -> impatient(nowMillis, functions.get((int) payload));
            case FunctionTimers.HOLD -> held(nowMillis, payload);
            case FunctionTimers.REVOKED -> revoked(nowMillis, payload);
            default -> ClientModel.super.event(nowMillis, kind, payload);
        }
    }

    private void arrival(long nowMillis) {
        boolean more;
        do {
            Function function = function(arrivals.function());
            function.memoryBytes = Math.max(function.memoryBytes, arrivals.memoryBytes());
            counts.invocations++;
            Call call = new Call(nowMillis, arrivals.durationMillis());
            enqueue(nowMillis, function, function.queue, call);
            more = arrivals.advance();
        } while (more && nextMillis(nowMillis) == nowMillis);
        if (more) {
            timers.at(nextMillis(nowMillis), FunctionTimers.ARRIVAL, 0);
        }
    }

    private Function function(int number) {
        while (functions.size() <= number) {
            functions.add(new Function(functions.size()));
        }
        return functions.get(number);
    }

    private void enqueue(long nowMillis, Function function, ArrayDeque<Call> queue, Call call) {
        call.deadlineMillis = nowMillis + load.patienceMillis();
        queue.add(call);
        unsettled.add(function);
    }

    @Override
    public void settle(long nowMillis) {
        for (Function function : unsettled) {
            serve(nowMillis, function);
            ask(nowMillis, function);
        }
        unsettled.clear();
    }

    private void serve(long nowMillis, Function function) {
        while (function.waiting() > 0 && !function.idle.isEmpty()) {
            Held held = function.idle.peek();
            if (held.over || held.idleWorkers == 0) {
                held.listed = false;
                function.idle.pop();
            } else {
                Call call = function.evicted.poll();
                run(nowMillis, call == null ? function.queue.remove() : call, held);
            }
        }
    }

    private void run(long nowMillis, Call call, Held held) {
        int slow = slowPermilleOfNode.applyAsInt(held.lease.node());
        long serviceMicros = transportMicros + call.durationMillis * (long) slow;
        int slot = newSlot();
        held.begin(slot);
        running[slot] = new Running(call, held, nowMillis, serviceMicros, slow);
        timers.at(
                nowMillis + Math.max(1, Math.ceilDiv(serviceMicros, MICROS)),
                FunctionTimers.DONE,
                (long) generations[slot] << 32 | slot);
    }

    private int newSlot() {
        if (freeCount > 0) {
            return freeSlots[--freeCount];
        }
        if (slots == running.length) {
            running = Arrays.copyOf(running, slots * 2);
            generations = Arrays.copyOf(generations, slots * 2);
            freeSlots = Arrays.copyOf(freeSlots, slots * 2);
        }
        return slots++;
    }

    private Running take(int slot) {
        Running call = running[slot];
        if (call == null) {
            throw new IllegalStateException("nothing runs in slot " + slot);
        }
        running[slot] = null;
        generations[slot]++;
        freeSlots[freeCount++] = slot;
        return call;
    }

    private void ask(long nowMillis, Function function) {
        int deficit = function.waiting() - function.coming;
        if (deficit > 0 && load.patienceMillis() > 0) {
            String id = "r" + ++counts.requests;
            function.coming += deficit;
            asked.put(id, new Asked(function, nowMillis + load.patienceMillis(), deficit));
            long memory = Math.max(config.memoryBytesPerWorker(), function.memoryBytes);
            mailbox.accept(
                    new BrainEvent.WorkersRequested(
                            id,
                            function.user,
                            FunctionSide.wish(deficit, memory, load.patienceMillis(), false)));
        }
        wake(function);
    }

    /** One timer for each function, for the call that waits longest. */
    private void wake(Function function) {
        if (!function.waking && function.waiting() > 0) {
            function.waking = true;
            timers.at(firstDeadline(function), FunctionTimers.PATIENCE, function.number);
        }
    }

    private static long firstDeadline(Function function) {
        Call evicted = function.evicted.peek();
        Call queued = function.queue.peek();
        return Math.min(
                evicted == null ? Long.MAX_VALUE : evicted.deadlineMillis,
                queued == null ? Long.MAX_VALUE : queued.deadlineMillis);
    }

    private void impatient(long nowMillis, Function function) {
        function.waking = false;
        counts.dropped += drop(nowMillis, function.evicted) + drop(nowMillis, function.queue);
        wake(function);
    }

    private static int drop(long nowMillis, ArrayDeque<Call> queue) {
        int dropped = 0;
        while (!queue.isEmpty() && queue.peek().deadlineMillis <= nowMillis) {
            queue.remove();
            dropped++;
        }
        return dropped;
    }

    @Override
    public void opened(long nowMillis, OpenLease lease) {
        Asked request = granted(lease.terms());
        leases.put(lease.number(), new Held(lease, request.function));
        timers.at(lease.readyMillis(), FunctionTimers.READY, lease.number());
    }

    private Asked granted(LeaseTerms terms) {
        Asked request = asked.get(terms.requestId());
        if (request == null) {
            throw new IllegalStateException("lease " + terms + " of a request that is over");
        }
        request.pending -= terms.cores().size();
        return request;
    }

    @Override
    public void refused(long nowMillis, LeaseTerms terms) {
        Function function = granted(terms).function;
        function.coming -= terms.cores().size();
        unsettled.add(function);
    }

    @Override
    public void requestChanged(long nowMillis, String requestId) {
        Asked request = asked.get(requestId);
        if (request != null && nowMillis >= request.untilMillis) {
            givenUp(nowMillis, request);
        }
    }

    @Override
    public void requestEnded(long nowMillis, String requestId) {
        Asked request = asked.remove(requestId);
        if (request != null) {
            givenUp(nowMillis, request);
        }
    }

    /** Calls that came after those it was for may still wait, and want another request then. */
    private void givenUp(long nowMillis, Asked request) {
        request.function.coming -= request.pending;
        request.pending = 0;
        if (nowMillis >= request.untilMillis) {
            unsettled.add(request.function);
        }
    }

    private void ready(long nowMillis, long leaseNumber) {
        Held held = leases.get(leaseNumber);
        if (held != null) {
            held.ready = true;
            held.function.coming -= held.lease.cores();
            workersIdle(nowMillis, held, held.lease.cores());
        }
    }

    private void workersIdle(long nowMillis, Held held, int workers) {
        held.idleWorkers += workers;
        held.idleSinceMillis = nowMillis;
        if (!held.listed) {
            held.listed = true;
            held.function.idle.push(held);
        }
        if (held.idleWorkers == held.lease.cores() && !held.timed) {
            held.timed = true;
            timers.at(nowMillis + load.holdMillis(), FunctionTimers.HOLD, held.lease.number());
        }
        if (held.function.waiting() > 0) {
            unsettled.add(held.function);
        }
    }

    private void held(long nowMillis, long leaseNumber) {
        Held held = leases.get(leaseNumber);
        if (held == null) {
            return;
        }
        held.timed = false;
        if (held.idleWorkers < held.lease.cores()) {
            return;
        }
        long dueMillis = held.idleSinceMillis + load.holdMillis();
        if (dueMillis > nowMillis) {
            held.timed = true;
            timers.at(dueMillis, FunctionTimers.HOLD, leaseNumber);
        } else {
            held.over = true;
            mailbox.accept(new BrainEvent.LeaseReleased(held.lease.terms().leaseId()));
        }
    }

    private void done(long nowMillis, long payload) {
        int slot = (int) payload;
        if (generations[slot] != (int) (payload >>> 32)) {
            return;
        }
        Running call = take(slot);
        call.held.end(slot);
        counts.done++;
        counts.latencyMicros.recordValue(
                (call.startedMillis - call.call.arrivedMillis) * MICROS + call.serviceMicros);
        computed(nowMillis, call);
        workersIdle(nowMillis, call.held, 1);
    }

    private void computed(long nowMillis, Running call) {
        coreTime.add(Use.HARVESTED, call.startedMillis, nowMillis, 1);
        counts.slowed(JobPaces.lostMicros(nowMillis - call.startedMillis, call.slowPermille));
    }

    @Override
    public void closed(long nowMillis, OpenLease lease, EndReason reason) {
        Held held = leases.remove(lease.number());
        if (held == null) {
            return;
        }
        held.over = true;
        Function function = held.function;
        function.idle.remove(held);
        if (!held.ready) {
            function.coming -= lease.cores();
        }
        for (int at = 0; at < held.calls; at++) {
            freeze(nowMillis, function, take(held.slots[at]));
        }
        if (freezeMillis == 0 || reason != EndReason.RECLAIMED) {
            revoked(nowMillis, held.calls);
        } else if (held.calls > 0) {
            timers.at(nowMillis + freezeMillis, FunctionTimers.REVOKED, held.calls);
        }
        unsettled.add(function);
    }

    private void freeze(long nowMillis, Function function, Running call) {
        counts.evictions++;
        counts.lostMillis += nowMillis - call.startedMillis;
        frozen.add(new Frozen(function, call.call));
    }

    private void revoked(long nowMillis, long calls) {
        for (long left = calls; left > 0; left--) {
            Frozen next = frozen.remove();
            if (luck.uniform() * 1000 < load.idempotentPermille()) {
                counts.retries++;
                enqueue(nowMillis, next.function(), next.function().evicted, next.call());
            } else {
                counts.failed++;
            }
        }
    }

    @Override
    public void finish(long nowMillis) {
        counts.waiting += frozen.size();
        for (Function function : functions) {
            counts.waiting += function.waiting();
        }
        for (int slot = 0; slot < slots; slot++) {
            Running call = running[slot];
            if (call != null) {
                counts.waiting++;
                computed(nowMillis, call);
            }
        }
        if (counts.done + counts.dropped + counts.failed + counts.waiting != counts.invocations) {
            throw new IllegalStateException(
                    counts.invocations
                            + " invocations came, "
                            + counts.done
                            + " are done, "
                            + counts.dropped
                            + " dropped, "
                            + counts.failed
                            + " failed, "
                            + counts.waiting
                            + " wait or run");
        }
    }

    @Override
    public boolean computesAlways() {
        return false;
    }
}
