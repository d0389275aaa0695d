/*
 * One worker as its client sees it: the public slot interface over the transports. For one thread,
 * but for `forced`, by which others end it.
 *
 * `ended` is 0 while invocations are possible; it is set once, and from then on every posted slot
 * completes with it.
 */
#ifndef OC_CHANNEL_H
#define OC_CHANNEL_H

#include <stdatomic.h>
#include <stdbool.h>

#include "shm.h"
#include "slots.h"
#include "tcp.h"
#include "verbs.h"

/* The quickest first. */
enum oc_transport { OC_SHM, OC_VERBS, OC_TCP, OC_TRANSPORTS };

/* Their names: "shm", "verbs", "tcp". */
extern const char *const oc_transport_names[OC_TRANSPORTS];

struct oc_session;

/* What a transport does that shares no memory with the worker; of a worker that may have ended. */
typedef struct oc_remote {
    void *(*input)(const offcut_worker *worker, int slot);
    const void *(*result)(const offcut_worker *worker, int slot);
    int (*post)(offcut_worker *worker, int slot, uint64_t invocation_id, int function,
        uint32_t bytes, int64_t deadline_ns);
    int (*poll)(offcut_worker *worker);
    void (*sleep)(offcut_worker *worker, int64_t timeout_ns); /* may end early */
    void (*check)(offcut_worker *worker); /* nothing is posted: has it ended? */
    void (*close)(offcut_worker *worker);
} oc_remote;

struct offcut_worker {
    enum oc_transport transport;
    const oc_remote *remote; /* NULL: shared memory, whose calls are worth being direct */
    uint32_t payload_bytes;
    int ended;
    bool answered;     /* whether it ever did what it is for */
    atomic_int forced; /* set by other threads: the status to end with */
    oc_slots slots;
    union {
        oc_shm shm;
        oc_verbs verbs;
        oc_tcp tcp;
    };
    char node[128];
    /* Of the lease it belongs to; NULL in tests. */
    struct oc_session *session;
    int number;             /* on its node */
    offcut_worker *next;    /* in the queue of those nobody has */
    offcut_worker *sibling; /* of the same session */
};

/* How to reach a worker: io.offcut.core.api.ChannelDescriptor. */
typedef struct oc_descriptor {
    enum oc_transport transport;
    int worker;
    char path[512];
    char host[256];
    int port;
    char secret[OC_SECRET_BYTES + 1];
    int slots, payload_bytes; /* verbs: at most; 0 where they were not told */
} oc_descriptor;

/*
 * Opens a worker. Blocks at most so long. NULL on error: UNREACHABLE, CONFLICT (it has another
 * client or has ended), UNAUTHORIZED, WRONG_VERSION, INVALID_INPUT, NOT_FOUND, FORBIDDEN,
 * EXHAUSTED.
 */
offcut_worker *oc_channel_open(const oc_descriptor *channel, int64_t timeout_ns, int stop_fd,
    offcut_error *error);

/* Frees it without a word to any lease. */
void oc_channel_free(offcut_worker *worker);

/* For the transports: what a worker said instead of serving us. Returns the code. */
int oc_channel_refused(const char *host, const char *port, int number, int status, int version,
    offcut_error *error);

/* For the transports: ends the worker, once. */
static inline void oc_channel_end(offcut_worker *worker, int status) {
    if (worker->ended == 0)
        worker->ended = status;
}

/* For the transports: a slot's invocation has ended. */
static inline void oc_channel_complete(
    offcut_worker *worker, int slot, int status, uint32_t bytes, int64_t execution_ns) {
    oc_slots_complete(&worker->slots, slot, status, bytes, execution_ns);
    if (status == 0 || !offcut_status_retryable(status))
        worker->answered = true;
}

/* A status that a stranger wrote: itself, or MALFORMED for a number that is none. */
static inline int oc_status_of(int32_t foreign) {
    return foreign <= 0 && foreign >= OFFCUT_STATUS_CANCELLED ? foreign : OFFCUT_STATUS_MALFORMED;
}

#endif
