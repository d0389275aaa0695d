package io.offcut.node.internal.executor;

import io.offcut.core.CpuSet;
import java.util.Collection;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * Who stands still because a job has, or may get, one of its cores.
 *
 * <pre>
 *   runs ──cores wanted──▶ stands still ──no longer wanted──▶ runs
 *                            │ its lease ends
 *                            ▼
 *                          stands still until it is removed
 * </pre>
 *
 * <p>An executor whose core is wanted when its lease begins is started when it is no longer. Safe
 * for use by any thread; a call is the write of a file for each executor that it changes.
 */
final class Stillness {
    private final Collection<ExecutorSlot> slots;
    private final Consumer<ExecutorSlot> start;
    private final Consumer<CpuSet> freeChanged;
    private CpuSet offered = CpuSet.empty();

    /** Null until it is first said: then everything may be. */
    private @Nullable CpuSet wanted;

    /**
     * @param slots all executors with a lease, a live view
     * @param start begins what could not begin before
     * @param freeChanged told what {@link #free} is now; must not block, for a job waits
     */
    Stillness(
            Collection<ExecutorSlot> slots,
            Consumer<ExecutorSlot> start,
            Consumer<CpuSet> freeChanged) {
        this.slots = slots;
        this.start = start;
        this.freeChanged = freeChanged;
    }

    /** See {@link ExecutorHost#standStill}. */
    synchronized void want(CpuSet cores) {
        wanted = cores;
        // First those that a job waits for.
        slots.stream().filter(this::isWanted).forEach(ExecutorSlot::freeze);
        freeChanged.accept(free());
        for (ExecutorSlot slot : slots) {
            if (!isWanted(slot) && slot.thaw()) {
                start.accept(slot);
            }
        }
    }

    /** One that is new among the slots. */
    synchronized void began(ExecutorSlot slot) {
        if (isWanted(slot)) {
            slot.freeze();
        }
    }

    /** These logical CPUs are offered now. */
    synchronized void offered(CpuSet cores) {
        offered = cores;
        freeChanged.accept(free());
    }

    /** The logical CPUs that are offered and not wanted. */
    synchronized CpuSet free() {
        return wanted == null ? CpuSet.empty() : offered.minus(wanted);
    }

    /**
     * Those of the node's that what only holds memory may run on: it is to be had also where no
     * core is free, and is then beside jobs, but not beside those that nothing may run beside.
     * Where that leaves none, any.
     */
    synchronized CpuSet forHolders(CpuSet cores) {
        CpuSet free = free();
        CpuSet beside = wanted == null ? CpuSet.empty() : cores.minus(wanted);
        CpuSet some = free.isEmpty() ? beside : free;
        return some.isEmpty() ? cores : some;
    }

    private boolean isWanted(ExecutorSlot slot) {
        return wanted == null || slot.terms.cores().intersects(wanted);
    }
}
