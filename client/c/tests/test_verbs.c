/* RDMA: a worker that the test plays, well and badly, behind a library in rdma-core's place. */
#include "channel.h"
#include "clock.h"
#include "lease.h"
#include "rdma.h"
#include "tap.h"

#include <string.h>

#define SECOND INT64_C(1000000000)

static void forced_where_it_cannot_be(void) {
    offcut_config config = {.user = "me", .scheduler_url = "http://127.0.0.1:1", .connect_timeout_ms = 100,
        .request_timeout_ms = 100, .spin_us = 20};
    offcut_error error = {0};
    offcut_options options;
    offcut_client *client = offcut_connect(&config, &error);
    offcut_options_init(&options, "b/f");
    options.transports = "verbs";
    ok(oc_rdma_problem() == NULL || (offcut_lease_request(client, &options, &error) == NULL
           && error.code == OFFCUT_ERR_USAGE && strstr(error.message, oc_rdma_problem()) != NULL),
        "a client that allows nothing but verbs hears why not: %s", error.message);
    options.transports = "verbs,tcp";
    ok(offcut_lease_request(client, &options, &error) == NULL && error.code == OFFCUT_ERR_UNREACHABLE,
        "one that allows tcp too goes on without: %s", error.message);
    options.transports = "tcp,rdma";
    ok(offcut_lease_request(client, &options, &error) == NULL && error.code == OFFCUT_ERR_USAGE,
        "no such transport: %s", error.message);
    offcut_client_close(client);
}

static offcut_worker *open_worker(int64_t timeout_ns, offcut_error *error) {
    oc_descriptor channel = {.transport = OC_VERBS, .worker = 3, .host = "127.0.0.1", .port = 7,
        .secret = "0123456789abcdef0123456789abcdef", .slots = 64, .payload_bytes = 60000};
    return oc_channel_open(&channel, timeout_ns, -1, error);
}

#ifdef OC_WITH_VERBS

#include <dlfcn.h>
#include <pthread.h>
#include <stdlib.h>

#include "fake_rdma.h"

static struct fake_rdma *fake;

/* --- the worker */

static oc_response answer_to(int slot) {
    const oc_request *request = fake->request(slot);
    return (oc_response){.magic = OC_RESPONSE_MAGIC, .version = OC_VERSION, .invocation_id = request->invocation_id,
        .payload_bytes = request->payload_bytes, .execution_ns = 7, .slot = slot};
}

static void answer(int slot, const oc_response *response) {
    memcpy(fake->result(slot), response, sizeof *response);
    fake->say(slot);
}

static void echo(struct fake_rdma *worker, int slot) {
    oc_response response = answer_to(slot);
    memcpy(worker->result(slot) + sizeof response, worker->input(slot), (size_t)response.payload_bytes);
    answer(slot, &response);
}

static void begin(void (*serve)(struct fake_rdma *, int)) {
    struct fake_rdma calls = *fake;
    *fake = (struct fake_rdma){.slots = 4, .payload_bytes = 60000, .private_bytes = 60, .serve = serve,
        .most_inline = 256, .registrations = 2, .request = calls.request, .input = calls.input,
        .result = calls.result, .say = calls.say, .hang_up = calls.hang_up};
}

static offcut_worker *connected(void (*serve)(struct fake_rdma *, int)) {
    offcut_error error = {0};
    offcut_worker *worker;
    begin(serve);
    worker = open_worker(5 * SECOND, &error);
    if (worker == NULL) {
        ok(0, "connects: %s", error.message);
        exit(1);
    }
    return worker;
}

static void leave(offcut_worker *worker, const char *what) {
    offcut_worker_close(worker);
    ok(fake->made == 0 && fake->disconnects >= 1, "%s: everything is given back (%d)", what, fake->made);
}

static void fill(unsigned char *to, uint32_t bytes, unsigned seed) {
    for (uint32_t i = 0; i < bytes; i++)
        to[i] = (unsigned char)(i * 31 + seed);
}

static bool filled(const unsigned char *at, uint32_t bytes, unsigned seed) {
    for (uint32_t i = 0; i < bytes; i++)
        if (at[i] != (unsigned char)(i * 31 + seed))
            return false;
    return true;
}

