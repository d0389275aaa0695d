/* Connecting to a worker by RDMA, in bounded time. The greeting is told in frame.h. */
#include "verbs.h"

#ifdef OC_WITH_VERBS

#include <errno.h>
#include <fcntl.h>
#include <netdb.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>

#include "channel.h"
#include "clock.h"
#include "error.h"
#include "net.h"
#include "rdma.h"

enum {
    RETRY_MS = 20,
    MOST_INLINE_BYTES = 256,
    RECEIVES_MORE = 2, /* besides one for each slot: a last word, and one just being posted again */
    RETRIES = 6,       /* of what the network loses; soft-RoCE takes 7 for ever */
    RNR_RETRIES = 6    /* of a peer that posts no receives: 655 ms each */
};

struct dial {
    const oc_descriptor *channel;
    char port[8];
    int64_t deadline_ns;
    int stop_fd;
    const char *why; /* it failed */
};

static int fails(struct dial *dial, const char *why) {
    dial->why = why;
    return -1;
}

static int left_ms(const struct dial *dial) {
    int64_t left = (dial->deadline_ns - oc_now_ns()) / OC_MS;
    return left < 1 ? 1 : left > 60000 ? 60000 : (int)left;
}

/* --- what a connection is made of */

void oc_verbs_cut(oc_verbs_link *link) {
    if (link->qp != NULL) {
        link->rdma->rdma_disconnect_(link->id);
        link->rdma->rdma_destroy_qp_(link->id);
        link->qp = NULL;
    }
}

void oc_verbs_hang_up(oc_verbs_link *link) {
    const oc_rdma *rdma = link->rdma;
    oc_verbs_cut(link);
    if (link->sends != NULL)
        rdma->ibv_destroy_cq_(link->sends);
    if (link->arrivals != NULL)
        rdma->ibv_destroy_cq_(link->arrivals);
    if (link->wakes != NULL)
        rdma->ibv_destroy_comp_channel_(link->wakes);
    if (link->pd != NULL)
        rdma->ibv_dealloc_pd_(link->pd);
    if (link->id != NULL)
        rdma->rdma_destroy_id_(link->id);
    if (link->events != NULL)
        rdma->rdma_destroy_event_channel_(link->events);
    *link = (oc_verbs_link){.rdma = rdma};
}

/* With as much inline as the device has, up to what a small call needs. */
static int make_queue_pair(oc_verbs_link *link, int receives) {
    for (uint32_t bytes = MOST_INLINE_BYTES;; bytes /= 4) {
        struct ibv_qp_init_attr wanted = {
            .send_cq = link->sends,
            .recv_cq = link->arrivals,
            .cap = {.max_send_wr = link->send_depth, .max_recv_wr = (uint32_t)receives, .max_send_sge = 1,
                .max_recv_sge = 1, .max_inline_data = bytes},
            .qp_type = IBV_QPT_RC,
        };
        if (link->rdma->rdma_create_qp_(link->id, link->pd, &wanted) == 0) {
            link->qp = link->id->qp;
            link->inline_bytes = wanted.cap.max_inline_data;
            return 0;
        }
        if (bytes == 0)
            return -1;
    }
}

/* All of it, with the receives posted. */
static int make_queues(struct dial *dial, oc_verbs_link *link) {
    const oc_rdma *rdma = link->rdma;
    struct ibv_context *device = link->id->verbs;
    int receives = dial->channel->slots + RECEIVES_MORE;
    link->send_depth = (uint32_t)(2 * OC_VERBS_SENDS_PER_SIGNAL + 2 * dial->channel->slots);
    link->pd = rdma->ibv_alloc_pd_(device);
    link->wakes = rdma->ibv_create_comp_channel_(device);
    if (link->pd == NULL || link->wakes == NULL)
        return fails(dial, "the device gives no protection domain");
    link->arrivals = rdma->ibv_create_cq_(device, receives, NULL, link->wakes, 0);
    link->sends = rdma->ibv_create_cq_(device, (int)link->send_depth, NULL, NULL, 0);
    if (link->arrivals == NULL || link->sends == NULL || make_queue_pair(link, receives) != 0)
        return fails(dial, "the device gives no queue pair");
    for (int i = 0; i < receives; i++) {
        struct ibv_recv_wr receive = {0}, *bad;
        if (ibv_post_recv(link->qp, &receive, &bad) != 0)
            return fails(dial, "the device takes no receives");
    }
    return 0;
}

