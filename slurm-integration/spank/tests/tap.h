/* TAP for C: ok(condition, "behaviour"), and done() at the end of main. */
#ifndef OC_TAP_H
#define OC_TAP_H

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

static int tap_count, tap_failed;

__attribute__((format(printf, 4, 5))) static inline int tap_ok(
    int good, const char *file, int line, const char *format, ...) {
    va_list arguments;
    printf("%sok %d - ", good ? "" : "not ", ++tap_count);
    va_start(arguments, format);
    vprintf(format, arguments);
    va_end(arguments);
    printf("\n");
    if (!good) {
        printf("# failed at %s:%d\n", file, line);
        tap_failed++;
    }
    fflush(stdout);
    return good;
}

#define ok(condition, ...) tap_ok(!!(condition), __FILE__, __LINE__, __VA_ARGS__)

static inline int done(void) {
    printf("1..%d\n", tap_count);
    return tap_failed == 0 ? 0 : 1;
}

/* A stream of numbers from a seed that is printed; OFFCUT_SEED replays one. */
static inline unsigned long long tap_seed(void) {
    const char *given = getenv("OFFCUT_SEED");
    unsigned long long seed = given != NULL ? strtoull(given, NULL, 10) : (unsigned long long)time(NULL);
    printf("# seed: replay with OFFCUT_SEED=%llu\n", seed);
    return seed;
}

static inline unsigned long long tap_random(unsigned long long *state) { /* splitmix64 */
    unsigned long long z = *state += 0x9e3779b97f4a7c15ULL;
    z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9ULL;
    z = (z ^ z >> 27) * 0x94d049bb133111ebULL;
    return z ^ z >> 31;
}

#endif
