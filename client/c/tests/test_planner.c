/* The planner: the same decisions as the Java client, never slower by 2 %, gains where there are. */
#include "simulated.h"

#include <math.h>

#include "tap.h"

static const char *const CASES = "tests/offload_cases.txt"; /* make check runs in client/c */

/* Reads so many numbers. Returns how many there were. */
static int read_numbers(const char *text, int64_t *numbers, int most) {
    int count = 0;
    for (char *end; count < most; count++, text = end) {
        numbers[count] = strtoll(text, &end, 10);
        if (end == text)
            break;
    }
    return count;
}

static offcut_model model_of(const int64_t *v) {
    return (offcut_model){v[0], v[1], v[2], v[3], v[4], v[5], v[6], v[7], (int32_t)v[8], (int32_t)v[9]};
}

static int plan_case(const char *line) {
    int64_t v[14];
    offcut_model model;
    offcut_plan plan;
    if (read_numbers(line + 5, v, 14) != 14)
        return 0;
    model = model_of(v + 1);
    return offcut_plan_split(&model, v[0], &plan, NULL) == 0 && plan.local_tasks == v[11]
        && plan.remote_tasks == v[12] && plan.ns == v[13];
}

static int run_case(const char *line, const char *name) {
    int64_t v[21];
    struct world world;
    struct outcome outcome;
    offcut_model believed;
    if (read_numbers(strstr(line, name) + strlen(name), v, 21) != 21)
        return 0;
    world = (struct world){model_of(v + 1), (int)v[11], (int)v[12], v[13], v[14]};
    offcut_model_init(&believed, world.real.workers, world.real.local_threads);
    outcome = sim_planned(&world, (int)v[0], v[15] == 1 ? &world.real : &believed);
    return outcome.ns == v[16] && outcome.local == v[17] && outcome.remote == v[18]
        && outcome.taken_back == v[19] && outcome.posts == v[20];
}

static void decides_as_the_java_client(void) {
    char line[512], name[64];
    int plans = 0, runs = 0;
    FILE *file = fopen(CASES, "r");
    while (file != NULL && fgets(line, sizeof line, file) != NULL) {
        line[strcspn(line, "\n")] = '\0';
        if (strncmp(line, "plan ", 5) == 0)
            ok(plan_case(line), "plan %d: %s", ++plans, line + 5);
        else if (sscanf(line, "run %63s", name) == 1)
            ok(run_case(line, name), "run %d: %s", ++runs, name);
    }
    if (file != NULL)
        fclose(file);
    ok(plans > 9 && runs > 9, "%d plans and %d runs in %s", plans, runs, CASES);
}

static double between(unsigned long long *state, double low, double high) {
    return low + (high - low) * (double)(tap_random(state) >> 11) / 9007199254740992.0;
}

/* Times over four decades, workers from four times as fast to four times as slow. */
static offcut_model random_model(unsigned long long *state) {
    double local = pow(10, between(state, 4, 8));
    return (offcut_model){
        .local_ns = (int64_t)local,
        .remote_ns = (int64_t)(local * pow(2, between(state, -2, 2))),
        .latency_ns = (int64_t)(local * pow(10, between(state, -2, 1))),
        .post_ns = (int64_t)fmin(1e5, local * pow(10, between(state, -3.5, -0.5))),
        .input_bytes = (int64_t)pow(10, between(state, 0, 6)),
        .output_bytes = (int64_t)pow(10, between(state, 0, 6)),
        .input_bytes_per_second = (int64_t)(1e9 * between(state, 1, 10)),
        .output_bytes_per_second = (int64_t)(1e9 * between(state, 1, 10)),
        .workers = 1 << tap_random(state) % 6,
        .local_threads = 1 + (int)(tap_random(state) % 4),
    };
}

/* Even or uneven tasks, workers that vanish at once, later or never, inputs that somebody has to carry. */
static struct world random_world(unsigned long long *state, int tasks) {
    struct world world = {.real = random_model(state)};
    int kind = (int)(tap_random(state) % 6);
    if (kind == 5) /* what the first one costs is seen only afterwards */
        world.carry_ns = (int64_t)(between(state, 0, 1) * tasks * (double)world.real.local_ns / world.real.local_threads / 256);
    if (kind == 1 || kind == 4)
        world.spread_percent = (int)(tap_random(state) % 60);
    if (kind > 1 && kind < 5)
        world.dead_workers = kind == 2 ? world.real.workers : 1 + (int)(tap_random(state) % (unsigned)world.real.workers);
    if (kind > 2 && kind < 5)
        world.dead_ns = (int64_t)(between(state, 0, 1) * tasks * (double)world.real.local_ns);
    return world;
}

