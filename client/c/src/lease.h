/*
 * A wish for workers and what it holds. Three parts share this structure, guarded by its mutex:
 *
 *   lease.c     what the program calls: request, take, close a worker, release
 *   wish.c      the keeper thread: requests at the scheduler, renewal, asking again
 *   sessions.c  leases on nodes: opening them, each in a short-lived thread, and their workers
 *
 * Freed with the last reference: the program's until it releases, one for each opening thread, one
 * for each worker that is taken.
 */
#ifndef OC_LEASE_H
#define OC_LEASE_H

#include <pthread.h>
#include <stdbool.h>

#include "channel.h"
#include "client.h"
#include "resolve.h"

enum { OC_ID_BYTES = 129, OC_MAX_REQUESTS = 16, OC_UNUSABLE_AFTER = 8 };

/*
 * One lease on one node:
 *
 *   OPENING ──channels──▶ OPEN ──a channel ended, lease still alive──▶ OPENING
 *      └─────────────────────┴──revoked, expired, released, unusable──▶ OVER
 */
enum oc_session_state { OC_OPENING, OC_OPEN, OC_OVER };

struct oc_session {
    offcut_lease *lease;
    struct oc_session *next;
    enum oc_session_state state;
    char id[OC_ID_BYTES];
    char request_id[OC_ID_BYTES];
    char node[128];
    char *node_url;
    char *token;
    oc_descriptor *offered; /* how to reach its workers, as the scheduler has said; used once */
    int offered_count;
    int failures;          /* openings in a row that gave no worker that lived */
    unsigned failed;       /* transports, as bits, that were offered and could not be used */
    bool thread_runs;      /* a thread opens it, or gives it back */
    bool again;            /* a worker was lost while it was being opened */
    int closing;           /* workers of it that are just being closed */
    int64_t over_at_ns;    /* when its workers are ended from outside; 0 never */
    int over_status;
    offcut_worker *workers; /* all that live, taken or not */
};

/* One request at the scheduler. Of the keeper thread alone. */
struct oc_wish {
    char id[OC_ID_BYTES];
    int64_t version;
    int holds; /* workers granted or pending, as the scheduler says */
    int64_t renew_at_ns;
    int64_t forgotten_ns; /* since when the scheduler does not know it; 0 it does */
    bool over;
};

struct offcut_lease {
    offcut_client *client;
    oc_bundle bundle;
    offcut_options options; /* its strings are not used */
    unsigned transports; /* as bits, that may be used */

    pthread_mutex_t mutex;
    pthread_cond_t changed;
    int references;
    int openers; /* threads */
    bool closed;
    offcut_error failure; /* why there will be no workers; code 0 while there may be */
    offcut_error unusable; /* why a lease could not be opened, the last time; code 0: never */
    struct oc_session *sessions;
    offcut_worker *ready; /* that nobody has */
    int64_t answered;     /* workers closed after they had answered */

    pthread_t keeper;
    int stop_fd; /* readable once the lease is closed */
    struct oc_wish wishes[OC_MAX_REQUESTS];
    int wish_count;
    bool ever_granted;
    bool reachable;
    int fruitless;
    int64_t answered_before;
    int64_t pause_ns;
    int64_t ask_at_ns;
};

/* --- sessions.c; with the mutex unless it says otherwise */

/* Takes note of one lease of a request's view, at this node of the JSON. */
void oc_session_apply(offcut_lease *lease, const oc_json *json, uint32_t view);

/* Frees sessions that are over, of a request whose view (NONE: which is gone) does not list them. */
void oc_sessions_forget(offcut_lease *lease, const char *request_id, const oc_json *json,
    uint32_t leases);

/* Workers that live, of one request or (NULL) of all. */
int oc_sessions_workers(const offcut_lease *lease, const char *request_id);

/* Ends workers whose lease was over a while ago. Returns whether others are still to be ended. */
bool oc_sessions_expire(offcut_lease *lease);

/* A worker is not used any more. Frees it. Without the mutex. */
void oc_session_close_worker(offcut_worker *worker);

/* Frees all sessions; no worker is left. */
void oc_sessions_free(offcut_lease *lease);

/* --- wish.c */

/* Submits the first request. Returns 0 or a code. */
int oc_wish_begin(offcut_lease *lease, offcut_error *error);

/* The keeper thread. */
void *oc_wish_keep(void *lease);

/* Gives all requests back. Blocks for an exchange each. After the keeper has ended. */
void oc_wish_end(offcut_lease *lease);

/* --- lease.c */

/* Ends the library's threads soon; no worker is opened any more. Release must follow. */
void oc_lease_stop(offcut_lease *lease);

/* Whether there will be no workers any more. Without the mutex. */
bool oc_lease_failed(offcut_lease *lease);

/* Drops a reference. Takes and gives back the mutex; without it. */
void oc_lease_drop(offcut_lease *lease);

#endif
