/* A TCP worker for tests: greets, and then does what its script says, in a thread. */
#ifndef OC_PEER_H
#define OC_PEER_H

#include <arpa/inet.h>
#include <netinet/in.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "channel.h"

struct peer {
    int listener, port, fd;
    int slots;
    int32_t payload_bytes;
    int32_t refusal; /* status of the reply */
    int busy;        /* how often to say BUSY first */
    void (*script)(struct peer *);
    void *argument;
    pthread_t thread;
};

static inline bool peer_read(struct peer *peer, void *to, size_t length) {
    return length == 0 || recv(peer->fd, to, length, MSG_WAITALL) == (ssize_t)length;
}

static inline bool peer_write(struct peer *peer, const void *from, size_t length) {
    return length == 0 || send(peer->fd, from, length, MSG_NOSIGNAL) == (ssize_t)length;
}

static inline bool peer_answer(struct peer *peer, const oc_request *request, int32_t status, const void *payload, int32_t bytes) {
    oc_response response = {.magic = OC_RESPONSE_MAGIC, .version = OC_VERSION, .invocation_id = request->invocation_id,
        .status = status, .payload_bytes = bytes, .execution_ns = 7, .slot = request->slot};
    return peer_write(peer, &response, sizeof response) && peer_write(peer, payload, (size_t)bytes);
}

static inline void peer_echo(struct peer *peer) {
    char *payload = malloc((size_t)peer->payload_bytes);
    oc_request request;
    while (payload != NULL && peer_read(peer, &request, sizeof request) && peer_read(peer, payload, (size_t)request.payload_bytes)
           && peer_answer(peer, &request, 0, payload, request.payload_bytes))
        ;
    free(payload);
}

static inline void *peer_run(void *argument) {
    struct peer *peer = argument;
    for (bool serving = true; serving;) {
        oc_hello hello;
        oc_reply reply = {.magic = OC_REPLY_MAGIC, .version = OC_VERSION, .status = peer->refusal, .slots = peer->slots,
            .payload_bytes = peer->payload_bytes};
        peer->fd = accept(peer->listener, NULL, NULL);
        if (!peer_read(peer, &hello, sizeof hello) || hello.magic != OC_HELLO_MAGIC || hello.worker != 3
            || memcmp(hello.secret, "0123456789abcdef0123456789abcdef", OC_SECRET_BYTES) != 0)
            reply.status = OC_HELLO_UNAUTHORIZED;
        else if (peer->busy-- > 0)
            reply.status = OFFCUT_STATUS_BUSY;
        serving = reply.status == OFFCUT_STATUS_BUSY && peer->refusal == 0;
        if (peer_write(peer, &reply, sizeof reply) && reply.status == 0 && peer->script != NULL)
            peer->script(peer);
        close(peer->fd);
    }
    return NULL;
}

static inline void peer_start(struct peer *peer) {
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t size = sizeof address;
    peer->listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (bind(peer->listener, (struct sockaddr *)&address, size) != 0 || listen(peer->listener, 8) != 0
        || getsockname(peer->listener, (struct sockaddr *)&address, &size) != 0)
        exit(99);
    peer->port = ntohs(address.sin_port);
    if (pthread_create(&peer->thread, NULL, peer_run, peer) != 0)
        exit(99);
}

static inline void peer_stop(struct peer *peer) {
    shutdown(peer->listener, SHUT_RDWR);
    pthread_join(peer->thread, NULL);
    close(peer->listener);
}

static inline offcut_worker *peer_open(struct peer *peer, offcut_error *error) {
    oc_descriptor channel = {.transport = OC_TCP, .worker = 3, .host = "127.0.0.1", .port = peer->port,
        .secret = "0123456789abcdef0123456789abcdef"};
    return oc_channel_open(&channel, 2000000000, -1, error);
}

#endif
