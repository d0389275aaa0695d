/* One message to daemons that are dead, hung, flooded, slow or lying: what comes of it, and when. */
#include "talk.h"

#include <dirent.h>

#include "daemon.h"
#include "tap.h"

enum { DEADLINE_MS = 60, SLACK_MS = 250 }; /* a busy machine under sanitizers is slow */

static char folder[] = "/tmp/offcut-talk-XXXXXX";
static char path[108];
static char answer[TALK_ANSWER_BYTES];
static size_t got;

static int open_files(void) {
    int count = 0;
    DIR *dir = opendir("/proc/self/fd");
    while (readdir(dir) != NULL)
        count++;
    closedir(dir);
    return count;
}

struct talk_case {
    const char *daemon;
    daemon_behaviour *behave;
    const char *what;
    enum talk_until until;
    enum talk outcome;
    int waits; /* until the deadline */
};

static const struct talk_case table[] = {
    {"that answers", says, "OK\n", TALK_LINE, TALK_ANSWERED, 0},
    {"that answers to the end", says, "OK\nOFFCUT_A=1\n", TALK_END, TALK_ANSWERED, 0},
    {"that keeps the connection", says_and_hangs, "OK\n", TALK_LINE, TALK_ANSWERED, 0},
    {"that never comes to an end", says_and_hangs, "OK\nOFFCUT_A=1\n", TALK_END, TALK_LATE, 1},
    {"that hangs", says_and_hangs, "", TALK_LINE, TALK_LATE, 1},
    {"that says half a line and hangs", says_and_hangs, "O", TALK_LINE, TALK_LATE, 1},
    {"that closes", says, "", TALK_LINE, TALK_BROKEN, 0},
    {"that says half a line and closes", says, "TIMEO", TALK_LINE, TALK_BROKEN, 0},
    {"that crawls", crawls, "a long answer, one byte at a time\n", TALK_LINE, TALK_LATE, 1},
    {"that says one endless line", floods, "xxxxxxxxxxxxxxxx", TALK_LINE, TALK_BROKEN, 0},
    {"that says endless lines", floods, "OK\nOFFCUT_A=1\n", TALK_END, TALK_BROKEN, 0},
    {"that says zeros", says_zeros, NULL, TALK_LINE, TALK_ANSWERED, 0},
};

static enum talk send_it(uint32_t time_ms, enum talk_until until, double *took_ms) {
    double start = now_ms();
    enum talk outcome = talk(path, "PROLOG 7\n", 9, time_ms, until, answer, &got);
    *took_ms = now_ms() - start;
    return outcome;
}

static void test_daemons(void) {
    for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
        struct daemon daemon = daemon_start(path, table[i].behave, table[i].what);
        double took_ms;
        /* A daemon that answers is given time, whatever else the machine does. */
        enum talk outcome =
            send_it(table[i].waits ? DEADLINE_MS : 5000, table[i].until, &took_ms);
        ok(outcome == table[i].outcome && got <= TALK_ANSWER_BYTES, "a daemon %s: %d",
           table[i].daemon, outcome);
        if (table[i].waits)
            ok(took_ms >= DEADLINE_MS - 1 && took_ms < DEADLINE_MS + SLACK_MS,
               "it is left at the deadline: %.1f ms", took_ms);
        daemon_stop(&daemon);
    }
}

static void test_the_line_arrives(void) {
    struct daemon daemon = daemon_start(path, says, "OK\n");
    char line[4096];
    double took_ms;
    send_it(5000, TALK_LINE, &took_ms);
    ok(strcmp(daemon_heard(&daemon, line), "PROLOG 7\n") == 0, "the daemon hears the line");
    ok(send_it(0, TALK_LINE, &took_ms) == TALK_LATE
           && strcmp(daemon_heard(&daemon, line), "PROLOG 7\n") == 0,
       "and hears it from one that has no time for the answer");
    daemon_stop(&daemon);
}

static void test_nobody(void) {
    double took_ms;
    char *long_path = malloc(300);
    memset(long_path, 'x', 299);
    long_path[0] = '/';
    long_path[299] = '\0';
    ok(send_it(5000, TALK_LINE, &took_ms) == TALK_ABSENT && errno == ENOENT && took_ms < 2500,
       "no socket: nobody is waited for");
    close(daemon_listen(path, 1));
    ok(send_it(5000, TALK_LINE, &took_ms) == TALK_ABSENT && errno == ECONNREFUSED
           && took_ms < 2500,
       "a socket of a dead daemon: nobody is waited for");
    unlink(path);
    ok(talk(long_path, "PING\n", 5, 10, TALK_LINE, answer, &got) == TALK_ABSENT
           && errno == ENAMETOOLONG,
       "a path that no socket can have");
    free(long_path);
}

static void test_a_full_queue(void) {
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    int server = daemon_listen(path, 1), waiting[64], count = 0;
    double took_ms;
    snprintf(address.sun_path, sizeof address.sun_path, "%s", path);
    for (; count < 64; count++) {
        waiting[count] = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0);
        if (connect(waiting[count], (struct sockaddr *)&address, sizeof address) != 0)
            break;
    }
    ok(count < 64 && errno == EAGAIN, "the queue is full after %d", count);
    ok(send_it(DEADLINE_MS, TALK_LINE, &took_ms) == TALK_LATE, "a daemon with a full queue");
    ok(took_ms >= DEADLINE_MS - 1 && took_ms < DEADLINE_MS + SLACK_MS,
       "it is left at the deadline: %.1f ms", took_ms);
    ok(send_it(0, TALK_LINE, &took_ms) == TALK_LATE && took_ms < SLACK_MS,
       "at once by one that has no time");
    for (; count >= 0; count--)
        close(waiting[count]);
    close(server);
    unlink(path);
}

static void ignore(int signal_number) {
    (void)signal_number;
}

static void test_signals(void) {
    struct daemon daemon = daemon_start(path, says_and_hangs, "");
    struct sigaction before, after, interrupts = {.sa_handler = ignore}, old;
    struct itimerspec often = {{0, 1000000}, {0, 1000000}};
    struct sigevent event = {.sigev_notify = SIGEV_SIGNAL, .sigev_signo = SIGALRM};
    timer_t timer;
    enum talk outcome;
    double took_ms;
    sigaction(SIGPIPE, NULL, &before);
    sigaction(SIGALRM, &interrupts, &old);
    if (timer_create(CLOCK_MONOTONIC, &event, &timer) != 0)
        fatal("timer");
    timer_settime(timer, 0, &often, NULL);
    outcome = send_it(DEADLINE_MS, TALK_LINE, &took_ms);
    ok(outcome == TALK_LATE && took_ms >= DEADLINE_MS - 1 && took_ms < DEADLINE_MS + SLACK_MS,
       "a signal each millisecond neither ends nor prolongs the wait: %.1f ms", took_ms);
    timer_delete(timer);
    sigaction(SIGALRM, &old, NULL);
    sigaction(SIGPIPE, NULL, &after);
    ok(before.sa_handler == after.sa_handler, "SIGPIPE is left as it was");
    daemon_stop(&daemon);
}

int main(void) {
    int files = open_files();
    if (mkdtemp(folder) == NULL)
        fatal(folder);
    snprintf(path, sizeof path, "%s/jobs.sock", folder);
    test_daemons();
    test_the_line_arrives();
    test_nobody();
    test_a_full_queue();
    test_signals();
    ok(open_files() == files, "no descriptor is left open");
    rmdir(folder);
    return done();
}
