/* What the program calls to have workers: request, take, close, release. */
#include "lease.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "clock.h"
#include "error.h"
#include "rdma.h"

enum { MAX_WORKERS = 4096 };

void offcut_options_init(offcut_options *options, const char *function) {
    *options = (offcut_options){
        .function = function,
        .transports = getenv("OFFCUT_TRANSPORTS"),
        .workers = 1,
        .min_workers = 1,
        .memory_bytes_per_worker = 256 << 20,
        .payload_bytes = 1 << 20,
        .ttl_ms = 60000,
        .queue_ms = 60000,
        .hot_timeout_us = 1000,
        .lost_attempts = 100,
        .crashed_attempts = 3,
    };
}

/* --- making one */

static unsigned transport_bit(const char *name, size_t length) {
    for (int transport = 0; transport < OC_TRANSPORTS; transport++)
        if (strlen(oc_transport_names[transport]) == length && memcmp(name, oc_transport_names[transport], length) == 0)
            return 1U << transport;
    return 0;
}

static int set_transports(offcut_lease *lease, const char *list, offcut_error *error) {
    const char *without_verbs;
    if (list == NULL || *list == '\0')
        list = "shm,verbs,tcp";
    for (const char *at = list; *at != '\0';) {
        size_t length = strcspn(at, ",");
        unsigned bit = transport_bit(at, length);
        if (bit == 0)
            return oc_fail(error, OFFCUT_ERR_USAGE, "transports: '%.100s': expected some of shm,verbs,tcp", list);
        lease->transports |= bit;
        at += length + (at[length] == ',');
    }
    without_verbs = lease->transports & 1U << OC_VERBS ? oc_rdma_problem() : NULL;
    if (without_verbs != NULL)
        lease->transports &= ~(1U << OC_VERBS);
    return lease->transports != 0 ? 0 : oc_fail(error, OFFCUT_ERR_USAGE, "transport verbs: %s", without_verbs);
}

static int check_options(const offcut_options *o, offcut_error *error) {
    if (o->function == NULL || *o->function == '\0')
        return oc_fail(error, OFFCUT_ERR_USAGE, "function: is not given: expected bundle/function");
    if (o->workers < 1 || o->workers > MAX_WORKERS || o->min_workers < 1 || o->min_workers > o->workers)
        return oc_fail(error, OFFCUT_ERR_USAGE, "%d workers, at least %d at once: expected 1..%d", o->workers,
            o->min_workers, MAX_WORKERS);
    if (o->payload_bytes < 1 || o->payload_bytes > OC_MAX_PAYLOAD_BYTES)
        return oc_fail(error, OFFCUT_ERR_USAGE, "payload_bytes: %d: expected 1..%d", o->payload_bytes, OC_MAX_PAYLOAD_BYTES);
    if (o->memory_bytes_per_worker < 1 || o->ttl_ms < 1 || o->ttl_ms > INT32_MAX || o->queue_ms < 0
        || o->queue_ms > INT32_MAX || o->hot_timeout_us < -1 || o->lost_attempts < 1 || o->crashed_attempts < 1)
        return oc_fail(error, OFFCUT_ERR_USAGE,
            "lease options: memory, times and attempts must be positive: begin with offcut_options_init");
    return 0;
}

static bool init_sync(offcut_lease *lease) {
    pthread_condattr_t monotonic;
    pthread_condattr_init(&monotonic);
    pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC);
    pthread_mutex_init(&lease->mutex, NULL);
    pthread_cond_init(&lease->changed, &monotonic);
    pthread_condattr_destroy(&monotonic);
    lease->stop_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    return lease->stop_fd >= 0;
}

void oc_lease_stop(offcut_lease *lease) {
    uint64_t one = 1;
    pthread_mutex_lock(&lease->mutex);
    lease->closed = true;
    pthread_cond_broadcast(&lease->changed);
    pthread_mutex_unlock(&lease->mutex);
    /* An eventfd takes it, or holds one already. */
    if (write(lease->stop_fd, &one, sizeof one) < 0)
        return;
}

static void free_lease(offcut_lease *lease) {
    oc_sessions_free(lease);
    oc_bundle_free(&lease->bundle);
    if (lease->stop_fd >= 0)
        close(lease->stop_fd);
    pthread_cond_destroy(&lease->changed);
    pthread_mutex_destroy(&lease->mutex);
    free(lease);
}

void oc_lease_drop(offcut_lease *lease) {
    int left;
    pthread_mutex_lock(&lease->mutex);
    left = --lease->references;
    pthread_mutex_unlock(&lease->mutex);
    if (left == 0)
        free_lease(lease);
}

static void await_openers(offcut_lease *lease) {
    pthread_mutex_lock(&lease->mutex);
    while (lease->openers > 0)
        pthread_cond_wait(&lease->changed, &lease->mutex);
    pthread_mutex_unlock(&lease->mutex);
}

