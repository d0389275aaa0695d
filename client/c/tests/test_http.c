/* HTTP: addresses, heads and chunks; and whole exchanges with a peer of one answer. */
#include "http.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <pthread.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include "tap.h"

static void reads_addresses(void) {
    oc_url url;
    ok(oc_url_parse("http://login1:7070/", &url) && strcmp(url.host, "login1") == 0
            && strcmp(url.port, "7070") == 0 && url.path[0] == '\0', "host and port");
    ok(oc_url_parse("http://h/a/b//", &url) && strcmp(url.port, "80") == 0 && strcmp(url.path, "/a/b") == 0, "a path");
    ok(oc_url_parse("http://[::1]:99", &url) && strcmp(url.host, "::1") == 0, "IPv6");
    ok(!oc_url_parse("https://h", &url), "not https");
    ok(!oc_url_parse("http://", &url) && !oc_url_parse("http://h:0", &url) && !oc_url_parse("http://h:70000", &url)
            && !oc_url_parse("http://h:", &url) && !oc_url_parse("http://u@h", &url) && !oc_url_parse("http://h/a b", &url)
            && !oc_url_parse("http://[::1", &url) && !oc_url_parse("http://h\r\nX:1", &url) && !oc_url_parse("", &url),
        "refuses what is none");
}

static int head(const char *text, oc_http_head *h) {
    return oc_http_parse_head(text, strlen(text), h);
}

static void reads_heads(void) {
    oc_http_head h;
    ok(head("HTTP/1.1 201 Created\r\ncontent-length: 5 \r\nX: y\r\n\r\nhello", &h) == OC_HTTP_DONE
            && h.status == 201 && h.content_length == 5 && !h.chunked && h.bytes == 50, "status and length");
    ok(head("HTTP/1.1 200\nTransfer-Encoding: chunked\n\n", &h) == OC_HTTP_DONE && h.chunked && h.content_length == -1, "chunked");
    ok(head("HTTP/1.1 200 OK\r\nA: b\r\n", &h) == OC_HTTP_MORE, "waits for the rest");
    ok(head("HTTP/2 200 OK\r\n\r\n", &h) == OC_HTTP_BAD && head("HTTP/1.1 20\r\n\r\n", &h) == OC_HTTP_BAD
            && head("HTTP/1.1 2x0 \r\n\r\n", &h) == OC_HTTP_BAD && head("\r\n", &h) == OC_HTTP_BAD, "refuses other lines");
    ok(head("HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n", &h) == OC_HTTP_BAD, "refuses two lengths");
    ok(head("HTTP/1.1 200 OK\r\nContent-Length: -1\r\n\r\n", &h) == OC_HTTP_BAD
            && head("HTTP/1.1 200 OK\r\nContent-Length: 99999999999999999999\r\n\r\n", &h) == OC_HTTP_BAD, "refuses impossible lengths");
    ok(head("HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip, chunked\r\n\r\n", &h) == OC_HTTP_BAD, "refuses other codings");
}

static void reads_chunks(void) {
    const char *text = "5;x=1\r\nhello\r\nA\r\n, worlds!!\r\n0\r\n\r\n";
    bool same = true;
    for (size_t split = 0; split <= strlen(text); split++) {
        oc_buffer body = {0};
        size_t at = 0;
        int parsed = oc_http_parse_chunks(text, split, &at, &body);
        if (parsed == OC_HTTP_MORE)
            parsed = oc_http_parse_chunks(text, strlen(text), &at, &body);
        same &= parsed == OC_HTTP_DONE && body.length == 15 && memcmp(body.data, "hello, worlds!!", 15) == 0;
        oc_buffer_free(&body);
    }
    ok(same, "chunks, wherever the arrival is split");
    for (const char *const *bad = (const char *const[]){"x\r\n", "5\r\nhelloXX", "FFFFFFFFF\r\n", "-1\r\n", "\r\n", NULL}; *bad != NULL; bad++) {
        oc_buffer body = {0};
        size_t at = 0;
        ok(oc_http_parse_chunks(*bad, strlen(*bad), &at, &body) == OC_HTTP_BAD, "refuses a chunk that is none");
        oc_buffer_free(&body);
    }
}

/* --- a peer that answers once */

struct peer {
    int listener;
    char port[8];
    const char *answer; /* NULL: says nothing until the other side hangs up */
    char request[2048];
    pthread_t thread;
};

