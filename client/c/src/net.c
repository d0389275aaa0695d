/* Sockets in bounded time. */
#include "net.h"

#include <errno.h>
#include <netdb.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "clock.h"

static int wait_ms(int64_t deadline_ns) {
    int64_t left;
    if (deadline_ns == INT64_MAX)
        return -1;
    left = (deadline_ns - oc_now_ns() + OC_MS - 1) / OC_MS;
    if (left <= 0)
        return 0;
    return left > 1000000 ? 1000000 : (int)left;
}

int oc_net_wait(int fd, short events, int64_t deadline_ns, int stop_fd) {
    for (;;) {
        struct pollfd fds[2] = {{.fd = fd, .events = events}, {.fd = stop_fd, .events = POLLIN}};
        int ready = poll(fds, stop_fd < 0 ? 1 : 2, wait_ms(deadline_ns));
        if (ready < 0 && errno != EINTR)
            return OC_NET_STOPPED;
        if (ready > 0 && stop_fd >= 0 && fds[1].revents != 0)
            return OC_NET_STOPPED;
        if (ready > 0)
            return OC_NET_READY;
        if (deadline_ns != INT64_MAX && oc_now_ns() >= deadline_ns)
            return OC_NET_LATE;
    }
}

/* Waits; why not in a few words, NULL when ready. */
static const char *unready(int fd, short events, int64_t deadline_ns, int stop_fd) {
    switch (oc_net_wait(fd, events, deadline_ns, stop_fd)) {
    case OC_NET_READY: return NULL;
    case OC_NET_LATE: return "no answer in time";
    default: return "interrupted";
    }
}

static int connect_one(const struct addrinfo *address, int64_t deadline_ns, int stop_fd,
    const char **why) {
    int error = 0;
    socklen_t size = sizeof error;
    int fd = socket(address->ai_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (fd < 0) {
        *why = "no socket";
        return -1;
    }
    if (connect(fd, address->ai_addr, address->ai_addrlen) == 0)
        return fd;
    *why = errno == EINPROGRESS || errno == EINTR ? unready(fd, POLLOUT, deadline_ns, stop_fd)
                                                  : "connection refused";
    if (*why == NULL && getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &size) == 0 && error == 0)
        return fd;
    if (*why == NULL)
        *why = error == ECONNREFUSED ? "connection refused" : "no connection";
    close(fd);
    return -1;
}

int oc_net_connect(const char *host, const char *port, int64_t deadline_ns, int stop_fd,
    const char **why) {
    struct addrinfo hints = {.ai_family = AF_UNSPEC, .ai_socktype = SOCK_STREAM};
    struct addrinfo *found = NULL;
    int fd = -1;
    *why = "unknown host";
    if (getaddrinfo(host, port, &hints, &found) != 0)
        return -1;
    for (struct addrinfo *address = found; address != NULL && fd < 0; address = address->ai_next)
        fd = connect_one(address, deadline_ns, stop_fd, why);
    freeaddrinfo(found);
    return fd;
}

int oc_net_send(int fd, const void *bytes, size_t length, int64_t deadline_ns, int stop_fd,
    const char **why) {
    const char *at = bytes;
    while (length > 0) {
        ssize_t sent = send(fd, at, length, MSG_NOSIGNAL);
        if (sent >= 0) {
            at += sent;
            length -= (size_t)sent;
        } else if (errno == EAGAIN) {
            *why = unready(fd, POLLOUT, deadline_ns, stop_fd);
            if (*why != NULL)
                return -1;
        } else if (errno != EINTR) {
            *why = "connection lost";
            return -1;
        }
    }
    return 0;
}

long oc_net_receive(int fd, void *bytes, size_t length, int64_t deadline_ns, int stop_fd,
    const char **why) {
    for (;;) {
        ssize_t received = recv(fd, bytes, length, 0);
        if (received >= 0)
            return received;
        if (errno == EAGAIN) {
            *why = unready(fd, POLLIN, deadline_ns, stop_fd);
            if (*why != NULL)
                return -1;
        } else if (errno != EINTR) {
            *why = "connection lost";
            return -1;
        }
    }
}
