/* The client's end of a region of shared memory. The protocol is told in shm.h. */
#include "shm.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/futex.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "channel.h"
#include "clock.h"
#include "error.h"
#include "guard.h"
#include "net.h"
#include "process.h"

enum { LOOK_MS = 100, READY_LOOK_NS = 50000, MAX_LOOK_NS = 500000, POLLS_PER_CLOCK = 1024 };

/* --- layout */

static size_t round_up(size_t bytes, size_t unit) {
    return (bytes + unit - 1) & ~(unit - 1);
}

static size_t pages(size_t bytes) {
    return round_up(bytes, OC_SHM_PAGE);
}

size_t oc_shm_payload_offset(int slots) {
    return pages(OC_SHM_AT_SLOTS_TABLE + (size_t)slots * OC_SHM_SLOT_STRIDE);
}

size_t oc_shm_slot_bytes(uint32_t payload_bytes) {
    return 2 * (pages(payload_bytes) + OC_SHM_PAGE);
}

size_t oc_shm_region_bytes(int slots, uint32_t payload_bytes) {
    size_t bytes = oc_shm_payload_offset(slots) + (size_t)slots * oc_shm_slot_bytes(payload_bytes);
    return round_up(bytes, OC_SHM_HUGE_PAGE);
}

static int32_t *word(const oc_shm *shm, size_t offset) {
    return (int32_t *)(void *)(shm->region + offset);
}

static int64_t *wide_word(const oc_shm *shm, size_t offset) {
    return (int64_t *)(void *)(shm->region + offset);
}

static int32_t get(const oc_shm *shm, size_t offset) {
    return __atomic_load_n(word(shm, offset), __ATOMIC_SEQ_CST);
}

static int32_t state(const oc_shm *shm) {
    return __atomic_load_n(word(shm, OC_SHM_AT_STATE), __ATOMIC_ACQUIRE);
}

static oc_request *request(const oc_shm *shm, int slot) {
    return (oc_request *)(void *)(shm->region + OC_SHM_AT_SLOTS_TABLE + (size_t)slot * OC_SHM_SLOT_STRIDE);
}

static oc_response *response(const oc_shm *shm, int slot) {
    return (oc_response *)(void *)((unsigned char *)request(shm, slot) + OC_SHM_AT_RESPONSE);
}

static uint32_t answered_sequence(const oc_shm *shm, int slot) {
    return __atomic_load_n(&response(shm, slot)->sequence, __ATOMIC_ACQUIRE);
}

/* --- futexes */

static void wake(const oc_shm *shm, size_t offset) {
    __atomic_store_n(word(shm, offset), 0, __ATOMIC_SEQ_CST);
    syscall(SYS_futex, word(shm, offset), FUTEX_WAKE, INT32_MAX, NULL, NULL, 0);
}

static void futex_wait(const oc_shm *shm, size_t offset, int64_t timeout_ns) {
    struct timespec timeout = oc_timespec(timeout_ns);
    syscall(SYS_futex, word(shm, offset), FUTEX_WAIT, 1, &timeout, NULL, 0);
}

/* --- opening */

static int invalid(const char *path, const char *what, offcut_error *error) {
    return oc_fail(error, OFFCUT_ERR_INVALID_INPUT, "region %s %s; ask for a new lease", path, what);
}

