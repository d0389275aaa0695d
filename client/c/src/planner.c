/*
 * How much to offload: the model and its rules are in offcut.h and in OffloadPlanner of the Java
 * client, which decides the same (tests/offload_cases.txt). Whole ns; what would be more than
 * 64 bits stays at the largest number.
 */
#include <stdbool.h>
#include <stdlib.h>

#include "error.h"
#include "offcut.h"

enum {
    SHARE = 64, /* 2 % less a reserve for what is measured too late */
    LESSON_TASKS = 4, /* enough, if they took as long as another thread may keep the CPU */
    LESSON_NS = 2000000,
    LOCAL_WEIGHT = 8,
    REMOTE_WEIGHT = 4,
    DEFAULT_POST_NS = 10000,
    MAX_WINDOW_TASKS = 1 << 20
};

/* Some decades; can be added to a clock. */
#define FAR_NS (INT64_C(1) << 60)

struct offcut_planner {
    int64_t tasks, start_ns;
    offcut_model believed;
    /* when the result of the last task handed over should be there, and how late results are */
    int64_t tail_ns, late_ns;
    int64_t fresh, lost, out;
    int64_t computed, computed_ns, longest_ns;
    int64_t arrived, posted, posted_ns;
    /* tasks computed since one went or came; what all threads did, and how long it took, while none was out */
    int64_t here, calm, alone, alone_ns;
    int64_t seen, seen_ns; /* computed, and the time, at the last step */
};

static int64_t least(int64_t a, int64_t b) {
    return a < b ? a : b;
}

static int64_t most(int64_t a, int64_t b) {
    return a > b ? a : b;
}

static int64_t plus(int64_t a, int64_t b) {
    int64_t sum;
    return __builtin_add_overflow(a, b, &sum) ? INT64_MAX : sum;
}

static int64_t times(int64_t a, int64_t b) {
    int64_t product;
    return __builtin_mul_overflow(a, b, &product) ? INT64_MAX : product;
}

static int64_t far(int64_t ns) {
    return least(FAR_NS, ns);
}

static int64_t upward(int64_t count, int64_t by) {
    return count / by + (count % by != 0);
}

static int64_t average(int64_t old, int64_t sample, int weight) {
    return old + (sample - old) / weight;
}

static int64_t transfer_ns(int64_t bytes, int64_t bytes_per_second) {
    return bytes_per_second == 0 ? 0 : times(bytes, 1000000000) / bytes_per_second;
}

static int64_t in_ns(const offcut_model *model) {
    return transfer_ns(model->input_bytes, model->input_bytes_per_second);
}

static int64_t out_ns(const offcut_model *model) {
    return transfer_ns(model->output_bytes, model->output_bytes_per_second);
}

static int64_t work_ns(const offcut_model *model) {
    return model->remote_ns > 0 ? model->remote_ns : model->local_ns;
}

/* There and back. */
static int64_t way_ns(const offcut_model *model) {
    return plus(model->latency_ns, plus(in_ns(model), out_ns(model)));
}

/* Between two results when all workers or a wire are busy. */
static int64_t interval_ns(const offcut_model *model) {
    int64_t wire = most(in_ns(model), out_ns(model));
    return most(most(1, work_ns(model) / most(1, model->workers)), wire);
}

static int64_t local_ns(const offcut_model *model, int64_t count) {
    return times(upward(count, model->local_threads), model->local_ns);
}

static int64_t busy_ns(const offcut_model *model, int64_t tasks, int64_t local) {
    return plus(local_ns(model, local), times(tasks - local, model->post_ns));
}

static int64_t remote_ns(const offcut_model *model, int64_t count) {
    int64_t each = work_ns(model), wire = most(in_ns(model), out_ns(model));
    if (count == 0)
        return 0;
    return plus(way_ns(model),
        most(times(upward(count, model->workers), each), plus(each, times(count - 1, wire))));
}

static int refuse(const offcut_model *m, int64_t tasks, offcut_error *error) {
    if (m != NULL && m->local_ns >= 0 && m->remote_ns >= 0 && m->latency_ns >= 0 && m->post_ns >= 0
        && m->input_bytes >= 0 && m->output_bytes >= 0 && m->input_bytes_per_second >= 0
        && m->output_bytes_per_second >= 0 && m->workers >= 0 && m->local_threads >= 1 && tasks >= 0)
        return 0;
    return oc_fail(error, OFFCUT_ERR_USAGE,
        "offload model: nothing may be negative and one local thread is the least: start with offcut_model_init");
}

void offcut_model_init(offcut_model *model, int32_t workers, int32_t local_threads) {
    *model = (offcut_model){.post_ns = DEFAULT_POST_NS, .workers = workers, .local_threads = local_threads};
}

static offcut_plan split(const offcut_model *model, int64_t tasks, int64_t local) {
    return (offcut_plan){
        .local_tasks = local,
        .remote_tasks = tasks - local,
        .ns = most(busy_ns(model, tasks, local), remote_ns(model, tasks - local)),
    };
}

