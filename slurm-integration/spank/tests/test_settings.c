/* The arguments in plugstack.conf, and what is known of the node. */
#include <string.h>

#include "node.h"
#include "settings.h"
#include "tap.h"

#define DEFAULT "/var/lib/offcut/node/jobs.sock"
#define P50 "12345678901234567890123456789012345678901234567890"
#define P106 "/" P50 P50 "12345"

struct settings_case {
    char *argument;
    const char *socket;
    uint32_t deadline_ms;
    const char *share;
    int complaints;
};

static const struct settings_case table[] = {
    {NULL, DEFAULT, 100, NULL, 0},
    {"socket=/run/o.sock", "/run/o.sock", 100, NULL, 0},
    {"socket=/run/%n.sock", "/run/node7.sock", 100, NULL, 0},
    {"socket=/run/%n/%n", "/run/node7/%n", 100, NULL, 0},
    {"socket=" P106 "x", P106 "x", 100, NULL, 0},
    {"socket=" P106 "xx", DEFAULT, 100, NULL, 1},
    {"socket=" P106 "%n", DEFAULT, 100, NULL, 1},
    {"socket=" P106 P106 P106, DEFAULT, 100, NULL, 1},
    {"socket=run/o.sock", DEFAULT, 100, NULL, 1},
    {"socket=", DEFAULT, 100, NULL, 1},
    {"deadline_ms=1", DEFAULT, 1, NULL, 0},
    {"deadline_ms=60000", DEFAULT, 60000, NULL, 0},
    {"deadline_ms=60001", DEFAULT, 100, NULL, 1},
    {"deadline_ms=0", DEFAULT, 100, NULL, 1},
    {"deadline_ms=soon", DEFAULT, 100, NULL, 1},
    {"deadline_ms=", DEFAULT, 100, NULL, 1},
    {"share=on", DEFAULT, 100, "share", 0},
    {"share=off", DEFAULT, 100, "exclusive", 0},
    {"share=maybe", DEFAULT, 100, NULL, 1},
    {"colour=red", DEFAULT, 100, NULL, 1},
    {"", DEFAULT, 100, NULL, 1},
    {"%s%n%s", DEFAULT, 100, NULL, 1},
};

static int complaints;

static void complain(const char *argument, const char *why) {
    (void)argument;
    (void)why;
    complaints++;
}

static int same(const char *a, const char *b) {
    return a == NULL || b == NULL ? a == b : strcmp(a, b) == 0;
}

static void test_arguments(void) {
    for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
        struct settings settings;
        char *arguments[] = {table[i].argument, NULL};
        complaints = 0;
        settings_read(&settings, table[i].argument != NULL, arguments, "node7", complain);
        ok(same(settings.socket, table[i].socket) && settings.deadline_ms == table[i].deadline_ms
               && same(settings.share, table[i].share) && complaints == table[i].complaints,
           "argument '%.40s'", table[i].argument != NULL ? table[i].argument : "(none)");
    }
}

static void test_the_others_stay_when_one_is_wrong(void) {
    struct settings settings;
    char *arguments[] = {"deadline_ms=7", "deadline_ms=x", "what", "socket=/a", "share=off"};
    complaints = 0;
    settings_read(&settings, 5, arguments, "node7", complain);
    ok(settings.deadline_ms == 7 && same(settings.socket, "/a") && same(settings.share, "exclusive")
           && complaints == 2,
       "a wrong argument leaves the others as they are");
    settings_read(&settings, 5, arguments, "node7", NULL);
    ok(settings.deadline_ms == 7, "nobody needs to be told");
}

struct cpus_case {
    const char *text;
    uint32_t cpus;
};

static const struct cpus_case cpus[] = {
    {"2", 2},           {"4(x2)", 4},  {"4,4", 4},        {"4(x2),4", 4}, {"128(x1000)", 128},
    {"4(x2),1", 0},     {"2,1", 0},    {"", 0},           {"0", 0},       {"4(x0)", 0},
    {"4(x", 0},         {"4(x)", 0},   {"4(x2", 0},       {"4x2)", 0},    {"(x2)", 0},
    {"4,", 0},          {",4", 0},     {"4,,4", 0},       {"-4", 0},      {"4(x2)x", 0},
    {"4294967297", 0},  {"4 ", 0},     {"4(x4294967297)", 0}, {NULL, 0},  {"4,(x2)", 0},
    {"four", 0},        {"4(x2),4(", 0},
};

static void test_cpus(void) {
    for (size_t i = 0; i < sizeof cpus / sizeof *cpus; i++)
        ok(node_cpus(cpus[i].text) == cpus[i].cpus, "SLURM_JOB_CPUS_PER_NODE='%s': %u here",
           cpus[i].text != NULL ? cpus[i].text : "(none)", cpus[i].cpus);
}

static void test_name(void) {
    char name[NODE_NAME_BYTES], own[NODE_NAME_BYTES];
    char long_name[200];
    memset(long_name, 'n', sizeof long_name - 1);
    long_name[sizeof long_name - 1] = '\0';
    node_name("node-7.site_2", name, sizeof name);
    ok(strcmp(name, "node-7.site_2") == 0, "the node is what slurmd calls it");
    node_name(NULL, own, sizeof own);
    ok(own[0] != '\0' && strchr(own, '.') == NULL, "else what the machine is called: %s", own);
    node_name("../../tmp/x", name, sizeof name);
    ok(strcmp(name, own) == 0, "a name that leads elsewhere is none");
    node_name(long_name, name, sizeof name);
    ok(strcmp(name, own) == 0, "nor is one that is too long");
}

int main(void) {
    test_arguments();
    test_the_others_stay_when_one_is_wrong();
    test_cpus();
    test_name();
    return done();
}
