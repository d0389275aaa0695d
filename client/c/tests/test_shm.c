/* Shared memory: a region that a thread of the test serves, well and badly. */
#include "region.h"

#include <signal.h>
#include <sys/wait.h>

#include "clock.h"
#include "tap.h"

#define SECOND INT64_C(1000000000)

static int call(offcut_worker *worker, uint64_t id, const char *text) {
    int slot = offcut_acquire(worker);
    if (slot < 0)
        return slot;
    memcpy(offcut_input(worker, slot), text, strlen(text));
    return offcut_post(worker, slot, id, 0, (uint32_t)strlen(text), 0) == 0 ? slot : OFFCUT_NONE;
}

static bool brings(offcut_worker *worker, int slot, uint64_t id, const char *text) {
    uint32_t bytes;
    const void *result = offcut_result(worker, slot, &bytes);
    return offcut_status(worker, slot) == 0 && offcut_invocation_id(worker, slot) == id && bytes == strlen(text)
        && memcmp(result, text, bytes) == 0 && offcut_execution_ns(worker, slot) == 7;
}

static void lays_out_as_documented(void) {
    ok(oc_shm_payload_offset(8) == 8192 && oc_shm_payload_offset(1) == 8192 && oc_shm_payload_offset(64) == 20480, "slot table");
    ok(oc_shm_slot_bytes(1 << 20) == 2 * ((1 << 20) + 4096), "inputs, results and guard pages");
    ok(oc_shm_region_bytes(8, 1 << 20) == 18 << 20, "in whole huge pages");
}

static void invokes(bool sleeps) {
    struct region region;
    offcut_error error = {0};
    offcut_worker *worker;
    int slot, rounds = 0;
    region_make(&region, 4, 5000);
    region_start(&region, sleeps);
    worker = region_open(&region, &error);
    if (!ok(worker != NULL, "%s worker: opens", sleeps ? "warm" : "hot")) {
        printf("# %s\n", error.message);
        return;
    }
    ok(offcut_worker_slots(worker) == 4 && offcut_worker_payload_bytes(worker) == 5000
            && strcmp(offcut_worker_transport(worker), "shm") == 0, "has the region's shape");
    for (; rounds < 2000; rounds++) {
        char text[32];
        snprintf(text, sizeof text, "round %d", rounds);
        slot = call(worker, (uint64_t)rounds, text);
        if (slot < 0 || offcut_await(worker, 5 * SECOND) != slot || !brings(worker, slot, (uint64_t)rounds, text))
            break;
        offcut_release(worker, slot);
    }
    ok(rounds == 2000, "2000 calls bring back what was sent");
    ok(offcut_poll(worker) == OFFCUT_NONE && offcut_await(worker, 5 * SECOND) == OFFCUT_NONE, "nothing outstanding: nothing to wait for");
    offcut_worker_close(worker);
    region_free(&region);
}

static void pipelines(void) {
    struct region region;
    offcut_worker *worker;
    int posted = 0, seen = 0;
    region_make(&region, 64, 16);
    region_start(&region, false);
    worker = region_open(&region, NULL);
    while (call(worker, (uint64_t)posted, "x") >= 0)
        posted++;
    ok(posted == 64, "all 64 slots can be outstanding");
    for (int slot = offcut_await(worker, SECOND); slot >= 0; slot = offcut_await(worker, SECOND)) {
        seen += brings(worker, slot, offcut_invocation_id(worker, slot), "x");
        offcut_release(worker, slot);
    }
    ok(seen == 64, "and each completes once");
    offcut_worker_close(worker);
    region_free(&region);
}

static void refuses_misuse(void) {
    struct region region;
    offcut_worker *worker;
    uint32_t bytes = 9;
    int slot;
    region_make(&region, 2, 100);
    region_start(&region, false);
    worker = region_open(&region, NULL);
    slot = offcut_acquire(worker);
    ok(offcut_post(worker, slot, 1, 0, 101, 0) == OFFCUT_STATUS_TOO_LARGE, "an input over the limit");
    ok(offcut_post(worker, 1 - slot, 1, 0, 1, 0) == OFFCUT_STATUS_MALFORMED && offcut_post(worker, 64, 1, 0, 1, 0) == OFFCUT_STATUS_MALFORMED
            && offcut_post(worker, -1, 1, 0, 1, 0) == OFFCUT_STATUS_MALFORMED, "a slot that was not acquired");
    ok(offcut_result(worker, slot, &bytes) == NULL && bytes == 0 && offcut_status(worker, 70) == OFFCUT_STATUS_MALFORMED
            && offcut_input(worker, 2) == NULL, "a slot that is not completed, or none");
    offcut_release(worker, slot);
    offcut_release(worker, slot);
    offcut_release(worker, -3);
    ok(offcut_acquire(worker) == 0 && offcut_acquire(worker) == 1 && offcut_acquire(worker) == OFFCUT_NONE, "releasing twice makes no slot twice");
    ok(region_open(&region, NULL) == NULL, "a second client while this one lives");
    offcut_worker_close(worker);
    worker = region_open(&region, NULL);
    ok(worker != NULL, "the next client when it is gone");
    offcut_worker_close(worker);
    region_free(&region);
}