int offcut_plan_split(const offcut_model *model, int64_t tasks, offcut_plan *plan, offcut_error *error) {
    int64_t low = 0, high = tasks;
    offcut_plan best;
    int code = refuse(model, tasks, error);
    if (code != 0)
        return code;
    *plan = (offcut_plan){.local_tasks = tasks, .ns = local_ns(model, tasks)};
    if (model->workers == 0 || model->post_ns >= model->local_ns)
        return 0;
    while (low < high) {
        int64_t middle = low + (high - low) / 2;
        if (remote_ns(model, tasks - middle) <= busy_ns(model, tasks, middle))
            high = middle;
        else
            low = middle + 1;
    }
    best = split(model, tasks, low);
    if (low > 0) {
        offcut_plan more = split(model, tasks, low - 1);
        best = more.ns < best.ns ? more : best;
    }
    if (best.ns < plan->ns)
        *plan = best;
    return 0;
}

offcut_planner *offcut_planner_new(
    const offcut_model *model, int64_t tasks, int64_t now_ns, offcut_error *error) {
    offcut_planner *planner;
    if (refuse(model, tasks, error) != 0)
        return NULL;
    planner = calloc(1, sizeof *planner);
    if (planner == NULL) {
        oc_fail(error, OFFCUT_ERR_EXHAUSTED, "no memory for a planner");
        return NULL;
    }
    planner->believed = *model;
    planner->tasks = planner->fresh = tasks;
    planner->start_ns = planner->tail_ns = planner->seen_ns = now_ns;
    planner->calm = model->local_threads;
    if (model->local_ns > 0) {
        planner->alone = 1 + tasks / SHARE;
        planner->alone_ns = times(planner->alone, model->local_ns) / model->local_threads;
    }
    return planner;
}

void offcut_planner_free(offcut_planner *planner) {
    free(planner);
}

/* --- deciding */

/* Of the whole program for one task, while none is out. */
static int64_t pace_ns(const offcut_planner *p) {
    return p->alone == 0 ? FAR_NS : p->alone_ns / p->alone;
}

/* What tasks took here, or less where some took longer only because others were out. */
static int64_t each_ns(const offcut_planner *p, int64_t count) {
    return p->computed == 0 ? p->believed.local_ns : least(p->computed_ns / count, times(pace_ns(p), p->believed.local_threads));
}

static int64_t mean_ns(const offcut_planner *p) {
    return each_ns(p, p->computed);
}

/* Less than the mean while few were seen, which may have been long ones. */
static int64_t cautious_ns(const offcut_planner *p) {
    return each_ns(p, p->computed + 1);
}

/*
 * What handing over has cost, and will for what is out and one more: the posts, and the time in
 * which the program did less than it does alone. Who carries inputs and results may take it.
 */
static int64_t spent_ns(const offcut_planner *p, int64_t now_ns) {
    int64_t alone = times(2 * p->computed + p->here, pace_ns(p)) / 2;
    int64_t hidden = most(0, now_ns - p->start_ns - far(plus(alone, p->posted_ns)));
    int64_t each = hidden / most(1, p->posted - p->out);
    return plus(plus(p->posted_ns, p->believed.post_ns), plus(hidden, times(p->out + 1, each)));
}

/* The time of so many tasks on this program's threads, if one takes so long. */
static int64_t whole_ns(const offcut_planner *p, int64_t count, int64_t each_ns) {
    return far(times(upward(count, p->believed.local_threads), each_ns));
}

/* Round trip of a task when no other is out. */
static int64_t alone_ns(const offcut_planner *p) {
    return far(plus(way_ns(&p->believed), work_ns(&p->believed)));
}

/* When a task handed over now should be back: as remote(m), one task at a time. */
static int64_t model_ns(const offcut_planner *p, int64_t now_ns) {
    int64_t behind = far(p->tail_ns - now_ns + far(interval_ns(&p->believed)));
    return now_ns + most(alone_ns(p), behind);
}

static int64_t expected_ns(const offcut_planner *p, int64_t now_ns) {
    return now_ns + most(alone_ns(p), model_ns(p, now_ns) - now_ns + p->late_ns);
}

/*
 * How many may be out: what keeps workers and wires busy while this thread computes one. While
 * nothing is known of the way, one, and one more for each task that was computed beside it.
 */
static int64_t window_tasks(const offcut_planner *p) {
    int64_t turn = plus(plus(way_ns(&p->believed), work_ns(&p->believed)), p->believed.local_ns);
    int64_t filling = upward(times(2, turn), interval_ns(&p->believed));
    if (p->arrived == 0 && p->believed.latency_ns == 0)
        return least(p->believed.workers, 1 + most(0, p->computed - p->alone));
    return least(MAX_WINDOW_TASKS, p->believed.workers + filling);
}

