/* Pool and lease: a whole client against a site of threads, with a worker that can be held up. */
#include "site.h"

#include "clock.h"
#include "tap.h"

#define SECOND INT64_C(1000000000)

static struct site site;
static offcut_client *client;
static offcut_pool *pool;
static atomic_bool held;    /* workers do not answer */
static atomic_int arrivals; /* invocations that reached a worker */

static void hold(struct region *region, oc_response *answer) {
    (void)answer;
    atomic_fetch_add(&arrivals, 1);
    while (atomic_load(&held) && !atomic_load(&region->stop))
        usleep(500);
}

static void start_told(bool tells) {
    offcut_config config = {.user = "me", .connect_timeout_ms = 2000, .request_timeout_ms = 5000, .spin_us = 20};
    offcut_options options;
    offcut_error error = {0};
    char url[64];
    atomic_store(&held, false);
    atomic_store(&arrivals, 0);
    site_start(&site, hold);
    site.tells = tells;
    snprintf(url, sizeof url, "http://127.0.0.1:%d", site.port);
    config.scheduler_url = url;
    client = offcut_connect(&config, &error);
    offcut_options_init(&options, "b/again");
    options.transports = "shm";
    options.ttl_ms = 300;
    pool = offcut_pool_open(client, &options, &error);
    if (!ok(pool != NULL && offcut_pool_await(pool, 1, 10 * SECOND, &error) == 0, "a pool has its worker"))
        exit(1);
}

static void start(void) {
    start_told(false);
}

static void stop(void) {
    atomic_store(&held, false);
    offcut_pool_close(pool);
    offcut_client_close(client);
    ok(site.released, "a closed pool has given its request back");
    site_stop(&site);
}

static int invoke(int function, const char *text, char *to, uint32_t capacity, int64_t timeout_ns) {
    uint32_t bytes = 0;
    int status = offcut_invoke(pool, function, text, (uint32_t)strlen(text), to, capacity, &bytes, timeout_ns, NULL);
    to[bytes < capacity ? bytes : capacity - 1] = '\0';
    return status;
}

static void await_arrival(int count) {
    for (int i = 0; i < 10000 && atomic_load(&arrivals) < count; i++)
        usleep(1000);
}

static void calls(void) {
    static char large[1001];
    char text[128];
    uint32_t bytes = 0;
    offcut_error error = {0};
    start();
    ok(invoke(0, "hello", text, sizeof text, OFFCUT_FOREVER_NS) == 0 && strcmp(text, "hello") == 0, "a call brings its result");
    ok(offcut_pool_function(pool, "once") == 1 && offcut_pool_function(pool, "b/again") == 0 && offcut_pool_function(pool, NULL) == 0
            && offcut_pool_function(pool, "x") < 0, "functions have indices");
    ok(offcut_invoke(pool, 0, "hello", 5, text, 3, &bytes, OFFCUT_FOREVER_NS, &error) == OFFCUT_STATUS_TOO_LARGE && bytes == 5, "a result that does not fit tells its length");
    ok(offcut_invoke(pool, 0, large, 1001, text, sizeof text, &bytes, OFFCUT_FOREVER_NS, &error) == OFFCUT_STATUS_TOO_LARGE
            && memcmp(text, "input of 1001 bytes is over", 27) == 0, "an input over the limit says so");
    ok(error.code == 0, "none of these is an error");
    ok(offcut_invoke(pool, 2, "x", 1, text, 1, NULL, OFFCUT_FOREVER_NS, &error) == OFFCUT_STATUS_NO_SUCH_FUNCTION && error.code == OFFCUT_ERR_USAGE, "%s", error.message);
    stop();
}

static void uses_told_channels(void) {
    char text[8];
    start_told(true);
    ok(invoke(0, "hello", text, sizeof text, OFFCUT_FOREVER_NS) == 0 && strcmp(text, "hello") == 0
            && atomic_load(&site.opened) == 0, "a worker that the scheduler tells of is not asked for");
    site_revoke(&site);
    ok(invoke(0, "again", text, sizeof text, OFFCUT_FOREVER_NS) == 0 && strcmp(text, "again") == 0, "another takes its place");
    stop();
}