static void wrong_magic(struct region *r, oc_response *a) { (void)r; a->magic ^= 1; }
static void wrong_version(struct region *r, oc_response *a) { (void)r; a->version = 9; }
static void negative_length(struct region *r, oc_response *a) { (void)r; a->payload_bytes = -1; }
static void too_long(struct region *r, oc_response *a) { a->payload_bytes = (int32_t)r->payload_bytes + 1; }
static void wrong_id(struct region *r, oc_response *a) { (void)r; a->invocation_id++; }
static void positive_status(struct region *r, oc_response *a) { (void)r; a->status = 3; }
static void unknown_status(struct region *r, oc_response *a) { (void)r; a->status = INT32_MIN; }

static void survives(void (*spoil)(struct region *, oc_response *), int status, const char *what) {
    struct region region;
    offcut_worker *worker;
    uint32_t bytes;
    int slot;
    region_make(&region, 2, 100);
    region.spoil = spoil;
    region_start(&region, false);
    worker = region_open(&region, NULL);
    slot = call(worker, 5, "x");
    ok(offcut_await(worker, 2 * SECOND) == slot && offcut_status(worker, slot) == status
            && offcut_result(worker, slot, &bytes) != NULL && bytes <= 100, "%s is %s", what, offcut_status_name(status));
    offcut_worker_close(worker);
    region_free(&region);
}

static void survives_wrong_answers(void) {
    survives(wrong_magic, OFFCUT_STATUS_MALFORMED, "a wrong magic");
    survives(wrong_version, OFFCUT_STATUS_WRONG_VERSION, "another version");
    survives(negative_length, OFFCUT_STATUS_MALFORMED, "a negative length");
    survives(too_long, OFFCUT_STATUS_TOO_LARGE, "a length beyond the slot");
    survives(wrong_id, OFFCUT_STATUS_MALFORMED, "another invocation's answer");
    survives(positive_status, OFFCUT_STATUS_MALFORMED, "a positive status");
    survives(unknown_status, OFFCUT_STATUS_MALFORMED, "an unknown status");
}

static void refuses_regions_that_are_none(void) {
    struct region region;
    offcut_error error;
    region_make(&region, 2, 100);
    region_announce(&region, getpid());
    *region_word(&region, OC_SHM_AT_SLOTS) = 65;
    ok(region_open(&region, &error) == NULL && error.code == OFFCUT_ERR_INVALID_INPUT, "65 slots: %s", error.message);
    *region_word(&region, OC_SHM_AT_SLOTS) = 2;
    *region_word(&region, OC_SHM_AT_PAYLOAD_BYTES) = 1 << 20;
    ok(region_open(&region, &error) == NULL && error.code == OFFCUT_ERR_INVALID_INPUT, "a shape larger than the file");
    *region_word(&region, OC_SHM_AT_PAYLOAD_BYTES) = -1;
    ok(region_open(&region, &error) == NULL && error.code == OFFCUT_ERR_INVALID_INPUT, "a negative payload");
    *region_word(&region, OC_SHM_AT_PAYLOAD_BYTES) = 100;
    *region_word(&region, OC_SHM_AT_VERSION) = 2;
    ok(region_open(&region, &error) == NULL && error.code == OFFCUT_ERR_WRONG_VERSION, "another layout: %s", error.message);
    *region_word(&region, OC_SHM_AT_VERSION) = 1;
    *region_word(&region, OC_SHM_AT_STATE) = OFFCUT_STATUS_REVOKED;
    ok(region_open(&region, &error) == NULL && error.code == OFFCUT_ERR_CONFLICT && strstr(error.message, "REVOKED") != NULL, "one that has ended");
    if (ftruncate(region.fd, 100) != 0)
        exit(99);
    ok(region_open(&region, &error) == NULL && error.code == OFFCUT_ERR_INVALID_INPUT, "one that is cut off");
    unlink(region.path);
    ok(region_open(&region, &error) == NULL && error.code == OFFCUT_ERR_NOT_FOUND, "one that is not there");
    if (symlink("/dev/zero", region.path) != 0)
        exit(99);
    ok(region_open(&region, &error) == NULL && error.code == OFFCUT_ERR_INVALID_INPUT, "a link");
    region_free(&region);
}

