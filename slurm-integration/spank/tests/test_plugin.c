/*
 * The callbacks as Slurm calls them, in its order: prolog, then for each step init, its options,
 * init_post_opt, user_init, exit, then epilog. Each process of a job is a child of this test, as a
 * slurmstepd is one of its own; only the 10,000 lives are lived in one process, to see what leaks.
 */
#include <dirent.h>
#include <slurm/slurm.h>
#include <slurm/spank.h>
#include <sys/stat.h>

#include "daemon.h"
#include "tap.h"

enum { DEADLINE_MS = 60, SLACK_MS = 250, LIVES = 10000 };

static char folder[] = "/tmp/offcut-plugin-XXXXXX";
static char path[108], socket_argument[128], deadline_argument[32] = "deadline_ms=5000";
static char *arguments[] = {socket_argument, deadline_argument, NULL};

static int call(spank_f *callback) {
    return callback(NULL, 2, arguments);
}

static int option(int which, const char *value) {
    return fake.registered[which]->cb(fake.registered[which]->val, value,
                                      fake.context == S_CTX_REMOTE);
}

static void be(spank_context_t context, uint32_t step_id) {
    fake = (struct fake){.context = context,
                         .job_id = 7,
                         .uid = 1000,
                         .step_id = step_id,
                         .cores = "0-1",
                         .mem_mib = 2000};
}

/* What the process of one part of a job did, told by its child. */
struct told {
    double took_ms;
    int failed; /* the sum of what its callbacks returned */
    struct fake fake;
};

struct part {
    spank_context_t context;
    uint32_t step_id;
    const char *share, *workers;
};

static void live(const struct part *part, struct told *told) {
    be(part->context, part->step_id);
    setenv("SLURM_JOB_CPUS_PER_NODE", "2", 1);
    if (part->context == S_CTX_JOB_SCRIPT) {
        fake.option = (char *)part->share;
        told->failed += call(part->step_id == 0 ? slurm_spank_job_prolog : slurm_spank_job_epilog);
        return;
    }
    told->failed += call(slurm_spank_init);
    if (part->share != NULL)
        told->failed += option(0, part->share);
    if (part->workers != NULL)
        told->failed += option(1, part->workers);
    told->failed += call(slurm_spank_init_post_opt);
    told->failed += call(slurm_spank_user_init);
    told->failed += call(slurm_spank_exit);
}

static struct told in_a_process(struct part part) {
    static struct told told;
    int ends[2], status;
    size_t got = 0;
    pid_t pid;
    if (pipe(ends) != 0 || (pid = fork()) < 0)
        fatal("cannot start a process");
    if (pid == 0) {
        double start = now_ms();
        told = (struct told){0};
        live(&part, &told);
        told.took_ms = now_ms() - start;
        told.fake = fake;
        say(ends[1], (const char *)&told, sizeof told);
        _exit(0);
    }
    close(ends[1]);
    for (ssize_t n = 1; got < sizeof told && n > 0; got += n > 0 ? (size_t)n : 0)
        n = read(ends[0], (char *)&told + got, sizeof told - got);
    close(ends[0]);
    waitpid(pid, &status, 0);
    if (got < sizeof told || !WIFEXITED(status) || WEXITSTATUS(status) != 0)
        fatal("the process of a part of a job died");
    fake = told.fake;
    return told;
}

static const struct part PROLOG = {S_CTX_JOB_SCRIPT, 0, NULL, NULL};
static const struct part EPILOG = {S_CTX_JOB_SCRIPT, 1, NULL, NULL};

static void hears(struct daemon *daemon, const char *expected) {
    char line[4096];
    daemon_heard(daemon, line);
    ok(strcmp(line, expected) == 0, "it hears %.*s", (int)strcspn(line, "\n"), line);
}

