/*
 * Noise at every door through which a stranger's bytes come: JSON, HTTP, bundle lists, answers in
 * shared memory and over TCP. Nothing may be touched that should not be (the sanitizers look), and
 * every call must end. A bounded number of rounds; OFFCUT_SEED replays, OFFCUT_ROUNDS multiplies.
 */
#include "http.h"
#include "json.h"
#include "peer.h"
#include "region.h"
#include "resolve.h"

#include "tap.h"

static unsigned long long state;

static uint32_t below(uint32_t bound) {
    return (uint32_t)(tap_random(&state) % bound);
}

/* Changes a few bytes: flips, cuts, doubles, foreign characters. */
static size_t spoil(char *text, size_t length, size_t size) {
    static const char SPECIAL[] = "{}[]\",:\\u0eE+-.\r\n \xff\x00/;";
    for (uint32_t i = below(6); i > 0 && length > 0; i--) {
        size_t at = below((uint32_t)length);
        switch (below(4)) {
        case 0: text[at] = (char)tap_random(&state); break;
        case 1: text[at] = SPECIAL[below(sizeof SPECIAL)]; break;
        case 2: length = at; break;
        default: {
            size_t more = below((uint32_t)(length - at) + 1);
            if (length + more < size) {
                memmove(text + at + more, text + at, length - at);
                length += more;
            }
        }
        }
    }
    return length;
}

static void walk(const oc_json *json, uint32_t node, int depth) {
    char text[16];
    int64_t number;
    oc_json_string(json, node, text, sizeof text);
    oc_json_long(json, node, INT64_MIN, INT64_MAX, &number);
    for (uint32_t e = oc_json_first(json, node); depth < 40 && e != OC_JSON_NONE; e = oc_json_next(json, node, e))
        walk(json, e, depth + 1);
    if (oc_json_type(json, node) == OC_JSON_OBJECT)
        walk(json, oc_json_get(json, node, "manifest"), depth + 1);
}

static void fuzz_json(int rounds) {
    static const char SEED_TEXT[] = "[{\"bundle\":\"aaaaaaaa11\",\"owner\":\"m\\u0065\",\"manifest\":{\"name\":\"wc\",\"functions\":[{\"name\":"
                                    "\"words\",\"idempotent\":true},{\"name\":\"lines\"}]},\"pushedAtEpochMillis\":-1.5e3},{},[null,\"\\ud83d\\ude00\"]]";
    int read = 0;
    for (int i = 0; i < rounds; i++) {
        char *text = malloc(1024);
        size_t length = sizeof SEED_TEXT - 1;
        oc_json json;
        oc_bundle bundle;
        memcpy(text, SEED_TEXT, length);
        length = spoil(text, length, 1024);
        text = realloc(text, length + 1); /* so that reading beyond it is noticed */
        if (oc_json_parse(&json, text, length)) {
            read++;
            walk(&json, 0, 0);
        }
        if (oc_resolve(&json, oc_json_first(&json, 0), i % 2 ? "wc/lines" : "words", &bundle, NULL) == 0)
            oc_bundle_free(&bundle);
        oc_json_free(&json);
        free(text);
    }
    ok(read > 0 && read < rounds, "JSON: %d of %d texts are read, the others refused", read, rounds);
}

static void fuzz_http(int rounds) {
    static const char SEED_TEXT[] = "HTTP/1.1 200 OK\r\nContent-Length: 12\r\nTransfer-Encoding: chunked\r\nX: y\r\n\r\n5\r\nhello\r\n7;a=b\r\n, world\r\n0\r\n\r\n";
    int heads = 0;
    bool inside = true;
    for (int i = 0; i < rounds; i++) {
        char *text = malloc(1024);
        size_t length = sizeof SEED_TEXT - 1, at = 0;
        oc_http_head head;
        oc_buffer body = {.limit = 4096};
        oc_url url;
        memcpy(text, SEED_TEXT, length);
        length = spoil(text, length, 1024);
        text = realloc(text, length + 1);
        if (oc_http_parse_head(text, length, &head) == OC_HTTP_DONE) {
            heads++;
            inside &= head.bytes <= length && head.status >= 100 && head.status <= 999 && head.content_length >= -1;
            at = head.bytes;
        }
        oc_http_parse_chunks(text, length, &at, &body);
        inside &= at <= length;
        text[length] = '\0';
        oc_url_parse(text, &url);
        oc_buffer_free(&body);
        free(text);
    }
    ok(inside && heads > 0, "HTTP: %d of %d heads are read, never beyond the end", heads, rounds);
}

static void noise_in_answer(struct region *region, oc_response *answer) {
    (void)region;
    for (uint32_t i = below(4); i > 0; i--)
        ((unsigned char *)answer)[below(OC_HEADER_BYTES - 4)] = (unsigned char)tap_random(&state);
}

