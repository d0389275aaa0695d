/*
 * The client's end of a TCP connection to a worker: a greeting, then frames, each a 64-byte header
 * and its payload, matched by their slot.
 *
 * A payload goes straight between the socket and the memory of its slot, but for what came in one
 * piece with its header. So an end never holds more than its slots: that is all the flow control
 * there is. Nothing blocks but oc_tcp_open and oc_tcp_sleep; nothing allocates after oc_tcp_open.
 */
#ifndef OC_TCP_H
#define OC_TCP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "frame.h"

struct oc_remote;

enum { OC_TCP_STAGING_BYTES = 16 << 10 };

/* Slots in the order they came, each at most once. */
typedef struct oc_ring {
    int slot[OC_MAX_SLOTS];
    int first, count;
} oc_ring;

typedef struct oc_tcp {
    int fd;
    unsigned char *memory; /* for each slot its input, then its result */
    size_t memory_bytes;
    size_t area_bytes;
    oc_request headers[OC_MAX_SLOTS];
    oc_ring outgoing;  /* frames not sent entirely */
    size_t sent_bytes; /* of the first of them */
    oc_ring completed; /* not reported yet */
    int arriving;      /* slot whose payload is arriving; −1 for none */
    int arriving_status;
    uint32_t arriving_bytes, arrived_bytes;
    int64_t arriving_ns;
    size_t staged;
    unsigned char staging[OC_TCP_STAGING_BYTES];
} oc_tcp;

/* Connects and greets; while the worker has another client, tries again. Returns 0 or a code. */
int oc_tcp_open(offcut_worker *worker, const char *host, int port, int number, const char *secret,
    int64_t timeout_ns, int stop_fd, offcut_error *error);

extern const struct oc_remote oc_tcp_remote;

#endif