static void ends_as_the_worker_says(void) {
    struct region region;
    offcut_worker *worker;
    int slot;
    region_make(&region, 2, 100);
    region_announce(&region, getpid());
    worker = region_open(&region, NULL);
    slot = call(worker, 1, "x");
    __atomic_store_n(region_word(&region, OC_SHM_AT_STATE), OFFCUT_STATUS_REVOKED, __ATOMIC_SEQ_CST);
    ok(offcut_await(worker, 5 * SECOND) == slot && offcut_status(worker, slot) == OFFCUT_STATUS_REVOKED
            && offcut_ended(worker) == OFFCUT_STATUS_REVOKED && offcut_acquire(worker) == OFFCUT_NONE, "revoked");
    offcut_worker_close(worker);
    region_free(&region);

    region_make(&region, 2, 100);
    region_announce(&region, getpid());
    worker = region_open(&region, NULL);
    slot = call(worker, 1, "x");
    atomic_store(&worker->forced, OFFCUT_STATUS_EXPIRED);
    ok(offcut_await(worker, 5 * SECOND) == slot && offcut_status(worker, slot) == OFFCUT_STATUS_EXPIRED, "ended from outside");
    offcut_worker_close(worker);
    region_free(&region);
}

static void notices_a_dead_worker(void) {
    struct region region;
    offcut_worker *worker;
    pid_t child = fork();
    int slot;
    if (child == 0)
        for (;;)
            pause();
    region_make(&region, 2, 100);
    region_announce(&region, child);
    worker = region_open(&region, NULL);
    slot = call(worker, 1, "x");
    kill(child, SIGKILL);
    ok(offcut_await(worker, 5 * SECOND) == slot && offcut_status(worker, slot) == OFFCUT_STATUS_CRASHED, "that was killed");
    waitpid(child, NULL, 0);
    offcut_worker_close(worker);
    region_free(&region);
}

static void takes_over_from_a_dead_client(void) {
    struct region region;
    offcut_worker *worker;
    int slot;
    pid_t child;
    region_make(&region, 2, 100);
    region_announce(&region, getpid());
    child = fork();
    if (child == 0) {
        worker = region_open(&region, NULL);
        _exit(worker != NULL && call(worker, 1, "x") == 0 ? 0 : 1);
    }
    waitpid(child, &slot, 0);
    worker = region_open(&region, NULL);
    if (!ok(slot == 0 && worker != NULL, "its claim"))
        exit(1);
    ok(offcut_acquire(worker) == 1 && offcut_acquire(worker) == OFFCUT_NONE, "but not the slot that the worker still uses");
    region_serve(&region, 0);
    ok(offcut_acquire(worker) == 0, "until it is done with it");
    offcut_worker_close(worker);
    region_free(&region);
}

static volatile sig_atomic_t others;

static void other_handler(int number) {
    (void)number;
    others++;
}

static void survives_truncation(void) {
    struct region region;
    offcut_worker *worker;
    int slot;
    region_make(&region, 2, 100);
    region_announce(&region, getpid());
    worker = region_open(&region, NULL);
    if (ftruncate(region.fd, 4096) != 0)
        exit(99);
    worker->shm.looked_ns = 0;
    ok(offcut_ended(worker) == OFFCUT_STATUS_DISCONNECTED, "is noticed while nothing is outstanding");
    offcut_worker_close(worker);
    region_free(&region);

    signal(SIGBUS, other_handler);
    ok(offcut_survive_truncation(NULL) == 0 && offcut_survive_truncation(NULL) == 0, "with the handler");
    region_make(&region, 2, 100);
    region_announce(&region, getpid());
    worker = region_open(&region, NULL);
    slot = call(worker, 1, "x");
    if (ftruncate(region.fd, 0) != 0)
        exit(99);
    ok(offcut_await(worker, 5 * SECOND) == slot && offcut_status(worker, slot) != OFFCUT_STATUS_OK, "a call ends: %s",
        offcut_status_name(offcut_status(worker, slot)));
    ok(offcut_ended(worker) == OFFCUT_STATUS_DISCONNECTED && offcut_acquire(worker) == OFFCUT_NONE, "and the worker");
    offcut_worker_close(worker);
    region_free(&region);
    raise(SIGBUS);
    ok(others == 1, "another SIGBUS goes to the handler before");
}

int main(void) {
    lays_out_as_documented();
    invokes(false);
    invokes(true);
    pipelines();
    refuses_misuse();
    survives_wrong_answers();
    refuses_regions_that_are_none();
    ends_as_the_worker_says();
    notices_a_dead_worker();
    takes_over_from_a_dead_client();
    survives_truncation();
    return done();
}
