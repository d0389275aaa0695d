/*
 * The C client's side of `offcut bench invoke --case planner --client c`, which starts this program
 * for each case and has turns of its own between the turns of this one:
 *
 *   bench_planner FUNCTION LIBRARY TIMES PAYLOAD_BYTES
 *
 * leases a worker of the bundle whose native functions LIBRARY has too, says "ready" and obeys one
 * line at a time until its input ends:
 *
 *   here INPUT_BYTES TASKS TASK_NS      all tasks by this thread
 *   planned INPUT_BYTES TASKS TASK_NS   by it and the worker, where they take TIMES times as long
 *   tally 0 0 0                         how many of the last run were computed here, how many of
 *                                       those taken back, and how many there
 *
 * The answer to the first two is the time in ns and a 1. Every result is checked, outside that time.
 */
#include <dlfcn.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "offcut.h"

#define CALIBRATING_STEPS UINT64_C(20000000)
#define PATIENCE_NS INT64_C(60000000000)

typedef uint64_t steps_function(uint64_t steps);

struct task {
    offcut_call *call;
    offcut_ticket ticket;
    uint64_t result;
};

/* What does not change from turn to turn. */
struct bench {
    offcut_pool *pool;
    steps_function *steps;
    double steps_per_ns;
    uint64_t times;
};

/* Tasks are taken from the front and handed over from the end of those that nobody has begun. */
struct work {
    offcut_planner *planner;
    uint64_t *input; /* of every task: how many steps, how often there */
    uint32_t bytes;
    struct task *tasks;
    int count, *fresh, fresh_count, *out, out_count;
    int here, taken_back, there;
};

static int64_t now_ns(void) {
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return now.tv_sec * INT64_C(1000000000) + now.tv_nsec;
}

static void fail(const char *what, const char *why) {
    fprintf(stderr, "bench_planner: %s: %s\n", what, why);
    exit(1);
}

static void *some(size_t count, size_t bytes) {
    void *memory = calloc(count, bytes);
    if (memory == NULL)
        fail("tasks", "no memory");
    return memory;
}

static void compute(struct bench *bench, struct work *work, struct task *task) {
    task->result = bench->steps(work->input[0]);
    work->here++;
}

static void compute_planned(struct bench *bench, struct work *work, struct task *task) {
    int64_t start = now_ns();
    compute(bench, work, task);
    offcut_planner_computed(work->planner, now_ns() - start);
}

static struct task *first_fresh(struct work *work) {
    work->fresh_count--;
    return &work->tasks[*work->fresh++];
}

/* It has no result: to the front, to be computed here. */
static void lost(struct work *work, int number) {
    offcut_planner_lost(work->planner);
    work->fresh[work->fresh_count++] = work->fresh[0];
    work->fresh[0] = number;
}

static void hand_over(struct bench *bench, struct work *work) {
    int64_t start = now_ns(), end;
    int number = work->fresh[--work->fresh_count];
    struct task *task = &work->tasks[number];
    task->call = offcut_submit(bench->pool, offcut_pool_function(bench->pool, "work"), work->input, work->bytes,
        &task->result, sizeof task->result, OFFCUT_FOREVER_NS, NULL, NULL, NULL);
    if (task->call == NULL) {
        lost(work, number);
        return;
    }
    end = now_ns();
    task->ticket = offcut_planner_offloaded(work->planner, end, end - start);
    work->out[work->out_count++] = number;
}

/* Tells the planner what has ended. */
static void collect(struct work *work) {
    int kept = 0;
    for (int i = 0; i < work->out_count; i++) {
        struct task *task = &work->tasks[work->out[i]];
        int status = offcut_call_poll(task->call);
        if (status == OFFCUT_STATUS_PENDING) {
            work->out[kept++] = work->out[i];
            continue;
        }
        if (status == OFFCUT_STATUS_OK) {
            offcut_planner_arrived(work->planner, &task->ticket, now_ns(), 0);
            work->there++;
        } else {
            lost(work, work->out[i]);
        }
        offcut_call_free(task->call);
    }
    work->out_count = kept;
}

static void take_back(struct bench *bench, struct work *work) {
    struct task *task = &work->tasks[work->out[--work->out_count]];
    offcut_call_free(task->call);
    work->taken_back++;
    compute_planned(bench, work, task);
}