static void test_a_job(void) {
    struct daemon daemon = daemon_start(path, says, "OK\nOFFCUT_REQUEST=r-1\nLD_PRELOAD=/x\n");
    struct told told = in_a_process(PROLOG);
    ok(told.failed == 0 && fake.log[0] == '\0', "a job that the daemon hears of says nothing");
    hears(&daemon, "PROLOG 7 cpus=2 uid=1000\n");
    in_a_process((struct part){S_CTX_JOB_SCRIPT, 0, "share:2,1G", NULL});
    hears(&daemon, "PROLOG 7 cpus=2 uid=1000 share=share:2,1024\n");
    in_a_process((struct part){S_CTX_REMOTE, SLURM_EXTERN_CONT, NULL, NULL});
    hears(&daemon, "ALLOC 7 step=extern cores=0-1 mem_mib=2000 uid=1000\n");
    hears(&daemon, "STEP_END 7 step=extern\n");
    told = in_a_process(
        (struct part){S_CTX_REMOTE, 0, "exclusive", "4,mem=1G,function=wc/words"});
    hears(&daemon, "ALLOC 7 step=0 cores=0-1 mem_mib=2000 uid=1000 share=exclusive workers=4"
                   " worker_mem_mib=1024 function=wc/words node_id=0\n");
    hears(&daemon, "STEP_END 7 step=0\n");
    ok(strcmp(fake_variable("OFFCUT_WORKERS"), "4") == 0
           && strcmp(fake_variable("OFFCUT_WORKER_MEMORY"), "1024M") == 0
           && strcmp(fake_variable("OFFCUT_FUNCTION"), "wc/words") == 0
           && strcmp(fake_variable("OFFCUT_REQUEST"), "r-1") == 0,
       "the tasks find what was wanted and what the daemon said");
    ok(fake_variable("LD_PRELOAD") == NULL && fake.variables == 4, "and nothing else");
    in_a_process((struct part){S_CTX_REMOTE, SLURM_BATCH_SCRIPT, NULL, NULL});
    hears(&daemon, "ALLOC 7 step=batch cores=0-1 mem_mib=2000 uid=1000\n");
    ok(fake.variables == 0, "a job that wants no workers is given no variables");
    hears(&daemon, "STEP_END 7 step=batch\n");
    in_a_process(EPILOG);
    hears(&daemon, "EPILOG 7\n");
    daemon_stop(&daemon);
}

static void test_site_default(void) {
    struct daemon daemon = daemon_start(path, says, "OK\n");
    arguments[1] = "share=off";
    in_a_process(PROLOG);
    hears(&daemon, "PROLOG 7 cpus=2 uid=1000 share=exclusive\n");
    in_a_process((struct part){S_CTX_JOB_SCRIPT, 0, "share", NULL});
    hears(&daemon, "PROLOG 7 cpus=2 uid=1000 share=share\n");
    in_a_process((struct part){S_CTX_REMOTE, SLURM_EXTERN_CONT, NULL, NULL});
    hears(&daemon, "ALLOC 7 step=extern cores=0-1 mem_mib=2000 uid=1000\n");
    hears(&daemon, "STEP_END 7 step=extern\n");
    in_a_process((struct part){S_CTX_REMOTE, 5, NULL, NULL});
    hears(&daemon, "ALLOC 7 step=5 cores=0-1 mem_mib=2000 uid=1000 share=exclusive\n");
    hears(&daemon, "STEP_END 7 step=5\n");
    arguments[1] = "colour=red";
    in_a_process(PROLOG);
    hears(&daemon, "PROLOG 7 cpus=2 uid=1000\n");
    ok(strcmp(fake.log, "error: offcut: plugstack.conf: 'colour=red' is passed over: no such"
                        " setting\n")
           == 0,
       "a setting that is none is told in one line");
    arguments[1] = deadline_argument;
    daemon_stop(&daemon);
}

static void test_forged_options(void) {
    struct daemon daemon = daemon_start(path, says, "OK\n");
    struct told told = in_a_process((struct part){S_CTX_JOB_SCRIPT, 0, "x\nEPILOG 8", NULL});
    ok(told.failed == 0 && strchr(fake.log, '\n') == strrchr(fake.log, '\n'),
       "a forged option is told in one line: %.*s", (int)strcspn(fake.log, "\n"), fake.log);
    hears(&daemon, "PROLOG 7 cpus=2 uid=1000\n");
    told = in_a_process((struct part){S_CTX_REMOTE, 0, "x\nEPILOG 8", "3,mem=\n"});
    ok(told.failed == 0, "and fails no step");
    hears(&daemon, "ALLOC 7 step=0 cores=0-1 mem_mib=2000 uid=1000\n");
    ok(fake.variables == 0, "which has no workers then");
    daemon_stop(&daemon);
}

