/*
 * A program, a network and workers on simulated time, in whole ns: the same as OffloadSim.java.
 * Inputs go one after the other over the wire, each to the worker that is free first; results come
 * back so.
 */
#ifndef OC_SIMULATED_H
#define OC_SIMULATED_H

#include <string.h>

#include "offcut.h"

enum { SIM_TASKS = 512, SIM_WORKERS = 64, SIM_THREADS = 8 };

#define SIM_NEVER INT64_MAX

/* What is really so, other than what the planner believes. */
struct world {
    offcut_model real;
    int spread_percent;  /* tasks take so much less or more, here and there */
    int dead_workers;    /* so many vanish at dead_ns with what they have */
    int64_t dead_ns;
    int64_t carry_ns;    /* a task handed over slows down the next step of this program so much */
};

struct outcome {
    int64_t ns, local, remote, taken_back, posts;
};

enum place { FRESH, HERE, AWAY, DONE };

struct sim {
    const struct world *world;
    int tasks;
    enum place places[SIM_TASKS];
    offcut_ticket tickets[SIM_TASKS];
    int64_t arrivals[SIM_TASKS], executions[SIM_TASKS];
    int order[SIM_TASKS], out; /* tasks that are out, as they were handed over */
    int64_t worker_free[SIM_WORKERS];
    int64_t in_free, out_free, carried_ns;
    struct outcome outcome;
};

static inline int64_t sim_later(int64_t a, int64_t b) {
    return a > b ? a : b;
}

static inline int64_t sim_task_ns(const struct world *world, int64_t mean, int task) {
    uint64_t hash = ((uint64_t)task + 1) * 2654435761U % 4294967296U;
    int64_t percent = 100 - world->spread_percent + (int64_t)(hash % (2U * (unsigned)world->spread_percent + 1));
    return world->spread_percent == 0 ? mean : sim_later(1, mean * percent / 100);
}

static inline int sim_first(const int64_t *times, int count) {
    int least = 0;
    for (int i = 1; i < count; i++)
        if (times[i] < times[least])
            least = i;
    return least;
}

static inline int64_t sim_wire_ns(int64_t bytes, int64_t bytes_per_second) {
    return bytes_per_second == 0 ? 0 : bytes * 1000000000 / bytes_per_second;
}

static inline void sim_begin(struct sim *sim, const struct world *world, int tasks) {
    memset(sim, 0, sizeof *sim);
    sim->world = world;
    sim->tasks = tasks;
    for (int i = 0; i < tasks; i++)
        sim->arrivals[i] = SIM_NEVER;
}

static inline void sim_send(struct sim *sim, int task, int64_t now) {
    const offcut_model *real = &sim->world->real;
    int worker = sim_first(sim->worker_free, real->workers);
    int64_t done;
    sim->carried_ns += sim->world->carry_ns;
    sim->in_free = sim_later(now, sim->in_free) + sim_wire_ns(real->input_bytes, real->input_bytes_per_second);
    if (sim->worker_free[worker] == SIM_NEVER)
        return;
    sim->executions[task] = sim_task_ns(sim->world, real->remote_ns, task);
    done = sim_later(sim->in_free + real->latency_ns / 2, sim->worker_free[worker]) + sim->executions[task];
    if (worker < sim->world->dead_workers && done > sim->world->dead_ns) {
        sim->worker_free[worker] = SIM_NEVER; /* nobody knows: the task stays out */
        return;
    }
    sim->worker_free[worker] = done;
    sim->out_free = sim_later(done, sim->out_free) + sim_wire_ns(real->output_bytes, real->output_bytes_per_second);
    sim->arrivals[task] = sim->out_free + (real->latency_ns - real->latency_ns / 2);
}

/* The time when the last so many tasks are handed over first and all are waited for. */
static inline int64_t sim_fixed_ns(const struct world *world, int tasks, int away) {
    static struct sim sim;
    int64_t free_at[SIM_THREADS] = {0}, end = 0;
    int threads = world->real.local_threads;
    sim_begin(&sim, world, tasks);
    for (int i = tasks - 1; i >= tasks - away; i--) {
        free_at[0] += world->real.post_ns;
        sim_send(&sim, i, free_at[0]);
        end = sim_later(end, sim.arrivals[i]);
    }
    for (int i = 0; i < tasks - away; i++)
        free_at[sim_first(free_at, threads)] += sim_task_ns(world, world->real.local_ns, i);
    for (int i = 0; i < threads; i++)
        end = sim_later(end, free_at[i]);
    return end;
}

