/*
 * offcut-notify: tells the node daemon that a batch job starts or ends here.
 *
 *   offcut-notify prolog|epilog|ping [jobid]
 *
 * Without a job id it is taken from SLURM_JOB_ID. The protocol is one line each way over a
 * unix-domain socket (see JobEventServer). It never takes longer than its deadline.
 *
 * Settings, the later winning: built in; the file $OFFCUT_HOOK_CONF or /etc/offcut/hook.conf with
 * lines "socket=PATH" and "deadline_ms=N"; $OFFCUT_NODE_SOCKET and $OFFCUT_HOOK_DEADLINE_MS.
 * "%n" in the socket's path stands for $SLURMD_NODENAME.
 *
 * Exit: 0 answered OK, 1 answered TIMEOUT or no answer in time, 2 answered ERROR, 3 nobody there,
 * 64 wrong use. Only errors are printed, in one line on standard error.
 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

enum { EXIT_LATE = 1, EXIT_REFUSED = 2, EXIT_ABSENT = 3, EXIT_USE = 64 };
enum { MAX_LINE = 256, MAX_DEADLINE_MS = 60000 };

#define DEFAULT_CONF "/etc/offcut/hook.conf"
/* Where a node daemon of root listens that is told nothing else (jobSocket of NodeConfig). */
#define DEFAULT_SOCKET "/var/lib/offcut/node/jobs.sock"

struct settings {
    char socket[MAX_LINE];
    long deadline_ms;
};

static long now_ms(void) {
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return now.tv_sec * 1000L + now.tv_nsec / 1000000L;
}

static void set_deadline(struct settings *settings, const char *text) {
    char *end = NULL;
    long value = strtol(text, &end, 10);
    if (end != text && *end == '\0' && value >= 1 && value <= MAX_DEADLINE_MS)
        settings->deadline_ms = value;
    else
        fprintf(stderr, "offcut-notify: deadline_ms '%.32s' is not 1..%d, using %ld\n", text,
                MAX_DEADLINE_MS, settings->deadline_ms);
}

static void set_socket(struct settings *settings, const char *text) {
    if (strlen(text) < sizeof settings->socket)
        strcpy(settings->socket, text);
    else
        fprintf(stderr, "offcut-notify: the socket path is too long, using %s\n",
                settings->socket);
}

static void read_file(struct settings *settings, const char *path) {
    char line[2 * MAX_LINE];
    FILE *file = fopen(path, "re");
    if (file == NULL)
        return;
    while (fgets(line, sizeof line, file) != NULL) {
        line[strcspn(line, "\r\n")] = '\0';
        if (strncmp(line, "socket=", 7) == 0)
            set_socket(settings, line + 7);
        else if (strncmp(line, "deadline_ms=", 12) == 0)
            set_deadline(settings, line + 12);
    }
    fclose(file);
}

static void read_settings(struct settings *settings) {
    const char *conf = getenv("OFFCUT_HOOK_CONF");
    const char *socket_path = getenv("OFFCUT_NODE_SOCKET");
    const char *deadline = getenv("OFFCUT_HOOK_DEADLINE_MS");
    strcpy(settings->socket, DEFAULT_SOCKET);
    settings->deadline_ms = 2000;
    read_file(settings, conf != NULL ? conf : DEFAULT_CONF);
    if (socket_path != NULL)
        set_socket(settings, socket_path);
    if (deadline != NULL)
        set_deadline(settings, deadline);
}

/* Puts the node's name in the place of the first "%n". Returns 0, or -1 if the path is too long. */
static int fill_address(const char *pattern, struct sockaddr_un *address) {
    const char *mark = strstr(pattern, "%n");
    const char *node = getenv("SLURMD_NODENAME");
    int head = mark != NULL ? (int)(mark - pattern) : (int)strlen(pattern);
    int length;
    memset(address, 0, sizeof *address);
    address->sun_family = AF_UNIX;
    length = snprintf(address->sun_path, sizeof address->sun_path, "%.*s%s%s", head, pattern,
                      mark != NULL && node != NULL ? node : "", mark != NULL ? mark + 2 : "");
    return length > 0 && (size_t)length < sizeof address->sun_path ? 0 : -1;
}

/* 1 if the job id is a plain number of at most ten digits. */
static int valid_job(const char *job) {
    size_t length = job == NULL ? 0 : strlen(job);
    return length >= 1 && length <= 10 && job[0] != '0' && strspn(job, "0123456789") == length;
}

