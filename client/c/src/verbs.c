/* The client's end of a queue pair to a worker. The protocol is told in verbs.h. */
#include "verbs.h"

#include "channel.h"
#include "error.h"
#include "rdma.h"

#ifdef OC_WITH_VERBS

#include <endian.h>
#include <poll.h>
#include <sched.h>
#include <string.h>
#include <sys/mman.h>

#include "clock.h"

enum {
    PAGE = 4096,
    POLLS_PER_CLOCK = 1024,
    LOOK_MS = 100,
    PROBE_MS = 2000,
    ROOM_MS = 1000 /* acknowledgements of the network are late by no more */
};

/* --- opening */

static unsigned char *payload(const oc_verbs *verbs, const oc_verbs_memory *memory, int slot) {
    return memory->start + PAGE + (size_t)slot * verbs->stride;
}

/* The slot's header and, behind it, its payload. */
static unsigned char *frame(const oc_verbs *verbs, const oc_verbs_memory *memory, int slot) {
    return payload(verbs, memory, slot) - OC_HEADER_BYTES;
}

/* Maps and registers it: it stays in memory until it is closed. */
static int make_memory(oc_verbs *verbs, oc_verbs_memory *memory, int slots, int access, offcut_error *error) {
    void *start;
    memory->bytes = (size_t)slots * verbs->stride;
    start = mmap(NULL, memory->bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (start != MAP_FAILED) {
        memory->start = start;
        memory->region = verbs->link.rdma->ibv_reg_mr_(verbs->link.pd, start, memory->bytes, access);
    }
    if (memory->region == NULL)
        return oc_fail(error, OFFCUT_ERR_EXHAUSTED,
            "cannot register %zu bytes for RDMA; raise memlock (ulimit -l), or lease with smaller payloads", memory->bytes);
    memory->key = access == 0 ? memory->region->lkey : memory->region->rkey;
    return 0;
}

static void free_memory(const oc_verbs *verbs, oc_verbs_memory *memory) {
    /* What stays registered must stay mapped. */
    if (memory->region != NULL && verbs->link.rdma->ibv_dereg_mr_(memory->region) != 0)
        return;
    if (memory->start != NULL)
        munmap(memory->start, memory->bytes);
    *memory = (oc_verbs_memory){0};
}

static void hang_up(offcut_worker *worker) {
    oc_verbs *verbs = &worker->verbs;
    oc_verbs_cut(&verbs->link);
    free_memory(verbs, &verbs->inputs);
    free_memory(verbs, &verbs->results);
    oc_verbs_hang_up(&verbs->link);
}

int oc_verbs_open(offcut_worker *worker, const oc_descriptor *channel, int64_t timeout_ns, int stop_fd,
    offcut_error *error) {
    oc_verbs *verbs = &worker->verbs;
    oc_verbs_reply reply;
    int code = oc_verbs_dial(&verbs->link, channel, &reply, oc_after_ns(timeout_ns), stop_fd, error);
    if (code == 0) {
        verbs->stride = PAGE + (((size_t)reply.payload_bytes + PAGE - 1) & ~(size_t)(PAGE - 1));
        code = make_memory(verbs, &verbs->inputs, reply.slots, 0, error);
    }
    if (code == 0)
        code = make_memory(verbs, &verbs->results, reply.slots, IBV_ACCESS_LOCAL_WRITE | IBV_ACCESS_REMOTE_WRITE, error);
    if (code != 0) {
        hang_up(worker);
        return code;
    }
    verbs->worker_address = reply.address;
    verbs->worker_stride = reply.stride;
    verbs->worker_key = reply.key;
    verbs->heard = true;
    verbs->looked_ns = verbs->silent_ns = oc_now_ns();
    worker->payload_bytes = (uint32_t)reply.payload_bytes;
    oc_slots_init(&worker->slots, reply.slots);
    return 0;
}

/* --- sending */

/* Takes one completion of what was sent, if there is one: all before it is finished too. */
static void look_at_sends(oc_verbs *verbs) {
    struct ibv_wc done;
    int polled = ibv_poll_cq(verbs->link.sends, 1, &done);
    if (polled > 0 && done.status == IBV_WC_SUCCESS)
        verbs->finished = done.wr_id;
    else if (polled != 0)
        verbs->broken = true;
}

/* A full queue holds a send that is completed. */
static void make_room(oc_verbs *verbs) {
    int64_t until = oc_after_ns(ROOM_MS * OC_MS);
    look_at_sends(verbs);
    while (!verbs->broken && verbs->posted - verbs->finished >= verbs->link.send_depth) {
        if (oc_now_ns() >= until)
            verbs->broken = true;
        sched_yield();
        look_at_sends(verbs);
    }
}

static void send_request(oc_verbs *verbs, struct ibv_send_wr *request) {
    bool signaled = (verbs->posted + 1) % OC_VERBS_SENDS_PER_SIGNAL == 0;
    struct ibv_send_wr *bad;
    if (verbs->posted - verbs->finished >= verbs->link.send_depth)
        make_room(verbs);
    request->wr_id = verbs->posted + 1;
    if (signaled)
        request->send_flags |= IBV_SEND_SIGNALED;
    if (verbs->broken || ibv_post_send(verbs->link.qp, request, &bad) != 0) {
        verbs->broken = true;
        return;
    }
    verbs->posted++;
    if (signaled)
        look_at_sends(verbs);
}

/* What the worker's device answers and nobody else sees. */
static void probe(oc_verbs *verbs) {
    struct ibv_send_wr request = {.opcode = IBV_WR_RDMA_WRITE};
    send_request(verbs, &request);
}

static int post(offcut_worker *worker, int slot, uint64_t invocation_id, int function, uint32_t bytes,
    int64_t deadline_ns) {
    oc_verbs *verbs = &worker->verbs;
    unsigned char *at = frame(verbs, &verbs->inputs, slot);
    oc_request header = {
        .magic = OC_REQUEST_MAGIC,
        .version = OC_VERSION,
        .invocation_id = invocation_id,
        .function = function,
        .payload_bytes = (int32_t)bytes,
        .result_address = (int64_t)(uintptr_t)frame(verbs, &verbs->results, slot),
        .result_key = (int32_t)verbs->results.key,
        .result_capacity = (int32_t)worker->payload_bytes,
        .deadline_ns = deadline_ns,
        .slot = slot,
    };
    struct ibv_sge piece = {
        .addr = (uintptr_t)at, .length = OC_HEADER_BYTES + bytes, .lkey = verbs->inputs.key};
    struct ibv_send_wr request = {
        .sg_list = &piece,
        .num_sge = 1,
        .opcode = IBV_WR_RDMA_WRITE_WITH_IMM,
        .send_flags = piece.length <= verbs->link.inline_bytes ? IBV_SEND_INLINE : 0,
        .imm_data = htobe32((uint32_t)slot),
        .wr.rdma = {.remote_addr = verbs->worker_address + (uint64_t)slot * verbs->worker_stride,
            .rkey = verbs->worker_key},
    };
    memcpy(at, &header, sizeof header);
    verbs->heard |= worker->slots.posted == 0;
    oc_slots_post(&worker->slots, slot, invocation_id);
    /* A link that breaks says so when it is polled, after what has still arrived. */
    send_request(verbs, &request);
    return 0;
}

/* --- receiving */

/* An answer is there: completes its slot, or ends the worker. Its header is read once. */
static int complete(offcut_worker *worker, int32_t slot) {
    oc_verbs *verbs = &worker->verbs;
    oc_response header;
    int check;
    if ((worker->slots.posted & oc_slot_bit(&worker->slots, slot)) == 0) {
        oc_channel_end(worker, OFFCUT_STATUS_MALFORMED);
        return OFFCUT_NONE;
    }
    memcpy(&header, frame(verbs, &verbs->results, slot), sizeof header);
    check = oc_response_check(&header, worker->payload_bytes);
    if (check == 0 && header.invocation_id != worker->slots.slot[slot].invocation_id)
        check = OFFCUT_STATUS_MALFORMED;
    if (check != 0) {
        oc_channel_end(worker, check);
        return OFFCUT_NONE;
    }
    oc_channel_complete(worker, slot, oc_status_of(header.status), (uint32_t)header.payload_bytes, header.execution_ns);
    verbs->idle_polls = 0;
    verbs->heard = true;
    return slot;
}

/* Takes what has arrived next and posts a receive in its place: a slot that is done, or none. */
static int arrived(offcut_worker *worker) {
    oc_verbs *verbs = &worker->verbs;
    struct ibv_recv_wr receive = {0}, *bad;
    struct ibv_wc arrival;
    int polled = ibv_poll_cq(verbs->link.arrivals, 1, &arrival);
    int32_t said;
    if (polled == 0 && !verbs->broken)
        return OFFCUT_NONE;
    if (polled <= 0 || arrival.status != IBV_WC_SUCCESS || ibv_post_recv(verbs->link.qp, &receive, &bad) != 0) {
        verbs->broken = true;
        oc_channel_end(worker, OFFCUT_STATUS_DISCONNECTED);
        return OFFCUT_NONE;
    }
    said = (int32_t)be32toh(arrival.imm_data);
    if (said >= 0)
        return complete(worker, said);
    oc_channel_end(worker, oc_status_of(said));
    return OFFCUT_NONE;
}

/* Asks the connection manager whether the worker has gone. What has still arrived is not lost. */
static void ask_manager(oc_verbs *verbs) {
    const oc_rdma *rdma = verbs->link.rdma;
    struct pollfd waiting = {.fd = verbs->link.events->fd, .events = POLLIN};
    struct rdma_cm_event *event;
    while (poll(&waiting, 1, 0) > 0 && rdma->rdma_get_cm_event_(verbs->link.events, &event) == 0) {
        verbs->broken |= event->event == RDMA_CM_EVENT_DISCONNECTED || event->event == RDMA_CM_EVENT_DEVICE_REMOVAL;
        rdma->rdma_ack_cm_event_(event);
    }
}

static void look_now_and_then(oc_verbs *verbs) {
    int64_t now = oc_now_ns();
    if (now - verbs->looked_ns < LOOK_MS * OC_MS)
        return;
    verbs->looked_ns = now;
    ask_manager(verbs);
    if (verbs->heard) {
        verbs->heard = false;
        verbs->silent_ns = now;
    } else if (now - verbs->silent_ns >= PROBE_MS * OC_MS) {
        verbs->silent_ns = now;
        probe(verbs);
    }
}

static int poll_worker(offcut_worker *worker) {
    int slot, forced;
    if (worker->slots.posted == 0)
        return OFFCUT_NONE;
    slot = worker->ended == 0 ? arrived(worker) : OFFCUT_NONE;
    if (slot != OFFCUT_NONE)
        return slot;
    forced = atomic_load_explicit(&worker->forced, memory_order_relaxed);
    if (forced != 0)
        oc_channel_end(worker, forced);
    if (worker->ended != 0)
        return oc_slots_fail_one(&worker->slots, worker->ended);
    if (++worker->verbs.idle_polls % POLLS_PER_CLOCK == 0)
        look_now_and_then(&worker->verbs);
    return OFFCUT_NONE;
}

static void check(offcut_worker *worker) {
    int forced = atomic_load_explicit(&worker->forced, memory_order_relaxed);
    arrived(worker); /* with nothing posted it is no slot */
    look_now_and_then(&worker->verbs);
    if (forced != 0)
        oc_channel_end(worker, forced);
}

static void take_wake(oc_verbs *verbs) {
    struct ibv_cq *of;
    void *context;
    if (verbs->link.rdma->ibv_get_cq_event_(verbs->link.wakes, &of, &context) != 0) {
        verbs->broken = true;
        return;
    }
    verbs->armed = false;
    verbs->link.rdma->ibv_ack_cq_events_(of, 1);
}

/* The first time it only arms: what came before that wakes nobody, so it is to be polled again. */
static void sleep_worker(offcut_worker *worker, int64_t timeout_ns) {
    oc_verbs *verbs = &worker->verbs;
    struct pollfd waiting[2] = {
        {.fd = verbs->link.wakes->fd, .events = POLLIN}, {.fd = verbs->link.events->fd, .events = POLLIN}};
    int64_t slice_ns = timeout_ns < LOOK_MS * OC_MS ? timeout_ns : LOOK_MS * OC_MS;
    struct timespec slice = {.tv_sec = slice_ns / 1000000000, .tv_nsec = slice_ns % 1000000000};
    if (verbs->broken)
        return;
    if (!verbs->armed) {
        verbs->armed = ibv_req_notify_cq(verbs->link.arrivals, 0) == 0;
        verbs->broken = !verbs->armed;
        return;
    }
    if (ppoll(waiting, 2, &slice, NULL) > 0) {
        if (waiting[0].revents != 0)
            take_wake(verbs);
        if (waiting[1].revents != 0)
            ask_manager(verbs);
    }
    look_now_and_then(verbs);
}

static void *input_of(const offcut_worker *worker, int slot) {
    return payload(&worker->verbs, &worker->verbs.inputs, slot);
}

static const void *result_of(const offcut_worker *worker, int slot) {
    return payload(&worker->verbs, &worker->verbs.results, slot);
}

const oc_remote oc_verbs_remote = {
    .input = input_of,
    .result = result_of,
    .post = post,
    .poll = poll_worker,
    .sleep = sleep_worker,
    .check = check,
    .close = hang_up,
};

#else

const oc_remote oc_verbs_remote = {0};

int oc_verbs_open(offcut_worker *worker, const oc_descriptor *channel, int64_t timeout_ns, int stop_fd,
    offcut_error *error) {
    (void)worker, (void)channel, (void)timeout_ns, (void)stop_fd;
    return oc_fail(error, OFFCUT_ERR_USAGE, "transport verbs: %s", oc_rdma_problem());
}

#endif
