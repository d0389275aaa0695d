/* HTTP/1.1, the client's half. The two parsers are pure; exchange() is the only one that talks. */
#include "http.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

#include "clock.h"
#include "error.h"
#include "json.h"
#include "net.h"

enum { MAX_ANSWER_BYTES = 64 << 20, READ_BYTES = 16 << 10, EXCERPT_BYTES = 120 };

/* --- addresses */

static bool copy_part(char *to, size_t size, const char *from, size_t length) {
    if (length >= size)
        return false;
    for (size_t i = 0; i < length; i++) {
        unsigned char c = (unsigned char)from[i];
        if (c <= ' ' || c >= 0x7f || strchr("@?#\\\"<>", c) != NULL)
            return false;
        to[i] = (char)c;
    }
    to[length] = '\0';
    return true;
}

static bool valid_port(const char *port) {
    long number = 0;
    if (*port == '\0')
        return false;
    for (; *port != '\0'; port++) {
        if (*port < '0' || *port > '9')
            return false;
        number = number * 10 + (*port - '0');
    }
    return number >= 1 && number <= 65535;
}

bool oc_url_parse(const char *text, oc_url *url) {
    const char *host, *end, *colon;
    size_t path_length;
    if (strncasecmp(text, "http://", 7) != 0)
        return false;
    host = text + 7;
    end = host + strcspn(host, "/");
    if (*host == '[') { /* an IPv6 address */
        const char *close = memchr(host, ']', (size_t)(end - host));
        if (close == NULL || !copy_part(url->host, sizeof url->host, host + 1, (size_t)(close - host - 1)))
            return false;
        colon = close + 1;
        if (colon != end && *colon != ':')
            return false;
    } else {
        colon = memchr(host, ':', (size_t)(end - host));
        if (colon == NULL)
            colon = end;
        if (!copy_part(url->host, sizeof url->host, host, (size_t)(colon - host)))
            return false;
    }
    if (url->host[0] == '\0')
        return false;
    if (colon == end)
        strcpy(url->port, "80");
    else if (!copy_part(url->port, sizeof url->port, colon + 1, (size_t)(end - colon - 1)))
        return false;
    path_length = strlen(end);
    while (path_length > 0 && end[path_length - 1] == '/')
        path_length--;
    return valid_port(url->port) && copy_part(url->path, sizeof url->path, end, path_length);
}

void oc_url_encode(oc_buffer *to, const char *text) {
    for (; *text != '\0'; text++) {
        unsigned char c = (unsigned char)*text;
        if ((c < 0x80 && isalnum(c)) || strchr("-._~", c) != NULL)
            oc_buffer_add(to, text, 1);
        else
            oc_buffer_format(to, "%%%02X", c);
    }
}

/* --- reading answers */

/* The length of a line with its end, at most `length`; 0 when it is not complete. */
static size_t line_length(const char *bytes, size_t length) {
    const char *end = memchr(bytes, '\n', length);
    return end == NULL ? 0 : (size_t)(end - bytes) + 1;
}

static bool number_field(const char *text, size_t length, int64_t *value) {
    int64_t sum = 0;
    if (length == 0 || length > 18)
        return false;
    for (size_t i = 0; i < length; i++) {
        if (text[i] < '0' || text[i] > '9')
            return false;
        sum = sum * 10 + (text[i] - '0');
    }
    *value = sum;
    return true;
}

/* One header line without its end. False if it makes the length of the body doubtful. */
static bool header(const char *line, size_t length, oc_http_head *head) {
    const char *colon = memchr(line, ':', length);
    size_t name;
    if (colon == NULL)
        return false;
    name = (size_t)(colon - line);
    colon++;
    while (colon < line + length && (*colon == ' ' || *colon == '\t'))
        colon++;
    while (length > 0 && (line[length - 1] == ' ' || line[length - 1] == '\t'))
        length--;
    if (line + length < colon)
        length = (size_t)(colon - line);
    if (name == 14 && strncasecmp(line, "Content-Length", 14) == 0) {
        int64_t value;
        if (!number_field(colon, (size_t)(line + length - colon), &value)
            || (head->content_length >= 0 && head->content_length != value))
            return false;
        head->content_length = value;
    } else if (name == 17 && strncasecmp(line, "Transfer-Encoding", 17) == 0) {
        if ((size_t)(line + length - colon) != 7 || strncasecmp(colon, "chunked", 7) != 0)
            return false;
        head->chunked = true;
    }
    return true;
}

static bool status_line(const char *line, size_t length, int *status) {
    if (length < 12 || memcmp(line, "HTTP/1.", 7) != 0 || line[8] != ' ')
        return false;
    for (int i = 9; i < 12; i++)
        if (line[i] < '0' || line[i] > '9')
            return false;
    *status = (line[9] - '0') * 100 + (line[10] - '0') * 10 + (line[11] - '0');
    return *status >= 100 && (length == 12 || line[12] == ' ');
}

