/* How to reach the scheduler: configuration, credentials, exchanges. */
#include "client.h"

#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "clock.h"
#include "error.h"
#include "process.h"
#include "settings.h"

#define DEFAULT_URL "http://127.0.0.1:7070"

enum { MAX_TOKEN_BYTES = 4096, MAX_JOB_BYTES = 11, OPEN_TIMEOUT_S = 60 };

static bool given(const char *text) {
    return text != NULL && text[strspn(text, " \t\r\n")] != '\0';
}

static const char *environment(const char *name) {
    const char *value = getenv(name);
    return given(value) ? value : NULL;
}

static const char *environment_or(const char *name, const char *setting) {
    const char *value = environment(name);
    return value != NULL ? value : given(setting) ? setting : NULL;
}

void offcut_config_init(offcut_config *config) {
    const oc_settings *own = oc_settings_own();
    const char *url = environment_or("OFFCUT_SCHEDULER_URL", own->scheduler_url);
    /* A token of less weight does not stand before the file. */
    const char *token = environment("OFFCUT_TOKEN_FILE") != NULL ? NULL : own->token;
    *config = (offcut_config){
        .scheduler_url = url != NULL ? url : DEFAULT_URL,
        .token = environment_or("OFFCUT_TOKEN", token),
        .token_file = environment_or("OFFCUT_TOKEN_FILE", own->token_file),
        .user = environment_or("OFFCUT_USER", own->user),
        .job = environment_or("OFFCUT_JOB", own->job),
        .connect_timeout_ms = 3000,
        .request_timeout_ms = 10000,
        .spin_us = 20,
    };
}

/* Copies text without the blanks around it. False if it does not fit or could break a header. */
static bool copy_word(char *to, size_t size, const char *from) {
    size_t length;
    from += strspn(from, " \t\r\n");
    length = strlen(from);
    while (length > 0 && strchr(" \t\r\n", from[length - 1]) != NULL)
        length--;
    if (length >= size)
        return false;
    for (size_t i = 0; i < length; i++)
        if ((unsigned char)from[i] < ' ' || from[i] == 0x7f)
            return false;
    memcpy(to, from, length);
    to[length] = '\0';
    return true;
}

static int read_token(const char *file, char *token, size_t size, offcut_error *error) {
    char line[MAX_TOKEN_BYTES];
    FILE *in = fopen(file, "re");
    bool read = in != NULL && fgets(line, sizeof line, in) != NULL;
    if (in != NULL)
        fclose(in);
    if (in == NULL)
        return oc_fail(error, OFFCUT_ERR_UNAUTHORIZED,
            "token file: %s cannot be read: check its path and permissions", file);
    if (!read || !copy_word(token, size, line) || *token == '\0')
        return oc_fail(error, OFFCUT_ERR_UNAUTHORIZED,
            "token file: %s holds no token: put it in its first line", file);
    return 0;
}

static void own_name(char *user, size_t size) {
    char space[4096];
    struct passwd entry, *found = NULL;
    if (getpwuid_r(getuid(), &entry, space, sizeof space, &found) != 0 || found == NULL
        || !copy_word(user, size, found->pw_name))
        snprintf(user, size, "unknown");
}

static int credentials(offcut_client *client, const offcut_config *config, offcut_error *error) {
    char token[MAX_TOKEN_BYTES] = "", job[MAX_JOB_BYTES] = "";
    oc_buffer headers = {0};
    if (!given(config->user))
        own_name(client->user, sizeof client->user);
    else if (!copy_word(client->user, sizeof client->user, config->user))
        return oc_fail(error, OFFCUT_ERR_USAGE, "user: is no name: correct OFFCUT_USER");
    if (given(config->token)) {
        if (!copy_word(token, sizeof token, config->token))
            return oc_fail(error, OFFCUT_ERR_USAGE, "token: is none: correct OFFCUT_TOKEN");
    } else if (given(config->token_file)) {
        int code = read_token(config->token_file, token, sizeof token, error);
        if (code != 0)
            return code;
    }
    if (given(config->job) && (!copy_word(job, sizeof job, config->job) || job[strspn(job, "0123456789")] != '\0'))
        return oc_fail(error, OFFCUT_ERR_USAGE, "job: is not the number of a batch job: correct or unset OFFCUT_JOB");
    oc_buffer_text(&headers, *token != '\0' ? "Authorization: Bearer " : "Offcut-User: ");
    oc_buffer_text(&headers, *token != '\0' ? token : client->user);
    oc_buffer_text(&headers, "\r\n");
    if (*job != '\0')
        oc_buffer_format(&headers, "Offcut-Job: %s\r\n", job);
    if (headers.failed) {
        oc_buffer_free(&headers);
        return oc_fail(error, OFFCUT_ERR_EXHAUSTED, "no memory for a client");
    }
    client->headers = headers.data;
    return 0;
}

