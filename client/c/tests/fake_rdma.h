/*
 * rdma-core as the tests load it in its place: a device, a connection manager and a worker that
 * plays what the test says, all in this process. A write lands at once; the worker answers in the
 * thread that posts, or when the test says so.
 */
#ifndef OC_FAKE_RDMA_H
#define OC_FAKE_RDMA_H

#include <stdbool.h>

#include "frame.h"

struct fake_rdma {
    /* The worker. */
    int slots, payload_bytes;
    int busy;             /* refuses so often first */
    int refusal;          /* its status, after that */
    bool silent, nobody;  /* never answers; nobody listens */
    int private_bytes;    /* how much of its answer it says */
    void (*serve)(struct fake_rdma *fake, int slot); /* a request has come; NULL: not now */

    /* The device. */
    uint32_t most_inline;
    int registrations;    /* that succeed */
    bool lose;            /* what is sent is never acknowledged, and breaks the queue pair */
    bool forget;          /* no send is ever completed */

    /* What was seen. */
    oc_verbs_hello hello;
    int made;             /* that was not given back */
    int sends, inlined, probes, connects, disconnects;
    int receives;         /* that are posted */

    /* What the test does. */
    const oc_request *(*request)(int slot);
    unsigned char *(*input)(int slot);  /* behind the request */
    unsigned char *(*result)(int slot); /* where the client wants it: header, then payload */
    void (*say)(int32_t immediate);     /* a write has arrived at the client */
    void (*hang_up)(void);              /* the connection manager says so */
};

#endif