static void fuzz_shm(int rounds) {
    struct region region;
    offcut_worker *worker;
    int ended = 0, good = 0;
    region_make(&region, 8, 256);
    region.spoil = noise_in_answer;
    region_announce(&region, getpid());
    worker = region_open(&region, NULL);
    for (int i = 0; i < rounds; i++) {
        uint32_t bytes = 0;
        int slot = offcut_acquire(worker), seen;
        memset(offcut_input(worker, slot), i, 64);
        offcut_post(worker, slot, (uint64_t)i, 0, 64, 0);
        region_serve(&region, slot);
        if (below(8) == 0) /* any word of the region before the slots, but not its ends */
            *region_word(&region, 4 * (OC_SHM_AT_CLAIM / 4 + 4 + below(800))) = (int32_t)tap_random(&state);
        seen = offcut_poll(worker);
        if (seen == slot) {
            const unsigned char *result = offcut_result(worker, slot, &bytes);
            for (uint32_t at = 0; at < bytes; at++)
                good += result[at] == 0 ? 0 : 1; /* within the slot: the sanitizer and the guard look */
            ended += offcut_status(worker, slot) <= 0 && offcut_status(worker, slot) >= OFFCUT_STATUS_CANCELLED && bytes <= 256;
        }
        offcut_release(worker, slot);
    }
    ok(ended == rounds && good > 0, "shm: all %d calls with spoilt answers end", rounds);
    offcut_worker_close(worker);
    region_free(&region);
}

static void fuzz_region_header(int rounds) {
    struct region region;
    int opened = 0;
    region_make(&region, 4, 256);
    region_announce(&region, getpid());
    for (int i = 0; i < rounds; i++) {
        unsigned char before[24];
        offcut_worker *worker;
        memcpy(before, region.memory, sizeof before);
        if (below(3) > 0)
            region.memory[below(16)] = (unsigned char)tap_random(&state);
        worker = region_open(&region, NULL);
        opened += worker != NULL;
        offcut_worker_close(worker);
        memcpy(region.memory, before, sizeof before);
    }
    ok(opened > 0 && opened < rounds, "shm: %d of %d regions are opened, the others refused", opened, rounds);
    region_free(&region);
}

/* Answers calls, until it has sent something that is no answer. */
static void noisy(struct peer *peer) {
    unsigned long long *own = peer->argument;
    unsigned char payload[256] = {0};
    oc_request request;
    while (peer_read(peer, &request, sizeof request) && peer_read(peer, payload, (size_t)request.payload_bytes)) {
        oc_response answer = {.magic = OC_RESPONSE_MAGIC, .version = OC_VERSION, .invocation_id = request.invocation_id,
            .payload_bytes = request.payload_bytes, .slot = request.slot};
        if (tap_random(own) % 4 == 0)
            ((unsigned char *)&answer)[tap_random(own) % OC_HEADER_BYTES] ^= (unsigned char)(1 + tap_random(own) % 255);
        if (!peer_write(peer, &answer, sizeof answer) || !peer_write(peer, payload, tap_random(own) % 16 == 0 ? 3 : (size_t)request.payload_bytes))
            return;
        if (tap_random(own) % 32 == 0)
            return;
    }
}

static void fuzz_tcp(int rounds) {
    int posted = 0, ended = 0;
    for (int i = 0; i < rounds; i++) {
        unsigned long long own = tap_random(&state);
        struct peer peer = {.slots = 8, .payload_bytes = 256, .script = noisy, .argument = &own};
        offcut_worker *worker;
        peer_start(&peer);
        worker = peer_open(&peer, NULL);
        for (int n = 0; worker != NULL && n < 40 && worker->ended == 0; n++) {
            int slot;
            while ((slot = offcut_acquire(worker)) >= 0)
                posted += offcut_post(worker, slot, (uint64_t)n, 0, below(257), 0) == 0;
            /* A length that lies leaves both sides waiting; then this side gives up. */
            slot = offcut_await(worker, 20000000);
            if (slot < 0)
                atomic_store(&worker->forced, OFFCUT_STATUS_CANCELLED);
            else
                ended++;
            offcut_release(worker, slot);
        }
        for (int slot; worker != NULL && (slot = offcut_await(worker, 20000000)) >= 0; ended++)
            offcut_release(worker, slot);
        for (int slot; worker != NULL && worker->slots.posted != 0 && (atomic_store(&worker->forced, OFFCUT_STATUS_CANCELLED), slot = offcut_await(worker, 1000000000)) >= 0; ended++)
            offcut_release(worker, slot);
        if (worker != NULL)
            shutdown(worker->tcp.fd, SHUT_RDWR);
        offcut_worker_close(worker);
        peer_stop(&peer);
    }
    ok(posted > 0 && ended == posted, "tcp: %d connections with spoilt answers, %d of %d calls end", rounds, ended, posted);
}

int main(void) {
    const char *factor = getenv("OFFCUT_ROUNDS");
    int rounds = factor != NULL ? atoi(factor) : 1;
    state = tap_seed();
    fuzz_json(20000 * rounds);
    fuzz_http(20000 * rounds);
    fuzz_shm(20000 * rounds);
    fuzz_region_header(500 * rounds);
    fuzz_tcp(60 * rounds);
    return done();
}
