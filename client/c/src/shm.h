/*
 * The client's end of a region of shared memory: docs/reference/invocation.md, ShmLayout and
 * ShmClientChannel.
 *
 * Invocation: the client writes input and request header, then the request's sequence word, one
 * higher, with release order. The worker answers by setting the response's sequence word equal. A
 * slot is free exactly when both are equal.
 *
 * Sleeping: who wants to sleep sets its word to 1, fences, looks once more, and waits on the futex
 * while the word is 1. Who notifies writes its sequence word, fences, and then looks at the other's
 * sleeping word. One of the two always sees the other (Dekker).
 *
 * Trust: both sides can write everywhere. Shape and sequences are this side's own copies; a foreign
 * word is read once and checked.
 */
#ifndef OC_SHM_H
#define OC_SHM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "frame.h"

enum {
    OC_SHM_MAGIC = 0x5343464F, /* "OFCS" */
    OC_SHM_VERSION = 1,
    OC_SHM_PAGE = 4096,
    OC_SHM_HUGE_PAGE = 2 << 20, /* what the file's length is a multiple of */
    OC_SHM_MADE = 0,
    OC_SHM_READY = 1,
    /* offsets */
    OC_SHM_AT_MAGIC = 0,
    OC_SHM_AT_VERSION = 4,
    OC_SHM_AT_SLOTS = 8,
    OC_SHM_AT_PAYLOAD_BYTES = 12,
    OC_SHM_AT_REGION_BYTES = 16,
    OC_SHM_AT_STATE = 128,
    OC_SHM_AT_WORKER_PID = 136,
    OC_SHM_AT_WORKER_START_TICKS = 144,
    OC_SHM_AT_WORKER_NAMESPACE = 152,
    OC_SHM_AT_WORKER_SLEEPING = 256,
    OC_SHM_AT_CLIENT_SLEEPING = 384,
    OC_SHM_AT_CLAIM = 512,
    OC_SHM_AT_CLAIM_NAMESPACE = 520,
    OC_SHM_AT_SLOTS_TABLE = 4096,
    OC_SHM_SLOT_STRIDE = 256,
    OC_SHM_AT_RESPONSE = 128
};

typedef struct oc_shm {
    unsigned char *region;
    size_t bytes;
    int fd;
    int guard;         /* its place in the table of guard.h; −1 for none */
    int64_t claim;     /* what we wrote; 0 while we have none */
    int64_t worker_pid, worker_start_ticks; /* pid 0: its process cannot be seen from here */
    int64_t looked_ns; /* when the worker's process was looked for */
    size_t result_offset; /* from a slot's input to its result */
    size_t slot_bytes;
    size_t payload_offset;
    uint64_t draining; /* slots that a client who is gone had posted */
    uint32_t idle_polls;
    uint32_t sequences[OC_MAX_SLOTS];
} oc_shm;

size_t oc_shm_payload_offset(int slots);
size_t oc_shm_slot_bytes(uint32_t payload_bytes);
size_t oc_shm_region_bytes(int slots, uint32_t payload_bytes);

/* Maps, checks and claims a region, once a worker serves it. Returns 0 or a code. */
int oc_shm_open(offcut_worker *worker, const char *path, int64_t timeout_ns, int stop_fd,
    offcut_error *error);
int oc_shm_post(offcut_worker *worker, int slot, uint64_t invocation_id, int function,
    uint32_t bytes, int64_t deadline_ns);
int oc_shm_poll(offcut_worker *worker);
void oc_shm_sleep(offcut_worker *worker, int64_t timeout_ns);
void oc_shm_drain(offcut_worker *worker);
void oc_shm_check(offcut_worker *worker);
void oc_shm_look(offcut_worker *worker);
void oc_shm_close(offcut_worker *worker);

static inline void *oc_shm_input(const oc_shm *shm, int slot) {
    return shm->region + shm->payload_offset + (size_t)slot * shm->slot_bytes;
}

static inline void *oc_shm_result(const oc_shm *shm, int slot) {
    return (unsigned char *)oc_shm_input(shm, slot) + shm->result_offset;
}

#endif