/* All, some or nothing of what is so; never that a task here takes longer than it does. */
static offcut_model random_belief(unsigned long long *state, const offcut_model *real) {
    offcut_model believed = *real;
    int kind = (int)(tap_random(state) % 3);
    if (kind == 1) {
        believed.local_ns = tap_random(state) % 2 ? real->local_ns : 0;
        believed.remote_ns /= 10;
        believed.latency_ns = believed.input_bytes_per_second = 0;
        believed.workers *= 4;
    }
    if (kind == 2) {
        offcut_model_init(&believed, real->workers, real->local_threads);
        believed.post_ns = sim_later(believed.post_ns, real->post_ns);
    }
    return believed;
}

static void is_never_slower_by_two_percent(unsigned long long *state) {
    enum { RUNS = 1500 };
    int slow = 0, unequal = 0, offloading = 0;
    for (int i = 0; i < RUNS; i++) {
        int tasks = 1 + (int)(tap_random(state) % 400);
        struct world world = random_world(state, tasks);
        offcut_model believed = random_belief(state, &world.real);
        int64_t local_only = sim_fixed_ns(&world, tasks, 0);
        struct outcome outcome = sim_planned(&world, tasks, &believed);
        /* Uneven tasks, a few for each thread: the mean is not known so well. */
        int few = tasks < 20 * world.real.local_threads;
        int64_t unevenness = few ? world.real.local_ns * world.spread_percent / 100 : 0;
        slow += outcome.ns > local_only + local_only / 50 + unevenness;
        unequal += outcome.local + outcome.remote != tasks || outcome.posts != outcome.remote + outcome.taken_back;
        offloading += outcome.remote > 0;
    }
    ok(slow == 0, "of %d random runs none is slower than local-only by more than 2 %%: %d", RUNS, slow);
    ok(unequal == 0, "each task is done once: %d runs where not", unequal);
    ok(offloading > RUNS / 4 && offloading < RUNS, "%d of them offload", offloading);
}

static void gains_within_ten_percent_of_the_best_split(unsigned long long *state) {
    int seen = 0, worse = 0;
    while (seen < 40) {
        int tasks = 50 + (int)(tap_random(state) % 350), away = 0;
        struct world world = {.real = random_model(state)};
        int64_t local_only = sim_fixed_ns(&world, tasks, 0), best = local_only;
        for (int i = 1; i <= tasks; i++) {
            int64_t ns = sim_fixed_ns(&world, tasks, i);
            away = ns < best ? i : away;
            best = ns < best ? ns : best;
        }
        /* Ten percent is more than a task, and posting is within what it may cost at first. */
        if (best < local_only / 10 * 9 && best >= 16 * world.real.local_ns
            && 64 * away * world.real.post_ns <= local_only) {
            struct outcome outcome = sim_planned(&world, tasks, &world.real);
            worse += outcome.ns > best + best / 10;
            seen++;
        }
    }
    ok(worse == 0, "of %d runs that can gain all come within 10 %% of the best split: %d do not", seen, worse);
}

static void refuses_what_is_no_model(void) {
    offcut_model model;
    offcut_plan plan;
    offcut_error error = {0};
    offcut_model_init(&model, 4, 0);
    ok(offcut_planner_new(&model, 1, 0, &error) == NULL && error.code == OFFCUT_ERR_USAGE, "no local thread");
    offcut_model_init(&model, 4, 1);
    ok(offcut_plan_split(&model, -1, &plan, &error) == OFFCUT_ERR_USAGE, "fewer than no tasks");
    model.latency_ns = -1;
    ok(offcut_plan_split(&model, 1, &plan, NULL) == OFFCUT_ERR_USAGE, "a latency below 0, without an error to fill");
    offcut_planner_free(NULL);
}

static void computes_a_lost_task_here(void) {
    offcut_model model = {.local_ns = 1000, .remote_ns = 10, .post_ns = 1, .workers = 1, .local_threads = 1};
    offcut_planner *planner = offcut_planner_new(&model, 1, 0, NULL);
    ok(offcut_planner_next(planner, 0, NULL) == OFFCUT_STEP_OFFLOAD, "a task that is quicker elsewhere goes");
    offcut_planner_offloaded(planner, 1, 1);
    offcut_planner_lost(planner);
    ok(offcut_planner_next(planner, 2, NULL) == OFFCUT_STEP_COMPUTE, "and is computed here when it is lost");
    offcut_planner_computed(planner, 1000);
    ok(offcut_planner_next(planner, 1002, NULL) == OFFCUT_STEP_DONE, "then nothing is left");
    offcut_planner_free(planner);
}

int main(void) {
    unsigned long long state = tap_seed();
    decides_as_the_java_client();
    is_never_slower_by_two_percent(&state);
    gains_within_ten_percent_of_the_best_split(&state);
    refuses_what_is_no_model();
    computes_a_lost_task_here();
    return done();
}
