/* The public slot interface over the two transports. */
#include "channel.h"

#include <stdlib.h>

#include "clock.h"
#include "error.h"

offcut_worker *oc_channel_open(const oc_descriptor *channel, int64_t timeout_ns, int stop_fd,
    offcut_error *error) {
    offcut_worker *worker = calloc(1, sizeof *worker);
    int code;
    if (worker == NULL) {
        oc_fail(error, OFFCUT_ERR_EXHAUSTED, "no memory for a worker");
        return NULL;
    }
    worker->transport = channel->transport;
    worker->number = channel->worker;
    code = channel->transport == OC_SHM
        ? oc_shm_open(worker, channel->path, timeout_ns, stop_fd, error)
        : oc_tcp_open(worker, channel->host, channel->port, channel->worker, channel->secret,
              timeout_ns, stop_fd, error);
    if (code != 0) {
        free(worker);
        return NULL;
    }
    return worker;
}

void oc_channel_free(offcut_worker *worker) {
    if (worker->transport == OC_SHM)
        oc_shm_close(worker);
    else
        oc_tcp_close(worker);
    free(worker);
}

int offcut_worker_slots(const offcut_worker *worker) {
    return worker->slots.count;
}

uint32_t offcut_worker_payload_bytes(const offcut_worker *worker) {
    return worker->payload_bytes;
}

const char *offcut_worker_transport(const offcut_worker *worker) {
    return worker->transport == OC_SHM ? "shm" : "tcp";
}

const char *offcut_worker_node(const offcut_worker *worker) {
    return worker->node;
}

int offcut_acquire(offcut_worker *worker) {
    int slot;
    if (worker->ended != 0)
        return OFFCUT_NONE;
    slot = oc_slots_acquire(&worker->slots);
    if (slot == OFFCUT_NONE && worker->transport == OC_SHM && worker->shm.draining != 0) {
        oc_shm_drain(worker);
        slot = oc_slots_acquire(&worker->slots);
    }
    return slot;
}

void *offcut_input(offcut_worker *worker, int slot) {
    if (oc_slot_bit(&worker->slots, slot) == 0)
        return NULL;
    return worker->transport == OC_SHM ? oc_shm_input(&worker->shm, slot)
                                       : oc_tcp_input(&worker->tcp, slot);
}

int offcut_post(offcut_worker *worker, int slot, uint64_t invocation_id, int function,
    uint32_t bytes, int64_t deadline_ns) {
    if ((worker->slots.acquired & oc_slot_bit(&worker->slots, slot)) == 0)
        return OFFCUT_STATUS_MALFORMED;
    if (bytes > worker->payload_bytes)
        return OFFCUT_STATUS_TOO_LARGE;
    if (worker->ended != 0)
        return worker->ended;
    return worker->transport == OC_SHM
        ? oc_shm_post(worker, slot, invocation_id, function, bytes, deadline_ns)
        : oc_tcp_post(worker, slot, invocation_id, function, bytes, deadline_ns);
}

int offcut_poll(offcut_worker *worker) {
    if (worker->transport == OC_TCP)
        return oc_tcp_poll(worker);
    if (worker->slots.posted == 0)
        return OFFCUT_NONE;
    return worker->ended == 0 ? oc_shm_poll(worker) : oc_slots_fail_one(&worker->slots, worker->ended);
}

int offcut_await(offcut_worker *worker, int64_t timeout_ns) {
    int64_t deadline_ns = oc_after_ns(timeout_ns);
    for (;;) {
        int slot = offcut_poll(worker);
        int64_t left;
        if (slot != OFFCUT_NONE || worker->slots.posted == 0)
            return slot;
        left = deadline_ns - oc_now_ns();
        if (left <= 0)
            return OFFCUT_NONE;
        if (worker->transport == OC_SHM)
            oc_shm_sleep(worker, left);
        else
            oc_tcp_sleep(worker, left);
    }
}

int offcut_status(const offcut_worker *worker, int slot) {
    return oc_slots_is_done(&worker->slots, slot) ? worker->slots.slot[slot].status
                                                  : OFFCUT_STATUS_MALFORMED;
}

uint64_t offcut_invocation_id(const offcut_worker *worker, int slot) {
    return oc_slots_is_done(&worker->slots, slot) ? worker->slots.slot[slot].invocation_id : 0;
}

int64_t offcut_execution_ns(const offcut_worker *worker, int slot) {
    return oc_slots_is_done(&worker->slots, slot) ? worker->slots.slot[slot].execution_ns : 0;
}

const void *offcut_result(const offcut_worker *worker, int slot, uint32_t *bytes) {
    *bytes = 0;
    if (!oc_slots_is_done(&worker->slots, slot))
        return NULL;
    *bytes = worker->slots.slot[slot].result_bytes;
    return worker->transport == OC_SHM ? oc_shm_result(&worker->shm, slot)
                                       : oc_tcp_result(&worker->tcp, slot);
}

void offcut_release(offcut_worker *worker, int slot) {
    oc_slots_release(&worker->slots, slot);
}

int offcut_ended(offcut_worker *worker) {
    if (worker->ended == 0) {
        if (worker->transport == OC_SHM)
            oc_shm_check(worker);
        else if (worker->slots.posted == 0)
            oc_tcp_exchange(worker);
    }
    return worker->ended;
}
