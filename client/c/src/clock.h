/* The monotonic clock, and points in time that do not overflow. */
#ifndef OC_CLOCK_H
#define OC_CLOCK_H

#include <stdint.h>
#include <time.h>

#define OC_MS INT64_C(1000000)

static inline int64_t oc_now_ns(void) {
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return now.tv_sec * INT64_C(1000000000) + now.tv_nsec;
}

/* The point in time so far from now; INT64_MAX, which is never, when that is too far. */
static inline int64_t oc_after_ns(int64_t timeout_ns) {
    int64_t now = oc_now_ns();
    if (timeout_ns < 0)
        timeout_ns = 0;
    return timeout_ns > INT64_MAX - now ? INT64_MAX : now + timeout_ns;
}

/* A point of the monotonic clock for pthread_cond_timedwait. */
static inline struct timespec oc_timespec(int64_t ns) {
    return (struct timespec){.tv_sec = ns / 1000000000, .tv_nsec = ns % 1000000000};
}

static inline void oc_pause(void) {
#if defined(__x86_64__) || defined(__i386__)
    __builtin_ia32_pause();
#elif defined(__aarch64__)
    __asm__ volatile("yield");
#endif
}

#endif
