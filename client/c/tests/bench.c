/*
 * The C client's side of `offcut bench invoke --client c`, which starts this program for each case
 * and has turns of its own between the turns of this one:
 *
 *   bench FUNCTION TRANSPORT HOT_TIMEOUT_US
 *
 * leases a worker, says "ready" and obeys one line at a time until its input ends:
 *
 *   KIND INPUT_BYTES CALLS PAUSE_NS
 *
 * Calls go one after the other; the answer to a line is a line of times in ns, each followed by how
 * many calls took it. "due" makes one due every PAUSE_NS and times it from then, however late it is.
 * "pipelined" keeps all slots full instead and gives the time of all together.
 * Every answer is checked. Times include the clock, as those of the other side do.
 */
#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "offcut.h"

struct bench {
    offcut_lease *lease;
    offcut_worker *worker;
    uint64_t id;
    unsigned char *payload; /* what "ends" sends */
};

/* One call: posts, waits for the end and checks it. */
typedef void one_call(struct bench *bench, int function, uint32_t bytes);

static int64_t now_ns(void) {
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return now.tv_sec * INT64_C(1000000000) + now.tv_nsec;
}

static void fail(const char *what, const char *why) {
    fprintf(stderr, "bench: %s: %s\n", what, why);
    exit(1);
}

static void finish(struct bench *bench, int done) {
    if (offcut_status(bench->worker, done) != OFFCUT_STATUS_OK)
        fail("a call ended as", offcut_status_name(offcut_status(bench->worker, done)));
    offcut_release(bench->worker, done);
}

static void post(struct bench *bench, int slot, int function, uint32_t bytes) {
    int refused = offcut_post(bench->worker, slot, bench->id, function, bytes, 0);
    if (refused != 0)
        fail("a call was refused", offcut_status_name(refused));
}

static int acquire(struct bench *bench) {
    int slot = offcut_acquire(bench->worker);
    if (slot == OFFCUT_NONE)
        fail("its worker has ended", offcut_status_name(offcut_ended(bench->worker)));
    bench->id++;
    return slot;
}

static int spin(struct bench *bench, int slot) {
    int done = offcut_poll(bench->worker);
    while (done == OFFCUT_NONE)
        done = offcut_poll(bench->worker);
    if (done != slot)
        fail("a call", "ended in another slot");
    return done;
}

static void call_empty(struct bench *bench, int function, uint32_t bytes) {
    int slot = acquire(bench);
    memcpy(offcut_input(bench->worker, slot), &bench->id, sizeof bench->id);
    post(bench, slot, function, bytes);
    finish(bench, spin(bench, slot));
}

static void call_echo(struct bench *bench, int function, uint32_t bytes) {
    int slot = acquire(bench), done;
    uint32_t length;
    const void *result;
    memcpy(offcut_input(bench->worker, slot), &bench->id, sizeof bench->id);
    post(bench, slot, function, bytes);
    done = spin(bench, slot);
    result = offcut_result(bench->worker, done, &length);
    if (length != bytes || memcmp(result, &bench->id, sizeof bench->id) != 0)
        fail("echo", "another result than the input");
    finish(bench, done);
}

static void call_ends(struct bench *bench, int function, uint32_t bytes) {
    int slot = acquire(bench), done;
    uint32_t length;
    const unsigned char *result;
    memcpy(offcut_input(bench->worker, slot), bench->payload, bytes);
    post(bench, slot, function, bytes);
    done = spin(bench, slot);
    result = offcut_result(bench->worker, done, &length);
    if (length != 8 || memcmp(result, bench->payload, 4) != 0 || memcmp(result + 4, bench->payload + bytes - 4, 4) != 0)
        fail("ends", "another result than the input's ends");
    finish(bench, done);
}

static void spin_until(int64_t ns) {
    while (now_ns() < ns)
        ;
}

/* When the next call begins to take time. */
static int64_t start_ns(int64_t due, int64_t between_ns, bool by_rate) {
    if (by_rate) {
        spin_until(due);
        return due;
    }
    if (between_ns > 0)
        spin_until(now_ns() + between_ns);
    return now_ns();
}

