/*
 * A client's own record of its slots, which the peer cannot reach:
 *
 *   free ──acquire──▶ acquired ──post──▶ posted ──complete──▶ done ──release──▶ free
 *     ▲                  └──────────────release──────────────────────────────────┘
 *     └── draining: still used by a client that is gone
 *
 * Invariant: each slot has its bit in at most one of free, acquired, posted, done. One thread.
 * Inline, because this is the hot path.
 */
#ifndef OC_SLOTS_H
#define OC_SLOTS_H

#include <stdbool.h>
#include <stdint.h>

#include "frame.h"

typedef struct oc_slots {
    uint64_t free, acquired, posted, done;
    int count;
    int next; /* where to begin looking, so that no slot is passed over for ever */
    struct oc_slot {
        uint64_t invocation_id;
        int64_t execution_ns;
        uint32_t result_bytes;
        int32_t status;
    } slot[OC_MAX_SLOTS];
} oc_slots;

static inline void oc_slots_init(oc_slots *slots, int count) {
    memset(slots, 0, sizeof *slots);
    slots->count = count;
    slots->free = count == 64 ? UINT64_MAX : (UINT64_C(1) << count) - 1;
}

/* The slot's bit; 0 for no slot, which is in no set. */
static inline uint64_t oc_slot_bit(const oc_slots *slots, int slot) {
    return slot >= 0 && slot < slots->count ? UINT64_C(1) << slot : 0;
}

/* The lowest free slot, so that few slots stay in the cache. */
static inline int oc_slots_acquire(oc_slots *slots) {
    int slot;
    if (slots->free == 0)
        return OFFCUT_NONE;
    slot = __builtin_ctzll(slots->free);
    slots->free &= slots->free - 1;
    slots->acquired |= UINT64_C(1) << slot;
    return slot;
}

static inline void oc_slots_post(oc_slots *slots, int slot, uint64_t invocation_id) {
    uint64_t bit = UINT64_C(1) << slot;
    slots->acquired &= ~bit;
    slots->posted |= bit;
    slots->slot[slot].invocation_id = invocation_id;
}

static inline void oc_slots_complete(
    oc_slots *slots, int slot, int status, uint32_t bytes, int64_t execution_ns) {
    uint64_t bit = UINT64_C(1) << slot;
    slots->posted &= ~bit;
    slots->done |= bit;
    slots->slot[slot].status = status;
    slots->slot[slot].result_bytes = bytes;
    slots->slot[slot].execution_ns = execution_ns;
    slots->next = slot + 1 == OC_MAX_SLOTS ? 0 : slot + 1;
}

/* Completes one posted slot without a result. */
static inline int oc_slots_fail_one(oc_slots *slots, int status) {
    int slot;
    if (slots->posted == 0)
        return OFFCUT_NONE;
    slot = __builtin_ctzll(slots->posted);
    oc_slots_complete(slots, slot, status, 0, 0);
    return slot;
}

static inline bool oc_slots_is_done(const oc_slots *slots, int slot) {
    return (slots->done & oc_slot_bit(slots, slot)) != 0;
}

static inline void oc_slots_release(oc_slots *slots, int slot) {
    uint64_t bit = oc_slot_bit(slots, slot) & (slots->done | slots->acquired);
    slots->done &= ~bit;
    slots->acquired &= ~bit;
    slots->free |= bit;
}

#endif