static void planned(struct bench *bench, struct work *work) {
    offcut_model model;
    offcut_error error = {0};
    offcut_model_init(&model, 1, 1);
    work->planner = offcut_planner_new(&model, work->count, now_ns(), &error);
    if (work->planner == NULL)
        fail("planner", error.message);
    for (enum offcut_step step = OFFCUT_STEP_COMPUTE; step != OFFCUT_STEP_DONE;) {
        struct task *last;
        int64_t now;
        collect(work);
        offcut_planner_workers(work->planner, offcut_pool_workers(bench->pool));
        last = work->out_count == 0 ? NULL : &work->tasks[work->out[work->out_count - 1]];
        now = now_ns();
        step = offcut_planner_next(work->planner, now, last == NULL ? NULL : &last->ticket);
        if (step == OFFCUT_STEP_COMPUTE)
            compute_planned(bench, work, first_fresh(work));
        else if (step == OFFCUT_STEP_OFFLOAD)
            hand_over(bench, work);
        else if (step == OFFCUT_STEP_TAKE_BACK)
            take_back(bench, work);
        else if (step == OFFCUT_STEP_WAIT)
            offcut_call_wait(last->call, offcut_planner_wait_until_ns(work->planner, &last->ticket) - now);
    }
    offcut_planner_free(work->planner);
}

static void here(struct bench *bench, struct work *work) {
    while (work->fresh_count > 0)
        compute(bench, work, first_fresh(work));
}

static void check(struct bench *bench, const struct work *work) {
    uint64_t expected = bench->steps(work->input[0]);
    for (int i = 0; i < work->count; i++)
        if (work->tasks[i].result != expected)
            fail("a task", "another result");
    if (work->here + work->there != work->count)
        fail("a task", "was done twice or not at all");
}

/* Returns what was done where. */
static struct work turn(struct bench *bench, const char *kind, uint32_t bytes, int count, int64_t task_ns) {
    int *numbers = some(2 * (size_t)count, sizeof *numbers);
    struct work work = {.bytes = bytes, .count = count, .fresh = numbers, .fresh_count = count, .out = numbers + count};
    int64_t start;
    work.tasks = some((size_t)count, sizeof *work.tasks);
    work.input = some(1, bytes);
    memset(work.input, 1, bytes);
    work.input[0] = (uint64_t)((double)task_ns * bench->steps_per_ns);
    work.input[1] = bench->times;
    for (int i = 0; i < count; i++)
        numbers[i] = i;
    start = now_ns();
    (strcmp(kind, "planned") == 0 ? planned : here)(bench, &work);
    printf("%" PRId64 " 1\n", now_ns() - start);
    check(bench, &work);
    free(work.input);
    free(work.tasks);
    free(numbers);
    return work;
}

static void learn_steps(struct bench *bench, const char *path) {
    void *library = dlopen(path, RTLD_NOW);
    void *symbol = library == NULL ? NULL : dlsym(library, "bench_steps");
    int64_t start;
    if (symbol == NULL)
        fail(path, dlerror());
    memcpy(&bench->steps, &symbol, sizeof symbol);
    start = now_ns();
    if (bench->steps(CALIBRATING_STEPS) == 0)
        fail("steps", "no such result");
    bench->steps_per_ns = (double)CALIBRATING_STEPS / (double)(now_ns() - start);
}

int main(int argc, char **argv) {
    struct bench bench = {0};
    struct work last = {0};
    offcut_error error = {0};
    offcut_options options;
    offcut_client *client = offcut_connect(NULL, &error);
    char kind[16];
    uint32_t bytes;
    int count;
    int64_t task_ns;
    if (argc != 5)
        fail("usage", "bench_planner FUNCTION LIBRARY TIMES PAYLOAD_BYTES");
    bench.times = (uint64_t)atoll(argv[3]);
    learn_steps(&bench, argv[2]);
    offcut_options_init(&options, argv[1]);
    options.transports = "shm";
    options.payload_bytes = atoi(argv[4]);
    bench.pool = offcut_pool_open(client, &options, &error);
    if (bench.pool == NULL || offcut_pool_await(bench.pool, 1, PATIENCE_NS, &error) != 0)
        fail("no worker", error.message);
    for (printf("ready\n"); fflush(stdout), scanf("%15s %" SCNu32 " %d %" SCNd64, kind, &bytes, &count, &task_ns) == 4;) {
        if (strcmp(kind, "tally") == 0)
            printf("%d %d %d\n", last.here, last.taken_back, last.there);
        else if (bytes < 2 * sizeof last.input[0] || count < 1)
            fail(kind, "no such turn");
        else
            last = turn(&bench, kind, bytes, count, task_ns);
    }
    offcut_pool_close(bench.pool);
    offcut_client_close(client);
    return 0;
}