static atomic_int told;

static void count_end(offcut_call *call, void *argument) {
    (void)argument;
    atomic_fetch_add(&told, 1);
    if (offcut_call_poll(call) == 0)
        offcut_call_free(call);
}

static void calls_asynchronously(void) {
    static uint32_t numbers[1000], results[1000];
    int right = 0;
    start();
    atomic_store(&told, 0);
    for (uint32_t i = 0; i < 1000; i++) {
        numbers[i] = i * 3;
        offcut_submit(pool, 0, &numbers[i], 4, &results[i], 4, OFFCUT_FOREVER_NS, count_end, NULL, NULL);
    }
    for (int i = 0; i < 10000 && atomic_load(&told) < 1000; i++)
        usleep(1000);
    for (uint32_t i = 0; i < 1000; i++)
        right += results[i] == i * 3;
    ok(right == 1000 && atomic_load(&told) == 1000, "1000 calls end, each told once");
    stop();
}

static void cancels(void) {
    char text[16] = "before", other[16] = "";
    offcut_call *first, *second;
    start();
    atomic_store(&held, true);
    first = offcut_submit(pool, 0, "one", 3, text, sizeof text, OFFCUT_FOREVER_NS, NULL, NULL, NULL);
    await_arrival(1);
    second = offcut_submit(pool, 1, "two", 3, other, sizeof other, OFFCUT_FOREVER_NS, NULL, NULL, NULL);
    ok(offcut_call_poll(first) == OFFCUT_STATUS_PENDING && offcut_call_wait(first, 1000000) == OFFCUT_STATUS_PENDING, "a call that runs is pending");
    offcut_call_cancel(first);
    offcut_call_cancel(second);
    ok(offcut_call_poll(first) == OFFCUT_STATUS_CANCELLED && offcut_call_poll(second) == OFFCUT_STATUS_CANCELLED, "cancelled, running and queued");
    offcut_call_free(first);
    offcut_call_free(second);
    atomic_store(&held, false);
    ok(invoke(0, "three", other, sizeof other, 10 * SECOND) == 0 && strcmp(other, "three") == 0, "the next call gets its own result");
    ok(strcmp(text, "before") == 0 && atomic_load(&arrivals) == 2, "the cancelled get none, and the queued one never ran");
    stop();
}

static void keeps_deadlines(void) {
    char text[16];
    offcut_call *queued;
    start();
    atomic_store(&told, 0);
    atomic_store(&held, true);
    ok(invoke(0, "x", text, sizeof text, SECOND / 20) == OFFCUT_STATUS_TIMED_OUT, "of a call that runs");
    queued = offcut_submit(pool, 1, "x", 1, text, sizeof text, SECOND / 20, count_end, NULL, NULL);
    for (int i = 0; i < 5000 && atomic_load(&told) == 0; i++)
        usleep(1000);
    ok(atomic_load(&told) == 1 && offcut_call_poll(queued) == OFFCUT_STATUS_TIMED_OUT, "of a queued one, told by itself");
    offcut_call_free(queued);
    stop();
}

static void retries(void) {
    char text[16] = "", other[16] = "";
    offcut_call *again, *once;
    start();
    atomic_store(&held, true);
    again = offcut_submit(pool, 0, "again", 5, text, sizeof text, OFFCUT_FOREVER_NS, NULL, NULL, NULL);
    await_arrival(1);
    site_revoke(&site);
    await_arrival(2);
    atomic_store(&held, false);
    ok(offcut_call_wait(again, 10 * SECOND) == 0 && memcmp(text, "again", 5) == 0 && offcut_call_attempts(again) == 2
            && offcut_pool_retries(pool) == 1, "what may run twice does, on the next lease");
    offcut_call_free(again);
    atomic_store(&held, true);
    once = offcut_submit(pool, 1, "once", 4, other, sizeof other, OFFCUT_FOREVER_NS, NULL, NULL, NULL);
    await_arrival(3);
    site_revoke(&site);
    ok(offcut_call_wait(once, 10 * SECOND) == OFFCUT_STATUS_REVOKED && offcut_call_attempts(once) == 1, "what may not is reported");
    offcut_call_free(once);
    atomic_store(&held, false);
    ok(invoke(1, "last", other, sizeof other, 10 * SECOND) == 0 && strcmp(other, "last") == 0, "and the pool goes on");
    stop();
}

