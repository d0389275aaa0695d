/*
 * The hot path beside the bare mechanism, in the same run, in alternating rounds: a lone 64-byte
 * call through offcut_acquire … offcut_release to a worker thread that answers at once, and a
 * ping-pong of two words between the same two threads. By hand: make bench. Needs two quiet CPUs.
 */
#include "region.h"

#include <sched.h>

#include "clock.h"

enum { ROUNDS = 7, CALLS = 200000 };
#define ROUND_NS (500 * OC_MS) /* at most: on a busy machine a round has fewer calls */

static struct {
    _Alignas(128) volatile uint32_t ping;
    _Alignas(128) volatile uint32_t pong;
    _Alignas(128) atomic_int mode; /* 0 ping-pong, 1 region, 2 end */
} shared;

static struct region region;

static cpu_set_t allowed; /* before anything was pinned */

static void pin(int which) {
    cpu_set_t one;
    CPU_ZERO(&one);
    for (int cpu = 0, seen = 0; cpu < CPU_SETSIZE; cpu++)
        if (CPU_ISSET(cpu, &allowed) && seen++ == which)
            CPU_SET(cpu, &one);
    if (CPU_COUNT(&one) == 1)
        sched_setaffinity(0, sizeof one, &one);
}

static void *other_side(void *argument) {
    uint32_t last = 0;
    (void)argument;
    pin(1);
    while (atomic_load_explicit(&shared.mode, memory_order_relaxed) != 2) {
        if (atomic_load_explicit(&shared.mode, memory_order_relaxed) == 1) {
            region_serve(&region, 0);
        } else {
            uint32_t seen = __atomic_load_n(&shared.ping, __ATOMIC_ACQUIRE);
            if (seen != last) {
                last = seen;
                __atomic_store_n(&shared.pong, seen, __ATOMIC_RELEASE);
            }
        }
    }
    return NULL;
}

static void bare(void) {
    uint32_t next = shared.ping + 1;
    __atomic_store_n(&shared.ping, next, __ATOMIC_RELEASE);
    while (__atomic_load_n(&shared.pong, __ATOMIC_ACQUIRE) != next)
        ;
}

static void call(offcut_worker *worker, uint64_t id) {
    int slot = offcut_acquire(worker), ended;
    memset(offcut_input(worker, slot), (int)id, 64);
    offcut_post(worker, slot, id, 0, 64, 0);
    do
        ended = offcut_poll(worker);
    while (ended == OFFCUT_NONE);
    offcut_release(worker, ended);
}

static int by_value(const void *a, const void *b) {
    const int64_t *left = a, *right = b;
    return (*left > *right) - (*left < *right);
}

/* Median over the calls of one round, less what the clock itself takes. */
static int64_t round_ns(offcut_worker *worker, int mode) {
    static int64_t took[CALLS];
    int64_t clock_ns = oc_now_ns();
    size_t count = 0;
    for (int i = 0; i < 1000; i++)
        oc_now_ns();
    clock_ns = (oc_now_ns() - clock_ns) / 1000;
    atomic_store(&shared.mode, mode);
    for (int64_t until = oc_now_ns() + ROUND_NS; count < CALLS && oc_now_ns() < until; count++) {
        int64_t start = oc_now_ns();
        if (mode == 1)
            call(worker, (uint64_t)count);
        else
            bare();
        took[count] = oc_now_ns() - start - clock_ns;
    }
    qsort(took, count, sizeof took[0], by_value);
    return took[count / 2];
}

int main(void) {
    int64_t bare_ns[ROUNDS], call_ns[ROUNDS];
    offcut_worker *worker;
    pthread_t thread;
    region_make(&region, 8, 4096);
    region_announce(&region, getpid());
    worker = region_open(&region, NULL);
    sched_getaffinity(0, sizeof allowed, &allowed);
    pin(0);
    if (worker == NULL || pthread_create(&thread, NULL, other_side, NULL) != 0)
        return 1;
    for (int i = 0; i < ROUNDS; i++) {
        bare_ns[i] = round_ns(worker, 0);
        call_ns[i] = round_ns(worker, 1);
        printf("round %d: ping-pong %lld ns, offcut %lld ns\n", i + 1, (long long)bare_ns[i], (long long)call_ns[i]);
    }
    atomic_store(&shared.mode, 2);
    pthread_join(thread, NULL);
    qsort(bare_ns, ROUNDS, sizeof bare_ns[0], by_value);
    qsort(call_ns, ROUNDS, sizeof call_ns[0], by_value);
    printf("medians of %d rounds: ping-pong p50 %lld ns, offcut p50 %lld ns, added %lld ns\n", ROUNDS,
        (long long)bare_ns[ROUNDS / 2], (long long)call_ns[ROUNDS / 2], (long long)(call_ns[ROUNDS / 2] - bare_ns[ROUNDS / 2]));
    offcut_worker_close(worker);
    region_free(&region);
    return 0;
}