static inline void sim_arrive(struct sim *sim, offcut_planner *planner, int64_t now) {
    for (;;) {
        int found = -1, task;
        for (int i = 0; i < sim->out; i++)
            if (sim->arrivals[sim->order[i]] <= now
                && (found < 0 || sim->arrivals[sim->order[i]] < sim->arrivals[sim->order[found]]))
                found = i;
        if (found < 0)
            return;
        task = sim->order[found];
        memmove(&sim->order[found], &sim->order[found + 1], (size_t)(--sim->out - found) * sizeof sim->order[0]);
        sim->places[task] = DONE;
        sim->outcome.remote++;
        offcut_planner_arrived(planner, &sim->tickets[task], sim->arrivals[task], sim->executions[task]);
    }
}

static inline int sim_find_fresh(const struct sim *sim, int from_end) {
    for (int i = 0; i < sim->tasks; i++) {
        int task = from_end ? sim->tasks - 1 - i : i;
        if (sim->places[task] == FRESH)
            return task;
    }
    return -1;
}

static inline int64_t sim_next_arrival(const struct sim *sim) {
    int64_t next = SIM_NEVER;
    for (int i = 0; i < sim->out; i++)
        if (sim->arrivals[sim->order[i]] < next)
            next = sim->arrivals[sim->order[i]];
    return next;
}

static inline int64_t sim_slowed(struct sim *sim, int64_t ns) {
    ns += sim->carried_ns;
    sim->carried_ns = 0;
    return ns;
}

/* One step of the thread that is free. Returns when it is free again; sets what it computes and how long. */
static inline int64_t sim_step(struct sim *sim, offcut_planner *planner, int64_t now, int *running, int64_t *takes) {
    const offcut_ticket *last = sim->out == 0 ? NULL : &sim->tickets[sim->order[sim->out - 1]];
    const offcut_model *real = &sim->world->real;
    int64_t until;
    int task;
    switch (offcut_planner_next(planner, now, last)) {
    case OFFCUT_STEP_OFFLOAD:
        task = sim_find_fresh(sim, 1);
        sim->places[task] = AWAY;
        sim->order[sim->out++] = task;
        sim->outcome.posts++;
        *takes = sim_slowed(sim, real->post_ns);
        sim_send(sim, task, now + *takes);
        sim->tickets[task] = offcut_planner_offloaded(planner, now + *takes, *takes);
        return now + *takes;
    case OFFCUT_STEP_WAIT:
        until = offcut_planner_wait_until_ns(planner, last);
        return sim_next_arrival(sim) < until ? sim_next_arrival(sim) : until;
    case OFFCUT_STEP_DONE:
        return SIM_NEVER;
    case OFFCUT_STEP_TAKE_BACK:
        *running = sim->order[--sim->out];
        sim->outcome.taken_back++;
        break;
    case OFFCUT_STEP_COMPUTE:
        *running = sim_find_fresh(sim, 0);
        break;
    }
    sim->places[*running] = HERE;
    *takes = sim_slowed(sim, sim_task_ns(sim->world, real->local_ns, *running));
    return now + *takes;
}

static inline struct outcome sim_planned(const struct world *world, int tasks, const offcut_model *believed) {
    static struct sim sim;
    offcut_planner *planner = offcut_planner_new(believed, tasks, 0, NULL);
    int64_t free_at[SIM_THREADS] = {0}, takes[SIM_THREADS];
    int running[SIM_THREADS], thread, threads = world->real.local_threads;
    for (int i = 0; i < threads; i++)
        running[i] = -1;
    sim_begin(&sim, world, tasks);
    while (free_at[thread = sim_first(free_at, threads)] != SIM_NEVER) {
        int64_t now = free_at[thread];
        sim_arrive(&sim, planner, now);
        if (running[thread] >= 0) {
            offcut_planner_computed(planner, takes[thread]);
            sim.outcome.local++;
            running[thread] = -1;
        }
        sim.outcome.ns = sim_later(sim.outcome.ns, now);
        free_at[thread] = sim_step(&sim, planner, now, &running[thread], &takes[thread]);
    }
    offcut_planner_free(planner);
    return sim.outcome;
}

#endif
