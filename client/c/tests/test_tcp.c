/* TCP: a worker that a thread of the test plays, well and badly. */
#include "peer.h"

#include "clock.h"
#include "tap.h"

#define SECOND INT64_C(1000000000)

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

static void invokes(void) {
    struct peer peer = {.slots = 4, .payload_bytes = 3 << 20, .busy = 2, .script = peer_echo};
    static const uint32_t SIZES[] = {0, 1, 64, 16383, 16384, 16385, 100000, 3 << 20};
    offcut_worker *worker;
    int right = 0;
    peer_start(&peer);
    worker = peer_open(&peer, NULL);
    if (!ok(worker != NULL && offcut_worker_slots(worker) == 4 && strcmp(offcut_worker_transport(worker), "tcp") == 0,
            "connects once the last client has gone"))
        exit(1);
    for (int i = 0; i < 64; i++) {
        uint32_t bytes = SIZES[i % 8], got;
        int slot = offcut_acquire(worker);
        const unsigned char *result;
        fill(offcut_input(worker, slot), bytes, (unsigned)i);
        offcut_post(worker, slot, (uint64_t)i, 0, bytes, 0);
        if (offcut_await(worker, 10 * SECOND) != slot)
            break;
        result = offcut_result(worker, slot, &got);
        right += offcut_status(worker, slot) == 0 && got == bytes && filled(result, got, (unsigned)i)
            && offcut_invocation_id(worker, slot) == (uint64_t)i && offcut_execution_ns(worker, slot) == 7;
        offcut_release(worker, slot);
    }
    ok(right == 64, "payloads of all sizes come back whole");
    offcut_worker_close(worker);
    peer_stop(&peer);
}

static void pipelines(void) {
    struct peer peer = {.slots = 64, .payload_bytes = 70000, .script = peer_echo};
    offcut_worker *worker;
    int next = 0, right = 0;
    peer_start(&peer);
    worker = peer_open(&peer, NULL);
    while (right < 2000) {
        uint32_t got;
        int slot;
        while (next < 2000 && (slot = offcut_acquire(worker)) >= 0) {
            fill(offcut_input(worker, slot), (uint32_t)(next * 7919 % 70000), (unsigned)next);
            offcut_post(worker, slot, (uint64_t)next, 0, (uint32_t)(next * 7919 % 70000), 0);
            next++;
        }
        slot = offcut_await(worker, 10 * SECOND);
        if (slot < 0)
            break;
        {
            int id = (int)offcut_invocation_id(worker, slot);
            const unsigned char *result = offcut_result(worker, slot, &got);
            right += got == (uint32_t)(id * 7919 % 70000) && filled(result, got, (unsigned)id);
        }
        offcut_release(worker, slot);
    }
    ok(right == 2000, "2000 calls through 64 slots, sent and received at once");
    offcut_worker_close(worker);
    peer_stop(&peer);
}

static void refused(int32_t status, int slots, int32_t payload_bytes, int code, const char *what) {
    struct peer peer = {.slots = slots, .payload_bytes = payload_bytes, .refusal = status};
    offcut_error error = {0};
    peer_start(&peer);
    ok(peer_open(&peer, &error) == NULL && error.code == code, "%s: %s", what, error.message);
    peer_stop(&peer);
}

static void refuses(void) {
    offcut_error error;
    struct peer nobody = {.port = 1};
    refused(OC_HELLO_UNAUTHORIZED, 1, 1, OFFCUT_ERR_UNAUTHORIZED, "a wrong secret");
    refused(OC_HELLO_NO_SUCH_WORKER, 1, 1, OFFCUT_ERR_NOT_FOUND, "no such worker");
    refused(OFFCUT_STATUS_WRONG_VERSION, 1, 1, OFFCUT_ERR_WRONG_VERSION, "another version");
    refused(OFFCUT_STATUS_REVOKED, 1, 1, OFFCUT_ERR_CONFLICT, "a worker that has ended");
    refused(0, 65, 1, OFFCUT_ERR_UNREACHABLE, "65 slots");
    refused(0, 1, -1, OFFCUT_ERR_UNREACHABLE, "a negative payload");
    ok(peer_open(&nobody, &error) == NULL && error.code == OFFCUT_ERR_UNREACHABLE, "nobody there: %s", error.message);
}

