#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

uint32_t echo(void *in, uint32_t size, void *out) {
    memcpy(out, in, size);
    return size;
}

/* As long as its input, of which it touches the first and the last byte. */
uint32_t ends(const void *in, uint32_t size, void *out) {
    ((char *) out)[0] = ((const char *) in)[0];
    ((char *) out)[size - 1] = ((const char *) in)[size - 1];
    return size;
}

int32_t checked_echo(const void *in, uint32_t size, void *out, uint32_t capacity) {
    if (size > capacity) {
        return -7;
    }
    memcpy(out, in, size);
    return (int32_t) size;
}

int32_t refuse(const void *in, uint32_t size, void *out, uint32_t capacity) {
    (void) in, (void) size, (void) out, (void) capacity;
    return -42;
}

uint32_t crash(void *in, uint32_t size, void *out) {
    (void) in, (void) size, (void) out;
    *(volatile int *) 0 = 1;
    return 0;
}

uint32_t quit(void *in, uint32_t size, void *out) {
    (void) in, (void) size, (void) out;
    exit(3);
}

uint32_t spin(void *in, uint32_t size, void *out) {
    (void) in, (void) size, (void) out;
    for (volatile int forever = 1; forever;) {
    }
    return 0;
}

uint32_t claim_too_much(void *in, uint32_t size, void *out) {
    (void) in, (void) size, (void) out;
    return 0xFFFFFFFFu;
}

uint32_t overrun(void *in, uint32_t size, void *out) {
    (void) in, (void) size;
    memset(out, 1, 64 << 20);
    return 64 << 20;
}

/* Sleeps for as many milliseconds as its input says, then answers with its input. */
uint32_t nap(void *in, uint32_t size, void *out) {
    uint32_t millis;
    memcpy(&millis, in, sizeof millis);
    struct timespec time = {millis / 1000, millis % 1000 * 1000000L};
    nanosleep(&time, NULL);
    return echo(in, size, out);
}
