/*
 * The keeper thread: the wish for so many workers, as long as the lease lives. Usually one request
 * at the scheduler serves it. Where that holds fewer workers than wished and waits for no more (it
 * was queued too long, a lease was given back, a restarted scheduler only knows the leases that are
 * left), a further request asks for the missing ones.
 *
 * A request is watched by a long poll, renewed three times in each ttl, and dropped when it is over
 * or when the scheduler does not know it for 30 s and none of its workers lives.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "clock.h"
#include "error.h"
#include "lease.h"
#include "net.h"

enum {
    LONG_WAIT_MS = 20000,
    SHORT_WAIT_MS = 200,
    FIRST_PAUSE_MS = 100,
    MAX_PAUSE_MS = 5000,
    FORGOTTEN_MS = 30000,
    LATER_QUEUE_MS = 3600000,
    MAX_FRUITLESS = 4
};

static void fail(offcut_lease *lease, const offcut_error *why) {
    pthread_mutex_lock(&lease->mutex);
    if (lease->failure.code == 0)
        lease->failure = *why;
    pthread_cond_broadcast(&lease->changed);
    pthread_mutex_unlock(&lease->mutex);
}

/* Waits until then or until the lease is closed; longer each time. */
static void pause_and_grow(offcut_lease *lease) {
    oc_net_wait(-1, 0, oc_after_ns(lease->pause_ns), lease->stop_fd);
    lease->pause_ns = lease->pause_ns * 2 < MAX_PAUSE_MS * OC_MS ? lease->pause_ns * 2 : MAX_PAUSE_MS * OC_MS;
}

/* --- what the scheduler answers */

/* Number of CPUs in a list such as "0-3,8". */
static int cpu_count(const oc_json *json, uint32_t node) {
    char *text = oc_json_copy(json, node);
    int count = 0;
    for (char *at = text; at != NULL && *at != '\0';) {
        char *end;
        long first = strtol(at, &end, 10), last = first;
        if (end == at)
            break;
        if (*end == '-')
            last = strtol(end + 1, &end, 10);
        if (first < 0 || last < first || last > 1 << 20 || count > 1 << 20)
            break;
        count += (int)(last - first) + 1;
        at = *end == ',' ? end + 1 : end;
        if (at == end)
            break;
    }
    free(text);
    return count;
}

static int held(const oc_json *json, uint32_t leases) {
    int64_t count = 0;
    for (uint32_t l = oc_json_first(json, leases); l != OC_JSON_NONE; l = oc_json_next(json, leases, l)) {
        uint32_t state = oc_json_get(json, l, "state");
        if (oc_json_equals(json, state, "GRANTED") || oc_json_equals(json, state, "ACTIVE"))
            count += cpu_count(json, oc_json_get(json, l, "cores"));
    }
    return count > 1 << 20 ? 1 << 20 : (int)count;
}

/* Executors that only die are tried again a few times, as long as something gets done. */
static bool fruitful(offcut_lease *lease) {
    lease->fruitless = lease->answered > lease->answered_before ? 0 : lease->fruitless + 1;
    lease->answered_before = lease->answered;
    return lease->fruitless < MAX_FRUITLESS;
}