static int configure(offcut_client *client, const offcut_config *config, offcut_error *error) {
    char url[512];
    const char *wanted = given(config->scheduler_url) ? config->scheduler_url : DEFAULT_URL;
    if (!copy_word(url, sizeof url, wanted) || !oc_url_parse(url, &client->scheduler))
        return oc_fail(error, OFFCUT_ERR_USAGE,
            "scheduler URL: '%.200s' is not an address: expected for example " DEFAULT_URL, wanted);
    if (config->connect_timeout_ms < 1 || config->request_timeout_ms < 1 || config->spin_us < 0)
        return oc_fail(error, OFFCUT_ERR_USAGE,
            "time-outs must be positive: connect_timeout_ms %lld, request_timeout_ms %lld, spin_us %lld",
            (long long)config->connect_timeout_ms, (long long)config->request_timeout_ms,
            (long long)config->spin_us);
    client->connect_timeout_ns = config->connect_timeout_ms * OC_MS;
    client->request_timeout_ns = config->request_timeout_ms * OC_MS;
    client->spin_ns = config->spin_us * 1000;
    return credentials(client, config, error);
}

offcut_client *offcut_connect(const offcut_config *config, offcut_error *error) {
    offcut_config standard;
    offcut_client *client = calloc(1, sizeof *client);
    if (client == NULL) {
        oc_fail(error, OFFCUT_ERR_EXHAUSTED, "no memory for a client");
        return NULL;
    }
    if (config == NULL) {
        offcut_config_init(&standard);
        config = &standard;
    }
    oc_host_id(client->host_id);
    if (configure(client, config, error) != 0) {
        offcut_client_close(client);
        return NULL;
    }
    return client;
}

void offcut_client_close(offcut_client *client) {
    if (client != NULL) {
        free(client->headers);
        free(client);
    }
}

void oc_answer_free(oc_answer *answer) {
    oc_json_free(&answer->json);
    oc_buffer_free(&answer->text);
}

static int exchange(const oc_http_call *call, oc_answer *answer, offcut_error *error) {
    int code;
    *answer = (oc_answer){0};
    code = oc_http_exchange(call, &answer->text, error);
    if (code != 0)
        return code;
    if (answer->text.data == NULL
        || !oc_json_parse(&answer->json, answer->text.data, answer->text.length))
        return oc_fail(error, OFFCUT_ERR_INVALID_INPUT,
            "%s http://%s:%s: did not answer as Offcut does (%.100s): check the address", call->peer,
            call->url->host, call->url->port, answer->text.data == NULL ? "nothing" : answer->text.data);
    return 0;
}

int oc_client_ask(const offcut_client *client, const char *method, const char *path,
    const char *body, int64_t wait_ns, int stop_fd, oc_answer *answer, offcut_error *error) {
    oc_http_call call = {
        .peer = "scheduler",
        .remedy = "start it with 'offcut scheduler', or name another with OFFCUT_SCHEDULER_URL",
        .url = &client->scheduler,
        .method = method,
        .path = path,
        .headers = client->headers,
        .body = body,
        .connect_timeout_ns = client->connect_timeout_ns,
        .timeout_ns = client->request_timeout_ns + wait_ns,
        .stop_fd = stop_fd,
    };
    return exchange(&call, answer, error);
}

int oc_client_ask_node(const offcut_client *client, const char *node_url, const char *path,
    const char *body, int stop_fd, oc_answer *answer, offcut_error *error) {
    oc_url url;
    oc_http_call call = {
        .peer = "node",
        .remedy = "check its daemon and the network between",
        .url = &url,
        .method = "POST",
        .path = path,
        .headers = "",
        .body = body,
        .connect_timeout_ns = client->connect_timeout_ns,
        .timeout_ns = OPEN_TIMEOUT_S * INT64_C(1000000000),
        .stop_fd = stop_fd,
    };
    if (!oc_url_parse(node_url, &url)) {
        *answer = (oc_answer){0};
        return oc_fail(error, OFFCUT_ERR_INVALID_INPUT,
            "node: its address '%.200s' is none: correct the url in its configuration", node_url);
    }
    return exchange(&call, answer, error);
}
