/* Leases on nodes: opening them and looking after their workers. The states are in lease.h. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "clock.h"
#include "error.h"
#include "lease.h"
#include "net.h"

enum { GRACE_MS = 1000, OPEN_PAUSE_MS = 50, MAX_PAUSE_MS = 5000 };

static int64_t pause_after(int failures) {
    int64_t pause_ms = (int64_t)OPEN_PAUSE_MS << (failures < 10 ? failures : 10);
    return (pause_ms < MAX_PAUSE_MS ? pause_ms : MAX_PAUSE_MS) * OC_MS;
}

static struct oc_session *find(const offcut_lease *lease, const char *id) {
    struct oc_session *session = lease->sessions;
    while (session != NULL && strcmp(session->id, id) != 0)
        session = session->next;
    return session;
}

static void free_session(struct oc_session *session) {
    free(session->node_url);
    free(session->token);
    free(session->offered);
    free(session);
}

/* --- opening, in a thread for each session; the mutex is held but for the exchanges */

/* Writes the names of these transports, the quickest first, each after a comma but the first. */
static void write_transports(oc_buffer *body, unsigned transports, bool first) {
    for (int transport = 0; transport < OC_TRANSPORTS; transport++)
        if (transports & 1U << transport) {
            oc_buffer_format(body, "%s\"%s\"", first ? "" : ",", oc_transport_names[transport]);
            first = false;
        }
}

/* What failed before comes last. */
static void write_open(const offcut_lease *lease, const struct oc_session *session, oc_buffer *path,
    oc_buffer *body) {
    unsigned good = lease->transports & ~session->failed;
    oc_buffer_text(path, "/v1/leases/");
    oc_url_encode(path, session->id);
    oc_buffer_text(path, "/open");
    oc_buffer_text(body, "{\"token\":");
    oc_json_write(body, session->token);
    oc_buffer_text(body, ",\"hostId\":");
    oc_json_write(body, lease->client->host_id);
    oc_buffer_text(body, ",\"transports\":[");
    write_transports(body, good, true);
    write_transports(body, lease->transports & session->failed, good == 0);
    oc_buffer_text(body, "]}");
}

static bool read_transport(const oc_json *json, uint32_t view, enum oc_transport *transport) {
    uint32_t name = oc_json_get(json, view, "transport");
    for (int one = 0; one < OC_TRANSPORTS; one++)
        if (oc_json_equals(json, name, oc_transport_names[one])) {
            *transport = (enum oc_transport)one;
            return true;
        }
    return false;
}

static bool read_descriptor(const oc_json *json, uint32_t view, oc_descriptor *channel) {
    int64_t number, port = 0, slots = 0, payload_bytes = 0;
    *channel = (oc_descriptor){0};
    if (!read_transport(json, view, &channel->transport)
        || !oc_json_long(json, oc_json_get(json, view, "worker"), 0, 4096, &number))
        return false;
    channel->worker = (int)number;
    if (channel->transport == OC_SHM)
        return oc_json_string(json, oc_json_get(json, view, "path"), channel->path, sizeof channel->path);
    if (!oc_json_string(json, oc_json_get(json, view, "host"), channel->host, sizeof channel->host)
        || !oc_json_string(json, oc_json_get(json, view, "secret"), channel->secret, sizeof channel->secret)
        || !oc_json_long(json, oc_json_get(json, view, "port"), 1, 65535, &port))
        return false;
    channel->port = (int)port;
    if (channel->transport == OC_VERBS
        && (!oc_json_long(json, oc_json_get(json, view, "slots"), 1, OC_MAX_SLOTS, &slots)
            || !oc_json_long(json, oc_json_get(json, view, "payloadBytes"), 1, OC_MAX_PAYLOAD_BYTES, &payload_bytes)))
        return false;
    channel->slots = (int)slots;
    channel->payload_bytes = (int)payload_bytes;
    return true;
}

static bool has_worker(const struct oc_session *session, int number) {
    for (const offcut_worker *worker = session->workers; worker != NULL; worker = worker->sibling)
        if (worker->number == number)
            return true;
    return false;
}

static void adopt(struct oc_session *session, offcut_worker *worker) {
    offcut_lease *lease = session->lease;
    worker->session = session;
    snprintf(worker->node, sizeof worker->node, "%s", session->node);
    worker->sibling = session->workers;
    session->workers = worker;
    worker->next = lease->ready;
    lease->ready = worker;
    pthread_cond_broadcast(&lease->changed);
}

