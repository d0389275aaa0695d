/*
 * The one thread that uses one worker: takes calls from the queue, hands them over, and ends or
 * requeues them.
 *
 * A worker runs one invocation at a time; further slots only hide the way there and back. So slots
 * are filled as long as functions are short (LONG_NS); beyond that a second invocation would only
 * wait where it might be lost, while another worker may be idle. For the same reason functions that
 * must not run twice go alone, and so does a call whose executor died, so that what kills executors
 * does not take innocent ones with it.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "clock.h"
#include "guard.h"
#include "pool.h"

#define LONG_NS (2 * OC_MS)
#define IDLE_NS (50 * OC_MS)
#define BUSY_WAIT_NS (20 * OC_MS)
#define DRAIN_NS (2000 * OC_MS)

struct loop {
    offcut_pool *pool;
    offcut_worker *worker;
    offcut_call *in_slot[OC_MAX_SLOTS];
    uint64_t id_in_slot[OC_MAX_SLOTS];
    uint64_t next_id;
    int in_flight;
    bool alone;
    int64_t mean_ns; /* of executions; −1 while none is known */
};

static bool must_be_alone(const offcut_call *call) {
    return !call->idempotent || call->crashed > 0;
}

static void end_with(offcut_call *call, int status) {
    oc_call_give_up(call, status);
    oc_call_drop(call);
}

/* --- handing out */

/* Ends a call with a message of our own. */
static void refuse_size(offcut_call *call, uint32_t limit) {
    char text[128];
    int length = snprintf(text, sizeof text, "input of %u bytes is over the lease's payload limit of %u",
        call->input_bytes, limit);
    if (oc_call_claim(call))
        oc_call_end(call, oc_call_take_result(call, OFFCUT_STATUS_TOO_LARGE, text, (uint32_t)length));
    oc_call_drop(call);
}

/* Whether an interrupted call may be tried again. */
static bool may_retry(const struct loop *loop, const offcut_call *call, int status) {
    return offcut_status_retryable(status) && call->lost < loop->pool->lost_attempts
        && call->crashed < loop->pool->crashed_attempts;
}

static void retry(struct loop *loop, offcut_call *call) {
    atomic_fetch_add(&loop->pool->retries, 1);
    oc_pool_put_back(loop->pool, call);
}

/* The worker would not take it: it has run nowhere, so that anything may be tried again. */
static void refused(struct loop *loop, offcut_call *call, int status) {
    if (loop->worker->ended != 0) {
        oc_pool_put_back(loop->pool, call);
        return;
    }
    call->lost++;
    if (may_retry(loop, call, status))
        retry(loop, call);
    else
        end_with(call, status);
}

/* Posts it. Returns whether the worker takes more. */
static bool hand(struct loop *loop, offcut_call *call) {
    offcut_worker *worker = loop->worker;
    int64_t left_ns = 0;
    int slot, status;
    if (call->deadline_ns != INT64_MAX) {
        left_ns = call->deadline_ns - oc_now_ns();
        if (left_ns <= 0) {
            end_with(call, OFFCUT_STATUS_TIMED_OUT);
            return true;
        }
    }
    if (call->input_bytes > worker->payload_bytes) {
        refuse_size(call, worker->payload_bytes);
        return true;
    }
    slot = offcut_acquire(worker);
    if (slot < 0) {
        oc_pool_put_back(loop->pool, call);
        return false;
    }
    /* Claimed while the input is read: a caller who cancels may free it right after. */
    if (!oc_call_claim(call)) {
        offcut_release(worker, slot);
        oc_call_drop(call);
        return true;
    }
    if (call->input_bytes > 0)
        memcpy(offcut_input(worker, slot), call->input, call->input_bytes);
    oc_call_unclaim(call);
    status = offcut_post(worker, slot, loop->next_id, call->function, call->input_bytes, left_ns);
    if (status != 0) {
        offcut_release(worker, slot);
        refused(loop, call, status);
        return worker->ended == 0;
    }
    atomic_fetch_add(&call->attempts, 1);
    loop->in_slot[slot] = call;
    loop->id_in_slot[slot] = loop->next_id++;
    loop->in_flight++;
    loop->alone = must_be_alone(call);
    return true;
}

static int depth(const struct loop *loop) {
    return loop->alone || loop->mean_ns < 0 || loop->mean_ns > LONG_NS ? 1 : loop->worker->slots.count;
}

static void fill(struct loop *loop) {
    while (loop->in_flight < depth(loop) && !atomic_load(&loop->pool->closed)) {
        offcut_call *call = oc_pool_take(loop->pool);
        if (call == NULL)
            return;
        if (loop->in_flight > 0 && must_be_alone(call)) {
            /* For an idle worker, or for this one once it has nothing else. */
            oc_pool_put_back(loop->pool, call);
            return;
        }
        if (!hand(loop, call))
            return;
    }
}

/* --- taking in */

static void lost(struct loop *loop, offcut_call *call, int status) {
    if (status == OFFCUT_STATUS_CRASHED)
        call->crashed++;
    else
        call->lost++;
    if (call->idempotent && may_retry(loop, call, status))
        retry(loop, call);
    else
        end_with(call, status);
}

/* Gives a result to its call, while it lies in the slot. Returns the status it ended with. */
static int deliver(struct loop *loop, offcut_call *call, int slot, int status) {
    uint32_t bytes;
    const void *result = offcut_result(loop->worker, slot, &bytes);
    if (!oc_call_claim(call))
        return status;
    status = oc_call_take_result(call, status, result, bytes);
    if (loop->worker->transport == OC_SHM && oc_guard_hit(loop->worker->shm.guard)) {
        oc_call_unclaim(call); /* what was read may have been zeros instead of the result */
        return OFFCUT_STATUS_DISCONNECTED;
    }
    oc_call_end(call, status);
    return status;
}