static int post(offcut_worker *worker, uint64_t id, uint32_t bytes) {
    int slot = offcut_acquire(worker);
    fill(offcut_input(worker, slot), bytes, (unsigned)id);
    return offcut_post(worker, slot, id, 5, bytes, 0) == 0 ? slot : OFFCUT_NONE;
}

static bool right(offcut_worker *worker, int slot, uint64_t id, uint32_t bytes) {
    uint32_t got;
    const unsigned char *result = offcut_result(worker, slot, &got);
    bool is = offcut_status(worker, slot) == 0 && got == bytes && filled(result, got, (unsigned)id)
        && offcut_invocation_id(worker, slot) == id && offcut_execution_ns(worker, slot) == 7;
    offcut_release(worker, slot);
    return is;
}

/* --- calls */

static void invokes(void) {
    static const uint32_t SIZES[] = {0, 1, 192, 193, 4096, 60000};
    offcut_worker *worker = connected(echo);
    int good = 0;
    ok(strcmp(offcut_worker_transport(worker), "verbs") == 0 && offcut_worker_slots(worker) == 4
            && offcut_worker_payload_bytes(worker) == 60000, "has the worker's shape");
    ok(fake->hello.magic == OC_VERBS_HELLO_MAGIC && fake->hello.version == OC_VERSION && fake->hello.worker == 3
            && memcmp(fake->hello.secret, "\x01\x23\x45\x67\x89\xab\xcd\xef\x01\x23\x45\x67\x89\xab\xcd\xef", 16) == 0,
        "says all of the secret");
    ok(fake->receives == 66, "posts a receive for each slot that there may be and two more");
    for (uint64_t id = 0; id < 60; id++) {
        uint32_t bytes = SIZES[id % 6];
        int slot = post(worker, id, bytes);
        good += offcut_await(worker, SECOND) == slot && right(worker, slot, id, bytes);
    }
    ok(good == 60, "payloads of all sizes come back whole");
    ok(fake->sends == 60 && fake->inlined == 30, "one write each, in the work request up to 256 bytes");
    ok(fake->receives == 66, "a receive is posted for each that was taken");
    ok(offcut_ended(worker) == 0 && offcut_poll(worker) == OFFCUT_NONE, "and the worker has not ended");
    leave(worker, "a worker that is closed");
}

static void pipelines(void) {
    uint64_t next = 0, done = 0;
    offcut_worker *worker;
    begin(echo);
    fake->slots = 64;
    fake->most_inline = 0;
    worker = open_worker(5 * SECOND, NULL);
    while (done < 2000) {
        int slot;
        while (next < 2000 && worker->slots.free != 0)
            if (post(worker, next, (uint32_t)(next * 7919 % 60000)) != OFFCUT_NONE)
                next++;
        slot = offcut_await(worker, SECOND);
        if (slot == OFFCUT_NONE || !right(worker, slot, worker->slots.slot[slot].invocation_id,
                (uint32_t)(worker->slots.slot[slot].invocation_id * 7919 % 60000)))
            break;
        done++;
    }
    ok(done == 2000 && fake->inlined == 0, "2000 calls through 64 slots of a device that takes nothing inline");
    leave(worker, "after them");
}

/* Answers what was posted, in a thread of its own. */
static atomic_int waiting;

static void later(struct fake_rdma *worker, int slot) {
    (void)worker, (void)slot;
    atomic_fetch_add(&waiting, 1);
}

static void *answer_later(void *argument) {
    for (int i = 0; i < 300; i++) {
        while (atomic_load(&waiting) == 0)
            oc_pause();
        atomic_fetch_sub(&waiting, 1);
        for (int spin = i % 7 * 1000; spin > 0; spin--)
            oc_pause();
        echo(argument, 0);
    }
    return NULL;
}

static void is_woken(void) {
    offcut_worker *worker = connected(later);
    pthread_t thread;
    int good = 0;
    pthread_create(&thread, NULL, answer_later, fake);
    for (uint64_t id = 0; id < 300; id++) {
        int slot = post(worker, id, 8);
        good += offcut_await(worker, 10 * SECOND) == slot && right(worker, slot, id, 8);
    }
    ok(good == 300, "a sleeper is woken by each answer, however late it comes");
    pthread_join(thread, NULL);
    leave(worker, "after them");
}

/* --- refusals */