/* Whether it is known how fast the program is alone. */
static bool is_taught(const offcut_planner *p) {
    return p->alone > p->tasks / SHARE || (p->alone >= LESSON_TASKS && p->alone_ns >= LESSON_NS);
}

static bool pays(const offcut_planner *p, int64_t now_ns) {
    int64_t each = cautious_ns(p), whole = whole_ns(p, p->tasks, each);
    int64_t saved = whole - whole_ns(p, p->tasks - p->arrived, each);
    int64_t allowed = plus(saved, whole / SHARE);
    if (p->believed.workers == 0 || !is_taught(p) || p->believed.post_ns >= p->believed.local_ns)
        return false;
    return p->out < window_tasks(p) && spent_ns(p, now_ns) <= allowed
        && expected_ns(p, now_ns) - now_ns < local_ns(&p->believed, p->fresh + p->lost);
}

int64_t offcut_planner_wait_until_ns(const offcut_planner *p, const offcut_ticket *last) {
    int64_t mean = mean_ns(p);
    int64_t whole = far(times(p->tasks, mean)) / p->believed.local_threads;
    /* The last task taken back may be the longest. */
    int64_t again = whole_ns(p, p->out, mean) + most(0, p->longest_ns - mean);
    int64_t patience = last->expected_ns + far(p->believed.local_ns / 2);
    return least(p->start_ns + whole - again, patience);
}

/* So many more are out. Whatever each thread computes meanwhile may be slowed down by it. */
static void move(offcut_planner *p, int64_t by) {
    p->out += by;
    p->calm = 0;
}

/* Sees how fast the program is alone. */
static void look(offcut_planner *p, int64_t now_ns) {
    if (p->calm > p->believed.local_threads) {
        p->alone += p->computed - p->seen;
        p->alone_ns = plus(p->alone_ns, now_ns - p->seen_ns);
    }
    p->seen = p->computed;
    p->seen_ns = now_ns;
}

enum offcut_step offcut_planner_next(offcut_planner *p, int64_t now_ns, const offcut_ticket *last) {
    look(p, now_ns);
    if (p->fresh > 0 && pays(p, now_ns)) {
        p->fresh--;
        move(p, 1);
        return OFFCUT_STEP_OFFLOAD;
    }
    if (p->fresh + p->lost > 0) {
        --*(p->lost > 0 ? &p->lost : &p->fresh);
        p->here++;
        return OFFCUT_STEP_COMPUTE;
    }
    if (p->out == 0 || last == NULL)
        return OFFCUT_STEP_DONE;
    if (p->arrived > 0 && last->expected_ns - now_ns < p->believed.local_ns
        && offcut_planner_wait_until_ns(p, last) > now_ns)
        return OFFCUT_STEP_WAIT;
    move(p, -1);
    p->here++;
    return OFFCUT_STEP_TAKE_BACK;
}

/* --- learning */

void offcut_planner_computed(offcut_planner *p, int64_t took_ns) {
    int64_t took = far(most(1, took_ns));
    p->believed.local_ns = p->computed == 0 ? took : average(p->believed.local_ns, took, LOCAL_WEIGHT);
    p->computed++;
    p->longest_ns = most(p->longest_ns, took);
    p->computed_ns = plus(p->computed_ns, took);
    p->here--;
    p->calm += p->out == 0;
}

offcut_ticket offcut_planner_offloaded(offcut_planner *p, int64_t now_ns, int64_t took_ns) {
    int64_t took = far(most(0, took_ns));
    offcut_ticket ticket;
    p->believed.post_ns = p->posted == 0 ? took : average(p->believed.post_ns, took, LOCAL_WEIGHT);
    p->posted++;
    p->posted_ns = plus(p->posted_ns, took);
    ticket = (offcut_ticket){now_ns, model_ns(p, now_ns), expected_ns(p, now_ns)};
    p->tail_ns = ticket.model_ns;
    return ticket;
}

void offcut_planner_arrived(
    offcut_planner *p, const offcut_ticket *ticket, int64_t now_ns, int64_t execution_ns) {
    offcut_model *m = &p->believed;
    int64_t seen, late = now_ns - ticket->model_ns;
    if (execution_ns > 0)
        m->remote_ns = m->remote_ns == 0 ? far(execution_ns) : average(m->remote_ns, far(execution_ns), REMOTE_WEIGHT);
    /* Queues are not latency: the quickest round trip has the least of them. */
    seen = most(0, now_ns - ticket->posted_ns - far(plus(plus(in_ns(m), out_ns(m)), work_ns(m))));
    m->latency_ns = p->arrived == 0 ? seen : least(m->latency_ns, seen);
    p->late_ns = p->arrived == 0 ? late : average(p->late_ns, late, REMOTE_WEIGHT);
    p->arrived++;
    move(p, -1);
}

void offcut_planner_lost(offcut_planner *p) {
    move(p, -1);
    p->lost++;
}

void offcut_planner_workers(offcut_planner *p, int32_t workers) {
    p->believed.workers = workers > 0 ? workers : 0;
}