int oc_http_parse_head(const char *bytes, size_t length, oc_http_head *head) {
    size_t at = 0;
    *head = (oc_http_head){.content_length = -1};
    for (bool first = true;; first = false) {
        size_t line = line_length(bytes + at, length - at), text;
        if (line == 0)
            return length > OC_HTTP_MAX_HEAD ? OC_HTTP_BAD : OC_HTTP_MORE;
        text = line - 1;
        if (text > 0 && bytes[at + text - 1] == '\r')
            text--;
        if (memchr(bytes + at, '\0', text) != NULL)
            return OC_HTTP_BAD;
        if (first) {
            if (!status_line(bytes + at, text, &head->status))
                return OC_HTTP_BAD;
        } else if (text == 0) {
            head->bytes = at + line;
            return OC_HTTP_DONE;
        } else if (!header(bytes + at, text, head)) {
            return OC_HTTP_BAD;
        }
        at += line;
        if (at > OC_HTTP_MAX_HEAD)
            return OC_HTTP_BAD;
    }
}

/* A chunk's size in hexadecimal digits, up to an extension. −1 if it is none. */
static int64_t chunk_size(const char *line, size_t length) {
    int64_t size = 0;
    size_t i = 0;
    for (; i < length && isxdigit((unsigned char)line[i]); i++) {
        if (i == 8)
            return -1;
        size = size * 16 + (isdigit((unsigned char)line[i]) ? line[i] - '0' : (line[i] | 0x20) - 'a' + 10);
    }
    return i == 0 || (i < length && strchr("; \t\r", line[i]) == NULL) ? -1 : size;
}

int oc_http_parse_chunks(const char *bytes, size_t length, size_t *at, oc_buffer *body) {
    for (;;) {
        size_t line = line_length(bytes + *at, length - *at);
        int64_t size;
        if (line == 0)
            return length - *at > 1024 ? OC_HTTP_BAD : OC_HTTP_MORE;
        size = chunk_size(bytes + *at, line - 1);
        if (size < 0)
            return OC_HTTP_BAD;
        if (size == 0)
            return OC_HTTP_DONE;
        if (length - *at - line < (size_t)size + 2)
            return OC_HTTP_MORE;
        oc_buffer_add(body, bytes + *at + line, (size_t)size);
        *at += line + (size_t)size;
        if (bytes[*at] != '\r' || bytes[*at + 1] != '\n')
            return OC_HTTP_BAD;
        *at += 2;
    }
}

/* --- talking */

static int unreachable(const oc_http_call *call, const char *why, offcut_error *error) {
    return oc_fail(error, OFFCUT_ERR_UNREACHABLE, "%s http://%s:%s: cannot be reached (%s): %s",
        call->peer, call->url->host, call->url->port, why, call->remedy);
}

static int not_offcut(const oc_http_call *call, int code, int status, const oc_buffer *got,
    offcut_error *error) {
    return oc_fail(error, code,
        "%s http://%s:%s: did not answer as Offcut does (HTTP %d %.*s): check the address",
        call->peer, call->url->host, call->url->port, status,
        (int)(got->length < EXCERPT_BYTES ? got->length : EXCERPT_BYTES),
        got->data == NULL ? "" : got->data);
}

static void write_request(const oc_http_call *call, oc_buffer *request) {
    bool v6 = strchr(call->url->host, ':') != NULL;
    oc_buffer_text(request, call->method);
    oc_buffer_text(request, " ");
    oc_buffer_text(request, call->url->path);
    oc_buffer_text(request, call->path);
    oc_buffer_format(request, " HTTP/1.1\r\nHost: %s%s%s:%s\r\nAccept: application/json\r\nConnection: close\r\n",
        v6 ? "[" : "", call->url->host, v6 ? "]" : "", call->url->port);
    oc_buffer_text(request, call->headers);
    if (call->body != NULL)
        oc_buffer_format(request, "Content-Type: application/json\r\nContent-Length: %zu\r\n",
            strlen(call->body));
    else if (strcmp(call->method, "GET") != 0)
        oc_buffer_text(request, "Content-Length: 0\r\n");
    oc_buffer_text(request, "\r\n");
    if (call->body != NULL)
        oc_buffer_text(request, call->body);
}

struct arrival {
    oc_buffer bytes;
    oc_http_head head;
    bool have_head;
    size_t at; /* of the next chunk */
};

