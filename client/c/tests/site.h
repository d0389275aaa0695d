/*
 * A scheduler and a node in threads of the test: one request, one lease at a time with one worker
 * in shared memory that echoes. The lease can be revoked; then another is granted.
 */
#ifndef OC_SITE_H
#define OC_SITE_H

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include "buffer.h"
#include "region.h"

enum { SITE_LEASES = 8 };

struct site {
    int listener, port;
    pthread_t thread;
    pthread_mutex_t mutex;
    int version, leases, connections;
    bool stopped, released;
    bool tells; /* the channels of the present lease, when it answers a request for workers */
    struct region regions[SITE_LEASES]; /* one for each lease; all but the last are over */
    void (*spoil)(struct region *, oc_response *);
    atomic_int opened, renewals;
};

struct site_connection {
    struct site *site;
    int fd;
};

/* With the mutex. */
static inline void site_grant(struct site *site) {
    struct region *region = &site->regions[site->leases++];
    region_make(region, 4, 1000);
    region->spoil = site->spoil;
    region_start(region, true);
    site->version++;
}

static inline void site_revoke(struct site *site) {
    struct region *region;
    pthread_mutex_lock(&site->mutex);
    region = &site->regions[site->leases - 1];
    __atomic_store_n(region_word(region, OC_SHM_AT_STATE), OFFCUT_STATUS_REVOKED, __ATOMIC_SEQ_CST);
    region_wake_client(region);
    site_grant(site);
    pthread_mutex_unlock(&site->mutex);
}

#define SITE_BUNDLE \
    "{\"bundle\":\"aaaaaaaaaa\",\"owner\":\"me\",\"manifest\":{\"name\":\"b\",\"functions\":[" \
    "{\"name\":\"again\",\"idempotent\":true},{\"name\":\"once\",\"idempotent\":false}]},\"pushedAtEpochMillis\":1}"

static inline void site_channel(const struct region *region, oc_buffer *out) {
    oc_buffer_format(out, "{\"worker\":0,\"transport\":\"shm\",\"path\":\"%s\"}", region->path);
}

/* With the mutex. */
static inline void site_view(const struct site *site, oc_buffer *out) {
    oc_buffer_format(out, "{\"requestId\":\"r1\",\"version\":%d,\"workers\":1,\"pendingWorkers\":0,\"endReason\":null,\"function\":" SITE_BUNDLE ",\"leases\":[", site->version);
    for (int i = 0; i < site->leases; i++) {
        oc_buffer_format(out, "%s{\"leaseId\":\"l%d\",\"requestId\":\"r1\",\"nodeName\":\"n1\",\"nodeUrl\":\"http://127.0.0.1:%d\",\"cores\":\"0\","
                              "\"state\":\"%s\",\"endReason\":%s,\"token\":\"t.s\",\"channels\":[",
            i == 0 ? "" : ",", i, site->port, i + 1 < site->leases ? "ENDED" : "ACTIVE", i + 1 < site->leases ? "\"RECLAIMED\"" : "null");
        if (site->tells && i + 1 == site->leases)
            site_channel(&site->regions[i], out);
        oc_buffer_text(out, "]}");
    }
    oc_buffer_text(out, "]}");
}

/* Waits while the request has this version. */
static inline void site_await(struct site *site, int version, int wait_ms) {
    for (bool same = true; same && wait_ms > 0; wait_ms -= 5) {
        usleep(5000);
        pthread_mutex_lock(&site->mutex);
        same = site->version == version && !site->stopped;
        pthread_mutex_unlock(&site->mutex);
    }
}

static inline void site_answer(struct site *site, const char *request, oc_buffer *out) {
    int version, wait_ms, lease;
    if (sscanf(request, "GET /v1/leases/r1?version=%d&waitMillis=%d", &version, &wait_ms) == 2)
        site_await(site, version, wait_ms);
    pthread_mutex_lock(&site->mutex);
    if (sscanf(request, "POST /v1/leases/l%d/open", &lease) == 1) {
        atomic_fetch_add(&site->opened, 1);
        oc_buffer_text(out, "{\"channels\":[");
        site_channel(&site->regions[lease], out);
        oc_buffer_text(out, "]}");
    } else {
        site->released |= strncmp(request, "DELETE /v1/leases/r1 ", 21) == 0;
        if (strncmp(request, "POST /v1/leases/r1/renew", 24) == 0)
            atomic_fetch_add(&site->renewals, 1);
        site_view(site, out);
    }
    pthread_mutex_unlock(&site->mutex);
}

static inline void *site_serve(void *argument) {
    struct site_connection *connection = argument;
    struct site *site = connection->site;
    char request[4096];
    ssize_t length = recv(connection->fd, request, sizeof request - 1, 0);
    oc_buffer body = {0}, head = {0};
    request[length < 0 ? 0 : length] = '\0';
    site_answer(site, request, &body);
    oc_buffer_format(&head, "HTTP/1.1 200 OK\r\nContent-Length: %zu\r\n\r\n", body.length);
    if (send(connection->fd, head.data, head.length, MSG_NOSIGNAL) > 0)
        length = send(connection->fd, body.data, body.length, MSG_NOSIGNAL);
    oc_buffer_free(&head);
    oc_buffer_free(&body);
    close(connection->fd);
    free(connection);
    pthread_mutex_lock(&site->mutex);
    site->connections--;
    pthread_mutex_unlock(&site->mutex);
    return NULL;
}

static inline void *site_listen(void *argument) {
    struct site *site = argument;
    for (int fd = accept(site->listener, NULL, NULL); fd >= 0; fd = accept(site->listener, NULL, NULL)) {
        struct site_connection *connection = malloc(sizeof *connection);
        pthread_t thread;
        if (connection == NULL)
            exit(99);
        *connection = (struct site_connection){site, fd};
        pthread_mutex_lock(&site->mutex);
        site->connections++;
        pthread_mutex_unlock(&site->mutex);
        if (pthread_create(&thread, NULL, site_serve, connection) != 0)
            exit(99);
        pthread_detach(thread);
    }
    return NULL;
}

static inline void site_start(struct site *site, void (*spoil)(struct region *, oc_response *)) {
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t size = sizeof address;
    memset(site, 0, sizeof *site);
    pthread_mutex_init(&site->mutex, NULL);
    site->spoil = spoil;
    site->listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (bind(site->listener, (struct sockaddr *)&address, size) != 0 || listen(site->listener, 16) != 0
        || getsockname(site->listener, (struct sockaddr *)&address, &size) != 0)
        exit(99);
    site->port = ntohs(address.sin_port);
    site_grant(site);
    if (pthread_create(&site->thread, NULL, site_listen, site) != 0)
        exit(99);
}

static inline void site_stop(struct site *site) {
    bool busy = true;
    pthread_mutex_lock(&site->mutex);
    site->stopped = true;
    pthread_mutex_unlock(&site->mutex);
    shutdown(site->listener, SHUT_RDWR);
    pthread_join(site->thread, NULL);
    close(site->listener);
    while (busy) {
        usleep(1000);
        pthread_mutex_lock(&site->mutex);
        busy = site->connections > 0;
        pthread_mutex_unlock(&site->mutex);
    }
    for (int i = 0; i < site->leases; i++)
        region_free(&site->regions[i]);
}

#endif
