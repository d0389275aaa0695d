/* The client's end of a TCP connection to a worker. The protocol is told in tcp.h. */
#include "tcp.h"

#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stdio.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <unistd.h>

#include "channel.h"
#include "clock.h"
#include "error.h"
#include "net.h"

enum { RETRY_MS = 20, SLICE_MS = 100 };

static void ring_add(oc_ring *ring, int slot) {
    ring->slot[(ring->first + ring->count++) % OC_MAX_SLOTS] = slot;
}

static int ring_remove(oc_ring *ring) {
    int slot = ring->slot[ring->first];
    ring->first = (ring->first + 1) % OC_MAX_SLOTS;
    ring->count--;
    return slot;
}

/* --- greeting */

struct dial {
    const char *host;
    char port[8];
    int number;
    int64_t deadline_ns;
    int stop_fd;
};

static int unreachable(const struct dial *dial, const char *why, offcut_error *error) {
    return oc_fail(error, OFFCUT_ERR_UNREACHABLE, "cannot reach worker %d at %s:%s: %s", dial->number,
        dial->host, dial->port, why);
}

/* Sends the hello and receives the reply, all of it. */
static int greet(int fd, const struct dial *dial, const oc_hello *hello, oc_reply *reply,
    offcut_error *error) {
    const char *why = NULL;
    size_t received = 0;
    if (oc_net_send(fd, hello, sizeof *hello, dial->deadline_ns, dial->stop_fd, &why) != 0)
        return unreachable(dial, why, error);
    while (received < sizeof *reply) {
        long length = oc_net_receive(fd, (char *)reply + received, sizeof *reply - received,
            dial->deadline_ns, dial->stop_fd, &why);
        if (length <= 0)
            return unreachable(dial, length == 0 ? "it hung up without a word" : why, error);
        received += (size_t)length;
    }
    if (reply->magic != OC_REPLY_MAGIC)
        return unreachable(dial, "what answers there is not a worker", error);
    return 0;
}

/* Returns 0 and the socket, or a code. A busy worker's last client may just have gone. */
static int connect_worker(const struct dial *dial, const oc_hello *hello, oc_reply *reply, int *fd,
    offcut_error *error) {
    for (;;) {
        const char *why = NULL;
        int code;
        *fd = oc_net_connect(dial->host, dial->port, dial->deadline_ns, dial->stop_fd, &why);
        if (*fd < 0)
            return unreachable(dial, why, error);
        code = greet(*fd, dial, hello, reply, error);
        if (code == 0 && reply->status == 0)
            return 0;
        close(*fd);
        *fd = -1;
        if (code != 0)
            return code;
        if (reply->status != OFFCUT_STATUS_BUSY || oc_now_ns() + RETRY_MS * OC_MS >= dial->deadline_ns
            || oc_net_wait(-1, 0, oc_after_ns(RETRY_MS * OC_MS), dial->stop_fd) == OC_NET_STOPPED)
            return oc_channel_refused(dial->host, dial->port, dial->number, reply->status, reply->version, error);
    }
}

/* A peer whose machine is gone is noticed within some 11 s. */
static void set_options(int fd) {
    int on = 1, idle_s = 5, interval_s = 2, count = 3;
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    setsockopt(fd, SOL_SOCKET, SO_KEEPALIVE, &on, sizeof on);
    setsockopt(fd, IPPROTO_TCP, TCP_KEEPIDLE, &idle_s, sizeof idle_s);
    setsockopt(fd, IPPROTO_TCP, TCP_KEEPINTVL, &interval_s, sizeof interval_s);
    setsockopt(fd, IPPROTO_TCP, TCP_KEEPCNT, &count, sizeof count);
}

