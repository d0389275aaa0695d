/*
 * The two 64-byte headers of an invocation and the greetings of TCP and RDMA connections,
 * little-endian, version 1: docs/reference/invocation.md, InvocationFrame, TcpHello and VerbsHello.
 */
#ifndef OC_FRAME_H
#define OC_FRAME_H

#include <stdint.h>
#include <string.h>

#include "offcut.h"

#if __BYTE_ORDER__ != __ORDER_LITTLE_ENDIAN__
#error "frames and regions are little-endian, and so far this library only runs on machines that are"
#endif

enum {
    OC_HEADER_BYTES = 64,
    OC_VERSION = 1,
    OC_MAX_SLOTS = 64,
    OC_MAX_PAYLOAD_BYTES = 1 << 30,
    OC_REQUEST_MAGIC = 0x5143464F,  /* "OFCQ" */
    OC_RESPONSE_MAGIC = 0x5243464F, /* "OFCR" */
    OC_HELLO_MAGIC = 0x4843464F,    /* "OFCH" */
    OC_REPLY_MAGIC = 0x5743464F,    /* "OFCW" */
    OC_VERBS_HELLO_MAGIC = 0x4856464F, /* "OFVH" */
    OC_VERBS_REPLY_MAGIC = 0x5756464F, /* "OFVW" */
    OC_HELLO_UNAUTHORIZED = -100,
    OC_HELLO_NO_SUCH_WORKER = -101,
    OC_SECRET_BYTES = 32,
    OC_WHOLE_CONNECTION = -1 /* in the slot of a response: why the worker ends */
};

typedef struct oc_request {
    int32_t magic;
    int16_t version;
    int16_t flags;
    uint64_t invocation_id;
    int32_t function;
    int32_t payload_bytes;
    int64_t result_address;
    int32_t result_key;
    int32_t result_capacity;
    int64_t deadline_ns;
    int32_t slot;
    int32_t zero[2];
    uint32_t sequence;
} oc_request;

typedef struct oc_response {
    int32_t magic;
    int16_t version;
    int16_t flags;
    uint64_t invocation_id;
    int32_t status;
    int32_t payload_bytes;
    int64_t execution_ns;
    int32_t zero[4];
    int32_t slot;
    int32_t more_zero[2];
    uint32_t sequence;
} oc_response;

typedef struct oc_hello {
    int32_t magic;
    int16_t version;
    int16_t zero;
    int32_t worker;
    int32_t more_zero;
    char secret[OC_SECRET_BYTES];
    char rest[16];
} oc_hello;

typedef struct oc_reply {
    int32_t magic;
    int16_t version;
    int16_t zero;
    int32_t status;
    int32_t slots;
    int32_t payload_bytes;
    char rest[44];
} oc_reply;

/* In the private data of connecting by RDMA. */
typedef struct oc_verbs_hello {
    int32_t magic;
    int16_t version;
    int16_t worker;
    unsigned char secret[OC_SECRET_BYTES / 2]; /* as bytes, not as digits */
} oc_verbs_hello;

typedef struct oc_verbs_reply {
    int32_t magic;
    int16_t version;
    int16_t zero;
    int32_t status;
    int32_t slots;
    int32_t payload_bytes;
    uint32_t key;
    uint64_t address; /* of the first request */
    uint64_t stride;  /* from a slot's request to the next */
} oc_verbs_reply;

_Static_assert(sizeof(oc_verbs_hello) == 24, "hello by RDMA");
_Static_assert(sizeof(oc_verbs_reply) == 40, "reply by RDMA");
_Static_assert(sizeof(oc_request) == OC_HEADER_BYTES, "request header");
_Static_assert(sizeof(oc_response) == OC_HEADER_BYTES, "response header");
_Static_assert(sizeof(oc_hello) == OC_HEADER_BYTES, "hello");
_Static_assert(sizeof(oc_reply) == OC_HEADER_BYTES, "reply");

/* What a worker answered, checked: 0 or why it cannot be. */
static inline int oc_response_check(const oc_response *response, uint32_t capacity) {
    if (response->magic != OC_RESPONSE_MAGIC)
        return OFFCUT_STATUS_MALFORMED;
    if (response->version != OC_VERSION)
        return OFFCUT_STATUS_WRONG_VERSION;
    if (response->payload_bytes < 0 || response->status > 0)
        return OFFCUT_STATUS_MALFORMED;
    return (uint32_t)response->payload_bytes > capacity ? OFFCUT_STATUS_TOO_LARGE : 0;
}

/* Whether a worker can have such a shape. */
static inline int oc_shape_valid(int64_t slots, int64_t payload_bytes) {
    return slots >= 1 && slots <= OC_MAX_SLOTS && payload_bytes >= 1
        && payload_bytes <= OC_MAX_PAYLOAD_BYTES;
}

#endif