static void refused(const char *what, int code) {
    offcut_error error = {0};
    ok(open_worker(SECOND / 5, &error) == NULL && error.code == code && strstr(error.message, "0123456789") == NULL,
        "%s: %s", what, error.message);
    ok(fake->made == 0, "and everything is given back (%d)", fake->made);
}

static void refuses(void) {
    offcut_worker *worker;
    static const struct {
        int status, code;
        const char *what;
    } REFUSALS[] = {
        {OC_HELLO_UNAUTHORIZED, OFFCUT_ERR_UNAUTHORIZED, "a wrong secret"},
        {OC_HELLO_NO_SUCH_WORKER, OFFCUT_ERR_NOT_FOUND, "no such worker"},
        {OFFCUT_STATUS_WRONG_VERSION, OFFCUT_ERR_WRONG_VERSION, "another version"},
        {OFFCUT_STATUS_REVOKED, OFFCUT_ERR_CONFLICT, "a worker that has ended"},
        {OFFCUT_STATUS_BUSY, OFFCUT_ERR_CONFLICT, "a worker that stays busy"},
    };
    for (size_t i = 0; i < sizeof REFUSALS / sizeof REFUSALS[0]; i++) {
        begin(NULL);
        fake->refusal = REFUSALS[i].status;
        refused(REFUSALS[i].what, REFUSALS[i].code);
    }
    begin(NULL);
    fake->slots = 65;
    refused("65 slots", OFFCUT_ERR_UNREACHABLE);
    begin(NULL);
    fake->payload_bytes = 60001;
    refused("more payload than the node said", OFFCUT_ERR_UNREACHABLE);
    begin(NULL);
    fake->private_bytes = 39;
    refused("half an answer", OFFCUT_ERR_UNREACHABLE);
    begin(NULL);
    fake->nobody = true;
    refused("nobody there", OFFCUT_ERR_UNREACHABLE);
    begin(NULL);
    fake->silent = true;
    refused("no answer", OFFCUT_ERR_UNREACHABLE);
    begin(NULL);
    fake->registrations = 1;
    refused("memory that may not be registered", OFFCUT_ERR_EXHAUSTED);
    begin(echo);
    fake->busy = 2;
    worker = open_worker(5 * SECOND, NULL);
    ok(worker != NULL && fake->connects == 3, "connects once the last client has gone");
    leave(worker, "after that");
}

/* --- workers that misbehave */

static void say_revoked(struct fake_rdma *worker, int slot) {
    (void)slot;
    worker->say(OFFCUT_STATUS_REVOKED);
}

static void say_nonsense(struct fake_rdma *worker, int slot) {
    (void)slot;
    worker->say(INT32_MIN);
}

static void answer_twice(struct fake_rdma *worker, int slot) {
    echo(worker, slot);
    worker->say(slot);
}

static void answer_other_slot(struct fake_rdma *worker, int slot) {
    (void)slot;
    worker->say(1 << 20);
}

static void answer_other_call(struct fake_rdma *worker, int slot) {
    oc_response response = answer_to(slot);
    (void)worker;
    response.invocation_id ^= 1;
    answer(slot, &response);
}

static void announce_too_much(struct fake_rdma *worker, int slot) {
    oc_response response = answer_to(slot);
    (void)worker;
    response.payload_bytes = 60001;
    answer(slot, &response);
}

static void answer_nothing(struct fake_rdma *worker, int slot) {
    memset(worker->result(slot), 0, sizeof(oc_response));
    worker->say(slot);
}

static void go(struct fake_rdma *worker, int slot) {
    (void)slot;
    worker->hang_up();
}

static void survives(void (*serve)(struct fake_rdma *, int), int first, int ended, const char *what) {
    offcut_worker *worker = connected(serve);
    int slot = post(worker, 8, 0), other;
    ok(offcut_await(worker, 5 * SECOND) == slot && offcut_status(worker, slot) == first, "%s: the call is %s", what,
        offcut_status_name(offcut_status(worker, slot)));
    if (worker->ended == 0) {
        fake->serve = NULL;
        other = post(worker, 9, 0);
        ok(offcut_await(worker, 5 * SECOND) == other && offcut_status(worker, other) == ended, "the next is %s",
            offcut_status_name(offcut_status(worker, other)));
    }
    ok(offcut_ended(worker) == ended && offcut_acquire(worker) == OFFCUT_NONE, "and the worker has ended");
    leave(worker, "after that");
}