static void maps(void) {
    enum { ITEMS = 10000 };
    static uint32_t in[ITEMS], out[ITEMS];
    static offcut_item items[ITEMS];
    offcut_error error = {0};
    int right = 0, late = 0;
    start();
    for (uint32_t i = 0; i < ITEMS; i++) {
        in[i] = i * 7 + 1;
        items[i] = (offcut_item){.input = &in[i], .input_bytes = 4, .output = &out[i], .output_capacity = 4};
    }
    ok(offcut_map(pool, 0, items, ITEMS, OFFCUT_FOREVER_NS, &error) == 0, "all items end well");
    for (int i = 0; i < ITEMS; i++)
        right += out[i] == in[i] && items[i].status == 0 && items[i].output_bytes == 4 && items[i].attempts == 1;
    ok(right == ITEMS, "each with its own result");
    ok(offcut_map(pool, 0, items, 0, OFFCUT_FOREVER_NS, &error) == 0, "nothing is mapped to nothing");
    atomic_store(&held, true);
    ok(offcut_map(pool, 0, items, ITEMS, SECOND / 20, &error) == OFFCUT_ERR_ITEMS_FAILED, "%s", error.message);
    for (int i = 0; i < ITEMS; i++)
        late += items[i].status == OFFCUT_STATUS_TIMED_OUT;
    ok(late > ITEMS - 10, "what is late is told so");
    stop();
}

static void ends(void) {
    char text[16];
    offcut_call *running, *queued;
    start();
    for (int i = 0; i < 5000 && atomic_load(&site.renewals) < 2; i++)
        usleep(1000);
    ok(atomic_load(&site.renewals) >= 2, "leases are renewed meanwhile");
    atomic_store(&held, true);
    running = offcut_submit(pool, 0, "x", 1, text, sizeof text, OFFCUT_FOREVER_NS, NULL, NULL, NULL);
    await_arrival(1);
    queued = offcut_submit(pool, 1, "x", 1, text, sizeof text, OFFCUT_FOREVER_NS, NULL, NULL, NULL);
    offcut_pool_close(pool);
    pool = NULL;
    ok(offcut_call_poll(running) == OFFCUT_STATUS_CANCELLED && offcut_call_poll(queued) == OFFCUT_STATUS_CANCELLED, "calls of a closed pool are cancelled");
    offcut_call_free(running);
    offcut_call_free(queued);
    stop();
}

static void hands_workers_out(void) {
    offcut_options options;
    offcut_lease *lease;
    offcut_worker *worker;
    offcut_error error;
    start();
    offcut_options_init(&options, "b");
    ok(offcut_lease_request(client, &options, &error) == NULL && error.code == OFFCUT_ERR_USAGE, "%s", error.message);
    options.function = "b/again";
    offcut_pool_close(pool);
    pool = NULL;
    lease = offcut_lease_request(client, &options, &error);
    worker = offcut_lease_take(lease, 10 * SECOND, &error);
    ok(worker != NULL && strcmp(offcut_worker_node(worker), "n1") == 0, "a worker");
    ok(offcut_lease_take(lease, SECOND / 100, &error) == NULL && error.code == OFFCUT_ERR_NO_CAPACITY, "and no other: %s", error.message);
    offcut_worker_close(worker);
    worker = offcut_lease_take(lease, 10 * SECOND, &error);
    ok(worker != NULL && atomic_load(&site.opened) >= 3, "given back, it comes again");
    offcut_lease_release(lease);
    ok(offcut_ended(worker) == OFFCUT_STATUS_CANCELLED && offcut_acquire(worker) == OFFCUT_NONE, "and ends with its lease");
    offcut_worker_close(worker);
    stop();
}

int main(void) {
    calls();
    uses_told_channels();
    calls_asynchronously();
    cancels();
    keeps_deadlines();
    retries();
    maps();
    ends();
    hands_workers_out();
    return done();
}
