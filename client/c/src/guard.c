/*
 * The table of mapped regions, and the SIGBUS handler for those that lose their pages.
 *
 * A place is free (start 0), being filled (start 1) or used (start is an address). The handler only
 * reads the table, maps zeros over the region with one system call, and sets a flag.
 */
#include "guard.h"

#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdint.h>
#include <string.h>
#include <sys/mman.h>

#include "error.h"

enum { PLACES = 4096 };

static struct {
    atomic_uintptr_t start;
    atomic_size_t bytes;
    atomic_bool hit;
} table[PLACES];

static atomic_int used_places; /* all places from here on were never used */
static pthread_mutex_t installing = PTHREAD_MUTEX_INITIALIZER;
static bool installed;
static struct sigaction previous;

int oc_guard_add(void *start, size_t bytes) {
    for (int place = 0; place < PLACES; place++) {
        uintptr_t none = 0;
        if (atomic_compare_exchange_strong(&table[place].start, &none, 1)) {
            int used = atomic_load(&used_places);
            atomic_store(&table[place].bytes, bytes);
            atomic_store(&table[place].hit, false);
            atomic_store(&table[place].start, (uintptr_t)start);
            while (used <= place && !atomic_compare_exchange_weak(&used_places, &used, place + 1))
                ;
            return place;
        }
    }
    return -1;
}

void oc_guard_remove(int place) {
    if (place >= 0)
        atomic_store(&table[place].start, 0);
}

bool oc_guard_hit(int place) {
    return place >= 0 && atomic_load_explicit(&table[place].hit, memory_order_relaxed);
}

static bool replace(uintptr_t address) {
    int used = atomic_load(&used_places);
    for (int place = 0; place < used; place++) {
        uintptr_t start = atomic_load(&table[place].start);
        size_t bytes = atomic_load(&table[place].bytes);
        if (start > 1 && address >= start && address - start < bytes) {
            atomic_store(&table[place].hit, true);
            return mmap((void *)start, bytes, PROT_READ | PROT_WRITE,
                       MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED | MAP_NORESERVE, -1, 0)
                != MAP_FAILED;
        }
    }
    return false;
}

static void on_sigbus(int signal_number, siginfo_t *info, void *context) {
    int saved = errno;
    bool ours = info->si_code == BUS_ADRERR && replace((uintptr_t)info->si_addr);
    errno = saved;
    if (ours)
        return;
    if (previous.sa_flags & SA_SIGINFO) {
        previous.sa_sigaction(signal_number, info, context);
    } else if (previous.sa_handler != SIG_DFL && previous.sa_handler != SIG_IGN) {
        previous.sa_handler(signal_number);
    } else { /* as if we had never been here: the access is repeated and ends the program */
        struct sigaction standard = {.sa_handler = SIG_DFL};
        sigaction(SIGBUS, &standard, NULL);
        if (info->si_code <= 0) /* sent by somebody: nothing would be repeated */
            raise(SIGBUS);
    }
}

int offcut_survive_truncation(offcut_error *error) {
    struct sigaction action = {.sa_sigaction = on_sigbus, .sa_flags = SA_SIGINFO | SA_ONSTACK};
    int code = 0;
    pthread_mutex_lock(&installing);
    if (!installed) {
        sigemptyset(&action.sa_mask);
        if (sigaction(SIGBUS, NULL, &previous) == 0 && sigaction(SIGBUS, &action, NULL) == 0)
            installed = true;
        else
            code = oc_fail(error, OFFCUT_ERR_INTERNAL, "SIGBUS handler: %s", strerror(errno));
    }
    pthread_mutex_unlock(&installing);
    return code;
}