/* --- the connection manager's events */

/* Waits for this event, or a refusal; the caller acknowledges it. NULL, and why, on any other. */
static struct rdma_cm_event *await_event(struct dial *dial, oc_verbs_link *link, enum rdma_cm_event_type type) {
    struct rdma_cm_event *event = NULL;
    while (link->rdma->rdma_get_cm_event_(link->events, &event) != 0) {
        int got = errno == EAGAIN || errno == EINTR
            ? oc_net_wait(link->events->fd, POLLIN, dial->deadline_ns, dial->stop_fd)
            : OC_NET_STOPPED;
        if (got != OC_NET_READY) {
            fails(dial, got == OC_NET_LATE ? "no answer in time" : "given up");
            return NULL;
        }
    }
    if (event->event == type || event->event == RDMA_CM_EVENT_REJECTED)
        return event;
    fails(dial, event->event == RDMA_CM_EVENT_ADDR_ERROR ? "no device leads there" : "the network leads to nobody");
    link->rdma->rdma_ack_cm_event_(event);
    return NULL;
}

static int await_step(struct dial *dial, oc_verbs_link *link, enum rdma_cm_event_type type) {
    struct rdma_cm_event *event = await_event(dial, link, type);
    bool is = event != NULL && event->event == type;
    if (event != NULL)
        link->rdma->rdma_ack_cm_event_(event);
    return is ? 0 : event == NULL ? -1 : fails(dial, "nobody listens there");
}

static int resolve(struct dial *dial, oc_verbs_link *link) {
    struct addrinfo hints = {.ai_flags = AI_NUMERICSERV, .ai_socktype = SOCK_STREAM}, *address;
    int failed;
    if (getaddrinfo(dial->channel->host, dial->port, &hints, &address) != 0)
        return fails(dial, "its name is unknown");
    failed = link->rdma->rdma_resolve_addr_(link->id, NULL, address->ai_addr, left_ms(dial));
    freeaddrinfo(address);
    if (failed)
        return fails(dial, "no device leads there");
    if (await_step(dial, link, RDMA_CM_EVENT_ADDR_RESOLVED) != 0)
        return -1;
    if (link->rdma->rdma_resolve_route_(link->id, left_ms(dial)) != 0)
        return fails(dial, "the network leads to nobody");
    return await_step(dial, link, RDMA_CM_EVENT_ROUTE_RESOLVED);
}

/* --- the greeting */

