package io.offcut.client;

import io.offcut.client.OffloadPlanner.Step;
import io.offcut.client.OffloadPlanner.Ticket;
import java.util.ArrayDeque;
import java.util.Arrays;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * A program, a network and workers on simulated time, in whole ns: the same as {@code
 * client/c/tests/simulated.h}. Inputs go one after the other over the wire, each to the worker that
 * is free first; results come back so.
 */
final class OffloadSim {
    private static final long NEVER = Long.MAX_VALUE;

    /**
     * What is really so, other than what the planner believes.
     *
     * @param real what tasks, wires and workers really cost
     * @param spreadPercent tasks take so much less or more, here and there
     * @param deadWorkers so many vanish at deadNanos with what they have
     * @param carryNanos a task handed over slows down the next step of this program so much
     */
    record World(
            OffloadModel real,
            int spreadPercent,
            int deadWorkers,
            long deadNanos,
            long carryNanos) {
        World(OffloadModel real, int spreadPercent, int deadWorkers, long deadNanos) {
            this(real, spreadPercent, deadWorkers, deadNanos, 0);
        }

        long nanos(long mean, int task) {
            if (spreadPercent == 0) {
                return mean;
            }
            long hash = (task + 1) * 2654435761L % 4294967296L;
            long percent = 100 - spreadPercent + hash % (2L * spreadPercent + 1);
            return Math.max(1, mean * percent / 100);
        }
    }

    record Outcome(long nanos, int local, int remote, int takenBack, int posts) {}

    private enum Place {
        FRESH,
        HERE,
        AWAY,
        DONE
    }

    private final World world;
    private final OffloadModel real;
    private final int tasks;
    private final Place[] places;
    private final @Nullable Ticket[] tickets;
    private final long[] arrivals;
    private final long[] executions;
    private final long[] workerFree;
    private long inFree;
    private long outFree;
    private long carriedNanos;
    private int local;
    private int remote;
    private int takenBack;
    private int posts;

    private OffloadSim(World world, int tasks) {
        this.world = world;
        this.real = world.real();
        this.tasks = tasks;
        this.places = new Place[tasks];
        Arrays.fill(places, Place.FRESH);
        this.tickets = new Ticket[tasks];
        this.arrivals = new long[tasks];
        Arrays.fill(arrivals, NEVER);
        this.executions = new long[tasks];
        this.workerFree = new long[real.workers()];
    }

    /** The time of all tasks on the program's threads alone. */
    static long localOnlyNanos(World world, int tasks) {
        return fixed(world, tasks, 0);
    }

    /** The time when the last so many tasks are handed over first and all are waited for. */
    static long fixed(World world, int tasks, int away) {
        OffloadSim sim = new OffloadSim(world, tasks);
        long[] free = new long[sim.real.localThreads()];
        long end = 0;
        for (int i = tasks - 1; i >= tasks - away; i--) {
            free[0] += sim.real.postNanos();
            sim.send(i, free[0]);
            end = Math.max(end, sim.arrivals[i]);
        }
        for (int i = 0; i < tasks - away; i++) {
            free[first(free)] += world.nanos(sim.real.localNanos(), i);
        }
        return Math.max(end, Arrays.stream(free).max().getAsLong());
    }

    static Outcome planned(World world, int tasks, OffloadModel believed) {
        return new OffloadSim(world, tasks).run(new OffloadPlanner(believed, tasks, 0));
    }

    private static int first(long[] times) {
        int least = 0;
        for (int i = 1; i < times.length; i++) {
            least = times[i] < times[least] ? i : least;
        }
        return least;
    }

    private Outcome run(OffloadPlanner planner) {
        long[] free = new long[real.localThreads()];
        int[] running = new int[free.length];
        long[] takes = new long[free.length];
        Arrays.fill(running, -1);
        ArrayDeque<Integer> order = new ArrayDeque<>();
        long end = 0;
        while (true) {
            int thread = first(free);
            long now = free[thread];
            if (now == NEVER) {
                return new Outcome(end, local, remote, takenBack, posts);
            }
            arrive(planner, order, now);
            if (running[thread] >= 0) {
                planner.computed(takes[thread]);
                running[thread] = -1;
                local++;
            }
            end = Math.max(end, now);
            Ticket last = order.isEmpty() ? null : tickets[order.peekLast()];
            Step step = planner.next(now, last);
            switch (step) {
                case COMPUTE -> {
                    running[thread] = find(Place.FRESH, false);
                    places[running[thread]] = Place.HERE;
                    takes[thread] = slowed(world.nanos(real.localNanos(), running[thread]));
                    free[thread] += takes[thread];
                }
                case OFFLOAD -> {
                    int task = find(Place.FRESH, true);
                    places[task] = Place.AWAY;
                    order.addLast(task);
                    posts++;
                    long took = slowed(real.postNanos());
                    free[thread] += took;
                    send(task, free[thread]);
                    tickets[task] = planner.offloaded(free[thread], took);
                }
                case TAKE_BACK -> {
                    int task = order.removeLast();
                    running[thread] = task;
                    places[task] = Place.HERE;
                    takenBack++;
                    takes[thread] = slowed(world.nanos(real.localNanos(), task));
                    free[thread] += takes[thread];
                }
                case WAIT -> {
                    long next = order.stream().mapToLong(i -> arrivals[i]).min().getAsLong();
                    free[thread] =
                            Math.min(next, planner.waitUntilNanos(Objects.requireNonNull(last)));
                }
                case DONE -> free[thread] = NEVER;
            }
        }
    }

    private long slowed(long nanos) {
        long slower = nanos + carriedNanos;
        carriedNanos = 0;
        return slower;
    }

    private void arrive(OffloadPlanner planner, ArrayDeque<Integer> order, long now) {
        while (true) {
            int next = -1;
            for (int task : order) {
                if (arrivals[task] <= now && (next < 0 || arrivals[task] < arrivals[next])) {
                    next = task;
                }
            }
            if (next < 0) {
                return;
            }
            order.remove(next);
            places[next] = Place.DONE;
            remote++;
            planner.arrived(
                    Objects.requireNonNull(tickets[next]), arrivals[next], executions[next]);
        }
    }

    private int find(Place place, boolean fromEnd) {
        for (int i = 0; i < tasks; i++) {
            int task = fromEnd ? tasks - 1 - i : i;
            if (places[task] == place) {
                return task;
            }
        }
        throw new IllegalStateException("no task is " + place);
    }

    private void send(int task, long now) {
        carriedNanos += world.carryNanos();
        inFree = Math.max(now, inFree) + real.inputNanos();
        int worker = first(workerFree);
        if (workerFree[worker] == NEVER) {
            return;
        }
        long start = Math.max(inFree + real.latencyNanos() / 2, workerFree[worker]);
        executions[task] = world.nanos(real.remoteNanos(), task);
        long done = start + executions[task];
        boolean dies = worker < world.deadWorkers() && done > world.deadNanos();
        if (dies) {
            // Nobody knows: the task stays out.
            workerFree[worker] = NEVER;
            return;
        }
        workerFree[worker] = done;
        outFree = Math.max(done, outFree) + real.outputNanos();
        arrivals[task] = outFree + (real.latencyNanos() - real.latencyNanos() / 2);
    }
}