static int open_file(oc_shm *shm, const char *path, struct stat *status, offcut_error *error) {
    /* Before the open, which could block on or trigger a device. */
    if (lstat(path, status) == 0 && !S_ISREG(status->st_mode))
        return invalid(path, "is not a file", error);
    shm->fd = open(path, O_RDWR | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
    if (shm->fd < 0)
        return oc_fail(error, errno == ENOENT ? OFFCUT_ERR_NOT_FOUND : OFFCUT_ERR_FORBIDDEN,
            "cannot open shared memory %s: %s", path, strerror(errno));
    if (fstat(shm->fd, status) != 0 || !S_ISREG(status->st_mode))
        return invalid(path, "is not a file", error);
    return 0;
}

/* Reads the shape with read(2), which survives a file that shrinks. */
static int read_shape(const oc_shm *shm, const char *path, int32_t shape[4], offcut_error *error) {
    if (pread(shm->fd, shape, 4 * sizeof shape[0], 0) != 4 * sizeof shape[0]
        || shape[0] != OC_SHM_MAGIC)
        return invalid(path, "is not a region", error);
    if (shape[1] != OC_SHM_VERSION)
        return oc_fail(error, OFFCUT_ERR_WRONG_VERSION,
            "region %s has layout version %d, this program knows %d; use the same release on both sides",
            path, shape[1], OC_SHM_VERSION);
    return oc_shape_valid(shape[2], shape[3]) ? 0 : invalid(path, "has an impossible shape", error);
}

static int map(offcut_worker *worker, const char *path, offcut_error *error) {
    oc_shm *shm = &worker->shm;
    struct stat status;
    int32_t shape[4];
    void *region;
    int code = open_file(shm, path, &status, error);
    if (code == 0)
        code = read_shape(shm, path, shape, error);
    if (code != 0)
        return code;
    shm->bytes = oc_shm_region_bytes(shape[2], (uint32_t)shape[3]);
    if ((uint64_t)status.st_size != shm->bytes)
        return invalid(path, "has not the size that its shape needs", error);
    region = mmap(NULL, shm->bytes, PROT_READ | PROT_WRITE, MAP_SHARED, shm->fd, 0);
    if (region == MAP_FAILED)
        return oc_fail(error, OFFCUT_ERR_EXHAUSTED, "cannot map region %s: %s", path, strerror(errno));
    shm->region = region;
    shm->guard = oc_guard_add(region, shm->bytes);
    shm->payload_offset = oc_shm_payload_offset(shape[2]);
    shm->slot_bytes = oc_shm_slot_bytes((uint32_t)shape[3]);
    shm->result_offset = shm->slot_bytes / 2;
    worker->payload_bytes = (uint32_t)shape[3];
    oc_slots_init(&worker->slots, shape[2]);
    return 0;
}

static int await_ready(const oc_shm *shm, const char *path, int64_t deadline_ns, int stop_fd,
    offcut_error *error) {
    int64_t look_ns = READY_LOOK_NS;
    for (;;) {
        int32_t now = state(shm);
        if (now == OC_SHM_READY)
            return 0;
        if (now < 0)
            return oc_fail(error, OFFCUT_ERR_CONFLICT,
                "the worker of region %s has ended: %s; ask for a new lease", path,
                offcut_status_name(oc_status_of(now)));
        if (oc_now_ns() >= deadline_ns || oc_net_wait(-1, 0, 0, stop_fd) == OC_NET_STOPPED)
            return oc_fail(error, OFFCUT_ERR_UNREACHABLE, "no worker serves region %s yet", path);
        nanosleep(&(struct timespec){.tv_nsec = (long)look_ns}, NULL);
        look_ns = look_ns + look_ns / 16 < MAX_LOOK_NS ? look_ns + look_ns / 16 : MAX_LOOK_NS;
    }
}

static int64_t claim_of(int64_t pid, int64_t start_ticks) {
    return (int64_t)((uint64_t)pid << 32 | ((uint64_t)start_ticks & UINT32_MAX));
}

/* The claim of a process that cannot be seen from here counts as alive. */
static bool claimer_lives(const oc_shm *shm, int64_t claim) {
    int64_t pid = (int64_t)((uint64_t)claim >> 32), start_ticks;
    if (__atomic_load_n(wide_word(shm, OC_SHM_AT_CLAIM_NAMESPACE), __ATOMIC_SEQ_CST) != oc_process_namespace())
        return true;
    start_ticks = oc_process_start_ticks(pid);
    return start_ticks >= 0 && claim_of(pid, start_ticks) == claim;
}

static int take_claim(oc_shm *shm, offcut_error *error) {
    int64_t *at = wide_word(shm, OC_SHM_AT_CLAIM);
    int64_t mine = claim_of(getpid(), oc_process_start_ticks(getpid()));
    int64_t seen = 0;
    if (!__atomic_compare_exchange_n(at, &seen, mine, false, __ATOMIC_SEQ_CST, __ATOMIC_SEQ_CST)
        && (claimer_lives(shm, seen)
            || !__atomic_compare_exchange_n(at, &seen, mine, false, __ATOMIC_SEQ_CST, __ATOMIC_SEQ_CST)))
        return oc_fail(error, OFFCUT_ERR_CONFLICT,
            "process %lld already uses this worker; lease one of your own or end that client",
            (long long)((uint64_t)seen >> 32));
    __atomic_store_n(wide_word(shm, OC_SHM_AT_CLAIM_NAMESPACE), oc_process_namespace(), __ATOMIC_SEQ_CST);
    shm->claim = mine;
    return 0;
}

static void know_worker(oc_shm *shm) {
    if (*wide_word(shm, OC_SHM_AT_WORKER_NAMESPACE) == oc_process_namespace()) {
        shm->worker_pid = *wide_word(shm, OC_SHM_AT_WORKER_PID);
        shm->worker_start_ticks = *wide_word(shm, OC_SHM_AT_WORKER_START_TICKS);
    }
    shm->looked_ns = oc_now_ns();
}

static void take_over(offcut_worker *worker) {
    oc_shm *shm = &worker->shm;
    for (int slot = 0; slot < worker->slots.count; slot++) {
        shm->sequences[slot] = __atomic_load_n(&request(shm, slot)->sequence, __ATOMIC_ACQUIRE);
        if (answered_sequence(shm, slot) != shm->sequences[slot]) {
            shm->draining |= UINT64_C(1) << slot;
            worker->slots.free &= ~(UINT64_C(1) << slot);
        }
    }
}

int oc_shm_open(offcut_worker *worker, const char *path, int64_t timeout_ns, int stop_fd,
    offcut_error *error) {
    oc_shm *shm = &worker->shm;
    int code;
    shm->fd = shm->guard = -1;
    code = map(worker, path, error);
    if (code == 0)
        code = await_ready(shm, path, oc_after_ns(timeout_ns), stop_fd, error);
    if (code == 0)
        code = take_claim(shm, error);
    if (code != 0) {
        oc_shm_close(worker);
        return code;
    }
    know_worker(shm);
    take_over(worker);
    return 0;
}

/* --- invoking */

void oc_shm_drain(offcut_worker *worker) {
    oc_shm *shm = &worker->shm;
    for (uint64_t left = shm->draining; left != 0; left &= left - 1) {
        int slot = __builtin_ctzll(left);
        if (answered_sequence(shm, slot) == shm->sequences[slot]) {
            shm->draining &= ~(UINT64_C(1) << slot);
            worker->slots.free |= UINT64_C(1) << slot;
        }
    }
}

int oc_shm_post(offcut_worker *worker, int slot, uint64_t invocation_id, int function,
    uint32_t bytes, int64_t deadline_ns) {
    oc_shm *shm = &worker->shm;
    oc_request *header = request(shm, slot);
    header->magic = OC_REQUEST_MAGIC;
    header->version = OC_VERSION;
    header->flags = 0;
    header->invocation_id = invocation_id;
    header->function = function;
    header->payload_bytes = (int32_t)bytes;
    header->result_address = 0;
    header->result_key = 0;
    header->result_capacity = (int32_t)worker->payload_bytes;
    header->deadline_ns = deadline_ns;
    oc_slots_post(&worker->slots, slot, invocation_id);
    __atomic_store_n(&header->sequence, ++shm->sequences[slot], __ATOMIC_SEQ_CST);
    if (get(shm, OC_SHM_AT_WORKER_SLEEPING) != 0)
        wake(shm, OC_SHM_AT_WORKER_SLEEPING);
    return 0;
}

static int16_t foreign_short(const int16_t *at) {
    return __atomic_load_n(at, __ATOMIC_RELAXED);
}

static int32_t foreign_int(const int32_t *at) {
    return __atomic_load_n(at, __ATOMIC_RELAXED);
}

/* Takes an answer: each word of it is read once. */
static void complete(offcut_worker *worker, int slot) {
    oc_response *at = response(&worker->shm, slot);
    oc_response header = {
        .magic = foreign_int(&at->magic),
        .version = foreign_short(&at->version),
        .status = foreign_int(&at->status),
        .payload_bytes = foreign_int(&at->payload_bytes),
    };
    int check = oc_response_check(&header, worker->payload_bytes);
    if (check == 0
        && __atomic_load_n(&at->invocation_id, __ATOMIC_RELAXED) != worker->slots.slot[slot].invocation_id)
        check = OFFCUT_STATUS_MALFORMED;
    if (check != 0)
        oc_channel_complete(worker, slot, check, 0, 0);
    else
        oc_channel_complete(worker, slot, oc_status_of(header.status), (uint32_t)header.payload_bytes,
            __atomic_load_n(&at->execution_ns, __ATOMIC_RELAXED));
}

static uint64_t rotate_right(uint64_t bits, int by) {
    return by == 0 ? bits : bits >> by | bits << (64 - by);
}

static int completed(offcut_worker *worker) {
    const oc_shm *shm = &worker->shm;
    int first = worker->slots.next;
    for (uint64_t left = rotate_right(worker->slots.posted, first); left != 0; left &= left - 1) {
        int slot = (__builtin_ctzll(left) + first) & (OC_MAX_SLOTS - 1);
        if (answered_sequence(shm, slot) == shm->sequences[slot]) {
            complete(worker, slot);
            return slot;
        }
    }
    return OFFCUT_NONE;
}

static bool truncated(const oc_shm *shm) {
    struct stat status;
    return oc_guard_hit(shm->guard) || fstat(shm->fd, &status) != 0
        || (uint64_t)status.st_size < shm->bytes;
}

/* Ends the region for both sides. */
static void end_region(const oc_shm *shm, int status) {
    if (state(shm) >= 0)
        __atomic_store_n(word(shm, OC_SHM_AT_STATE), status, __ATOMIC_SEQ_CST);
    wake(shm, OC_SHM_AT_CLIENT_SLEEPING);
    wake(shm, OC_SHM_AT_WORKER_SLEEPING);
}

void oc_shm_look(offcut_worker *worker) {
    oc_shm *shm = &worker->shm;
    int64_t now = oc_now_ns();
    if (now - shm->looked_ns < LOOK_MS * OC_MS)
        return;
    shm->looked_ns = now;
    if (truncated(shm))
        oc_channel_end(worker, OFFCUT_STATUS_DISCONNECTED);
    else if (shm->worker_pid != 0 && oc_process_start_ticks(shm->worker_pid) != shm->worker_start_ticks)
        end_region(shm, OFFCUT_STATUS_CRASHED);
}

void oc_shm_check(offcut_worker *worker) {
    int32_t now = worker->slots.posted == 0 ? state(&worker->shm) : OC_SHM_READY;
    int forced = atomic_load_explicit(&worker->forced, memory_order_relaxed);
    if (worker->slots.posted == 0)
        oc_shm_look(worker);
    if (oc_guard_hit(worker->shm.guard))
        oc_channel_end(worker, OFFCUT_STATUS_DISCONNECTED);
    else if (now != OC_SHM_READY)
        oc_channel_end(worker, now < 0 ? oc_status_of(now) : OFFCUT_STATUS_DISCONNECTED);
    else if (forced != 0 && worker->slots.posted == 0)
        oc_channel_end(worker, forced);
}

/* Nothing was there: has the worker ended? What it answered before it ended still counts. */
static int idle(offcut_worker *worker) {
    oc_shm *shm = &worker->shm;
    int32_t now = state(shm);
    int forced = atomic_load_explicit(&worker->forced, memory_order_relaxed);
    if (now != OC_SHM_READY || forced != 0) {
        int slot = completed(worker);
        if (slot != OFFCUT_NONE)
            return slot;
        if (now == OC_SHM_READY)
            oc_channel_end(worker, forced);
        else /* nobody sets it back to "made": the page is gone or somebody writes nonsense */
            oc_channel_end(worker, now < 0 ? oc_status_of(now) : OFFCUT_STATUS_DISCONNECTED);
    } else if (++shm->idle_polls % POLLS_PER_CLOCK == 0) {
        oc_shm_look(worker);
    }
    return worker->ended == 0 ? OFFCUT_NONE : oc_slots_fail_one(&worker->slots, worker->ended);
}

int oc_shm_poll(offcut_worker *worker) {
    int slot = completed(worker);
    return slot == OFFCUT_NONE ? idle(worker) : slot;
}

/* The last look before a sleep: in one order with the word that announces it. */
static bool any_completed(const offcut_worker *worker) {
    for (uint64_t left = worker->slots.posted; left != 0; left &= left - 1) {
        int slot = __builtin_ctzll(left);
        if (__atomic_load_n(&response(&worker->shm, slot)->sequence, __ATOMIC_SEQ_CST) == worker->shm.sequences[slot])
            return true;
    }
    return false;
}

void oc_shm_sleep(offcut_worker *worker, int64_t timeout_ns) {
    oc_shm *shm = &worker->shm;
    int32_t *sleeping = word(shm, OC_SHM_AT_CLIENT_SLEEPING);
    __atomic_store_n(sleeping, 1, __ATOMIC_SEQ_CST);
    if (get(shm, OC_SHM_AT_STATE) == OC_SHM_READY && !any_completed(worker))
        futex_wait(shm, OC_SHM_AT_CLIENT_SLEEPING, timeout_ns < LOOK_MS * OC_MS ? timeout_ns : LOOK_MS * OC_MS);
    __atomic_store_n(sleeping, 0, __ATOMIC_SEQ_CST);
    oc_shm_look(worker);
}

void oc_shm_close(offcut_worker *worker) {
    oc_shm *shm = &worker->shm;
    if (shm->region != NULL) {
        int64_t mine = shm->claim;
        /* Not through memory that may be gone. */
        if (mine != 0 && !truncated(shm))
            __atomic_compare_exchange_n(wide_word(shm, OC_SHM_AT_CLAIM), &mine, 0, false,
                __ATOMIC_SEQ_CST, __ATOMIC_SEQ_CST);
        oc_guard_remove(shm->guard);
        munmap(shm->region, shm->bytes);
        shm->region = NULL;
    }
    if (shm->fd >= 0)
        close(shm->fd);
    shm->fd = -1;
}