/* Why there is no use in asking again after such an end; 0 when there is. */
static int verdict(offcut_lease *lease, const char *reason, offcut_error *error) {
    int workers = lease->options.workers;
    if (strcmp(reason, "REVOKED") == 0)
        return oc_fail(error, OFFCUT_ERR_CONFLICT, "request for %d workers: ended by an operator: ask them first", workers);
    if (strcmp(reason, "RELEASED") == 0 && lease->unusable.code != 0) {
        /* We did, because it could not be opened: another may be better. */
        if (fruitful(lease))
            return 0;
        return oc_fail(error, lease->unusable.code, "request for %d workers: its leases cannot be opened: %.400s",
            workers, lease->unusable.message);
    }
    if (strcmp(reason, "RELEASED") == 0)
        return oc_fail(error, OFFCUT_ERR_CONFLICT, "request for %d workers: given back by someone else: ask for it again", workers);
    if (strcmp(reason, "IMPOSSIBLE") == 0 && !lease->ever_granted)
        return oc_fail(error, OFFCUT_ERR_NO_CAPACITY,
            "request for %d workers: cannot be met: over a quota or larger than any node: see 'offcut nodes', ask for fewer workers or less memory", workers);
    if ((strcmp(reason, "QUEUE_TIMEOUT") == 0 || strcmp(reason, "QUEUE_FULL") == 0) && !lease->ever_granted)
        return oc_fail(error, OFFCUT_ERR_NO_CAPACITY,
            "request for %d workers: nothing was free within %.1f s: see 'offcut nodes', wait longer or try later",
            workers, (double)lease->options.queue_ms / 1000);
    if (strcmp(reason, "EXECUTOR_FAILED") == 0 && !fruitful(lease))
        return oc_fail(error, OFFCUT_ERR_FUNCTION_FAILED,
            "request for %d workers: its executors keep failing: try the function by itself, see the node daemon's log", workers);
    return 0;
}

/* Takes note of a request's view. Returns 0, or the code of why there will be no workers. */
static int accept_view(offcut_lease *lease, struct oc_wish *wish, const oc_json *json, offcut_error *error) {
    uint32_t leases = oc_json_get(json, 0, "leases");
    char reason[32] = "";
    int64_t pending = 0;
    int code = 0;
    oc_json_long(json, oc_json_get(json, 0, "version"), INT64_MIN, INT64_MAX, &wish->version);
    oc_json_long(json, oc_json_get(json, 0, "pendingWorkers"), 0, 1 << 20, &pending);
    oc_json_string(json, oc_json_get(json, 0, "endReason"), reason, sizeof reason);
    wish->holds = held(json, leases) + (int)pending;
    wish->forgotten_ns = 0;
    pthread_mutex_lock(&lease->mutex);
    lease->reachable = true;
    for (uint32_t l = oc_json_first(json, leases); l != OC_JSON_NONE; l = oc_json_next(json, leases, l))
        oc_session_apply(lease, json, l);
    oc_sessions_forget(lease, wish->id, json, leases);
    if (*reason != '\0') {
        wish->over = true;
        code = verdict(lease, reason, error);
    }
    pthread_mutex_unlock(&lease->mutex);
    return code;
}

/* --- asking for workers */

static void write_request(const offcut_lease *lease, int workers, oc_buffer *body) {
    const offcut_options *o = &lease->options;
    bool all = workers == o->workers;
    int64_t queue_ms = lease->ever_granted && o->queue_ms < LATER_QUEUE_MS ? LATER_QUEUE_MS : o->queue_ms;
    oc_buffer_text(body, "{\"bundle\":");
    oc_json_write(body, lease->bundle.functions == NULL ? o->function : lease->bundle.hash);
    oc_buffer_format(body,
        ",\"workers\":%d,\"minWorkers\":%d,\"memoryBytesPerWorker\":%lld,\"payloadBytes\":%d,\"ttlMillis\":%lld"
        ",\"queueMillis\":%lld,\"hotTimeoutMicros\":%lld,\"preferredHostId\":\"%s\",\"regrant\":true}",
        workers, all ? o->min_workers : 1, (long long)o->memory_bytes_per_worker, o->payload_bytes,
        (long long)o->ttl_ms, (long long)queue_ms, (long long)o->hot_timeout_us, lease->client->host_id);
}

static void renewed(const offcut_lease *lease, struct oc_wish *wish) {
    wish->renew_at_ns = oc_after_ns(lease->options.ttl_ms * OC_MS / 3);
}

