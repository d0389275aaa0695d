/* See fake_rdma.h. Built as a library that has both names. */
#include "fake_rdma.h"

#include <endian.h>
#include <errno.h>
#include <infiniband/verbs.h>
#include <pthread.h>
#include <rdma/rdma_cma.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

#undef ibv_reg_mr

enum { ENTRIES = 512, STRIDE = 1 << 16 };

extern struct fake_rdma fake_rdma;

struct queue {
    struct ibv_cq cq;
    struct ibv_wc entry[ENTRIES];
    int first, count;
    bool armed;
};

struct heard {
    struct rdma_cm_event event;
    oc_verbs_reply reply;
};

static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
static unsigned char inputs[OC_MAX_SLOTS * STRIDE];
static struct ibv_context device;
static struct rdma_event_channel events;
static struct ibv_comp_channel wakes;
static struct queue *arrivals, *sent;
static struct ibv_qp pair;
static bool failed;
static struct heard *pending[8];
static int pending_count;

static void tick(int fd) {
    uint64_t one = 1;
    if (write(fd, &one, sizeof one) < 0)
        abort();
}

static bool tock(int fd) {
    uint64_t one;
    return read(fd, &one, sizeof one) == (ssize_t)sizeof one;
}

/* --- the connection manager */

static void tell(enum rdma_cm_event_type type, const oc_verbs_reply *reply) {
    struct heard *heard = calloc(1, sizeof *heard);
    heard->event.event = type;
    if (reply != NULL) {
        heard->reply = *reply;
        heard->event.param.conn.private_data = &heard->reply;
        heard->event.param.conn.private_data_len = (uint8_t)fake_rdma.private_bytes;
    }
    pthread_mutex_lock(&mutex);
    pending[pending_count++] = heard;
    pthread_mutex_unlock(&mutex);
    tick(events.fd);
}

struct rdma_event_channel *rdma_create_event_channel(void) {
    fake_rdma.made++;
    pending_count = 0;
    events.fd = eventfd(0, EFD_SEMAPHORE | EFD_CLOEXEC);
    return &events;
}

void rdma_destroy_event_channel(struct rdma_event_channel *channel) {
    fake_rdma.made--;
    while (pending_count > 0)
        free(pending[--pending_count]);
    close(channel->fd);
}

int rdma_create_id(struct rdma_event_channel *channel, struct rdma_cm_id **id, void *context, enum rdma_port_space ps) {
    *id = calloc(1, sizeof **id);
    (*id)->channel = channel;
    (*id)->context = context;
    (*id)->ps = ps;
    (*id)->verbs = &device;
    fake_rdma.made++;
    return 0;
}

int rdma_destroy_id(struct rdma_cm_id *id) {
    fake_rdma.made--;
    free(id);
    return 0;
}

int rdma_resolve_addr(struct rdma_cm_id *id, struct sockaddr *from, struct sockaddr *to, int timeout_ms) {
    (void)id, (void)from, (void)to, (void)timeout_ms;
    tell(RDMA_CM_EVENT_ADDR_RESOLVED, NULL);
    return 0;
}

int rdma_resolve_route(struct rdma_cm_id *id, int timeout_ms) {
    (void)id, (void)timeout_ms;
    tell(RDMA_CM_EVENT_ROUTE_RESOLVED, NULL);
    return 0;
}

int rdma_connect(struct rdma_cm_id *id, struct rdma_conn_param *parameters) {
    oc_verbs_reply reply = {.magic = OC_VERBS_REPLY_MAGIC, .version = OC_VERSION};
    (void)id;
    memcpy(&fake_rdma.hello, parameters->private_data, sizeof fake_rdma.hello);
    fake_rdma.connects++;
    reply.status = fake_rdma.busy > 0 ? OFFCUT_STATUS_BUSY : fake_rdma.refusal;
    fake_rdma.busy -= fake_rdma.busy > 0;
    if (reply.status == 0) {
        reply.slots = fake_rdma.slots;
        reply.payload_bytes = fake_rdma.payload_bytes;
        reply.key = 17;
        reply.address = (uintptr_t)inputs;
        reply.stride = STRIDE;
    }
    if (fake_rdma.nobody)
        tell(RDMA_CM_EVENT_REJECTED, NULL);
    else if (!fake_rdma.silent)
        tell(reply.status == 0 ? RDMA_CM_EVENT_ESTABLISHED : RDMA_CM_EVENT_REJECTED, &reply);
    return 0;
}

