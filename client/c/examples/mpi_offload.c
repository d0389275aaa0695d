/*
 * An MPI program that offloads half of its tasks from each rank: the odd ones go to leased workers,
 * the even ones are done here meanwhile, and every offloaded price is checked against one computed
 * here. Rank 0 prints the sums over all ranks.
 *
 *   srun --mpi=pmix -n 4 mpi_offload [tasks per rank] [function]
 *
 * A task prices 50 European options; the function is that of price.c.
 * Build: mpicc mpi_offload.c $(pkg-config --cflags --libs offcut) -lm
 */
#include <math.h>
#include <mpi.h>
#include <offcut.h>
#include <stdio.h>
#include <stdlib.h>

enum { OPTIONS = 50 };

struct option {
    double spot, strike, years, rate, volatility;
};

struct price {
    double call, put;
};

struct task {
    struct option options[OPTIONS];
    struct price prices[OPTIONS];
    offcut_call *call; /* NULL: done here */
};

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

static void make_task(struct task *task, int rank, int number) {
    for (int i = 0; i < OPTIONS; i++)
        task->options[i] = (struct option){
            .spot = 80 + (rank + number + i) % 41,
            .strike = 90 + (number + i) % 23,
            .years = 0.25 + i % 8 * 0.25,
            .rate = 0.01 + number % 5 * 0.005,
            .volatility = 0.1 + i % 7 * 0.05,
        };
}

static void do_here(struct task *task) {
    for (int i = 0; i < OPTIONS; i++)
        task->prices[i] = price_here(task->options[i]);
}

/* Waits for an offloaded task. Returns how many of its prices are wrong or missing. */
static int take_back(struct task *task) {
    int status = offcut_call_wait(task->call, OFFCUT_FOREVER_NS), wrong = 0;
    if (status != OFFCUT_STATUS_OK || offcut_call_bytes(task->call) != sizeof task->prices) {
        fprintf(stderr, "mpi_offload: a task ended with %s\n", offcut_status_name(status));
        wrong = OPTIONS;
    }
    for (int i = 0; wrong < OPTIONS && i < OPTIONS; i++) {
        struct price expected = price_here(task->options[i]);
        wrong += !(fabs(task->prices[i].call - expected.call) < 1e-3 && fabs(task->prices[i].put - expected.put) < 1e-3);
    }
    offcut_call_free(task->call);
    task->call = NULL;
    return wrong;
}

/* Does all tasks, every second one elsewhere. Sets how many were offloaded and prices wrong. */
static int do_tasks(offcut_pool *pool, struct task *tasks, int count, int sums[2], offcut_error *error) {
    int function = offcut_pool_function(pool, NULL), code = 0;
    for (int i = 1; i < count && code == 0; i += 2) {
        struct task *task = &tasks[i];
        task->call = offcut_submit(pool, function, task->options, sizeof task->options, task->prices,
            sizeof task->prices, OFFCUT_FOREVER_NS, NULL, NULL, error);
        code = task->call == NULL ? error->code : 0;
    }
    for (int i = 0; i < count; i += 2)
        do_here(&tasks[i]);
    for (int i = 1; i < count; i += 2)
        if (tasks[i].call != NULL) {
            sums[0]++;
            sums[1] += take_back(&tasks[i]);
        }
    return code;
}

static int run(int rank, int count, const char *function, int sums[2]) {
    struct task *tasks = calloc((size_t)count, sizeof *tasks);
    offcut_error error = {0};
    offcut_options options;
    offcut_client *client = offcut_connect(NULL, &error);
    offcut_pool *pool;
    int code;
    offcut_options_init(&options, function);
    pool = tasks == NULL ? NULL : offcut_pool_open(client, &options, &error);
    for (int i = 0; tasks != NULL && i < count; i++)
        make_task(&tasks[i], rank, i);
    code = pool == NULL ? error.code : do_tasks(pool, tasks, count, sums, &error);
    if (code != 0)
        fprintf(stderr, "mpi_offload: rank %d: %s\n", rank, error.message);
    offcut_pool_close(pool);
    offcut_client_close(client);
    free(tasks);
    return offcut_code_exit(code);
}

int main(int argc, char **argv) {
    int rank, ranks, result, worst, sums[2] = {0, 0}, all[2] = {0, 0};
    int count = argc > 1 ? atoi(argv[1]) : 100;
    const char *function = argc > 2 ? argv[2] : "blackscholes/price";
    MPI_Init(&argc, &argv);
    MPI_Comm_rank(MPI_COMM_WORLD, &rank);
    MPI_Comm_size(MPI_COMM_WORLD, &ranks);
    result = count < 2 ? 2 : run(rank, count, function, sums);
    MPI_Reduce(sums, all, 2, MPI_INT, MPI_SUM, 0, MPI_COMM_WORLD);
    MPI_Allreduce(&result, &worst, 1, MPI_INT, MPI_MAX, MPI_COMM_WORLD);
    if (rank == 0)
        printf("%d ranks, %d tasks, %d offloaded, %d wrong\n", ranks, ranks * count, all[0], all[1]);
    MPI_Finalize();
    return worst != 0 ? worst : all[1] > 0;
}
