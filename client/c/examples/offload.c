/*
 * Prices European options here and on leased workers at once; a planner decides how many go, so
 * that no result is waited for longer than computing it would take. Every price that came from
 * elsewhere is checked.
 *
 *   offload [-n tasks] [-w workers] [function]
 *
 * A task prices 2000 options; the function is that of price.c. Exit: 0 when all prices are right,
 * else as docs/reference/errors.md. Build: cc offload.c $(pkg-config --cflags --libs offcut) -lm
 */
#include <math.h>
#include <offcut.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

enum { OPTIONS = 2000 };

struct option {
    double spot, strike, years, rate, volatility;
};

struct price {
    double call, put;
};

struct task {
    struct option options[OPTIONS];
    struct price prices[OPTIONS];
    offcut_call *call; /* NULL: not out */
    offcut_ticket ticket;
    int elsewhere; /* its result came from a worker */
};

/* The program takes tasks from the front and hands them over from the end. */
struct work {
    offcut_pool *pool;
    offcut_planner *planner;
    struct task *tasks;
    int *fresh, count;     /* tasks that nobody has begun, as they are to be computed */
    int *out, outstanding; /* tasks that are out, as they were handed over */
    int here, elsewhere, taken_back;
};

static int64_t now_ns(void) {
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return now.tv_sec * INT64_C(1000000000) + now.tv_nsec;
}

static double normal(double x) {
    return 0.5 * erfc(-x / sqrt(2.0));
}

/* Black and Scholes, "The Pricing of Options and Corporate Liabilities", 1973. */
static struct price price_here(struct option o) {
    double deviation = o.volatility * sqrt(o.years);
    double d1 = (log(o.spot / o.strike) + (o.rate + 0.5 * o.volatility * o.volatility) * o.years) / deviation;
    double d2 = d1 - deviation;
    double discounted = o.strike * exp(-o.rate * o.years);
    return (struct price){
        .call = o.spot * normal(d1) - discounted * normal(d2),
        .put = discounted * normal(-d2) - o.spot * normal(-d1),
    };
}

static void make_task(struct task *task, int number) {
    for (int i = 0; i < OPTIONS; i++)
        task->options[i] = (struct option){
            .spot = 80 + (number + i) % 41,
            .strike = 90 + (number + i) % 23,
            .years = 0.25 + i % 8 * 0.25,
            .rate = 0.01 + number % 5 * 0.005,
            .volatility = 0.1 + i % 7 * 0.05,
        };
}

static void compute(struct work *work, struct task *task) {
    int64_t start = now_ns();
    for (int i = 0; i < OPTIONS; i++)
        task->prices[i] = price_here(task->options[i]);
    offcut_planner_computed(work->planner, now_ns() - start);
    work->here++;
}

/* The first fresh task, or the last. */
static int take_fresh(struct work *work, int last) {
    int at = last ? work->count - 1 : 0, task = work->fresh[at];
    work->fresh += !last;
    work->count--;
    return task;
}

/* A lost task goes to the front, to be computed here. */
static void keep(struct work *work, int task) {
    offcut_planner_lost(work->planner);
    work->fresh[work->count++] = work->fresh[0];
    work->fresh[0] = task;
}

/* Tells the planner what has ended. */
static void collect(struct work *work) {
    int kept = 0;
    for (int i = 0; i < work->outstanding; i++) {
        struct task *task = &work->tasks[work->out[i]];
        int status = offcut_call_poll(task->call);
        if (status == OFFCUT_STATUS_PENDING) {
            work->out[kept++] = work->out[i];
            continue;
        }
        if (status == OFFCUT_STATUS_OK && offcut_call_bytes(task->call) == sizeof task->prices) {
            offcut_planner_arrived(work->planner, &task->ticket, now_ns(), 0);
            task->elsewhere = 1;
            work->elsewhere++;
        } else {
            keep(work, work->out[i]);
        }
        offcut_call_free(task->call);
        task->call = NULL;
    }
    work->outstanding = kept;
}

static void hand_over(struct work *work) {
    int64_t start = now_ns(), end;
    int number = take_fresh(work, 1);
    struct task *task = &work->tasks[number];
    task->call = offcut_submit(work->pool, offcut_pool_function(work->pool, NULL), task->options,
        sizeof task->options, task->prices, sizeof task->prices, OFFCUT_FOREVER_NS, NULL, NULL, NULL);
    if (task->call == NULL) { /* no memory */
        keep(work, number);
        return;
    }
    end = now_ns();
    task->ticket = offcut_planner_offloaded(work->planner, end, end - start);
    work->out[work->outstanding++] = number;
}

