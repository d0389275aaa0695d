/* What runs beside the job: so many milliseconds of computing, of streaming through memory, of
   sleep, or of adding to a number in a file, whose name follows in the input. */
#include <fcntl.h>
#include <stdatomic.h>
#include <stdint.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

#define WORDS (1 << 22) /* 32 MiB in each of two arrays: more than caches keep */

static uint64_t from[WORDS], to[WORDS];

static int64_t now_ms(void) {
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return now.tv_sec * INT64_C(1000) + now.tv_nsec / 1000000;
}

static int64_t until(const void *in, uint32_t size) {
    uint32_t ms = 0;
    memcpy(&ms, in, size < sizeof ms ? size : sizeof ms);
    return now_ms() + ms;
}

uint32_t beside_compute(const void *in, uint32_t size, void *out) {
    int64_t end = until(in, size);
    volatile double x = 1;
    uint64_t loops = 0;
    for (; now_ms() < end; loops++)
        for (int i = 0; i < 100000; i++)
            x = x * 1.0000001 + 1e-9;
    memcpy(out, &loops, sizeof loops);
    return sizeof loops;
}

uint32_t beside_stream(const void *in, uint32_t size, void *out) {
    int64_t end = until(in, size);
    uint64_t loops = 0;
    for (; now_ms() < end; loops++)
        for (int i = 0; i < WORDS; i++)
            to[i] = from[i] + 3 * loops;
    memcpy(out, &loops, sizeof loops);
    return sizeof loops;
}

uint32_t beside_sleep(const void *in, uint32_t size, void *out) {
    int64_t end = until(in, size);
    uint64_t loops = 0;
    for (; now_ms() < end; loops++)
        nanosleep(&(struct timespec){.tv_nsec = 10000000}, NULL);
    memcpy(out, &loops, sizeof loops);
    return sizeof loops;
}

uint32_t beside_contend(const void *in, uint32_t size, void *out) {
    int64_t end = until(in, size);
    char path[256] = "";
    if (size > sizeof(uint32_t) && size - sizeof(uint32_t) < sizeof path)
        memcpy(path, (const char *)in + sizeof(uint32_t), size - sizeof(uint32_t));
    int file = open(path, O_RDWR);
    _Atomic uint64_t *shared = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED, file, 0);
    close(file);
    uint64_t loops = 0;
    for (; shared != MAP_FAILED && now_ms() < end; loops++)
        for (int i = 0; i < 10000; i++)
            atomic_fetch_add(shared, 1);
    if (shared != MAP_FAILED)
        munmap(shared, 4096);
    memcpy(out, &loops, sizeof loops);
    return sizeof loops;
}
