/*
 * The client's end of a queue pair to a worker: docs/reference/invocation.md, VerbsHello and
 * VerbsClientChannel.
 *
 * A request is one write into the worker's inputs, header and payload in one piece, whose immediate
 * data names the slot; its header says where the result goes, which comes the same way. A negative
 * number in place of a slot is the worker's last word: why it ended.
 *
 * Sends: every 16th is completed; a failed one breaks the queue pair and flushes the receives, so
 * that what arrives tells of it too. Receives: one for each slot and two more are always posted.
 *
 * Ends: the connection manager tells of a peer that is gone, and is asked ten times a second; of
 * one that is silently cut off a probe does that is not acknowledged. Then what is posted ends as
 * DISCONNECTED. Nothing allocates, locks or makes a system call between oc_verbs_open and its end
 * but sleeping and those looks.
 */
#ifndef OC_VERBS_H
#define OC_VERBS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "frame.h"

struct oc_descriptor;
struct oc_rdma;
struct oc_remote;

enum { OC_VERBS_SENDS_PER_SIGNAL = 16 };

/* What was made for a connection, to be given back; NULL what was not. */
typedef struct oc_verbs_link {
    const struct oc_rdma *rdma;
    struct rdma_event_channel *events;
    struct rdma_cm_id *id;
    struct ibv_pd *pd;
    struct ibv_comp_channel *wakes;
    struct ibv_cq *arrivals, *sends;
    struct ibv_qp *qp;
    uint32_t inline_bytes; /* what a send can carry in its work request */
    uint32_t send_depth;
} oc_verbs_link;

/* The inputs of all slots, or the results: a page that ends with the header, then the payload. */
typedef struct oc_verbs_memory {
    unsigned char *start;
    size_t bytes;
    struct ibv_mr *region;
    uint32_t key; /* the local one of inputs, the remote one of results */
} oc_verbs_memory;

typedef struct oc_verbs {
    oc_verbs_link link;
    oc_verbs_memory inputs, results;
    size_t stride; /* from a slot's memory to the next's */
    uint64_t worker_address, worker_stride;
    uint32_t worker_key;
    uint64_t posted, finished; /* sends */
    uint32_t idle_polls;
    int64_t looked_ns, silent_ns;
    bool heard; /* from the worker, or it had nothing to say, since the clock was last looked at */
    bool armed; /* an arrival ends a sleep */
    bool broken;
} oc_verbs;

/* Connects; while the worker has another client, tries again. Returns 0 or a code. */
int oc_verbs_open(offcut_worker *worker, const struct oc_descriptor *channel, int64_t timeout_ns,
    int stop_fd, offcut_error *error);

extern const struct oc_remote oc_verbs_remote;

/* --- verbs_dial.c */

/* Connects and greets. Sets the link, which the caller gives back whatever happens. */
int oc_verbs_dial(oc_verbs_link *link, const struct oc_descriptor *channel, oc_verbs_reply *reply,
    int64_t deadline_ns, int stop_fd, offcut_error *error);

/* Disconnects: from now on the worker reaches no memory of ours. */
void oc_verbs_cut(oc_verbs_link *link);

/* The same, and gives all of it back; no memory may be registered any more. */
void oc_verbs_hang_up(oc_verbs_link *link);

#endif