int rdma_disconnect(struct rdma_cm_id *id) {
    (void)id;
    fake_rdma.disconnects++;
    return 0;
}

int rdma_get_cm_event(struct rdma_event_channel *channel, struct rdma_cm_event **event) {
    if (!tock(channel->fd))
        return -1;
    pthread_mutex_lock(&mutex);
    *event = &pending[0]->event;
    memmove(pending, pending + 1, (size_t)--pending_count * sizeof pending[0]);
    pthread_mutex_unlock(&mutex);
    fake_rdma.made++;
    return 0;
}

int rdma_ack_cm_event(struct rdma_cm_event *event) {
    fake_rdma.made--;
    free(event);
    return 0;
}

/* --- the device */

struct ibv_pd *ibv_alloc_pd(struct ibv_context *context) {
    struct ibv_pd *pd = calloc(1, sizeof *pd);
    pd->context = context;
    fake_rdma.made++;
    return pd;
}

int ibv_dealloc_pd(struct ibv_pd *pd) {
    fake_rdma.made--;
    free(pd);
    return 0;
}

struct ibv_mr *ibv_reg_mr(struct ibv_pd *pd, void *start, size_t bytes, int access) {
    struct ibv_mr *region = fake_rdma.registrations-- > 0 ? calloc(1, sizeof *region) : NULL;
    (void)pd, (void)start, (void)bytes, (void)access;
    fake_rdma.made += region != NULL;
    return region;
}

int ibv_dereg_mr(struct ibv_mr *region) {
    fake_rdma.made--;
    free(region);
    return 0;
}

struct ibv_comp_channel *ibv_create_comp_channel(struct ibv_context *context) {
    fake_rdma.made++;
    wakes.context = context;
    wakes.fd = eventfd(0, EFD_SEMAPHORE | EFD_CLOEXEC);
    return &wakes;
}

int ibv_destroy_comp_channel(struct ibv_comp_channel *channel) {
    fake_rdma.made--;
    close(channel->fd);
    return 0;
}

struct ibv_cq *ibv_create_cq(
    struct ibv_context *context, int entries, void *user, struct ibv_comp_channel *channel, int vector) {
    struct queue *queue = calloc(1, sizeof *queue);
    (void)entries, (void)user, (void)vector;
    queue->cq.context = context;
    *(channel != NULL ? &arrivals : &sent) = queue;
    fake_rdma.made++;
    return &queue->cq;
}

int ibv_destroy_cq(struct ibv_cq *cq) {
    fake_rdma.made--;
    free(cq);
    return 0;
}

int ibv_get_cq_event(struct ibv_comp_channel *channel, struct ibv_cq **cq, void **context) {
    *cq = &arrivals->cq;
    *context = NULL;
    fake_rdma.made++;
    return tock(channel->fd) ? 0 : -1;
}

void ibv_ack_cq_events(struct ibv_cq *cq, unsigned count) {
    (void)cq;
    fake_rdma.made -= (int)count;
}

/* With the mutex. */
static void complete(struct queue *queue, uint64_t id, int status, int32_t immediate) {
    struct ibv_wc *entry = &queue->entry[(queue->first + queue->count++) % ENTRIES];
    if (queue->count > ENTRIES)
        abort();
    *entry = (struct ibv_wc){.wr_id = id, .status = (enum ibv_wc_status)status, .imm_data = htobe32((uint32_t)immediate)};
    if (queue->armed)
        tick(wakes.fd);
    queue->armed = false;
}

/* With the mutex. */
static void fail(void) {
    failed = true;
    complete(sent, 0, IBV_WC_RETRY_EXC_ERR, 0);
    for (; fake_rdma.receives > 0; fake_rdma.receives--)
        complete(arrivals, 0, IBV_WC_WR_FLUSH_ERR, 0);
}