static void survives_bad_workers(void) {
    survives(say_revoked, OFFCUT_STATUS_REVOKED, OFFCUT_STATUS_REVOKED, "says why it ends");
    survives(say_nonsense, OFFCUT_STATUS_MALFORMED, OFFCUT_STATUS_MALFORMED, "ends with what is no status");
    survives(answer_twice, OFFCUT_STATUS_OK, OFFCUT_STATUS_MALFORMED, "answers twice");
    survives(answer_other_slot, OFFCUT_STATUS_MALFORMED, OFFCUT_STATUS_MALFORMED, "answers a slot that is not");
    survives(answer_other_call, OFFCUT_STATUS_MALFORMED, OFFCUT_STATUS_MALFORMED, "answers another call");
    survives(announce_too_much, OFFCUT_STATUS_TOO_LARGE, OFFCUT_STATUS_TOO_LARGE, "announces more than fits");
    survives(answer_nothing, OFFCUT_STATUS_MALFORMED, OFFCUT_STATUS_MALFORMED, "answers without writing");
    survives(go, OFFCUT_STATUS_DISCONNECTED, OFFCUT_STATUS_DISCONNECTED, "is gone");
}

/* --- links that break */

static void loses_its_link(void) {
    offcut_worker *worker = connected(NULL);
    int slot, other = post(worker, 1, 8);
    fake->lose = true;
    slot = post(worker, 2, 8);
    ok(offcut_await(worker, SECOND) == other && offcut_status(worker, other) == OFFCUT_STATUS_DISCONNECTED
            && offcut_await(worker, SECOND) == slot && offcut_status(worker, slot) == OFFCUT_STATUS_DISCONNECTED,
        "a write that is not acknowledged ends all that is posted");
    leave(worker, "after that");

    worker = connected(NULL);
    post(worker, 1, 8);
    fake->lose = true; /* from now on its machine is silent */
    ok(offcut_await(worker, 10 * SECOND) >= 0 && offcut_ended(worker) == OFFCUT_STATUS_DISCONNECTED && fake->probes == 1,
        "a worker that is silently gone is noticed by a probe");
    leave(worker, "after that");

    worker = connected(NULL);
    fake->hang_up();
    for (int64_t until = oc_after_ns(5 * SECOND); oc_now_ns() < until && offcut_ended(worker) == 0;)
        oc_pause();
    ok(offcut_ended(worker) == OFFCUT_STATUS_DISCONNECTED, "one that goes while nothing is posted is noticed too");
    leave(worker, "after that");

    worker = connected(echo);
    fake->forget = true;
    for (uint64_t id = 0; worker->ended == 0 && id < 1000; id++) {
        slot = post(worker, id, 8);
        offcut_release(worker, offcut_await(worker, 5 * SECOND));
    }
    ok(fake->sends == 2 * OC_VERBS_SENDS_PER_SIGNAL + 2 * 64 && worker->ended == OFFCUT_STATUS_DISCONNECTED,
        "a full send queue that is not emptied ends it (%d)", fake->sends);
    leave(worker, "after that");
}

static void ends_when_told(void) {
    offcut_worker *worker = connected(NULL);
    int slot = post(worker, 1, 8);
    atomic_store(&worker->forced, OFFCUT_STATUS_EXPIRED);
    ok(offcut_await(worker, SECOND) == slot && offcut_status(worker, slot) == OFFCUT_STATUS_EXPIRED, "a lease that is over ends its calls");
    leave(worker, "after that");
}

int main(void) {
    void *library = dlopen("libibverbs.so.1", RTLD_NOW);
    fake = library == NULL ? NULL : dlsym(library, "fake_rdma");
    forced_where_it_cannot_be();
    if (!ok(fake != NULL, "runs with the library in rdma-core's place: make check"))
        return done();
    invokes();
    pipelines();
    is_woken();
    refuses();
    survives_bad_workers();
    loses_its_link();
    ends_when_told();
    return done();
}

#else

int main(void) {
    offcut_error error = {0};
    forced_where_it_cannot_be();
    ok(strstr(oc_rdma_problem(), "built without it") != NULL, "says that it was built without");
    ok(open_worker(SECOND, &error) == NULL && error.code == OFFCUT_ERR_USAGE, "and does not connect: %s", error.message);
    return done();
}

#endif