static int submit(offcut_lease *lease, int workers, offcut_error *error) {
    struct oc_wish *wish = &lease->wishes[lease->wish_count];
    oc_buffer body = {0};
    oc_answer answer = {0};
    int code;
    write_request(lease, workers, &body);
    code = body.failed
        ? oc_fail(error, OFFCUT_ERR_EXHAUSTED, "no memory for a request")
        : oc_client_ask(lease->client, "POST", "/v1/leases", body.data, 0, lease->stop_fd, &answer, error);
    *wish = (struct oc_wish){0};
    if (code == 0
        && !oc_json_string(&answer.json, oc_json_get(&answer.json, 0, "requestId"), wish->id, sizeof wish->id))
        code = oc_fail(error, OFFCUT_ERR_INVALID_INPUT,
            "scheduler: answered a request for workers without its id: use the same release on both sides");
    if (code == 0) {
        lease->wish_count++;
        renewed(lease, wish);
        if (lease->bundle.functions == NULL)
            code = oc_resolve(&answer.json, oc_json_get(&answer.json, 0, "function"), lease->options.function,
                &lease->bundle, error);
    }
    if (code == 0)
        code = accept_view(lease, wish, &answer.json, error);
    oc_buffer_free(&body);
    oc_answer_free(&answer);
    return code;
}

int oc_wish_begin(offcut_lease *lease, offcut_error *error) {
    lease->pause_ns = FIRST_PAUSE_MS * OC_MS;
    return submit(lease, lease->options.workers, error);
}

/* Whether asking again can help. */
static bool lasting(int code) {
    switch (code) {
    case OFFCUT_ERR_UNAUTHORIZED:
    case OFFCUT_ERR_FORBIDDEN:
    case OFFCUT_ERR_USAGE:
    case OFFCUT_ERR_INVALID_INPUT:
    case OFFCUT_ERR_TOO_LARGE:
    case OFFCUT_ERR_WRONG_VERSION: return true;
    default: return false;
    }
}

/* Workers the wish lacks. */
static int missing(offcut_lease *lease) {
    int served = 0;
    pthread_mutex_lock(&lease->mutex);
    for (int i = 0; i < lease->wish_count; i++) {
        const struct oc_wish *wish = &lease->wishes[i];
        int known = wish->forgotten_ns != 0 ? 0 : wish->holds;
        /* Those that live count, also while a restarted scheduler has not heard of them. */
        int live = oc_sessions_workers(lease, wish->id);
        served += known > live ? known : live;
    }
    pthread_mutex_unlock(&lease->mutex);
    return served < lease->options.workers ? lease->options.workers - served : 0;
}

static void ask_for_missing(offcut_lease *lease) {
    offcut_error error = {0};
    int workers = missing(lease), code;
    if (workers == 0) {
        lease->pause_ns = FIRST_PAUSE_MS * OC_MS;
        lease->ask_at_ns = 0;
        return;
    }
    if (lease->ask_at_ns == 0)
        lease->ask_at_ns = oc_after_ns(lease->pause_ns);
    if (oc_now_ns() < lease->ask_at_ns || lease->wish_count == OC_MAX_REQUESTS)
        return;
    code = submit(lease, workers, &error);
    lease->pause_ns = lease->pause_ns * 2 < MAX_PAUSE_MS * OC_MS ? lease->pause_ns * 2 : MAX_PAUSE_MS * OC_MS;
    lease->ask_at_ns = oc_after_ns(lease->pause_ns);
    if (lasting(code) || code == OFFCUT_ERR_NOT_FOUND || (code != 0 && lease->wish_count > 0 && lease->wishes[lease->wish_count - 1].over))
        fail(lease, &error);
}

/* --- watching a request */

static int exchange(offcut_lease *lease, struct oc_wish *wish, bool brisk, oc_answer *answer, offcut_error *error) {
    int64_t left_ms = (wish->renew_at_ns - oc_now_ns()) / OC_MS, wait_ms;
    oc_buffer path = {0};
    int code;
    oc_buffer_text(&path, "/v1/leases/");
    oc_url_encode(&path, wish->id);
    if (left_ms <= 0) {
        oc_buffer_text(&path, "/renew");
        code = path.failed ? oc_fail(error, OFFCUT_ERR_EXHAUSTED, "no memory for a request")
                           : oc_client_ask(lease->client, "POST", path.data, NULL, 0, lease->stop_fd, answer, error);
        if (code == 0 || code == OFFCUT_ERR_CONFLICT) /* too late to renew: the next look says why */
            renewed(lease, wish);
    } else {
        wait_ms = !lease->reachable || wish->forgotten_ns != 0 ? 0 : brisk ? SHORT_WAIT_MS : LONG_WAIT_MS;
        if (wait_ms > left_ms)
            wait_ms = left_ms;
        oc_buffer_format(&path, "?version=%lld&waitMillis=%lld", (long long)wish->version, (long long)wait_ms);
        code = path.failed ? oc_fail(error, OFFCUT_ERR_EXHAUSTED, "no memory for a request")
                           : oc_client_ask(lease->client, "GET", path.data, NULL, wait_ms * OC_MS, lease->stop_fd, answer, error);
    }
    oc_buffer_free(&path);
    return code;
}