struct trouble {
    const char *daemon;
    daemon_behaviour *behave; /* NULL: none there */
    const char *what;
    const char *says; /* in the one line of the prolog's log; NULL: none */
    int waits;
};

static const struct trouble troubles[] = {
    {"none", NULL, NULL, "no node daemon at", 0},
    {"hung", says_and_hangs, "", "did not answer in", 1},
    {"slow byte by byte", crawls, "much too slow to be heard\n", "did not answer in", 1},
    {"one that closes", says, "", "broke off", 0},
    {"one that is late", says, "TIMEOUT\n", "says TIMEOUT", 0},
    {"an older one", says, "ERROR unknown request\n", "says ERROR unknown request", 0},
    {"one that lies", says, "%s%n \x1b[2J\n", "says %s%n ?[2J", 0},
    {"one that says zeros", says_zeros, NULL, "says ???????", 0},
    {"one that says an endless line", floods, "xxxxxxxxxxxxxxxxxxxxxxx", "broke off", 0},
    {"one that says endless lines", floods, "OK\nLD_PRELOAD=/x\n", NULL, 0},
};

static void test_troubles(void) {
    for (size_t i = 0; i < sizeof troubles / sizeof *troubles; i++) {
        const struct trouble *trouble = &troubles[i];
        struct daemon daemon = {0};
        struct told told;
        snprintf(deadline_argument, sizeof deadline_argument, "deadline_ms=%d",
                 trouble->waits ? DEADLINE_MS : 5000);
        if (trouble->behave != NULL)
            daemon = daemon_start(path, trouble->behave, trouble->what);
        told = in_a_process(PROLOG);
        ok(told.failed == 0, "daemon: %s: the prolog succeeds", trouble->daemon);
        ok(!trouble->waits || told.took_ms < DEADLINE_MS + SLACK_MS, "in %.1f ms", told.took_ms);
        if (trouble->says == NULL)
            ok(fake.log[0] == '\0', "its first line is right, and nothing is said");
        else
            ok(strstr(fake.log, trouble->says) != NULL
                   && strchr(fake.log, '\n') == strrchr(fake.log, '\n'),
               "it says in one line: %.*s", (int)strcspn(fake.log, "\n"), fake.log);
        told = in_a_process((struct part){S_CTX_REMOTE, 0, NULL, "4"});
        ok(told.failed == 0 && (!trouble->waits || told.took_ms < DEADLINE_MS + SLACK_MS),
           "the step succeeds, and waits once for all its messages: %.1f ms", told.took_ms);
        ok(strcmp(fake_variable("OFFCUT_WORKERS"), "4") == 0 && fake_variable("LD_PRELOAD") == NULL,
           "its tasks find what was wanted");
        if (trouble->behave != NULL)
            daemon_stop(&daemon);
    }
    snprintf(deadline_argument, sizeof deadline_argument, "deadline_ms=5000");
}

static void test_a_daemon_that_restarts(void) {
    struct daemon daemon = daemon_start(path, says, "OK\n");
    in_a_process(PROLOG);
    hears(&daemon, "PROLOG 7 cpus=2 uid=1000\n");
    daemon_stop(&daemon);
    ok(in_a_process((struct part){S_CTX_REMOTE, SLURM_EXTERN_CONT, NULL, NULL}).failed == 0,
       "a daemon that is gone for a while");
    daemon = daemon_start(path, says, "OK\n");
    in_a_process((struct part){S_CTX_REMOTE, 0, NULL, NULL});
    hears(&daemon, "ALLOC 7 step=0 cores=0-1 mem_mib=2000 uid=1000\n");
    daemon_stop(&daemon);
}

