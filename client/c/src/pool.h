/*
 * A pool: the queue of calls that wait for a worker, one thread for each worker (loop.c), and one
 * that takes workers from the lease and looks after deadlines of queued calls (pool.c).
 *
 * Order: calls that lost their worker come first, then first come, first served. A call that ended
 * while it was queued stays in the queue until it is taken out.
 */
#ifndef OC_POOL_H
#define OC_POOL_H

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>

#include "call.h"
#include "lease.h"

typedef struct oc_call_list {
    offcut_call *first, *last;
} oc_call_list;

struct offcut_pool {
    offcut_client *client;
    offcut_lease *lease;
    int lost_attempts, crashed_attempts;
    int64_t spin_ns;

    pthread_mutex_t mutex;
    pthread_cond_t work;    /* a call was queued */
    pthread_cond_t changed; /* loops came or went, or the pool failed */
    oc_call_list lost, fresh;
    int sleepers; /* loops that wait for work */
    int loops;
    int next_loop;
    bool taking; /* the manager runs */
    offcut_error failure;

    atomic_int queued;
    atomic_int timed; /* whether a call with a deadline was ever submitted */
    atomic_bool closed;
    atomic_llong retries;
    pthread_t manager;
};

/* Queues a call, with a reference of its own; false when the pool takes none any more. */
bool oc_pool_put(offcut_pool *pool, offcut_call *call);

/* Queues a call again, with the reference the caller had. */
void oc_pool_put_back(offcut_pool *pool, offcut_call *call);

/* The next call, with its reference; NULL when there is none. */
offcut_call *oc_pool_take(offcut_pool *pool);

/* Sleeps until there may be work. */
void oc_pool_await_work(offcut_pool *pool, int64_t timeout_ns);

/* A call that is not queued yet; NULL when there is no memory. */
offcut_call *oc_pool_call(offcut_pool *pool, int function);

/* Starts the thread of a worker, which it closes. */
void oc_loop_start(offcut_pool *pool, offcut_worker *worker);

#endif
