/*
 * One invocation as a pool sees it, from submission to its one end:
 *
 *   WAITING ──claimed by whoever ends it──▶ ENDING ──result in place──▶ ENDED
 *
 * It is ended exactly once: by the worker's thread with a result, by the caller who cancels it or
 * runs out of time, or by the pool that closes. Only the one who claimed it writes status and
 * output. A claim is given back only by oc_call_unclaim.
 *
 * References: one of the program, one of the library while the call is queued or in a slot.
 */
#ifndef OC_CALL_H
#define OC_CALL_H

#include <stdatomic.h>
#include <stdbool.h>

#include "offcut.h"

enum oc_call_state { OC_CALL_WAITING, OC_CALL_ENDING, OC_CALL_ENDED };

struct offcut_call {
    atomic_int state;
    atomic_int waiters;
    atomic_int references;
    int function;
    bool idempotent;
    const void *input;
    void *output;
    uint32_t input_bytes;
    uint32_t output_capacity;
    int64_t deadline_ns; /* INT64_MAX: none */
    offcut_done *done;
    void *argument;
    /* written by who has claimed it */
    int status;
    uint32_t output_bytes;
    /* of the worker's thread that has it */
    int lost, crashed;
    atomic_int attempts;
    offcut_call *next; /* in a queue */
};

/* Whether the call is now this thread's to end. */
bool oc_call_claim(offcut_call *call);

/* Gives a claim back, to be tried again. */
void oc_call_unclaim(offcut_call *call);

/* Copies a result, or as much of a message as fits, and says how the call ended with it. */
int oc_call_take_result(offcut_call *call, int status, const void *result, uint32_t bytes);

/* Ends a claimed call: status, waiters, callback. */
void oc_call_end(offcut_call *call, int status);

/*
 * Ends a call without a result, unless somebody else does. Waits while another thread copies its
 * input or result; has ended when this returns.
 */
void oc_call_give_up(offcut_call *call, int status);

bool oc_call_pending(const offcut_call *call);

void oc_call_keep(offcut_call *call);
void oc_call_drop(offcut_call *call);

/* Waits until it has ended, first by polling. Returns whether it has. */
bool oc_call_await(offcut_call *call, int64_t spin_ns, int64_t deadline_ns);

#endif