static int digit(char c) {
    return c >= '0' && c <= '9' ? c - '0' : c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

static oc_verbs_hello hello_of(const oc_descriptor *channel) {
    oc_verbs_hello hello = {
        .magic = OC_VERBS_HELLO_MAGIC, .version = OC_VERSION, .worker = (int16_t)channel->worker};
    for (int i = 0; i < OC_SECRET_BYTES / 2; i++) {
        int high = digit(channel->secret[2 * i]), low = high < 0 ? -1 : digit(channel->secret[2 * i + 1]);
        if (low < 0)
            break; /* the worker says that it is wrong */
        hello.secret[i] = (unsigned char)(high << 4 | low);
    }
    return hello;
}

static int read_reply(struct dial *dial, const struct rdma_cm_event *event, oc_verbs_reply *reply) {
    bool connected = event->event == RDMA_CM_EVENT_ESTABLISHED;
    if (event->param.conn.private_data == NULL || event->param.conn.private_data_len < sizeof *reply)
        return fails(dial, connected ? "what answers there is not a worker" : "nobody listens there");
    memcpy(reply, event->param.conn.private_data, sizeof *reply);
    if (reply->magic != OC_VERBS_REPLY_MAGIC)
        return fails(dial, connected ? "what answers there is not a worker" : "nobody listens there");
    return connected == (reply->status == 0) ? 0 : fails(dial, "what answers there contradicts itself");
}

static int greet(struct dial *dial, oc_verbs_link *link, oc_verbs_reply *reply) {
    oc_verbs_hello hello = hello_of(dial->channel);
    struct rdma_conn_param parameters = {
        .private_data = &hello,
        .private_data_len = sizeof hello,
        .retry_count = RETRIES,
        .rnr_retry_count = RNR_RETRIES,
    };
    struct rdma_cm_event *event;
    int result;
    if (link->rdma->rdma_connect_(link->id, &parameters) != 0)
        return fails(dial, "the network leads to nobody");
    event = await_event(dial, link, RDMA_CM_EVENT_ESTABLISHED);
    if (event == NULL)
        return -1;
    result = read_reply(dial, event, reply);
    link->rdma->rdma_ack_cm_event_(event);
    return result;
}

static int connect_once(struct dial *dial, oc_verbs_link *link, oc_verbs_reply *reply) {
    const oc_rdma *rdma = link->rdma;
    link->events = rdma->rdma_create_event_channel_();
    if (link->events == NULL || fcntl(link->events->fd, F_SETFL, O_NONBLOCK) != 0
        || rdma->rdma_create_id_(link->events, &link->id, NULL, RDMA_PS_TCP) != 0)
        return fails(dial, "this user may not use RDMA (/dev/infiniband/rdma_cm)");
    if (resolve(dial, link) != 0 || make_queues(dial, link) != 0)
        return -1;
    return greet(dial, link, reply);
}

static int check_shape(struct dial *dial, const oc_verbs_reply *reply) {
    const oc_descriptor *channel = dial->channel;
    return oc_shape_valid(reply->slots, reply->payload_bytes) && reply->slots <= channel->slots
            && reply->payload_bytes <= channel->payload_bytes
        ? 0
        : fails(dial, "it offers an impossible shape");
}

static int refused(const struct dial *dial, int status, int version, offcut_error *error) {
    return oc_channel_refused(dial->channel->host, dial->port, dial->channel->worker, status, version, error);
}

int oc_verbs_dial(oc_verbs_link *link, const oc_descriptor *channel, oc_verbs_reply *reply,
    int64_t deadline_ns, int stop_fd, offcut_error *error) {
    struct dial dial = {.channel = channel, .deadline_ns = deadline_ns, .stop_fd = stop_fd};
    bool busy = false;
    snprintf(dial.port, sizeof dial.port, "%d", channel->port & 0xFFFF);
    link->rdma = oc_rdma_load();
    if (link->rdma == NULL)
        return oc_fail(error, OFFCUT_ERR_NOT_FOUND, "transport verbs: %s", oc_rdma_problem());
    for (;;) {
        int heard = connect_once(&dial, link, reply);
        if (heard == 0 && reply->status == 0 && check_shape(&dial, reply) == 0)
            return 0;
        if (heard != 0 || reply->status == 0)
            /* Or the time was over while it asked a busy one once more. */
            return busy ? refused(&dial, OFFCUT_STATUS_BUSY, OC_VERSION, error)
                        : oc_fail(error, OFFCUT_ERR_UNREACHABLE, "cannot reach worker %d at %s:%s by RDMA: %s",
                              channel->worker, channel->host, dial.port, dial.why);
        busy = reply->status == OFFCUT_STATUS_BUSY;
        if (!busy || oc_now_ns() + RETRY_MS * OC_MS >= deadline_ns
            || oc_net_wait(-1, 0, oc_after_ns(RETRY_MS * OC_MS), stop_fd) == OC_NET_STOPPED)
            return refused(&dial, reply->status, reply->version, error);
        oc_verbs_hang_up(link); /* its last client may just have gone */
    }
}

#endif
