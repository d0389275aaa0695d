/* What the invocation benchmark calls: as little as a function can do. */
#include <stdint.h>
#include <string.h>

uint32_t bench_empty(const void *in, uint32_t size, void *out) {
    (void)in;
    (void)size;
    (void)out;
    return 0;
}

uint32_t bench_echo(const void *in, uint32_t size, void *out) {
    memcpy(out, in, size);
    return size;
}

/* First and last word of the input, so that a caller sees that all of it is there. */
uint32_t bench_ends(const void *in, uint32_t size, void *out) {
    uint32_t ends[2] = {0, 0};
    if (size >= sizeof ends[0]) {
        memcpy(&ends[0], in, sizeof ends[0]);
        memcpy(&ends[1], (const char *)in + size - sizeof ends[1], sizeof ends[1]);
    }
    memcpy(out, ends, sizeof ends);
    return sizeof ends;
}

/* Work that takes as long as it has steps, and whose result nobody guesses. */
uint64_t bench_steps(uint64_t steps) {
    uint64_t x = steps | 1;
    for (uint64_t i = 0; i < steps; i++) {
        x ^= x << 13;
        x ^= x >> 7;
        x ^= x << 17;
    }
    return x;
}

/* So many steps, so often, as a worker that is slower. */
uint32_t bench_work(const void *in, uint32_t size, void *out) {
    uint64_t order[2] = {0, 1};
    volatile uint64_t result = 0;
    if (size >= sizeof order)
        memcpy(order, in, sizeof order);
    for (uint64_t i = 0; i < order[1]; i++)
        result = bench_steps(order[0]);
    memcpy(out, (const void *)&result, sizeof result);
    return sizeof result;
}
