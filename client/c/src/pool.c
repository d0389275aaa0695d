/* The pool: its queue, its manager thread, blocking and asynchronous calls. */
#include "pool.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "clock.h"
#include "error.h"

#define TAKE_NS (100 * OC_MS)
#define TIMED_TAKE_NS (20 * OC_MS)

/* --- the queue */

static void append(oc_call_list *list, offcut_call *call) {
    call->next = NULL;
    if (list->first == NULL)
        list->first = call;
    else
        list->last->next = call;
    list->last = call;
}

static offcut_call *pop(oc_call_list *list) {
    offcut_call *call = list->first;
    if (call != NULL)
        list->first = call->next;
    return call;
}

static bool put(offcut_pool *pool, oc_call_list *list, offcut_call *call) {
    bool open;
    pthread_mutex_lock(&pool->mutex);
    open = pool->failure.code == 0;
    if (open) {
        append(list, call);
        atomic_fetch_add(&pool->queued, 1);
        if (pool->sleepers > 0)
            pthread_cond_signal(&pool->work);
    }
    pthread_mutex_unlock(&pool->mutex);
    return open;
}

bool oc_pool_put(offcut_pool *pool, offcut_call *call) {
    oc_call_keep(call);
    if (call->deadline_ns != INT64_MAX)
        atomic_store(&pool->timed, 1);
    if (put(pool, &pool->fresh, call))
        return true;
    oc_call_drop(call);
    return false;
}

void oc_pool_put_back(offcut_pool *pool, offcut_call *call) {
    if (!put(pool, &pool->lost, call)) {
        oc_call_give_up(call, OFFCUT_STATUS_CANCELLED);
        oc_call_drop(call);
    }
}

offcut_call *oc_pool_take(offcut_pool *pool) {
    while (atomic_load(&pool->queued) > 0) {
        offcut_call *call;
        pthread_mutex_lock(&pool->mutex);
        call = pop(&pool->lost);
        if (call == NULL)
            call = pop(&pool->fresh);
        if (call != NULL)
            atomic_fetch_sub(&pool->queued, 1);
        pthread_mutex_unlock(&pool->mutex);
        if (call == NULL || oc_call_pending(call))
            return call;
        oc_call_drop(call); /* ended while it waited */
    }
    return NULL;
}

void oc_pool_await_work(offcut_pool *pool, int64_t timeout_ns) {
    struct timespec until = oc_timespec(oc_after_ns(timeout_ns));
    pthread_mutex_lock(&pool->mutex);
    pool->sleepers++;
    if (atomic_load(&pool->queued) == 0 && !atomic_load(&pool->closed))
        pthread_cond_timedwait(&pool->work, &pool->mutex, &until);
    pool->sleepers--;
    pthread_mutex_unlock(&pool->mutex);
}

/* Takes calls out that are late, or all; still queued in `out`. */
static void take_out(offcut_pool *pool, oc_call_list *list, int64_t late_ns, oc_call_list *out) {
    oc_call_list kept = {0};
    for (offcut_call *call = pop(list); call != NULL; call = pop(list)) {
        if (call->deadline_ns <= late_ns) {
            atomic_fetch_sub(&pool->queued, 1);
            append(out, call);
        } else {
            append(&kept, call);
        }
    }
    *list = kept;
}

/* Ends queued calls whose deadline is not later than this. */
static void end_queued(offcut_pool *pool, int64_t late_ns, int status) {
    oc_call_list out = {0};
    pthread_mutex_lock(&pool->mutex);
    take_out(pool, &pool->lost, late_ns, &out);
    take_out(pool, &pool->fresh, late_ns, &out);
    pthread_mutex_unlock(&pool->mutex);
    for (offcut_call *call = pop(&out); call != NULL; call = pop(&out)) {
        oc_call_give_up(call, status);
        oc_call_drop(call);
    }
}

/* --- the manager */

static void fail(offcut_pool *pool, int code, const char *message) {
    pthread_mutex_lock(&pool->mutex);
    if (pool->failure.code == 0)
        oc_fail(&pool->failure, code, "%s", message);
    pthread_cond_broadcast(&pool->changed);
    pthread_cond_broadcast(&pool->work);
    pthread_mutex_unlock(&pool->mutex);
    end_queued(pool, INT64_MAX, OFFCUT_STATUS_CANCELLED);
}