static void learn(struct loop *loop, int64_t execution_ns) {
    if (execution_ns < 0)
        execution_ns = 0;
    loop->mean_ns = loop->mean_ns < 0 ? execution_ns : loop->mean_ns + (execution_ns - loop->mean_ns) / 8;
}

static void collect_slot(struct loop *loop, int slot) {
    offcut_call *call = loop->in_slot[slot];
    int status = offcut_status(loop->worker, slot);
    if (call == NULL || offcut_invocation_id(loop->worker, slot) != loop->id_in_slot[slot]) {
        offcut_release(loop->worker, slot);
        return;
    }
    loop->in_slot[slot] = NULL;
    loop->in_flight--;
    loop->alone = false;
    if (status == OFFCUT_STATUS_OK)
        learn(loop, offcut_execution_ns(loop->worker, slot));
    if (!offcut_status_retryable(status))
        status = deliver(loop, call, slot, status);
    offcut_release(loop->worker, slot);
    if (offcut_status_retryable(status))
        lost(loop, call, status);
    else
        oc_call_drop(call);
}

static bool collect(struct loop *loop) {
    bool any = false;
    for (int slot = offcut_poll(loop->worker); slot >= 0; slot = offcut_poll(loop->worker)) {
        collect_slot(loop, slot);
        any = true;
    }
    return any;
}

/* Ends calls that the worker has and whose caller's time is over; their slots complete later. */
static void expire(struct loop *loop) {
    int64_t now;
    if (!atomic_load_explicit(&loop->pool->timed, memory_order_relaxed))
        return;
    now = oc_now_ns();
    for (int slot = 0; slot < loop->worker->slots.count; slot++)
        if (loop->in_slot[slot] != NULL && loop->in_slot[slot]->deadline_ns <= now)
            oc_call_give_up(loop->in_slot[slot], OFFCUT_STATUS_TIMED_OUT);
}

static void await_result(struct loop *loop) {
    int64_t spin_until = oc_after_ns(loop->pool->spin_ns);
    int slot;
    do {
        slot = offcut_poll(loop->worker);
        if (slot >= 0)
            break;
        oc_pause();
    } while (oc_now_ns() < spin_until);
    if (slot < 0)
        slot = offcut_await(loop->worker, BUSY_WAIT_NS);
    if (slot >= 0)
        collect_slot(loop, slot);
    else
        expire(loop);
}

static void idle(struct loop *loop) {
    int64_t spin_until = oc_after_ns(loop->pool->spin_ns);
    while (atomic_load(&loop->pool->queued) == 0) {
        if (oc_now_ns() >= spin_until) {
            oc_pool_await_work(loop->pool, IDLE_NS);
            return;
        }
        oc_pause();
    }
}

/* --- the end */

/* An ended worker completes all its slots; results that made it are taken. */
static void drain(struct loop *loop) {
    int64_t deadline_ns = oc_after_ns(DRAIN_NS);
    while (loop->in_flight > 0 && !atomic_load(&loop->pool->closed) && oc_now_ns() < deadline_ns)
        await_result(loop);
}

static void abandon(struct loop *loop, int status) {
    for (int slot = 0; slot < OC_MAX_SLOTS; slot++) {
        offcut_call *call = loop->in_slot[slot];
        loop->in_slot[slot] = NULL;
        if (call != NULL && status == OFFCUT_STATUS_CANCELLED)
            end_with(call, status);
        else if (call != NULL)
            lost(loop, call, status);
    }
}

static void finish(struct loop *loop) {
    offcut_pool *pool = loop->pool;
    drain(loop);
    abandon(loop, atomic_load(&pool->closed) ? OFFCUT_STATUS_CANCELLED
            : loop->worker->ended != 0       ? loop->worker->ended
                                             : OFFCUT_STATUS_DISCONNECTED);
    offcut_worker_close(loop->worker);
    free(loop);
    pthread_mutex_lock(&pool->mutex);
    pool->loops--;
    pthread_cond_broadcast(&pool->changed);
    pthread_cond_signal(&pool->work); /* the signal for a new call may have gone to this loop */
    pthread_mutex_unlock(&pool->mutex);
}

static void *run(void *argument) {
    struct loop *loop = argument;
    while (!atomic_load(&loop->pool->closed) && offcut_ended(loop->worker) == 0) {
        fill(loop);
        if (loop->in_flight == 0)
            idle(loop);
        else if (!collect(loop))
            await_result(loop);
    }
    finish(loop);
    return NULL;
}

void oc_loop_start(offcut_pool *pool, offcut_worker *worker) {
    struct loop *loop = calloc(1, sizeof *loop);
    pthread_attr_t detached;
    pthread_t thread;
    int failed = loop == NULL;
    if (!failed) {
        loop->pool = pool;
        loop->worker = worker;
        loop->mean_ns = -1;
        pthread_mutex_lock(&pool->mutex);
        loop->next_id = ((uint64_t)++pool->next_loop << 40) + 1;
        pool->loops++;
        pthread_cond_broadcast(&pool->changed);
        pthread_mutex_unlock(&pool->mutex);
        pthread_attr_init(&detached);
        pthread_attr_setdetachstate(&detached, PTHREAD_CREATE_DETACHED);
        failed = pthread_create(&thread, &detached, run, loop);
        pthread_attr_destroy(&detached);
        if (failed) {
            pthread_mutex_lock(&pool->mutex);
            pool->loops--;
            pthread_mutex_unlock(&pool->mutex);
        }
    }
    if (failed) { /* it comes back and is tried again */
        free(loop);
        offcut_worker_close(worker);
    }
}
