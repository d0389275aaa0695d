/* A region in a file of its own, and a worker for it that echoes, in a thread of the test. */
#ifndef OC_REGION_H
#define OC_REGION_H

#include <fcntl.h>
#include <linux/futex.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "channel.h"
#include "process.h"

struct region {
    char path[64];
    int fd;
    unsigned char *memory;
    size_t bytes;
    int slots;
    uint32_t payload_bytes;
    /* the worker */
    pthread_t thread;
    atomic_bool stop;
    bool sleeps;                                 /* warm: sleeps as soon as nothing is there */
    void (*spoil)(struct region *, oc_response *); /* changes an answer before it is told */
};

static inline int32_t *region_word(struct region *r, size_t offset) {
    return (int32_t *)(void *)(r->memory + offset);
}

static inline oc_request *region_request(struct region *r, int slot) {
    return (oc_request *)(void *)(r->memory + OC_SHM_AT_SLOTS_TABLE + (size_t)slot * OC_SHM_SLOT_STRIDE);
}

static inline oc_response *region_response(struct region *r, int slot) {
    return (oc_response *)(void *)((unsigned char *)region_request(r, slot) + OC_SHM_AT_RESPONSE);
}

static inline void region_make(struct region *r, int slots, uint32_t payload_bytes) {
    memset(r, 0, sizeof *r);
    strcpy(r->path, access("/dev/shm", W_OK) == 0 ? "/dev/shm/offcut-test-XXXXXX" : "/tmp/offcut-test-XXXXXX");
    r->slots = slots;
    r->payload_bytes = payload_bytes;
    r->bytes = oc_shm_region_bytes(slots, payload_bytes);
    r->fd = mkstemp(r->path);
    if (r->fd < 0 || ftruncate(r->fd, (off_t)r->bytes) != 0)
        exit(99);
    r->memory = mmap(NULL, r->bytes, PROT_READ | PROT_WRITE, MAP_SHARED, r->fd, 0);
    if (r->memory == MAP_FAILED)
        exit(99);
    *region_word(r, OC_SHM_AT_MAGIC) = OC_SHM_MAGIC;
    *region_word(r, OC_SHM_AT_VERSION) = OC_SHM_VERSION;
    *region_word(r, OC_SHM_AT_SLOTS) = slots;
    *region_word(r, OC_SHM_AT_PAYLOAD_BYTES) = (int32_t)payload_bytes;
    *(int64_t *)(void *)(r->memory + OC_SHM_AT_REGION_BYTES) = (int64_t)r->bytes;
}

static inline void region_announce(struct region *r, int64_t pid) {
    *(int64_t *)(void *)(r->memory + OC_SHM_AT_WORKER_PID) = pid;
    *(int64_t *)(void *)(r->memory + OC_SHM_AT_WORKER_START_TICKS) = oc_process_start_ticks(pid);
    *(int64_t *)(void *)(r->memory + OC_SHM_AT_WORKER_NAMESPACE) = oc_process_namespace();
    __atomic_store_n(region_word(r, OC_SHM_AT_STATE), OC_SHM_READY, __ATOMIC_SEQ_CST);
}

static inline void region_wake_client(struct region *r) {
    int32_t *word = region_word(r, OC_SHM_AT_CLIENT_SLEEPING);
    if (__atomic_load_n(word, __ATOMIC_SEQ_CST) != 0) {
        __atomic_store_n(word, 0, __ATOMIC_SEQ_CST);
        syscall(SYS_futex, word, FUTEX_WAKE, INT32_MAX, NULL, NULL, 0);
    }
}

/* Answers a slot whose request is there. Returns whether it was. */
static inline bool region_serve(struct region *r, int slot) {
    oc_request *request = region_request(r, slot);
    oc_response *response = region_response(r, slot);
    unsigned char *input = r->memory + oc_shm_payload_offset(r->slots)
        + (size_t)slot * oc_shm_slot_bytes(r->payload_bytes);
    uint32_t sequence = __atomic_load_n(&request->sequence, __ATOMIC_ACQUIRE);
    uint32_t bytes;
    if (sequence == response->sequence)
        return false;
    bytes = (uint32_t)request->payload_bytes;
    memcpy(input + oc_shm_slot_bytes(r->payload_bytes) / 2, input, bytes);
    response->magic = OC_RESPONSE_MAGIC;
    response->version = OC_VERSION;
    response->invocation_id = request->invocation_id;
    response->status = 0;
    response->payload_bytes = (int32_t)bytes;
    response->execution_ns = 7;
    if (r->spoil != NULL)
        r->spoil(r, response);
    __atomic_store_n(&response->sequence, sequence, __ATOMIC_SEQ_CST);
    region_wake_client(r);
    return true;
}

static inline void *region_work(void *argument) {
    struct region *r = argument;
    int32_t *sleeping = region_word(r, OC_SHM_AT_WORKER_SLEEPING);
    while (!atomic_load(&r->stop)) {
        bool any = false;
        for (int slot = 0; slot < r->slots; slot++)
            any |= region_serve(r, slot);
        if (!any && r->sleeps) {
            struct timespec limit = {.tv_nsec = 50000000};
            __atomic_store_n(sleeping, 1, __ATOMIC_SEQ_CST);
            for (int slot = 0; slot < r->slots; slot++)
                any |= region_serve(r, slot);
            if (!any)
                syscall(SYS_futex, sleeping, FUTEX_WAIT, 1, &limit, NULL, 0);
            __atomic_store_n(sleeping, 0, __ATOMIC_SEQ_CST);
        }
    }
    return NULL;
}

static inline void region_start(struct region *r, bool sleeps) {
    r->sleeps = sleeps;
    region_announce(r, getpid());
    if (pthread_create(&r->thread, NULL, region_work, r) != 0)
        exit(99);
}

static inline void region_stop(struct region *r) {
    if (r->thread != 0) {
        atomic_store(&r->stop, true);
        pthread_join(r->thread, NULL);
        r->thread = 0;
    }
}

static inline void region_free(struct region *r) {
    region_stop(r);
    munmap(r->memory, r->bytes);
    close(r->fd);
    unlink(r->path);
}

static inline offcut_worker *region_open(struct region *r, offcut_error *error) {
    oc_descriptor channel = {.transport = OC_SHM};
    snprintf(channel.path, sizeof channel.path, "%s", r->path);
    return oc_channel_open(&channel, 2000000000, -1, error);
}

#endif