static void *manage(void *argument) {
    offcut_pool *pool = argument;
    while (!atomic_load(&pool->closed)) {
        bool timed = atomic_load(&pool->timed) != 0;
        offcut_error error = {0};
        offcut_worker *worker = offcut_lease_take(pool->lease, timed ? TIMED_TAKE_NS : TAKE_NS, &error);
        if (worker != NULL) {
            oc_loop_start(pool, worker);
        } else if (oc_lease_failed(pool->lease)) {
            offcut_lease_take(pool->lease, 0, &error); /* the lasting reason */
            fail(pool, error.code, error.message);
            break;
        }
        if (timed)
            end_queued(pool, oc_now_ns(), OFFCUT_STATUS_TIMED_OUT);
    }
    return NULL;
}

/* --- opening and closing */

offcut_pool *offcut_pool_open(
    offcut_client *client, const offcut_options *options, offcut_error *error) {
    pthread_condattr_t monotonic;
    offcut_pool *pool;
    if (client == NULL)
        return NULL;
    pool = calloc(1, sizeof *pool);
    if (pool == NULL) {
        oc_fail(error, OFFCUT_ERR_EXHAUSTED, "no memory for a pool");
        return NULL;
    }
    pool->client = client;
    pool->lost_attempts = options->lost_attempts;
    pool->crashed_attempts = options->crashed_attempts;
    pool->spin_ns = client->spin_ns;
    pool->lease = offcut_lease_request(client, options, error);
    if (pool->lease == NULL) {
        free(pool);
        return NULL;
    }
    pthread_mutex_init(&pool->mutex, NULL);
    pthread_condattr_init(&monotonic);
    pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC);
    pthread_cond_init(&pool->work, &monotonic);
    pthread_cond_init(&pool->changed, &monotonic);
    pthread_condattr_destroy(&monotonic);
    pool->taking = pthread_create(&pool->manager, NULL, manage, pool) == 0;
    if (!pool->taking) {
        oc_fail(error, OFFCUT_ERR_EXHAUSTED, "no thread for a pool");
        offcut_pool_close(pool);
        return NULL;
    }
    return pool;
}

void offcut_pool_close(offcut_pool *pool) {
    if (pool == NULL)
        return;
    atomic_store(&pool->closed, true);
    oc_lease_stop(pool->lease); /* first, so that what the loops close is not opened again */
    fail(pool, OFFCUT_ERR_CONFLICT, "worker pool: closed: lease workers again");
    if (pool->taking)
        pthread_join(pool->manager, NULL);
    pthread_mutex_lock(&pool->mutex);
    while (pool->loops > 0)
        pthread_cond_wait(&pool->changed, &pool->mutex);
    pthread_mutex_unlock(&pool->mutex);
    end_queued(pool, INT64_MAX, OFFCUT_STATUS_CANCELLED);
    offcut_lease_release(pool->lease);
    pthread_cond_destroy(&pool->work);
    pthread_cond_destroy(&pool->changed);
    pthread_mutex_destroy(&pool->mutex);
    free(pool);
}

/* --- looking */

int offcut_pool_function(const offcut_pool *pool, const char *name) {
    return offcut_lease_function(pool->lease, name);
}

int offcut_pool_workers(const offcut_pool *pool) {
    offcut_pool *mutable = (offcut_pool *)(uintptr_t)pool;
    int loops;
    pthread_mutex_lock(&mutable->mutex);
    loops = pool->loops;
    pthread_mutex_unlock(&mutable->mutex);
    return loops;
}

int64_t offcut_pool_retries(const offcut_pool *pool) {
    return atomic_load(&pool->retries);
}

