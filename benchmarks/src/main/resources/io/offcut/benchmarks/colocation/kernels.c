/*
 * The job: one kernel of HPC Challenge, over and over, in pieces of some milliseconds. When its
 * input ends it says of each piece when it ended, CLOCK_MONOTONIC, and how much CPU time had been
 * used by then, both in nanoseconds.
 *
 *   stream  STREAM's triad over three arrays of 32 MiB
 *   fft     Stockham's, radix 2, of 2^19 complex numbers, as many as HPCC takes by default here
 *   dgemm   cblas_dgemm of the BLAS that hpcc is linked to, of a block that the second-level cache
 *           holds
 */
#include <complex.h>
#include <dlfcn.h>
#include <math.h>
#include <poll.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define WORDS (1 << 22)
#define FFT_POINTS (1 << 19)
#define BLOCK 256
#define PIECES (1 << 20)

typedef void dgemm_t(int, int, int, int, int, int, double, const double *, int, const double *, int,
                     double, double *, int);

static struct {
    int64_t ended, cpu;
} pieces[PIECES];

static double a[WORDS], b[WORDS], c[WORDS];
static double complex signal[FFT_POINTS], work[2][FFT_POINTS], roots[FFT_POINTS / 2];
static dgemm_t *dgemm;

static int64_t now(clockid_t clock) {
    struct timespec time;
    clock_gettime(clock, &time);
    return time.tv_sec * INT64_C(1000000000) + time.tv_nsec;
}

static void stream(void) {
    volatile double scale = 3;
    double s = scale;
    for (int i = 0; i < WORDS; i++)
        a[i] = b[i] + s * c[i];
    __asm__ volatile("" ::"r"(a) : "memory");
}

static void dgemm_block(void) {
    const int by_columns = 102, as_it_is = 111;
    dgemm(by_columns, as_it_is, as_it_is, BLOCK, BLOCK, BLOCK, 1, a, BLOCK, b, BLOCK, 0, c, BLOCK);
}

static void pass(const double complex *restrict from, double complex *restrict to, int stride) {
    const int half = FFT_POINTS / 2;
    for (int group = 0; group < half; group += stride) {
        double wr = creal(roots[group]), wi = cimag(roots[group]);
        for (int i = group; i < group + stride; i++) {
            double complex p = from[i], q = from[i + half], d = p - q;
            to[i + group] = p + q;
            to[i + group + stride] =
                CMPLX(creal(d) * wr - cimag(d) * wi, creal(d) * wi + cimag(d) * wr);
        }
    }
}

static void fft(void) {
    int to = 0;
    pass(signal, work[to], 1);
    for (int stride = 2; stride < FFT_POINTS; stride *= 2, to = !to)
        pass(work[to], work[!to], stride);
}

static void fill(void) {
    for (int i = 0; i < WORDS; i++)
        a[i] = b[i] = c[i] = i % 7;
    for (int i = 0; i < FFT_POINTS; i++)
        signal[i] = i % 7;
    for (int i = 0; i < FFT_POINTS / 2; i++)
        roots[i] = cexp(-2 * M_PI * I * i / FFT_POINTS);
}

static dgemm_t *find_dgemm(void) {
    void *blas = dlopen("libblas.so.3", RTLD_NOW);
    return blas == NULL ? NULL : (dgemm_t *)dlsym(blas, "cblas_dgemm");
}

int main(int argc, char **argv) {
    const char *kernel = argc > 1 ? argv[1] : "";
    void (*run)(void) = strcmp(kernel, "stream") == 0  ? stream
                        : strcmp(kernel, "dgemm") == 0 ? dgemm_block
                                                       : fft;
    if (run == dgemm_block && (dgemm = find_dgemm()) == NULL) {
        puts("no cblas_dgemm in libblas.so.3: install a BLAS (Debian: apt-get install libblas3)");
        return 2;
    }
    fill();
    memset(pieces, 1, sizeof pieces);
    run();
    puts("ready");
    fflush(stdout);
    struct pollfd input = {.fd = STDIN_FILENO, .events = POLLIN};
    int n = 0;
    while (n < PIECES && poll(&input, 1, 0) == 0) {
        run();
        pieces[n].ended = now(CLOCK_MONOTONIC);
        pieces[n++].cpu = now(CLOCK_PROCESS_CPUTIME_ID);
    }
    for (int i = 0; i < n; i++)
        printf("%lld %lld\n", (long long)pieces[i].ended, (long long)pieces[i].cpu);
    return 0;
}