/*
 * Opens one channel, without the mutex meanwhile. One that was not asked for may just have lost its
 * worker: what else can be wrong with it is seen when it was.
 */
static int open_channel(struct oc_session *session, const oc_descriptor *channel, bool asked,
    offcut_error *error) {
    offcut_lease *lease = session->lease;
    offcut_worker *worker;
    pthread_mutex_unlock(&lease->mutex);
    worker = oc_channel_open(channel, lease->client->connect_timeout_ns, lease->stop_fd, error);
    pthread_mutex_lock(&lease->mutex);
    if (worker == NULL) {
        if (asked)
            session->failed |= 1U << channel->transport;
        return error->code;
    }
    if (lease->closed || session->state != OC_OPENING)
        oc_channel_free(worker);
    else
        adopt(session, worker);
    return 0;
}

/* Opens each channel that no worker of ours uses. */
static int open_channels(struct oc_session *session, const oc_json *json, offcut_error *error) {
    uint32_t channels = oc_json_get(json, 0, "channels");
    int result = 0;
    if (oc_json_first(json, channels) == OC_JSON_NONE)
        return oc_fail(error, OFFCUT_ERR_INVALID_INPUT, "node: opened lease %s without a channel", session->id);
    for (uint32_t c = oc_json_first(json, channels); c != OC_JSON_NONE; c = oc_json_next(json, channels, c)) {
        oc_descriptor channel;
        int code = 0;
        if (!read_descriptor(json, c, &channel))
            code = oc_fail(error, OFFCUT_ERR_INVALID_INPUT,
                "node: described a channel of lease %s that cannot be; use the same release on both sides", session->id);
        else if (!has_worker(session, channel.worker))
            code = open_channel(session, &channel, true, error);
        if (code != 0)
            result = code;
    }
    return result;
}

/* Takes note of what the scheduler says of a new lease's channels: of all of them, or none. */
static void note_offered(struct oc_session *session, const oc_json *json, uint32_t channels) {
    int count = 0;
    for (uint32_t c = oc_json_first(json, channels); c != OC_JSON_NONE; c = oc_json_next(json, channels, c))
        count++;
    session->offered = calloc((size_t)count + 1, sizeof *session->offered);
    if (session->offered == NULL)
        return;
    for (uint32_t c = oc_json_first(json, channels); c != OC_JSON_NONE; c = oc_json_next(json, channels, c)) {
        oc_descriptor *channel = &session->offered[session->offered_count];
        if (!read_descriptor(json, c, channel)
            || !(session->lease->transports & 1U << channel->transport)) {
            session->offered_count = 0;
            return;
        }
        session->offered_count++;
    }
}

static int open_offered(struct oc_session *session, offcut_error *error) {
    int count = session->offered_count, result = 0;
    session->offered_count = 0;
    for (int i = 0; i < count; i++) {
        int code = open_channel(session, &session->offered[i], false, error);
        if (code != 0)
            result = code;
    }
    return result;
}

static int ask_node(struct oc_session *session, offcut_error *error) {
    offcut_lease *lease = session->lease;
    char *url = strdup(session->node_url);
    oc_buffer path = {0}, body = {0};
    oc_answer answer = {0};
    int code;
    write_open(lease, session, &path, &body);
    pthread_mutex_unlock(&lease->mutex);
    if (url == NULL || path.failed || body.failed)
        code = oc_fail(error, OFFCUT_ERR_EXHAUSTED, "no memory to open a lease");
    else
        code = oc_client_ask_node(lease->client, url, path.data, body.data, lease->stop_fd, &answer, error);
    pthread_mutex_lock(&lease->mutex);
    if (code == 0)
        code = open_channels(session, &answer.json, error);
    oc_answer_free(&answer);
    oc_buffer_free(&path);
    oc_buffer_free(&body);
    free(url);
    return code;
}

static int open_session(struct oc_session *session, offcut_error *error) {
    return session->offered_count > 0 ? open_offered(session, error) : ask_node(session, error);
}