/* Waits for the events until the deadline. 1 if they came, 0 if it is too late. */
static int wait_for(int fd, short events, long deadline) {
    for (;;) {
        struct pollfd poller = {.fd = fd, .events = events, .revents = 0};
        long left = deadline - now_ms();
        int ready = left <= 0 ? 0 : poll(&poller, 1, (int)left);
        if (ready >= 0)
            return ready;
        if (errno != EINTR)
            return 0;
    }
}

/* A connected socket; -1 if nobody listens; -2 if its queue stayed full until the deadline. */
static int open_socket(const struct sockaddr_un *address, long deadline) {
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (fd < 0)
        return -1;
    while (connect(fd, (const struct sockaddr *)address, sizeof *address) != 0) {
        int why = errno;
        if (why == EINTR)
            continue;
        if (why != EAGAIN || now_ms() + 5 > deadline) {
            close(fd);
            errno = why;
            return why == EAGAIN ? -2 : -1;
        }
        poll(NULL, 0, 5);
    }
    return fd;
}

/* Sends the request and reads the answer line. 1 if one came in time. */
static int ask(int fd, const char *request, char *answer, long deadline) {
    size_t length = strlen(request), sent = 0, got = 0;
    while (sent < length && wait_for(fd, POLLOUT, deadline)) {
        ssize_t n = send(fd, request + sent, length - sent, MSG_NOSIGNAL);
        if (n < 0 && errno != EINTR && errno != EAGAIN)
            break; /* The server may have answered "busy" and closed: read that. */
        sent += n > 0 ? (size_t)n : 0;
    }
    while (got < MAX_LINE - 1 && wait_for(fd, POLLIN, deadline)) {
        ssize_t n = recv(fd, answer + got, MAX_LINE - 1 - got, 0);
        if (n < 0 && (errno == EINTR || errno == EAGAIN))
            continue;
        if (n <= 0)
            break;
        got += (size_t)n;
        answer[got] = '\0';
        if (strchr(answer, '\n') != NULL) {
            answer[strcspn(answer, "\n")] = '\0';
            return 1;
        }
    }
    return 0;
}

static int notify(const char *verb, const char *job) {
    struct settings settings;
    struct sockaddr_un address;
    char request[64], answer[MAX_LINE] = "";
    long deadline;
    int fd, answered;
    read_settings(&settings);
    deadline = now_ms() + settings.deadline_ms;
    if (fill_address(settings.socket, &address) != 0) {
        fprintf(stderr, "offcut-notify: the socket path is too long: %s\n", settings.socket);
        return EXIT_USE;
    }
    fd = open_socket(&address, deadline);
    if (fd < 0) {
        fprintf(stderr, "offcut-notify: no node daemon at %s: %s\n", address.sun_path,
                strerror(errno));
        return fd == -2 ? EXIT_LATE : EXIT_ABSENT;
    }
    snprintf(request, sizeof request, "%s%s%s\n", verb, job != NULL ? " " : "",
             job != NULL ? job : "");
    answered = ask(fd, request, answer, deadline);
    close(fd);
    if (answered && strcmp(answer, "OK") == 0)
        return 0;
    fprintf(stderr, "offcut-notify: %s %s: %s\n", verb, job != NULL ? job : "",
            answered ? answer : "no answer in time");
    return answered && strcmp(answer, "TIMEOUT") != 0 ? EXIT_REFUSED : EXIT_LATE;
}

int main(int argc, char **argv) {
    const char *job = argc > 2 ? argv[2] : getenv("SLURM_JOB_ID");
    if (argc >= 2 && argc <= 3 && strcmp(argv[1], "ping") == 0)
        return notify("PING", NULL);
    if (argc < 2 || argc > 3
        || (strcmp(argv[1], "prolog") != 0 && strcmp(argv[1], "epilog") != 0)) {
        fprintf(stderr, "usage: offcut-notify prolog|epilog|ping [jobid]\n");
        return EXIT_USE;
    }
    if (!valid_job(job)) {
        fprintf(stderr, "offcut-notify: no job id: give one or set SLURM_JOB_ID\n");
        return EXIT_USE;
    }
    return notify(argv[1][0] == 'p' ? "PROLOG" : "EPILOG", job);
}