static void take_back(struct work *work) {
    struct task *task = &work->tasks[work->out[--work->outstanding]];
    offcut_call_free(task->call);
    task->call = NULL;
    work->taken_back++;
    compute(work, task);
}

static void do_all(struct work *work) {
    for (;;) {
        struct task *last;
        int64_t now;
        collect(work);
        offcut_planner_workers(work->planner, offcut_pool_workers(work->pool));
        last = work->outstanding == 0 ? NULL : &work->tasks[work->out[work->outstanding - 1]];
        now = now_ns();
        switch (offcut_planner_next(work->planner, now, last == NULL ? NULL : &last->ticket)) {
        case OFFCUT_STEP_COMPUTE:
            compute(work, &work->tasks[take_fresh(work, 0)]);
            break;
        case OFFCUT_STEP_OFFLOAD:
            hand_over(work);
            break;
        case OFFCUT_STEP_TAKE_BACK:
            take_back(work);
            break;
        case OFFCUT_STEP_WAIT:
            offcut_call_wait(last->call, offcut_planner_wait_until_ns(work->planner, &last->ticket) - now);
            break;
        case OFFCUT_STEP_DONE:
            return;
        }
    }
}

/* The polynomial on the other side is good for some 1e-7 of the spot. */
static int wrong_prices(const struct task *task) {
    int wrong = 0;
    for (int i = 0; task->elsewhere && i < OPTIONS; i++) {
        struct price expected = price_here(task->options[i]);
        wrong += !(fabs(task->prices[i].call - expected.call) < 1e-3 && fabs(task->prices[i].put - expected.put) < 1e-3);
    }
    return wrong;
}

static int run(offcut_pool *pool, int count, int workers, offcut_error *error) {
    struct work work = {.pool = pool, .count = count};
    int *places = calloc(2 * (size_t)count, sizeof *places), wrong = 0;
    int64_t start;
    offcut_model model;
    offcut_model_init(&model, workers, 1);
    work.tasks = calloc((size_t)count, sizeof *work.tasks);
    for (int i = 0; places != NULL && work.tasks != NULL && i < count; i++) {
        make_task(&work.tasks[i], i);
        places[i] = i;
    }
    work.fresh = places;
    work.out = places == NULL ? NULL : places + count;
    /* So that there is something to plan; without workers all tasks are computed here. */
    offcut_pool_await(pool, workers, INT64_C(10000000000), NULL);
    start = now_ns();
    work.planner = offcut_planner_new(&model, count, start, error);
    if (work.planner != NULL && places != NULL && work.tasks != NULL) {
        do_all(&work);
        printf("%d tasks in %.3f s: %d here, %d of them taken back, %d elsewhere", count,
            (double)(now_ns() - start) / 1e9, work.here, work.taken_back, work.elsewhere);
        for (int i = 0; i < count; i++)
            wrong += wrong_prices(&work.tasks[i]);
        printf(", %d prices wrong\n", wrong);
    }
    wrong += work.here + work.elsewhere != count;
    offcut_planner_free(work.planner);
    free(work.tasks);
    free(places);
    return wrong > 0;
}

int main(int argc, char **argv) {
    offcut_options options;
    offcut_error error = {0};
    offcut_client *client;
    offcut_pool *pool;
    int count = 200, workers = 1, flag, result;
    while ((flag = getopt(argc, argv, "n:w:")) != -1) {
        int *value = flag == 'n' ? &count : &workers;
        if (flag == '?' || (*value = atoi(optarg)) < 1) {
            fprintf(stderr, "usage: offload [-n tasks] [-w workers] [function]\n");
            return 2;
        }
    }
    client = offcut_connect(NULL, &error);
    offcut_options_init(&options, optind < argc ? argv[optind] : "blackscholes/price");
    options.workers = workers;
    pool = client == NULL ? NULL : offcut_pool_open(client, &options, &error);
    result = pool == NULL ? offcut_code_exit(error.code) : run(pool, count, workers, &error);
    if (error.code != 0)
        fprintf(stderr, "offload: %s\n", error.message);
    offcut_pool_close(pool);
    offcut_client_close(client);
    return result;
}