static void *answer_once(void *argument) {
    struct peer *peer = argument;
    int fd = accept(peer->listener, NULL, NULL);
    ssize_t length = recv(fd, peer->request, sizeof peer->request - 1, 0);
    peer->request[length < 0 ? 0 : length] = '\0';
    if (peer->answer != NULL)
        length = send(fd, peer->answer, strlen(peer->answer), MSG_NOSIGNAL);
    else
        length = recv(fd, peer->request, 1, 0);
    close(fd);
    return NULL;
}

static void start_peer(struct peer *peer, const char *answer) {
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t size = sizeof address;
    *peer = (struct peer){.answer = answer};
    peer->listener = socket(AF_INET, SOCK_STREAM, 0);
    if (bind(peer->listener, (struct sockaddr *)&address, size) != 0 || listen(peer->listener, 1) != 0
        || getsockname(peer->listener, (struct sockaddr *)&address, &size) != 0)
        exit(99);
    snprintf(peer->port, sizeof peer->port, "%d", ntohs(address.sin_port));
    if (pthread_create(&peer->thread, NULL, answer_once, peer) != 0)
        exit(99);
}

static int ask(struct peer *peer, int64_t timeout_ns, int stop_fd, oc_buffer *answer, offcut_error *error) {
    oc_url url = {.host = "127.0.0.1"};
    oc_http_call call = {.peer = "scheduler", .remedy = "start it", .url = &url, .method = "POST", .path = "/x",
        .headers = "Offcut-User: me\r\n", .body = "{}", .connect_timeout_ns = 2000000000, .timeout_ns = timeout_ns,
        .stop_fd = stop_fd};
    int code;
    strcpy(url.port, peer->port);
    code = oc_http_exchange(&call, answer, error);
    pthread_join(peer->thread, NULL);
    close(peer->listener);
    return code;
}

static void exchanges(const char *answer, int code, const char *expected, const char *what) {
    struct peer peer;
    oc_buffer body;
    offcut_error error = {0};
    int got;
    start_peer(&peer, answer);
    got = ask(&peer, 5000000000, -1, &body, &error);
    ok(got == code && strstr(code == 0 ? body.data : error.message, expected) != NULL, "%s", what);
    if (got != code)
        printf("# got %s: %s\n", offcut_code_name(got), error.message);
    ok(strstr(peer.request, "POST /x HTTP/1.1\r\n") != NULL && strstr(peer.request, "Offcut-User: me\r\n") != NULL
            && strstr(peer.request, "\r\nContent-Length: 2\r\n\r\n{}") != NULL, "and the request was whole");
    oc_buffer_free(&body);
}

static void talks(void) {
    exchanges("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello", 0, "hello", "a body with its length");
    exchanges("HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\n\r\nhello", 0, "hello", "a body up to the end, after an interim answer");
    exchanges("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n", 0, "hello", "a body in chunks");
    exchanges("HTTP/1.1 429 No\r\n\r\n{\"error\":\"NO_CAPACITY\",\"message\":\"nothing\\nis free\"}", OFFCUT_ERR_NO_CAPACITY,
        "nothing is free", "the peer's own error, in one line");
    exchanges("HTTP/1.1 500 No\r\n\r\n<html>", OFFCUT_ERR_UNREACHABLE, "did not answer as Offcut does", "an error of somebody else");
    exchanges("HTTP/1.1 200 OK\r\nContent-Length: 50\r\n\r\nhello", OFFCUT_ERR_INVALID_INPUT, "did not answer", "a body that is cut off");
    exchanges("HTTP/1.1 200 OK\r\nContent-Length: 999999999999\r\n\r\n", OFFCUT_ERR_INVALID_INPUT, "did not answer", "a body that is too long");
    exchanges("SSH-2.0-x\r\n", OFFCUT_ERR_INVALID_INPUT, "did not answer", "another protocol");
    exchanges("", OFFCUT_ERR_UNREACHABLE, "connection lost", "a connection that ends at once");
}

static void stops_waiting(void) {
    struct peer peer;
    oc_buffer body;
    offcut_error error = {0};
    int stop_fd = eventfd(1, 0);
    start_peer(&peer, NULL);
    ok(ask(&peer, 50000000, -1, &body, &error) == OFFCUT_ERR_UNREACHABLE && strstr(error.message, "in time") != NULL, "when the time is over");
    oc_buffer_free(&body);
    start_peer(&peer, NULL);
    ok(ask(&peer, 60000000000, stop_fd, &body, &error) == OFFCUT_ERR_UNREACHABLE && strstr(error.message, "interrupted") != NULL, "when told to");
    oc_buffer_free(&body);
    close(stop_fd);
}

int main(void) {
    reads_addresses();
    reads_heads();
    reads_chunks();
    talks();
    stops_waiting();
    return done();
}