/* --- peers that misbehave after the greeting */

static void hang_up(struct peer *peer) {
    oc_request request;
    peer_read(peer, &request, sizeof request);
}

static void say_revoked(struct peer *peer) {
    oc_request request;
    peer_read(peer, &request, sizeof request);
    request.slot = OC_WHOLE_CONNECTION;
    peer_answer(peer, &request, OFFCUT_STATUS_REVOKED, NULL, 0);
}

static void answer_twice(struct peer *peer) {
    oc_request request;
    peer_read(peer, &request, sizeof request);
    peer_answer(peer, &request, 0, NULL, 0);
    peer_answer(peer, &request, 0, NULL, 0);
}

static void answer_other_slot(struct peer *peer) {
    oc_request request;
    peer_read(peer, &request, sizeof request);
    request.slot = 63;
    peer_answer(peer, &request, 0, NULL, 0);
}

static void answer_other_call(struct peer *peer) {
    oc_request request;
    peer_read(peer, &request, sizeof request);
    request.invocation_id ^= 1;
    peer_answer(peer, &request, 0, NULL, 0);
}

static void announce_too_much(struct peer *peer) {
    oc_response response = {.magic = OC_RESPONSE_MAGIC, .version = OC_VERSION, .payload_bytes = 101};
    oc_request request;
    peer_read(peer, &request, sizeof request);
    response.invocation_id = request.invocation_id;
    peer_write(peer, &response, sizeof response);
}

static void cut_off(struct peer *peer) {
    oc_response response = {.magic = OC_RESPONSE_MAGIC, .version = OC_VERSION, .payload_bytes = 100};
    oc_request request;
    peer_read(peer, &request, sizeof request);
    response.invocation_id = request.invocation_id;
    peer_write(peer, &response, sizeof response);
    peer_write(peer, &response, 50);
}

static void survives(void (*script)(struct peer *), int first, int ended, const char *what) {
    struct peer peer = {.slots = 2, .payload_bytes = 100, .script = script};
    offcut_worker *worker;
    int slot, other;
    peer_start(&peer);
    worker = peer_open(&peer, NULL);
    slot = offcut_acquire(worker);
    other = offcut_acquire(worker);
    offcut_post(worker, slot, 8, 0, 0, 0);
    ok(offcut_await(worker, 5 * SECOND) == slot && offcut_status(worker, slot) == first, "%s: the call is %s", what,
        offcut_status_name(offcut_status(worker, slot)));
    offcut_post(worker, other, 9, 0, 0, 0);
    if (worker->ended == 0)
        ok(offcut_await(worker, 5 * SECOND) == other && offcut_status(worker, other) == ended, "the next is %s",
            offcut_status_name(offcut_status(worker, other)));
    ok(offcut_ended(worker) == ended && offcut_acquire(worker) == OFFCUT_NONE, "and the worker has ended");
    offcut_worker_close(worker);
    peer_stop(&peer);
}

static void survives_bad_peers(void) {
    survives(hang_up, OFFCUT_STATUS_DISCONNECTED, OFFCUT_STATUS_DISCONNECTED, "hangs up");
    survives(say_revoked, OFFCUT_STATUS_REVOKED, OFFCUT_STATUS_REVOKED, "says why it ends");
    survives(answer_twice, OFFCUT_STATUS_OK, OFFCUT_STATUS_MALFORMED, "answers twice");
    survives(answer_other_slot, OFFCUT_STATUS_MALFORMED, OFFCUT_STATUS_MALFORMED, "answers a slot that is not");
    survives(answer_other_call, OFFCUT_STATUS_MALFORMED, OFFCUT_STATUS_MALFORMED, "answers another call");
    survives(announce_too_much, OFFCUT_STATUS_TOO_LARGE, OFFCUT_STATUS_TOO_LARGE, "announces more than fits");
    survives(cut_off, OFFCUT_STATUS_DISCONNECTED, OFFCUT_STATUS_DISCONNECTED, "is cut off in a payload");
}

int main(void) {
    invokes();
    pipelines();
    refuses();
    survives_bad_peers();
    return done();
}