static void say(int32_t immediate) {
    pthread_mutex_lock(&mutex);
    if (fake_rdma.receives-- < 1)
        abort(); /* the client does not keep to what it promises */
    complete(arrivals, 0, IBV_WC_SUCCESS, immediate);
    pthread_mutex_unlock(&mutex);
}

static int post_send(struct ibv_qp *qp, struct ibv_send_wr *wr, struct ibv_send_wr **bad) {
    bool request = wr->opcode == IBV_WR_RDMA_WRITE_WITH_IMM;
    (void)qp;
    *bad = wr;
    pthread_mutex_lock(&mutex);
    fake_rdma.sends++;
    fake_rdma.probes += !request;
    fake_rdma.inlined += (wr->send_flags & IBV_SEND_INLINE) != 0;
    if (fake_rdma.lose && !failed)
        fail();
    else if (wr->send_flags & IBV_SEND_SIGNALED && !fake_rdma.forget)
        complete(sent, wr->wr_id, IBV_WC_SUCCESS, 0);
    pthread_mutex_unlock(&mutex);
    if (request && !failed) {
        memcpy((void *)(uintptr_t)wr->wr.rdma.remote_addr, (void *)(uintptr_t)wr->sg_list->addr, wr->sg_list->length);
        if (wr->wr.rdma.rkey != 17)
            return EINVAL;
        if (fake_rdma.serve != NULL)
            fake_rdma.serve(&fake_rdma, (int)be32toh(wr->imm_data));
    }
    return 0;
}

static int post_recv(struct ibv_qp *qp, struct ibv_recv_wr *wr, struct ibv_recv_wr **bad) {
    (void)qp;
    *bad = wr;
    pthread_mutex_lock(&mutex);
    fake_rdma.receives++;
    pthread_mutex_unlock(&mutex);
    return 0;
}

static int poll_cq(struct ibv_cq *cq, int most, struct ibv_wc *to) {
    struct queue *queue = (struct queue *)cq;
    int got = 0;
    pthread_mutex_lock(&mutex);
    for (; got < most && queue->count > 0; got++, queue->count--) {
        to[got] = queue->entry[queue->first];
        queue->first = (queue->first + 1) % ENTRIES;
    }
    pthread_mutex_unlock(&mutex);
    return got;
}

static int req_notify_cq(struct ibv_cq *cq, int solicited) {
    (void)solicited;
    pthread_mutex_lock(&mutex);
    ((struct queue *)cq)->armed = true;
    pthread_mutex_unlock(&mutex);
    return 0;
}

int rdma_create_qp(struct rdma_cm_id *id, struct ibv_pd *pd, struct ibv_qp_init_attr *wanted) {
    if (wanted->cap.max_inline_data > fake_rdma.most_inline) {
        errno = EINVAL;
        return -1;
    }
    device.ops.post_send = post_send;
    device.ops.post_recv = post_recv;
    device.ops.poll_cq = poll_cq;
    device.ops.req_notify_cq = req_notify_cq;
    pair = (struct ibv_qp){.context = &device, .pd = pd};
    failed = false;
    fake_rdma.receives = 0;
    id->qp = &pair;
    fake_rdma.made++;
    return 0;
}

void rdma_destroy_qp(struct rdma_cm_id *id) {
    fake_rdma.made--;
    id->qp = NULL;
}

/* --- for the worker that the test plays */

static const oc_request *request_of(int slot) {
    return (const oc_request *)(void *)(inputs + slot * STRIDE);
}

static unsigned char *input_of(int slot) {
    return inputs + slot * STRIDE + sizeof(oc_request);
}

static unsigned char *result_of(int slot) {
    return (unsigned char *)(uintptr_t)request_of(slot)->result_address;
}

static void hang_up(void) {
    tell(RDMA_CM_EVENT_DISCONNECTED, NULL);
}

__attribute__((visibility("default"))) struct fake_rdma fake_rdma = {
    .request = request_of, .input = input_of, .result = result_of, .say = say, .hang_up = hang_up};
