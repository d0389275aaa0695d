/* The public slot interface over the transports. */
#include "channel.h"

#include <stdlib.h>

#include "clock.h"
#include "error.h"

const char *const oc_transport_names[OC_TRANSPORTS] = {"shm", "verbs", "tcp"};

int oc_channel_refused(const char *host, const char *port, int number, int status, int version,
    offcut_error *error) {
    switch (status) {
    case OC_HELLO_UNAUTHORIZED:
        return oc_fail(error, OFFCUT_ERR_UNAUTHORIZED,
            "worker %d at %s:%s does not accept the secret; open the lease again", number, host, port);
    case OC_HELLO_NO_SUCH_WORKER:
        return oc_fail(error, OFFCUT_ERR_NOT_FOUND,
            "there is no worker %d at %s:%s; open the lease again", number, host, port);
    case OFFCUT_STATUS_WRONG_VERSION:
        return oc_fail(error, OFFCUT_ERR_WRONG_VERSION,
            "worker %d at %s:%s speaks frame version %d, this client %d; use the same release on both sides",
            number, host, port, version, OC_VERSION);
    case OFFCUT_STATUS_BUSY:
        return oc_fail(error, OFFCUT_ERR_CONFLICT,
            "worker %d at %s:%s has another client; lease one of your own", number, host, port);
    default:
        return oc_fail(error, OFFCUT_ERR_CONFLICT,
            "worker %d at %s:%s refused the connection: %s; ask for a new lease", number, host, port,
            offcut_status_name(oc_status_of(status)));
    }
}

static int open_worker(offcut_worker *worker, const oc_descriptor *channel, int64_t timeout_ns,
    int stop_fd, offcut_error *error) {
    switch (channel->transport) {
    case OC_SHM:
        return oc_shm_open(worker, channel->path, timeout_ns, stop_fd, error);
    case OC_VERBS:
        worker->remote = &oc_verbs_remote;
        return oc_verbs_open(worker, channel, timeout_ns, stop_fd, error);
    default:
        worker->remote = &oc_tcp_remote;
        return oc_tcp_open(worker, channel->host, channel->port, channel->worker, channel->secret,
            timeout_ns, stop_fd, error);
    }
}

offcut_worker *oc_channel_open(const oc_descriptor *channel, int64_t timeout_ns, int stop_fd,
    offcut_error *error) {
    offcut_worker *worker = calloc(1, sizeof *worker);
    if (worker == NULL) {
        oc_fail(error, OFFCUT_ERR_EXHAUSTED, "no memory for a worker");
        return NULL;
    }
    worker->transport = channel->transport;
    worker->number = channel->worker;
    if (open_worker(worker, channel, timeout_ns, stop_fd, error) != 0) {
        free(worker);
        return NULL;
    }
    return worker;
}

void oc_channel_free(offcut_worker *worker) {
    if (worker->remote == NULL)
        oc_shm_close(worker);
    else
        worker->remote->close(worker);
    free(worker);
}

int offcut_worker_slots(const offcut_worker *worker) {
    return worker->slots.count;
}

uint32_t offcut_worker_payload_bytes(const offcut_worker *worker) {
    return worker->payload_bytes;
}

const char *offcut_worker_transport(const offcut_worker *worker) {
    return oc_transport_names[worker->transport];
}

const char *offcut_worker_node(const offcut_worker *worker) {
    return worker->node;
}

int offcut_acquire(offcut_worker *worker) {
    int slot;
    if (worker->ended != 0)
        return OFFCUT_NONE;
    slot = oc_slots_acquire(&worker->slots);
    if (slot == OFFCUT_NONE && worker->remote == NULL && worker->shm.draining != 0) {
        oc_shm_drain(worker);
        slot = oc_slots_acquire(&worker->slots);
    }
    return slot;
}

void *offcut_input(offcut_worker *worker, int slot) {
    if (oc_slot_bit(&worker->slots, slot) == 0)
        return NULL;
    return worker->remote == NULL ? oc_shm_input(&worker->shm, slot) : worker->remote->input(worker, slot);
}

int offcut_post(offcut_worker *worker, int slot, uint64_t invocation_id, int function,
    uint32_t bytes, int64_t deadline_ns) {
    if ((worker->slots.acquired & oc_slot_bit(&worker->slots, slot)) == 0)
        return OFFCUT_STATUS_MALFORMED;
    if (bytes > worker->payload_bytes)
        return OFFCUT_STATUS_TOO_LARGE;
    if (worker->ended != 0)
        return worker->ended;
    return worker->remote == NULL
        ? oc_shm_post(worker, slot, invocation_id, function, bytes, deadline_ns)
        : worker->remote->post(worker, slot, invocation_id, function, bytes, deadline_ns);
}

int offcut_poll(offcut_worker *worker) {
    if (worker->remote != NULL)
        return worker->remote->poll(worker);
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
        if (worker->remote == NULL)
            oc_shm_sleep(worker, left);
        else
            worker->remote->sleep(worker, left);
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
    return worker->remote == NULL ? oc_shm_result(&worker->shm, slot) : worker->remote->result(worker, slot);
}

void offcut_release(offcut_worker *worker, int slot) {
    oc_slots_release(&worker->slots, slot);
}

int offcut_ended(offcut_worker *worker) {
    if (worker->ended == 0) {
        if (worker->remote == NULL)
            oc_shm_check(worker);
        else if (worker->slots.posted == 0)
            worker->remote->check(worker);
    }
    return worker->ended;
}