static void test_clients(void) {
    static const spank_context_t clients[] = {S_CTX_LOCAL, S_CTX_ALLOCATOR};
    struct daemon daemon = daemon_start(path, says, "OK\n");
    for (size_t i = 0; i < 2; i++) {
        struct pollfd poller = {.fd = daemon.heard, .events = POLLIN, .revents = 0};
        be(clients[i], 0);
        ok(call(slurm_spank_init) == 0 && fake.options == 2, "a client command has both options");
        ok(option(0, "share:2") == 0 && option(1, "4") == 0 && fake.log[0] == '\0',
           "and takes right values");
        ok(option(0, "share:none") != 0
               && strcmp(fake.log, "error: --offcut=share:none: CORES is 1 to 65535, as in"
                                   " share:4,8G\n")
                      == 0,
           "it refuses a wrong one, and says in one line why");
        ok(option(1, "none") != 0, "of either option");
        ok(call(slurm_spank_init_post_opt) == 0 && call(slurm_spank_user_init) == 0
               && call(slurm_spank_job_prolog) == 0 && call(slurm_spank_job_epilog) == 0
               && call(slurm_spank_exit) == 0 && fake.variables == 0,
           "nothing else does anything there");
        ok(poll(&poller, 1, 100) == 0, "and no daemon is talked to");
    }
    be(S_CTX_SLURMD, 0);
    ok(call(slurm_spank_init) == 0 && fake.options == 0, "nor anything in slurmd");
    daemon_stop(&daemon);
}

static void test_a_slurm_that_says_nothing(void) {
    be(S_CTX_JOB_SCRIPT, 0);
    fake.silent = 1;
    ok(call(slurm_spank_job_prolog) == 0 && call(slurm_spank_job_epilog) == 0,
       "a prolog whose job is unknown");
    be(S_CTX_REMOTE, 0);
    fake.silent = 1;
    ok(call(slurm_spank_init_post_opt) == 0 && call(slurm_spank_exit) == 0,
       "a step whose job is unknown");
    be(S_CTX_ERROR, 0);
    ok(call(slurm_spank_init) == 0 && call(slurm_spank_init_post_opt) == 0
           && call(slurm_spank_job_prolog) == 0 && call(slurm_spank_exit) == 0,
       "a context that is unknown");
}

static int open_files(void) {
    int count = 0;
    DIR *dir = opendir("/proc/self/fd");
    while (readdir(dir) != NULL)
        count++;
    closedir(dir);
    return count;
}

static void test_ten_thousand_lives(void) {
    static const struct part job[] = {
        {S_CTX_JOB_SCRIPT, 0, "share:2", NULL},
        {S_CTX_REMOTE, SLURM_BATCH_SCRIPT, "share:2", "4,mem=1G,function=wc/words"},
        {S_CTX_JOB_SCRIPT, 1, NULL, NULL},
    };
    struct daemon daemon = daemon_start(path, says, "OK\nOFFCUT_REQUEST=r-1\n");
    struct told told = {0};
    mode_t mask = umask(027);
    char here[4096], after[4096], line[4096];
    int files = open_files(), heard = 0, right = 1;
    if (getcwd(here, sizeof here) == NULL)
        fatal("getcwd");
    for (int i = 0; i < LIVES; i++) {
        for (size_t j = 0; j < sizeof job / sizeof *job; j++) {
            live(&job[j], &told);
            right = right && fake.log[0] == '\0';
        }
        for (const char *verb = "PASE"; *verb != '\0'; verb++) /* of the four messages */
            heard += daemon_heard(&daemon, line)[0] == *verb;
    }
    ok(told.failed == 0 && right, "%d jobs come and go", LIVES);
    ok(heard == 4 * LIVES, "and the daemon hears of all of them");
    ok(open_files() == files, "no descriptor is left open");
    ok(umask(mask) == 027 && getcwd(after, sizeof after) != NULL && strcmp(here, after) == 0,
       "the file mode mask and the folder are as they were");
    daemon_stop(&daemon);
}

int main(void) {
    if (mkdtemp(folder) == NULL)
        fatal(folder);
    snprintf(path, sizeof path, "%s/jobs.sock", folder);
    snprintf(socket_argument, sizeof socket_argument, "socket=%s", path);
    test_a_job();
    test_site_default();
    test_forged_options();
    test_troubles();
    test_a_daemon_that_restarts();
    test_clients();
    test_a_slurm_that_says_nothing();
    test_ten_thousand_lives();
    rmdir(folder);
    return done();
}
