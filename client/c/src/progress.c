/*
 * A job's own progress counter: the first eight bytes of a page that the node daemon made for it
 * and reads. Looked for now and then while it is not there, because the daemon makes it within
 * seconds of the job's start; a program that is no job pays for that during its first minute.
 */
#include "clock.h"
#include "offcut.h"

#include <fcntl.h>
#include <limits.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#define PAGE_BYTES 4096
#define RETRY_NS (100 * OC_MS)
#define GIVE_UP_NS (60000 * OC_MS)

static _Atomic(_Atomic uint64_t *) counter;
static _Atomic int64_t look_again_ns, give_up_ns;
static atomic_flag looking = ATOMIC_FLAG_INIT;

static bool find(char *path, size_t size) {
    const char *given = getenv("OFFCUT_PROGRESS");
    const char *node = getenv("SLURMD_NODENAME");
    const char *job = getenv("SLURM_JOB_ID");
    int length;
    if (given != NULL && given[0] != '\0')
        length = snprintf(path, size, "%s", given);
    else if (node != NULL && job != NULL && strchr(node, '/') == NULL && strchr(job, '/') == NULL)
        length = snprintf(path, size, "/dev/shm/offcut-%s-progress/%s", node, job);
    else
        return false;
    return length > 0 && (size_t)length < size;
}

static _Atomic uint64_t *map(void) {
    char path[PATH_MAX];
    struct stat found;
    void *page = MAP_FAILED;
    int file = find(path, sizeof path) ? open(path, O_RDWR | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK) : -1;
    if (file < 0)
        return NULL;
    if (fstat(file, &found) == 0 && S_ISREG(found.st_mode) && found.st_size >= PAGE_BYTES)
        page = mmap(NULL, PAGE_BYTES, PROT_READ | PROT_WRITE, MAP_SHARED, file, 0);
    close(file);
    return page == MAP_FAILED ? NULL : page;
}

static _Atomic uint64_t *look(void) {
    int64_t now = oc_now_ns();
    int64_t end = atomic_load(&give_up_ns);
    _Atomic uint64_t *found = NULL;
    if (end == 0)
        atomic_compare_exchange_strong(&give_up_ns, &(int64_t){0}, now + GIVE_UP_NS);
    else if (now > end)
        return NULL;
    if (now < atomic_load(&look_again_ns) || atomic_flag_test_and_set(&looking))
        return NULL;
    found = atomic_load(&counter);
    if (found == NULL) {
        found = map();
        atomic_store(&counter, found);
        atomic_store(&look_again_ns, now + RETRY_NS);
    }
    atomic_flag_clear(&looking);
    return found;
}

void offcut_progress(uint64_t done) {
    _Atomic uint64_t *page = atomic_load_explicit(&counter, memory_order_acquire);
    if (page == NULL)
        page = look();
    if (page != NULL)
        atomic_fetch_add_explicit(page, done, memory_order_relaxed);
}