static int by_value(const void *a, const void *b) {
    const int64_t *left = a, *right = b;
    return (*left > *right) - (*left < *right);
}

static void say(int64_t *took, int count) {
    qsort(took, (size_t)count, sizeof took[0], by_value);
    for (int i = 0, same = 0; i < count; i += same) {
        for (same = 1; i + same < count && took[i + same] == took[i]; same++)
            ;
        printf("%s%" PRId64 " %d", i == 0 ? "" : " ", took[i], same);
    }
    printf("\n");
    fflush(stdout);
}

static void one_by_one(
    struct bench *bench, one_call *call, int function, uint32_t bytes, int count, int64_t between_ns, bool by_rate) {
    int64_t *took = calloc((size_t)count, sizeof *took), due = now_ns();
    if (took == NULL)
        fail("times", "no memory");
    for (int i = 0; i < count; i++) {
        int64_t start = start_ns(due += between_ns, between_ns, by_rate);
        call(bench, function, bytes);
        took[i] = now_ns() - start;
    }
    say(took, count);
    free(took);
}

static void pipelined(struct bench *bench, int function, uint32_t bytes, int count) {
    int64_t start = now_ns();
    for (int posted = 0, done = 0; done < count;) {
        int slot = posted < count ? offcut_acquire(bench->worker) : OFFCUT_NONE;
        if (slot != OFFCUT_NONE) {
            bench->id++;
            memcpy(offcut_input(bench->worker, slot), &bench->id, sizeof bench->id);
            post(bench, slot, function, bytes);
            posted++;
            continue;
        }
        slot = offcut_poll(bench->worker);
        if (slot != OFFCUT_NONE) {
            finish(bench, slot);
            done++;
        }
    }
    say(&(int64_t){now_ns() - start}, 1);
}

static void obey(struct bench *bench, const char *kind, uint32_t bytes, int count, int64_t between_ns) {
    one_call *call = strcmp(kind, "ends") == 0 ? call_ends : strcmp(kind, "echo") == 0 ? call_echo : call_empty;
    bool all = strcmp(kind, "pipelined") == 0, by_rate = strcmp(kind, "due") == 0;
    int function = offcut_lease_function(bench->lease, all || by_rate ? "empty" : kind);
    if (function < 0 || bytes < sizeof bench->id || bytes > offcut_worker_payload_bytes(bench->worker) || count < 1)
        fail(kind, "no such turn");
    if (all)
        pipelined(bench, function, bytes, count);
    else
        one_by_one(bench, call, function, bytes, count, between_ns, by_rate);
}

int main(int argc, char **argv) {
    struct bench bench = {0};
    offcut_error error = {0};
    offcut_options options;
    offcut_client *client = offcut_connect(NULL, &error);
    char kind[16];
    uint32_t bytes;
    int count;
    int64_t between_ns;
    if (argc != 4)
        fail("usage", "bench FUNCTION TRANSPORT HOT_TIMEOUT_US");
    offcut_options_init(&options, argv[1]);
    options.transports = argv[2];
    options.hot_timeout_us = atoll(argv[3]);
    bench.lease = offcut_lease_request(client, &options, &error);
    bench.worker = bench.lease == NULL ? NULL : offcut_lease_take(bench.lease, INT64_C(120000000000), &error);
    if (bench.worker == NULL)
        fail("no worker", error.message);
    bench.payload = malloc(offcut_worker_payload_bytes(bench.worker));
    if (bench.payload == NULL)
        fail("payload", "no memory");
    for (uint32_t i = 0; i < offcut_worker_payload_bytes(bench.worker); i++)
        bench.payload[i] = (unsigned char)(i / 4096);
    printf("ready\n");
    fflush(stdout);
    while (scanf("%15s %" SCNu32 " %d %" SCNd64, kind, &bytes, &count, &between_ns) == 4)
        obey(&bench, kind, bytes, count, between_ns);
    free(bench.payload);
    offcut_worker_close(bench.worker);
    offcut_lease_release(bench.lease);
    offcut_client_close(client);
    return 0;
}
