/*
 * HTTP/1.1 (RFC 9112), as much as a client of JSON interfaces needs: one exchange for each
 * connection, in bounded time and memory, ended early through an eventfd.
 */
#ifndef OC_HTTP_H
#define OC_HTTP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "buffer.h"
#include "offcut.h"

enum { OC_HTTP_MAX_HEAD = 32 << 10 };

/* An address of the form http://host[:port][/path]. */
typedef struct oc_url {
    char host[256];
    char port[8];
    char path[256]; /* without a trailing slash; often empty */
} oc_url;

/* Whether the text is such an address; https is not. */
bool oc_url_parse(const char *text, oc_url *url);

/* Adds text to a path, percent-encoded. */
void oc_url_encode(oc_buffer *to, const char *text);

typedef struct oc_http_head {
    int status;
    int64_t content_length; /* −1 when it is not given */
    bool chunked;
    size_t bytes; /* where the body begins */
} oc_http_head;

enum oc_http_parsed { OC_HTTP_DONE, OC_HTTP_MORE, OC_HTTP_BAD };

/* Reads the head of an answer from what has arrived so far. */
int oc_http_parse_head(const char *bytes, size_t length, oc_http_head *head);

/*
 * Takes chunks out of what has arrived: from *at on; adds their content to the body.
 * DONE at the last chunk, whose trailers are not looked at.
 */
int oc_http_parse_chunks(const char *bytes, size_t length, size_t *at, oc_buffer *body);

typedef struct oc_http_call {
    const char *peer;    /* for messages: scheduler, node */
    const char *remedy;  /* what a user can do when it cannot be reached */
    const oc_url *url;
    const char *method;
    const char *path;    /* after that of the url */
    const char *headers; /* lines, each with its end; may be empty */
    const char *body;    /* JSON; NULL for none */
    int64_t connect_timeout_ns;
    int64_t timeout_ns;
    int stop_fd; /* −1 for none */
} oc_http_call;

/*
 * One exchange. Returns 0 and the body of a 2xx answer, else the code: the peer's own, or
 * UNREACHABLE, INVALID_INPUT, TOO_LARGE, EXHAUSTED. The caller frees the answer in any case.
 */
int oc_http_exchange(const oc_http_call *call, oc_buffer *answer, offcut_error *error);

#endif