/* Ends what nobody has; what is taken is told to end. */
static void end_workers(offcut_lease *lease) {
    offcut_worker *ready;
    pthread_mutex_lock(&lease->mutex);
    ready = lease->ready;
    lease->ready = NULL;
    for (struct oc_session *session = lease->sessions; session != NULL; session = session->next)
        for (offcut_worker *worker = session->workers; worker != NULL; worker = worker->sibling)
            atomic_store(&worker->forced, OFFCUT_STATUS_CANCELLED);
    pthread_mutex_unlock(&lease->mutex);
    while (ready != NULL) {
        offcut_worker *next = ready->next;
        oc_session_close_worker(ready);
        ready = next;
    }
}

static int begin(offcut_lease *lease, offcut_error *error) {
    int code = check_options(&lease->options, error);
    if (code == 0)
        code = set_transports(lease, lease->options.transports, error);
    if (code == 0)
        code = oc_wish_begin(lease, error);
    lease->options.function = lease->options.transports = NULL;
    if (code == 0 && pthread_create(&lease->keeper, NULL, oc_wish_keep, lease) != 0)
        code = oc_fail(error, OFFCUT_ERR_EXHAUSTED, "no thread for a lease");
    return code;
}

offcut_lease *offcut_lease_request(
    offcut_client *client, const offcut_options *options, offcut_error *error) {
    offcut_lease *lease;
    if (client == NULL)
        return NULL;
    lease = calloc(1, sizeof *lease);
    if (lease == NULL || !init_sync(lease)) {
        oc_fail(error, OFFCUT_ERR_EXHAUSTED, "no memory for a lease");
        if (lease != NULL)
            free_lease(lease);
        return NULL;
    }
    lease->client = client;
    lease->options = *options;
    lease->references = 1;
    if (begin(lease, error) != 0) {
        oc_lease_stop(lease);
        await_openers(lease);
        end_workers(lease);
        oc_wish_end(lease);
        oc_lease_drop(lease);
        return NULL;
    }
    return lease;
}

void offcut_lease_release(offcut_lease *lease) {
    if (lease == NULL)
        return;
    oc_lease_stop(lease);
    pthread_join(lease->keeper, NULL);
    await_openers(lease);
    end_workers(lease);
    oc_wish_end(lease);
    oc_lease_drop(lease);
}

/* --- using it */

int offcut_lease_function(const offcut_lease *lease, const char *name) {
    return name == NULL ? lease->bundle.index : oc_bundle_function(&lease->bundle, name);
}

int offcut_lease_idempotent(const offcut_lease *lease, int function) {
    return function >= 0 && function < lease->bundle.count && lease->bundle.functions[function].idempotent;
}

/* Waits for a worker. NULL when there is none; then the mutex' holder may look why. */
static offcut_worker *await_ready(offcut_lease *lease, int64_t deadline_ns) {
    while (lease->ready == NULL && !lease->closed && lease->failure.code == 0) {
        struct timespec until = oc_timespec(deadline_ns);
        if (deadline_ns == INT64_MAX)
            pthread_cond_wait(&lease->changed, &lease->mutex);
        else if (oc_now_ns() >= deadline_ns
            || pthread_cond_timedwait(&lease->changed, &lease->mutex, &until) == ETIMEDOUT)
            break;
    }
    return lease->ready;
}

static int why_none(const offcut_lease *lease, offcut_error *error) {
    if (lease->failure.code != 0)
        return oc_fail(error, lease->failure.code, "%s", lease->failure.message);
    if (lease->closed)
        return oc_fail(error, OFFCUT_ERR_CONFLICT, "lease: released: ask for workers again");
    if (lease->unusable.code != 0)
        return oc_fail(error, OFFCUT_ERR_NO_CAPACITY, "no worker in time: %.400s", lease->unusable.message);
    return oc_fail(error, OFFCUT_ERR_NO_CAPACITY, "no worker in time: wait longer, see 'offcut nodes'");
}

bool oc_lease_failed(offcut_lease *lease) {
    bool failed;
    pthread_mutex_lock(&lease->mutex);
    failed = lease->failure.code != 0;
    pthread_mutex_unlock(&lease->mutex);
    return failed;
}

offcut_worker *offcut_lease_take(offcut_lease *lease, int64_t timeout_ns, offcut_error *error) {
    int64_t deadline_ns = oc_after_ns(timeout_ns);
    for (;;) {
        offcut_worker *worker;
        pthread_mutex_lock(&lease->mutex);
        worker = await_ready(lease, deadline_ns);
        if (worker == NULL)
            why_none(lease, error);
        else {
            lease->ready = worker->next;
            lease->references++;
        }
        pthread_mutex_unlock(&lease->mutex);
        if (worker == NULL || offcut_ended(worker) == 0)
            return worker;
        offcut_worker_close(worker); /* ended while nobody had it */
    }
}

void offcut_worker_close(offcut_worker *worker) {
    if (worker != NULL && worker->session != NULL) {
        offcut_lease *lease = worker->session->lease;
        oc_session_close_worker(worker);
        oc_lease_drop(lease);
    } else if (worker != NULL) {
        oc_channel_free(worker);
    }
}