static void give_back(struct oc_session *session) {
    offcut_lease *lease = session->lease;
    oc_buffer path = {0};
    oc_answer answer = {0};
    oc_buffer_text(&path, "/v1/leases/");
    oc_url_encode(&path, session->request_id);
    oc_buffer_text(&path, "/");
    oc_url_encode(&path, session->id);
    pthread_mutex_unlock(&lease->mutex);
    if (!path.failed)
        oc_client_ask(lease->client, "DELETE", path.data, NULL, 0, lease->stop_fd, &answer, NULL);
    pthread_mutex_lock(&lease->mutex);
    oc_answer_free(&answer);
    oc_buffer_free(&path);
}

static void *session_thread(void *argument) {
    struct oc_session *session = argument;
    offcut_lease *lease = session->lease;
    pthread_mutex_lock(&lease->mutex);
    for (int64_t pause_ns = session->failures > 0 ? pause_after(session->failures) : 0;
         !lease->closed && session->state == OC_OPENING; pause_ns = pause_after(session->failures)) {
        offcut_error error = {0};
        pthread_mutex_unlock(&lease->mutex);
        oc_net_wait(-1, 0, oc_after_ns(pause_ns), lease->stop_fd);
        pthread_mutex_lock(&lease->mutex);
        if (lease->closed || session->state != OC_OPENING)
            break;
        session->again = false;
        if (open_session(session, &error) == 0)
            session->state = session->state == OC_OPENING && !session->again ? OC_OPEN : session->state;
        else if (++session->failures >= OC_UNUSABLE_AFTER)
            session->state = OC_OVER;
        lease->unusable = error;
    }
    if (session->failures >= OC_UNUSABLE_AFTER && !lease->closed)
        give_back(session);
    session->thread_runs = false;
    lease->openers--;
    pthread_cond_broadcast(&lease->changed);
    pthread_mutex_unlock(&lease->mutex);
    oc_lease_drop(lease);
    return NULL;
}

static void start_thread(struct oc_session *session) {
    offcut_lease *lease = session->lease;
    pthread_attr_t detached;
    pthread_t thread;
    if (session->thread_runs || lease->closed)
        return;
    pthread_attr_init(&detached);
    pthread_attr_setdetachstate(&detached, PTHREAD_CREATE_DETACHED);
    lease->references++;
    lease->openers++;
    session->thread_runs = true;
    if (pthread_create(&thread, &detached, session_thread, session) != 0) {
        lease->references--;
        lease->openers--;
        session->thread_runs = false;
        session->state = OC_OVER;
    }
    pthread_attr_destroy(&detached);
}

/* --- what the scheduler says */

static void replace(char **text, char *fresh) {
    if (fresh != NULL) {
        free(*text);
        *text = fresh;
    }
}

static void granted(offcut_lease *lease, const oc_json *json, uint32_t view, const char *id) {
    struct oc_session *session = calloc(1, sizeof *session);
    if (session == NULL)
        return; /* the next look tries again */
    session->lease = lease;
    session->token = oc_json_copy(json, oc_json_get(json, view, "token"));
    session->node_url = oc_json_copy(json, oc_json_get(json, view, "nodeUrl"));
    snprintf(session->id, sizeof session->id, "%s", id);
    if (session->token == NULL || session->node_url == NULL
        || !oc_json_string(json, oc_json_get(json, view, "requestId"), session->request_id, sizeof session->request_id)
        || !oc_json_string(json, oc_json_get(json, view, "nodeName"), session->node, sizeof session->node)) {
        free_session(session);
        return;
    }
    note_offered(session, json, oc_json_get(json, view, "channels"));
    session->next = lease->sessions;
    lease->sessions = session;
    lease->ever_granted = true;
    start_thread(session);
}

/* Its workers get a moment to say so themselves, with their last results. */
static void over(struct oc_session *session, const oc_json *json, uint32_t reason) {
    session->state = OC_OVER;
    if (session->over_at_ns != 0)
        return;
    session->over_at_ns = oc_after_ns(GRACE_MS * OC_MS);
    session->over_status = oc_json_equals(json, reason, "EXPIRED") ? OFFCUT_STATUS_EXPIRED
        : oc_json_equals(json, reason, "NODE_LOST")                ? OFFCUT_STATUS_DISCONNECTED
                                                                   : OFFCUT_STATUS_REVOKED;
}