/* Looks at what has arrived, `ended` when nothing more comes. */
static int look(struct arrival *in, bool ended, oc_buffer *body) {
    while (!in->have_head) {
        int parsed = in->bytes.data == NULL
            ? OC_HTTP_MORE : oc_http_parse_head(in->bytes.data, in->bytes.length, &in->head);
        if (parsed != OC_HTTP_DONE)
            return ended ? OC_HTTP_BAD : parsed;
        in->have_head = in->head.status >= 200;
        in->at = in->head.bytes;
        if (!in->have_head) { /* an interim answer: the real one follows */
            memmove(in->bytes.data, in->bytes.data + in->at, in->bytes.length - in->at + 1);
            in->bytes.length -= in->at;
        }
    }
    if (in->head.status == 204 || in->head.status == 304)
        return OC_HTTP_DONE;
    if (in->head.chunked) {
        int parsed = oc_http_parse_chunks(in->bytes.data, in->bytes.length, &in->at, body);
        return parsed == OC_HTTP_MORE && ended ? OC_HTTP_BAD : parsed;
    }
    if (in->head.content_length > MAX_ANSWER_BYTES)
        return OC_HTTP_BAD;
    if (in->head.content_length >= 0
        ? in->bytes.length - in->head.bytes >= (size_t)in->head.content_length : ended) {
        size_t length = in->head.content_length >= 0 ? (size_t)in->head.content_length
                                                     : in->bytes.length - in->head.bytes;
        oc_buffer_add(body, in->bytes.data + in->head.bytes, length);
        return OC_HTTP_DONE;
    }
    return ended ? OC_HTTP_BAD : OC_HTTP_MORE;
}

static int receive_answer(const oc_http_call *call, int fd, int64_t deadline_ns,
    struct arrival *in, oc_buffer *body, offcut_error *error) {
    char piece[READ_BYTES];
    for (;;) {
        const char *why = NULL;
        long length = oc_net_receive(fd, piece, sizeof piece, deadline_ns, call->stop_fd, &why);
        int parsed;
        if (length < 0)
            return unreachable(call, why, error);
        oc_buffer_add(&in->bytes, piece, (size_t)length);
        parsed = look(in, length == 0, body);
        if (in->bytes.failed || body->failed)
            return oc_fail(error, OFFCUT_ERR_TOO_LARGE, "%s http://%s:%s: answer over 64 MiB",
                call->peer, call->url->host, call->url->port);
        if (parsed == OC_HTTP_DONE)
            return 0;
        if (parsed == OC_HTTP_BAD && in->bytes.length == 0)
            return unreachable(call, "connection lost", error);
        if (parsed == OC_HTTP_BAD)
            return not_offcut(call, OFFCUT_ERR_INVALID_INPUT, in->head.status, &in->bytes, error);
    }
}

/* What the peer says went wrong. */
static int failure(const oc_http_call *call, int status, const oc_buffer *body,
    offcut_error *error) {
    oc_json json;
    char name[32];
    int code = 0;
    if (oc_json_parse(&json, body->data == NULL ? "" : body->data, body->length)) {
        char *message = oc_json_copy(&json, oc_json_get(&json, 0, "message"));
        if (message != NULL && oc_json_string(&json, oc_json_get(&json, 0, "error"), name, sizeof name))
            code = oc_code_of(name);
        if (code != 0)
            oc_fail(error, code, "%s", message);
        free(message);
    }
    oc_json_free(&json);
    if (code != 0)
        return code;
    return not_offcut(call, status == 404 ? OFFCUT_ERR_NOT_FOUND : OFFCUT_ERR_UNREACHABLE, status,
        body, error);
}

static int talk(const oc_http_call *call, int fd, oc_buffer *answer, offcut_error *error) {
    int64_t deadline_ns = oc_after_ns(call->timeout_ns);
    oc_buffer request = {0};
    struct arrival in = {.bytes.limit = MAX_ANSWER_BYTES + (1 << 20)};
    const char *why = NULL;
    int code = 0;
    write_request(call, &request);
    if (request.failed)
        code = oc_fail(error, OFFCUT_ERR_EXHAUSTED, "%s: no memory for a request", call->peer);
    else if (oc_net_send(fd, request.data, request.length, deadline_ns, call->stop_fd, &why) != 0)
        code = unreachable(call, why, error);
    else
        code = receive_answer(call, fd, deadline_ns, &in, answer, error);
    if (code == 0 && in.head.status / 100 != 2)
        code = failure(call, in.head.status, answer, error);
    oc_buffer_free(&request);
    oc_buffer_free(&in.bytes);
    return code;
}

int oc_http_exchange(const oc_http_call *call, oc_buffer *answer, offcut_error *error) {
    const char *why = NULL;
    int code, fd;
    *answer = (oc_buffer){.limit = MAX_ANSWER_BYTES};
    fd = oc_net_connect(call->url->host, call->url->port, oc_after_ns(call->connect_timeout_ns),
        call->stop_fd, &why);
    if (fd < 0)
        return unreachable(call, why, error);
    code = talk(call, fd, answer, error);
    close(fd);
    return code;
}
