#include "talk.h"

#include <errno.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

/* Between two looks at a queue that is full: the kernel wakes nobody when it is so no more. */
enum { FULL_PAUSE_NS = 1000000, SECOND_NS = 1000000000 };

static int64_t now_ns(void) {
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * SECOND_NS + now.tv_nsec;
}

static struct timespec span(int64_t ns) {
    return (struct timespec){.tv_sec = ns / SECOND_NS, .tv_nsec = ns % SECOND_NS};
}

/* Waits for the event until the deadline. 1 if it came, 0 if it is too late. */
static int wait_for(int fd, short event, int64_t deadline) {
    for (;;) {
        struct pollfd poller = {.fd = fd, .events = event, .revents = 0};
        int64_t left = deadline - now_ns();
        struct timespec time = span(left > 0 ? left : 0);
        int ready = ppoll(&poller, 1, &time, NULL);
        if (ready > 0)
            return 1;
        if ((ready < 0 && errno != EINTR) || left <= 0)
            return 0;
    }
}

/* A connected socket; -1 if nobody listens, with errno EAGAIN if its queue stayed full. */
static int open_socket(const char *path, int64_t deadline) {
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    size_t length = strlen(path);
    int fd;
    if (length >= sizeof address.sun_path) {
        errno = ENAMETOOLONG;
        return -1;
    }
    memcpy(address.sun_path, path, length + 1);
    fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    while (fd >= 0 && connect(fd, (const struct sockaddr *)&address, sizeof address) != 0) {
        int why = errno;
        int64_t left = deadline - now_ns();
        if ((why != EAGAIN && why != EINTR) || left <= 0) {
            close(fd);
            errno = why;
            return -1;
        }
        if (why == EAGAIN) {
            struct timespec pause = span(left < FULL_PAUSE_NS ? left : FULL_PAUSE_NS);
            nanosleep(&pause, NULL);
        }
    }
    return fd;
}

/* 1 if all is sent, 0 if it is too late, -1 if the other end is gone. */
static int send_all(int fd, const char *line, size_t length, int64_t deadline) {
    size_t sent = 0;
    while (sent < length) {
        ssize_t n = send(fd, line + sent, length - sent, MSG_NOSIGNAL);
        if (n >= 0)
            sent += (size_t)n;
        else if (errno == EAGAIN && !wait_for(fd, POLLOUT, deadline))
            return 0;
        else if (errno != EAGAIN && errno != EINTR)
            return -1;
    }
    return 1;
}

static enum talk receive(int fd, int64_t deadline, enum talk_until until, char *answer,
                         size_t *got) {
    while (wait_for(fd, POLLIN, deadline)) {
        ssize_t n;
        if (*got == TALK_ANSWER_BYTES)
            return TALK_BROKEN;
        n = recv(fd, answer + *got, TALK_ANSWER_BYTES - *got, 0);
        if (n < 0 && (errno == EINTR || errno == EAGAIN))
            continue;
        if (n > 0)
            *got += (size_t)n;
        if (n <= 0 || until == TALK_LINE) {
            if (memchr(answer, '\n', *got) != NULL)
                return TALK_ANSWERED;
            if (n <= 0)
                return TALK_BROKEN;
        }
    }
    return TALK_LATE;
}

enum talk talk(const char *socket_path, const char *line, size_t length, uint32_t time_ms,
               enum talk_until until, char answer[TALK_ANSWER_BYTES], size_t *answer_length) {
    int64_t deadline = now_ns() + (int64_t)time_ms * 1000000;
    enum talk outcome = TALK_LATE;
    int fd = open_socket(socket_path, deadline);
    *answer_length = 0;
    if (fd < 0)
        return errno == EAGAIN ? TALK_LATE : TALK_ABSENT;
    /* One that is too busy answers and closes unheard: then there is an answer to read all the same. */
    if (send_all(fd, line, length, deadline) != 0 && time_ms > 0)
        outcome = receive(fd, deadline, until, answer, answer_length);
    close(fd);
    return outcome;
}