/* A restarted scheduler hears of our leases as soon as their nodes are back. */
static void unknown(offcut_lease *lease, struct oc_wish *wish) {
    int live;
    if (wish->forgotten_ns == 0)
        wish->forgotten_ns = oc_now_ns();
    pthread_mutex_lock(&lease->mutex);
    live = oc_sessions_workers(lease, wish->id);
    pthread_mutex_unlock(&lease->mutex);
    if (live == 0 || oc_now_ns() - wish->forgotten_ns > FORGOTTEN_MS * OC_MS)
        wish->over = true;
    else
        pause_and_grow(lease);
}

static void watch(offcut_lease *lease, struct oc_wish *wish, bool brisk) {
    offcut_error error = {0};
    oc_answer answer = {0};
    int code = exchange(lease, wish, brisk, &answer, &error);
    if (code == 0) {
        code = accept_view(lease, wish, &answer.json, &error);
        if (code != 0)
            fail(lease, &error);
    } else if (code == OFFCUT_ERR_NOT_FOUND) {
        unknown(lease, wish);
    } else if (lasting(code)) {
        wish->over = true;
        fail(lease, &error);
    } else if (code != OFFCUT_ERR_CONFLICT) {
        lease->reachable = false; /* leases go on meanwhile */
        pause_and_grow(lease);
    }
    oc_answer_free(&answer);
}

static void drop_wishes(offcut_lease *lease) {
    int kept = 0;
    pthread_mutex_lock(&lease->mutex);
    for (int i = 0; i < lease->wish_count; i++) {
        if (lease->wishes[i].over)
            oc_sessions_forget(lease, lease->wishes[i].id, NULL, OC_JSON_NONE);
        else
            lease->wishes[kept++] = lease->wishes[i];
    }
    lease->wish_count = kept;
    pthread_mutex_unlock(&lease->mutex);
}

static bool goes_on(offcut_lease *lease, bool *expiring) {
    bool going;
    pthread_mutex_lock(&lease->mutex);
    *expiring = oc_sessions_expire(lease);
    going = !lease->closed && lease->failure.code == 0;
    pthread_mutex_unlock(&lease->mutex);
    return going;
}

void *oc_wish_keep(void *argument) {
    offcut_lease *lease = argument;
    bool expiring;
    while (goes_on(lease, &expiring)) {
        bool brisk = expiring || lease->wish_count != 1 || lease->ask_at_ns != 0;
        for (int i = 0; i < lease->wish_count; i++)
            watch(lease, &lease->wishes[i], brisk);
        drop_wishes(lease);
        ask_for_missing(lease);
        if (lease->wish_count == 0)
            oc_net_wait(-1, 0, oc_after_ns(FIRST_PAUSE_MS * OC_MS), lease->stop_fd);
    }
    return NULL;
}

void oc_wish_end(offcut_lease *lease) {
    for (int i = 0; i < lease->wish_count; i++) {
        oc_buffer path = {0};
        oc_answer answer = {0};
        oc_buffer_text(&path, "/v1/leases/");
        oc_url_encode(&path, lease->wishes[i].id);
        if (!path.failed)
            oc_client_ask(lease->client, "DELETE", path.data, NULL, 0, -1, &answer, NULL);
        oc_answer_free(&answer);
        oc_buffer_free(&path);
    }
    lease->wish_count = 0;
}
