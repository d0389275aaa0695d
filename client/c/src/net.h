/* Sockets in bounded time, ended early by whoever writes to an eventfd. */
#ifndef OC_NET_H
#define OC_NET_H

#include <stddef.h>
#include <stdint.h>

enum oc_net_result { OC_NET_READY = 1, OC_NET_LATE = 0, OC_NET_STOPPED = -1 };

/*
 * Waits until poll(2) events are there, the deadline has come (never: INT64_MAX), or stop_fd can
 * be read (−1: there is none).
 */
int oc_net_wait(int fd, short events, int64_t deadline_ns, int stop_fd);

/*
 * Connects without blocking longer than the deadline; name resolution has limits of its own.
 * Returns the non-blocking socket, or −1 and why in a few words.
 */
int oc_net_connect(const char *host, const char *port, int64_t deadline_ns, int stop_fd,
    const char **why);

/* Sends everything. Returns 0, or −1 and why. */
int oc_net_send(int fd, const void *bytes, size_t length, int64_t deadline_ns, int stop_fd,
    const char **why);

/* Receives what there is, waiting for it. Returns its length, 0 at the end, −1 and why. */
long oc_net_receive(int fd, void *bytes, size_t length, int64_t deadline_ns, int stop_fd,
    const char **why);

#endif
