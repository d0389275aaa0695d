/* The life of a call. Its states are in call.h. */
#include "call.h"

#include <linux/futex.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "clock.h"

bool oc_call_claim(offcut_call *call) {
    int waiting = OC_CALL_WAITING;
    return atomic_compare_exchange_strong(&call->state, &waiting, OC_CALL_ENDING);
}

void oc_call_unclaim(offcut_call *call) {
    atomic_store(&call->state, OC_CALL_WAITING);
}

bool oc_call_pending(const offcut_call *call) {
    return atomic_load(&call->state) != OC_CALL_ENDED;
}

int oc_call_take_result(offcut_call *call, int status, const void *result, uint32_t bytes) {
    call->output_bytes = bytes;
    if (bytes > call->output_capacity) {
        if (status == OFFCUT_STATUS_OK)
            return OFFCUT_STATUS_TOO_LARGE;
        call->output_bytes = bytes = call->output_capacity;
    }
    if (bytes > 0)
        memcpy(call->output, result, bytes);
    return status;
}

void oc_call_end(offcut_call *call, int status) {
    call->status = status;
    atomic_store(&call->state, OC_CALL_ENDED);
    if (atomic_load(&call->waiters) > 0)
        syscall(SYS_futex, &call->state, FUTEX_WAKE_PRIVATE, INT32_MAX, NULL, NULL, 0);
    if (call->done != NULL)
        call->done(call, call->argument);
}

void oc_call_keep(offcut_call *call) {
    atomic_fetch_add(&call->references, 1);
}

void oc_call_drop(offcut_call *call) {
    if (atomic_fetch_sub(&call->references, 1) == 1)
        free(call);
}

static void sleep_until(offcut_call *call, int state, int64_t deadline_ns) {
    struct timespec until = oc_timespec(deadline_ns);
    atomic_fetch_add(&call->waiters, 1);
    /* Absolute, on the monotonic clock. */
    syscall(SYS_futex, &call->state, FUTEX_WAIT_BITSET_PRIVATE, state,
        deadline_ns == INT64_MAX ? NULL : &until, NULL, FUTEX_BITSET_MATCH_ANY);
    atomic_fetch_sub(&call->waiters, 1);
}

void oc_call_give_up(offcut_call *call, int status) {
    oc_call_keep(call); /* the callback may free it */
    while (oc_call_pending(call)) {
        if (oc_call_claim(call)) {
            call->output_bytes = 0;
            oc_call_end(call, status);
            break;
        }
        /* Somebody copies its input or its result: not for long. */
        sleep_until(call, OC_CALL_ENDING, oc_after_ns(OC_MS));
    }
    oc_call_drop(call);
}

bool oc_call_await(offcut_call *call, int64_t spin_ns, int64_t deadline_ns) {
    int64_t spin_until = oc_after_ns(spin_ns);
    for (;;) {
        int state = atomic_load(&call->state);
        int64_t now;
        if (state == OC_CALL_ENDED)
            return true;
        now = oc_now_ns();
        if (now >= deadline_ns)
            return false;
        if (now < spin_until)
            oc_pause();
        else
            sleep_until(call, state, deadline_ns);
    }
}

int offcut_call_poll(const offcut_call *call) {
    return oc_call_pending(call) ? OFFCUT_STATUS_PENDING : call->status;
}

uint32_t offcut_call_bytes(const offcut_call *call) {
    return oc_call_pending(call) ? 0 : call->output_bytes;
}

int offcut_call_attempts(const offcut_call *call) {
    return atomic_load(&call->attempts);
}

int offcut_call_wait(offcut_call *call, int64_t timeout_ns) {
    int64_t until = oc_after_ns(timeout_ns);
    if (!oc_call_await(call, 0, until < call->deadline_ns ? until : call->deadline_ns)
        && call->deadline_ns <= until)
        oc_call_give_up(call, OFFCUT_STATUS_TIMED_OUT);
    return offcut_call_poll(call);
}

void offcut_call_cancel(offcut_call *call) {
    oc_call_give_up(call, OFFCUT_STATUS_CANCELLED);
}

void offcut_call_free(offcut_call *call) {
    if (call != NULL) {
        if (oc_call_pending(call))
            offcut_call_cancel(call);
        oc_call_drop(call);
    }
}
