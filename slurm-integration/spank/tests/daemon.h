/*
 * Node daemons of every kind, each a child process, and a clock. What a recording daemon hears
 * comes through a pipe, line by line.
 */
#ifndef OFFCUT_TEST_DAEMON_H
#define OFFCUT_TEST_DAEMON_H

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

struct daemon {
    pid_t pid;
    int heard; /* reads what came */
    char path[108];
};

typedef void daemon_behaviour(int connection, const char *line, const void *what);

static inline double now_ms(void) {
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec * 1e3 + (double)now.tv_nsec / 1e6;
}

static inline void pause_ms(long ms) {
    struct timespec time = {ms / 1000, ms % 1000 * 1000000};
    nanosleep(&time, NULL);
}

static inline void fatal(const char *what) {
    printf("Bail out! %s: %s\n", what, strerror(errno));
    exit(1);
}

/* A listening socket at the path. */
static inline int daemon_listen(const char *path, int backlog) {
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    snprintf(address.sun_path, sizeof address.sun_path, "%s", path);
    unlink(path);
    if (fd < 0 || bind(fd, (struct sockaddr *)&address, sizeof address) != 0
        || listen(fd, backlog) != 0)
        fatal(path);
    return fd;
}

/* Reads to the LF, whatever the length; the line is without it. */
static inline void daemon_read_line(int connection, char *line, size_t bytes) {
    size_t got = 0;
    while (got < bytes - 1 && read(connection, line + got, 1) == 1 && line[got] != '\n')
        got++;
    line[got] = '\0';
}

static inline void daemon_serve(int server, int heard, daemon_behaviour *behave,
                                const void *what) {
    signal(SIGPIPE, SIG_IGN);
    for (;;) {
        char line[4096];
        int connection = accept(server, NULL, NULL);
        if (connection < 0)
            _exit(1);
        daemon_read_line(connection, line, sizeof line - 1);
        behave(connection, line, what);
        close(connection);
        strcat(line, "\n");
        if (line[0] != '\n' && write(heard, line, strlen(line)) < 0)
            _exit(0);
    }
}

static inline struct daemon daemon_start(const char *path, daemon_behaviour *behave,
                                         const void *what) {
    struct daemon daemon;
    int ends[2], server = daemon_listen(path, 128);
    snprintf(daemon.path, sizeof daemon.path, "%s", path);
    if (pipe(ends) != 0 || (daemon.pid = fork()) < 0)
        fatal("cannot start a daemon");
    if (daemon.pid == 0) {
        close(ends[0]);
        daemon_serve(server, ends[1], behave, what);
    }
    close(server);
    close(ends[1]);
    daemon.heard = ends[0];
    return daemon;
}

/* The next line that came, with its LF; waits for it, and ends the test if there is none in 10 s. */
static inline const char *daemon_heard(struct daemon *daemon, char line[4096]) {
    size_t got = 0;
    do {
        struct pollfd poller = {.fd = daemon->heard, .events = POLLIN, .revents = 0};
        if (got == 4095 || poll(&poller, 1, 10000) != 1 || read(daemon->heard, line + got, 1) != 1)
            fatal("nothing was heard");
    } while (line[got++] != '\n');
    line[got] = '\0';
    return line;
}

static inline void daemon_stop(struct daemon *daemon) {
    kill(daemon->pid, SIGKILL);
    waitpid(daemon->pid, NULL, 0);
    close(daemon->heard);
    unlink(daemon->path);
}

/* ---- behaviours; `what` is a text where one is said ---- */

static inline void say(int connection, const char *bytes, size_t length) {
    while (length > 0) {
        ssize_t n = write(connection, bytes, length);
        if (n <= 0)
            return;
        bytes += n;
        length -= (size_t)n;
    }
}

static inline void says(int connection, const char *line, const void *what) {
    (void)line;
    say(connection, what, strlen(what));
}

/* Says the text and then holds the connection open. */
static inline void says_and_hangs(int connection, const char *line, const void *what) {
    char c;
    says(connection, line, what);
    while (read(connection, &c, 1) > 0)
        ;
}

static inline void crawls(int connection, const char *line, const void *what) {
    const char *text = what;
    (void)line;
    for (size_t i = 0; text[i] != '\0'; i++) {
        if (send(connection, text + i, 1, MSG_NOSIGNAL) != 1)
            return;
        pause_ms(10);
    }
}

/* Says the text again and again, for ever. */
static inline void floods(int connection, const char *line, const void *what) {
    const char *text = what;
    (void)line;
    while (send(connection, text, strlen(text), MSG_NOSIGNAL) > 0)
        ;
}

static inline void says_zeros(int connection, const char *line, const void *what) {
    static const char zeros[64];
    (void)line;
    (void)what;
    say(connection, zeros, sizeof zeros);
    say(connection, "\n", 1);
}

#endif
