/* How to reach the scheduler, and one exchange with it or with a node, as JSON. Any thread. */
#ifndef OC_CLIENT_H
#define OC_CLIENT_H

#include "buffer.h"
#include "http.h"
#include "json.h"
#include "offcut.h"

struct offcut_client {
    oc_url scheduler;
    char *headers; /* with the credential and the job */
    char user[128];
    char host_id[33];
    int64_t connect_timeout_ns;
    int64_t request_timeout_ns;
    int64_t spin_ns;
};

/* An answer: its text and what is in it. */
typedef struct oc_answer {
    oc_buffer text;
    oc_json json;
} oc_answer;

void oc_answer_free(oc_answer *answer);

/*
 * One exchange with the scheduler; the answer is a JSON value. Blocks for the request time-out and
 * `wait_ns` more. Returns 0 or a code; oc_answer_free in any case.
 */
int oc_client_ask(const offcut_client *client, const char *method, const char *path,
    const char *body, int64_t wait_ns, int stop_fd, oc_answer *answer, offcut_error *error);

/* The same with a node daemon at this address. */
int oc_client_ask_node(const offcut_client *client, const char *node_url, const char *path,
    const char *body, int stop_fd, oc_answer *answer, offcut_error *error);

#endif