static int make_memory(offcut_worker *worker, const oc_reply *reply, const struct dial *dial,
    offcut_error *error) {
    oc_tcp *tcp = &worker->tcp;
    void *memory;
    if (!oc_shape_valid(reply->slots, reply->payload_bytes))
        return unreachable(dial, "it offers an impossible shape", error);
    tcp->area_bytes = ((size_t)reply->payload_bytes + 4095) & ~(size_t)4095;
    tcp->memory_bytes = (size_t)reply->slots * 2 * tcp->area_bytes;
    memory = mmap(NULL, tcp->memory_bytes, PROT_READ | PROT_WRITE,
        MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (memory == MAP_FAILED)
        return oc_fail(error, OFFCUT_ERR_EXHAUSTED, "no memory for %d slots of %d bytes; lease with smaller payloads",
            reply->slots, reply->payload_bytes);
    tcp->memory = memory;
    worker->payload_bytes = (uint32_t)reply->payload_bytes;
    oc_slots_init(&worker->slots, reply->slots);
    return 0;
}

static unsigned char *input(const oc_tcp *tcp, int slot) {
    return tcp->memory + (size_t)slot * 2 * tcp->area_bytes;
}

static unsigned char *result(const oc_tcp *tcp, int slot) {
    return input(tcp, slot) + tcp->area_bytes;
}

static void hang_up(offcut_worker *worker) {
    oc_tcp *tcp = &worker->tcp;
    if (tcp->fd >= 0)
        close(tcp->fd);
    if (tcp->memory != NULL)
        munmap(tcp->memory, tcp->memory_bytes);
    tcp->fd = -1;
    tcp->memory = NULL;
}

int oc_tcp_open(offcut_worker *worker, const char *host, int port, int number, const char *secret,
    int64_t timeout_ns, int stop_fd, offcut_error *error) {
    struct dial dial = {
        .host = host, .number = number, .deadline_ns = oc_after_ns(timeout_ns), .stop_fd = stop_fd};
    oc_hello hello = {.magic = OC_HELLO_MAGIC, .version = OC_VERSION, .worker = number};
    oc_reply reply;
    int code;
    worker->tcp.fd = worker->tcp.arriving = -1;
    snprintf(dial.port, sizeof dial.port, "%d", port & 0xFFFF);
    memcpy(hello.secret, secret, strnlen(secret, sizeof hello.secret));
    code = connect_worker(&dial, &hello, &reply, &worker->tcp.fd, error);
    if (code == 0)
        code = make_memory(worker, &reply, &dial, error);
    if (code != 0) {
        hang_up(worker);
        return code;
    }
    set_options(worker->tcp.fd);
    return 0;
}

/* --- sending */

static void lost(offcut_worker *worker, int status) {
    oc_channel_end(worker, status);
    if (worker->tcp.fd >= 0)
        close(worker->tcp.fd);
    worker->tcp.fd = -1;
}

static void flush(offcut_worker *worker) {
    oc_tcp *tcp = &worker->tcp;
    while (tcp->outgoing.count > 0 && worker->ended == 0) {
        int slot = tcp->outgoing.slot[tcp->outgoing.first];
        oc_request *header = &tcp->headers[slot];
        size_t total = sizeof *header + (size_t)header->payload_bytes;
        size_t header_left = tcp->sent_bytes < sizeof *header ? sizeof *header - tcp->sent_bytes : 0;
        size_t payload_at = header_left > 0 ? 0 : tcp->sent_bytes - sizeof *header;
        struct iovec parts[2] = {
            {(char *)header + sizeof *header - header_left, header_left},
            {input(tcp, slot) + payload_at, (size_t)header->payload_bytes - payload_at}};
        struct msghdr message = {.msg_iov = parts, .msg_iovlen = 2};
        ssize_t sent = sendmsg(tcp->fd, &message, MSG_NOSIGNAL);
        if (sent < 0) {
            if (errno == EINTR)
                continue;
            if (errno != EAGAIN)
                lost(worker, OFFCUT_STATUS_DISCONNECTED);
            return;
        }
        tcp->sent_bytes += (size_t)sent;
        if (tcp->sent_bytes < total)
            return;
        tcp->sent_bytes = 0;
        ring_remove(&tcp->outgoing);
    }
}

static int post(offcut_worker *worker, int slot, uint64_t invocation_id, int function,
    uint32_t bytes, int64_t deadline_ns) {
    worker->tcp.headers[slot] = (oc_request){
        .magic = OC_REQUEST_MAGIC,
        .version = OC_VERSION,
        .invocation_id = invocation_id,
        .function = function,
        .payload_bytes = (int32_t)bytes,
        .result_capacity = (int32_t)worker->payload_bytes,
        .deadline_ns = deadline_ns,
        .slot = slot,
    };
    oc_slots_post(&worker->slots, slot, invocation_id);
    ring_add(&worker->tcp.outgoing, slot);
    flush(worker);
    return 0;
}

/* --- receiving */

static void arrived(offcut_worker *worker) {
    oc_tcp *tcp = &worker->tcp;
    oc_channel_complete(worker, tcp->arriving, tcp->arriving_status, tcp->arriving_bytes, tcp->arriving_ns);
    ring_add(&tcp->completed, tcp->arriving);
    tcp->arriving = -1;
}

/* A slot whose frame has not left yet cannot have an answer. */
static bool sent(const oc_tcp *tcp, int slot) {
    for (int i = 0; i < tcp->outgoing.count; i++)
        if (tcp->outgoing.slot[(tcp->outgoing.first + i) % OC_MAX_SLOTS] == slot)
            return false;
    return true;
}

/* A header has arrived: begins its payload, or ends the worker. */
static void begin(offcut_worker *worker, const oc_response *header) {
    oc_tcp *tcp = &worker->tcp;
    int check = oc_response_check(header, worker->payload_bytes);
    if (check == 0 && header->slot == OC_WHOLE_CONNECTION && header->status < 0) {
        lost(worker, oc_status_of(header->status));
        return;
    }
    if (check == 0
        && ((worker->slots.posted & oc_slot_bit(&worker->slots, header->slot)) == 0
            || header->invocation_id != worker->slots.slot[header->slot].invocation_id
            || !sent(tcp, header->slot)))
        check = OFFCUT_STATUS_MALFORMED;
    if (check != 0) {
        lost(worker, check);
        return;
    }
    tcp->arriving = header->slot;
    tcp->arriving_status = oc_status_of(header->status);
    tcp->arriving_bytes = (uint32_t)header->payload_bytes;
    tcp->arrived_bytes = 0;
    tcp->arriving_ns = header->execution_ns;
    if (tcp->arriving_bytes == 0)
        arrived(worker);
}

static void *arriving_at(const oc_tcp *tcp) {
    return result(tcp, tcp->arriving) + tcp->arrived_bytes;
}

/* Takes whole headers and what there is of payloads out of the staged bytes. */
static void parse(offcut_worker *worker) {
    oc_tcp *tcp = &worker->tcp;
    size_t at = 0;
    while (worker->ended == 0) {
        size_t left = tcp->staged - at;
        if (tcp->arriving >= 0) {
            size_t missing = tcp->arriving_bytes - tcp->arrived_bytes;
            size_t bytes = left < missing ? left : missing;
            memcpy(arriving_at(tcp), tcp->staging + at, bytes);
            tcp->arrived_bytes += (uint32_t)bytes;
            at += bytes;
            if (bytes < missing)
                break;
            arrived(worker);
        } else if (left >= sizeof(oc_response)) {
            oc_response header;
            memcpy(&header, tcp->staging + at, sizeof header);
            at += sizeof header;
            begin(worker, &header);
        } else {
            break;
        }
    }
    memmove(tcp->staging, tcp->staging + at, tcp->staged - at);
    tcp->staged -= at;
}

/* Takes what has arrived, with one read. */
static void receive(offcut_worker *worker) {
    oc_tcp *tcp = &worker->tcp;
    bool direct = tcp->arriving >= 0 && tcp->staged == 0;
    ssize_t length = direct
        ? recv(tcp->fd, arriving_at(tcp), tcp->arriving_bytes - tcp->arrived_bytes, 0)
        : recv(tcp->fd, tcp->staging + tcp->staged, sizeof tcp->staging - tcp->staged, 0);
    if (length == 0 || (length < 0 && errno != EAGAIN && errno != EINTR)) {
        lost(worker, OFFCUT_STATUS_DISCONNECTED);
    } else if (length > 0 && direct) {
        tcp->arrived_bytes += (uint32_t)length;
        if (tcp->arrived_bytes == tcp->arriving_bytes)
            arrived(worker);
    } else if (length > 0) {
        tcp->staged += (size_t)length;
        parse(worker);
    }
}

static void exchange(offcut_worker *worker) {
    int forced = atomic_load_explicit(&worker->forced, memory_order_relaxed);
    if (worker->ended == 0)
        flush(worker);
    if (worker->ended == 0)
        receive(worker);
    if (forced != 0 && worker->ended == 0)
        lost(worker, forced);
}

static int poll_worker(offcut_worker *worker) {
    oc_tcp *tcp = &worker->tcp;
    if (tcp->completed.count == 0) {
        if (worker->slots.posted == 0)
            return OFFCUT_NONE;
        exchange(worker);
    }
    if (tcp->completed.count > 0)
        return ring_remove(&tcp->completed);
    return worker->ended == 0 ? OFFCUT_NONE : oc_slots_fail_one(&worker->slots, worker->ended);
}

static void sleep_worker(offcut_worker *worker, int64_t timeout_ns) {
    oc_tcp *tcp = &worker->tcp;
    int64_t slice_ns = timeout_ns < SLICE_MS * OC_MS ? timeout_ns : SLICE_MS * OC_MS;
    if (worker->ended == 0)
        oc_net_wait(tcp->fd, tcp->outgoing.count > 0 ? POLLIN | POLLOUT : POLLIN,
            oc_after_ns(slice_ns), -1);
}

static void *input_of(const offcut_worker *worker, int slot) {
    return input(&worker->tcp, slot);
}

static const void *result_of(const offcut_worker *worker, int slot) {
    return result(&worker->tcp, slot);
}

const oc_remote oc_tcp_remote = {
    .input = input_of,
    .result = result_of,
    .post = post,
    .poll = poll_worker,
    .sleep = sleep_worker,
    .check = exchange,
    .close = hang_up,
};