void oc_session_apply(offcut_lease *lease, const oc_json *json, uint32_t view) {
    char id[OC_ID_BYTES];
    uint32_t state = oc_json_get(json, view, "state");
    struct oc_session *session;
    if (!oc_json_string(json, oc_json_get(json, view, "leaseId"), id, sizeof id))
        return;
    session = find(lease, id);
    if (oc_json_equals(json, state, "ENDED")) {
        if (session != NULL)
            over(session, json, oc_json_get(json, view, "endReason"));
    } else if (session != NULL) {
        /* After a restart the scheduler has no token until it renews; the old one is good. */
        replace(&session->token, oc_json_copy(json, oc_json_get(json, view, "token")));
        replace(&session->node_url, oc_json_copy(json, oc_json_get(json, view, "nodeUrl")));
    } else if (!oc_json_equals(json, state, "REVOKING") && !lease->closed) {
        granted(lease, json, view, id);
    }
}

static bool listed(const oc_json *json, uint32_t leases, const char *id) {
    for (uint32_t l = oc_json_first(json, leases); l != OC_JSON_NONE; l = oc_json_next(json, leases, l))
        if (oc_json_equals(json, oc_json_get(json, l, "leaseId"), id))
            return true;
    return false;
}

void oc_sessions_forget(offcut_lease *lease, const char *request_id, const oc_json *json,
    uint32_t leases) {
    for (struct oc_session **at = &lease->sessions; *at != NULL;) {
        struct oc_session *session = *at;
        if (session->state == OC_OVER && session->workers == NULL && !session->thread_runs && session->closing == 0
            && strcmp(session->request_id, request_id) == 0
            && (leases == OC_JSON_NONE || !listed(json, leases, session->id))) {
            *at = session->next;
            free_session(session);
        } else {
            at = &session->next;
        }
    }
}

int oc_sessions_workers(const offcut_lease *lease, const char *request_id) {
    int count = 0;
    for (const struct oc_session *session = lease->sessions; session != NULL; session = session->next)
        if (request_id == NULL || strcmp(session->request_id, request_id) == 0)
            for (const offcut_worker *worker = session->workers; worker != NULL; worker = worker->sibling)
                count++;
    return count;
}

bool oc_sessions_expire(offcut_lease *lease) {
    int64_t now = oc_now_ns();
    bool waiting = false;
    for (struct oc_session *session = lease->sessions; session != NULL; session = session->next) {
        if (session->over_at_ns == 0 || session->workers == NULL)
            continue;
        if (session->over_at_ns > now)
            waiting = true;
        else
            for (offcut_worker *worker = session->workers; worker != NULL; worker = worker->sibling)
                atomic_store(&worker->forced, session->over_status);
    }
    return waiting;
}

/* --- workers that end */

static void unlink_worker(struct oc_session *session, offcut_worker *worker) {
    offcut_worker **at = &session->workers;
    while (*at != NULL && *at != worker)
        at = &(*at)->sibling;
    if (*at != NULL)
        *at = worker->sibling;
}

/* What a lost worker means for its lease. */
static void lost(struct oc_session *session, int ended, bool answered) {
    session->again = true; /* for the thread that may just be opening it */
    if (session->state != OC_OPEN)
        return;
    if (ended == OFFCUT_STATUS_REVOKED || ended == OFFCUT_STATUS_EXPIRED) {
        /* Stays known until the scheduler drops it too, so that it is not opened again. */
        session->state = OC_OVER;
        return;
    }
    if (answered)
        session->failures = 0;
    else if (ended != 0)
        session->failures++;
    session->state = session->failures >= OC_UNUSABLE_AFTER ? OC_OVER : OC_OPENING;
    start_thread(session);
}

void oc_session_close_worker(offcut_worker *worker) {
    struct oc_session *session = worker->session;
    offcut_lease *lease = session->lease;
    int ended = worker->ended;
    bool answered = worker->answered;
    pthread_mutex_lock(&lease->mutex);
    unlink_worker(session, worker);
    session->closing++; /* so that it stays while the mutex is not held */
    pthread_mutex_unlock(&lease->mutex);
    oc_channel_free(worker); /* before it is opened again: a region has one client */
    pthread_mutex_lock(&lease->mutex);
    session->closing--;
    lease->answered += answered;
    if (!lease->closed)
        lost(session, ended, answered);
    pthread_cond_broadcast(&lease->changed);
    pthread_mutex_unlock(&lease->mutex);
}

void oc_sessions_free(offcut_lease *lease) {
    while (lease->sessions != NULL) {
        struct oc_session *session = lease->sessions;
        lease->sessions = session->next;
        free_session(session);
    }
}