int offcut_pool_await(offcut_pool *pool, int workers, int64_t timeout_ns, offcut_error *error) {
    int64_t deadline_ns = oc_after_ns(timeout_ns);
    int code = 0;
    pthread_mutex_lock(&pool->mutex);
    while (pool->loops < workers && pool->failure.code == 0 && code == 0) {
        struct timespec until = oc_timespec(deadline_ns);
        if (deadline_ns == INT64_MAX)
            pthread_cond_wait(&pool->changed, &pool->mutex);
        else if (oc_now_ns() >= deadline_ns)
            code = oc_fail(error, OFFCUT_ERR_NO_CAPACITY,
                "%d of %d workers in time: wait longer, see 'offcut nodes'", pool->loops, workers);
        else
            pthread_cond_timedwait(&pool->changed, &pool->mutex, &until);
    }
    if (pool->loops < workers && pool->failure.code != 0)
        code = oc_fail(error, pool->failure.code, "%s", pool->failure.message);
    pthread_mutex_unlock(&pool->mutex);
    return code;
}

static int why_failed(offcut_pool *pool, offcut_error *error) {
    int code;
    pthread_mutex_lock(&pool->mutex);
    code = pool->failure.code;
    if (code != 0)
        oc_fail(error, code, "%s", pool->failure.message);
    pthread_mutex_unlock(&pool->mutex);
    return code;
}

/* --- calls */

offcut_call *oc_pool_call(offcut_pool *pool, int function) {
    offcut_call *call = calloc(1, sizeof *call);
    if (call != NULL) {
        call->function = function;
        call->idempotent = offcut_lease_idempotent(pool->lease, function);
        call->deadline_ns = INT64_MAX;
        atomic_store(&call->references, 1);
    }
    return call;
}

static offcut_call *make_call(offcut_pool *pool, int function, const void *input,
    uint32_t input_bytes, void *output, uint32_t output_capacity, int64_t timeout_ns,
    offcut_error *error) {
    offcut_call *call;
    if (function < 0 || function >= pool->lease->bundle.count) {
        oc_fail(error, OFFCUT_ERR_USAGE, "function %d: the bundle %s has %d: ask offcut_pool_function",
            function, pool->lease->bundle.name, pool->lease->bundle.count);
        return NULL;
    }
    call = oc_pool_call(pool, function);
    if (call == NULL) {
        oc_fail(error, OFFCUT_ERR_EXHAUSTED, "no memory for a call");
        return NULL;
    }
    call->input = input;
    call->input_bytes = input_bytes;
    call->output = output;
    call->output_capacity = output_capacity;
    call->deadline_ns = oc_after_ns(timeout_ns);
    return call;
}

offcut_call *offcut_submit(offcut_pool *pool, int function, const void *input, uint32_t input_bytes,
    void *output, uint32_t output_capacity, int64_t timeout_ns, offcut_done *done, void *argument,
    offcut_error *error) {
    offcut_call *call = make_call(pool, function, input, input_bytes, output, output_capacity, timeout_ns, error);
    if (call == NULL)
        return NULL;
    call->done = done;
    call->argument = argument;
    if (!oc_pool_put(pool, call)) {
        why_failed(pool, error);
        oc_call_drop(call);
        return NULL;
    }
    return call;
}

int offcut_invoke(offcut_pool *pool, int function, const void *input, uint32_t input_bytes,
    void *output, uint32_t output_capacity, uint32_t *output_bytes, int64_t timeout_ns,
    offcut_error *error) {
    offcut_error local = {0};
    offcut_call *call = make_call(pool, function, input, input_bytes, output, output_capacity, timeout_ns, &local);
    int status = OFFCUT_STATUS_CANCELLED;
    if (output_bytes != NULL)
        *output_bytes = 0;
    if (call != NULL && oc_pool_put(pool, call)) {
        oc_call_await(call, pool->spin_ns, call->deadline_ns);
        status = offcut_call_wait(call, OFFCUT_FOREVER_NS);
        if (output_bytes != NULL)
            *output_bytes = offcut_call_bytes(call);
    } else if (call != NULL) {
        local.code = OFFCUT_ERR_CONFLICT;
    }
    if (call == NULL)
        oc_fail(error, local.code, "%s", local.message);
    else if (status == OFFCUT_STATUS_CANCELLED)
        why_failed(pool, error);
    if (call != NULL)
        oc_call_drop(call);
    return call == NULL && local.code == OFFCUT_ERR_USAGE ? OFFCUT_STATUS_NO_SUCH_FUNCTION : status;
}
