/* The lines that are sent, and the reading of what is answered. */
#include "request.h"

#include <slurm/slurm.h>
#include <string.h>

#include "answer.h"
#include "tap.h"

static const struct job small = {.id = 7, .uid = 1000, .step_id = 3};

static const struct job largest = {
    .id = 4294967294u,
    .step_id = SLURM_INTERACTIVE_STEP,
    .uid = 4294967294u,
    .cpus = 1048576,
    .node_id = 4294967295u,
    .mem_mib = UINT64_C(1) << 40,
    .share = "share:65535,4293918720",
    .workers = {65535, 4293918720u,
                "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789.-/"
                "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789.-"},
};

static void is(const char *line, size_t length, const char *expected) {
    ok(strcmp(line, expected) == 0 && length == strlen(expected), "%.*s",
       (int)strcspn(expected, "\n"), expected);
}

static void test_lines(void) {
    char line[REQUEST_BYTES];
    struct job job = small;
    is(line, request_prolog(&job, line), "PROLOG 7 uid=1000\n");
    job.cpus = 4;
    job.share = "share:2,1024";
    is(line, request_prolog(&job, line), "PROLOG 7 cpus=4 uid=1000 share=share:2,1024\n");
    job.uid = REQUEST_UID_UNKNOWN;
    job.cpus = 0;
    job.share = "";
    is(line, request_prolog(&job, line), "PROLOG 7\n");
    is(line, request_epilog(&job, line), "EPILOG 7\n");
    is(line, request_step_end(&job, line), "STEP_END 7 step=3\n");
    is(line, request_alloc(&job, line), "ALLOC 7 step=3\n");
    job = small;
    job.cores = "0-2,5";
    job.mem_mib = 2000;
    is(line, request_alloc(&job, line), "ALLOC 7 step=3 cores=0-2,5 mem_mib=2000 uid=1000\n");
    job.share = "exclusive";
    job.workers = (struct workers){32, 0, ""};
    is(line, request_alloc(&job, line),
       "ALLOC 7 step=3 cores=0-2,5 mem_mib=2000 uid=1000 share=exclusive workers=32 node_id=0\n");
    job.workers = (struct workers){32, 512, "wc/words"};
    job.node_id = 1;
    is(line, request_alloc(&job, line),
       "ALLOC 7 step=3 cores=0-2,5 mem_mib=2000 uid=1000 share=exclusive workers=32"
       " worker_mem_mib=512 function=wc/words node_id=1\n");
}

static void test_steps(void) {
    static const struct {
        uint32_t step_id;
        const char *line;
    } steps[] = {
        {0, "STEP_END 7 step=0\n"},
        {4294967040u, "STEP_END 7 step=4294967040\n"},
        {SLURM_EXTERN_CONT, "STEP_END 7 step=extern\n"},
        {SLURM_BATCH_SCRIPT, "STEP_END 7 step=batch\n"},
        {SLURM_INTERACTIVE_STEP, "STEP_END 7 step=interactive\n"},
    };
    for (size_t i = 0; i < sizeof steps / sizeof *steps; i++) {
        char line[REQUEST_BYTES];
        struct job job = small;
        job.step_id = steps[i].step_id;
        is(line, request_step_end(&job, line), steps[i].line);
    }
}

static void test_what_slurm_says_strangely(void) {
    static char *strange[] = {"", "0-2 EPILOG", "0-2\nEPILOG 8", "all", "0x3"};
    char line[REQUEST_BYTES];
    struct job job = small;
    for (size_t i = 0; i < sizeof strange / sizeof *strange; i++) {
        job.cores = strange[i];
        request_alloc(&job, line);
        ok(strcmp(line, "ALLOC 7 step=3 uid=1000\n") == 0, "strange cores (%zu) are left out", i);
    }
    job = small;
    job.mem_mib = 0x8000000000000000u | 500;
    request_alloc(&job, line);
    ok(strstr(line, "mem_mib") == NULL, "so is memory that is not a number of MiB");
}

static void test_length(void) {
    char line[REQUEST_BYTES], cores[4096];
    size_t length = 0, longest = 0;
    int whole = 1;
    struct job job = largest;
    for (int core = 0; core < 1024; core += 2) {
        length += (size_t)snprintf(cores + length, sizeof cores - length, "%s%d",
                                   core == 0 ? "" : ",", core);
        job.cores = cores;
        size_t sent = request_alloc(&job, line);
        longest = sent > longest ? sent : longest;
        whole = whole && line[sent - 1] == '\n' && strstr(line, " node_id=4294967295\n") != NULL
                && (strstr(line, "cores=") == NULL || strstr(line, cores) != NULL);
    }
    ok(longest <= 1024, "no line is longer than 1024 bytes: %zu", longest);
    ok(whole, "a word is there whole or not at all, and only the cores are missing");
    ok(request_prolog(&largest, line) < 256, "a prolog is short enough for older daemons");
}

static void test_answers(void) {
    static const struct {
        const char *text;
        size_t length;
        enum verdict verdict;
        int variables, refused;
    } table[] = {
        {"OK\n", 3, ANSWER_OK, 0, 0},
        {"TIMEOUT\n", 8, ANSWER_TIMEOUT, 0, 0},
        {"ERROR unknown request\n", 22, ANSWER_ERROR, 0, 0},
        {"OK", 2, ANSWER_ERROR, 0, 0},
        {"\n", 1, ANSWER_ERROR, 0, 0},
        {"ok\n", 3, ANSWER_ERROR, 0, 0},
        {"OK\r\n", 4, ANSWER_ERROR, 0, 0},
        {"OK \n", 4, ANSWER_ERROR, 0, 0},
        {"OK\0\n", 4, ANSWER_ERROR, 0, 0},
        {"\x80\xff\n", 3, ANSWER_ERROR, 0, 0},
        {"OK\nOFFCUT_A=1\n", 14, ANSWER_OK, 1, 0},
        {"OK\nOFFCUT_A=\n", 13, ANSWER_OK, 1, 0},
        {"OK\nOFFCUT_A=1=2 3\n", 18, ANSWER_OK, 1, 0},
        {"OK\nOFFCUT_A=1\nOFFCUT_B=2", 24, ANSWER_OK, 1, 0}, /* no end: may be cut */
        {"OK\nLD_PRELOAD=/x\n", 17, ANSWER_OK, 0, 1},
        {"OK\nPATH=/x\nOFFCUT_A=1\n", 22, ANSWER_OK, 1, 1},
        {"OK\nOFFCUT_=1\n", 13, ANSWER_OK, 0, 1},
        {"OK\nOFFCUT_A\n", 12, ANSWER_OK, 0, 1},
        {"OK\n=1\n", 6, ANSWER_OK, 0, 1},
        {"OK\n\n", 4, ANSWER_OK, 0, 1},
        {"OK\nOFFCUT_A B=1\n", 16, ANSWER_OK, 0, 1},
        {"OK\nOFFCUT_A\0B=1\n", 16, ANSWER_OK, 0, 1},
        {"OK\nOFFCUT_A=1\0\n", 15, ANSWER_OK, 0, 1},
        {"OK\nOFFCUT_A=\x1b[2J\n", 17, ANSWER_OK, 0, 1},
        {"OK\n OFFCUT_A=1\n", 15, ANSWER_OK, 0, 1},
    };
    for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
        char *text = malloc(table[i].length); /* of just this length, for the sanitizer */
        struct answer answer;
        memcpy(text, table[i].text, table[i].length);
        answer_read(text, table[i].length, &answer);
        ok(answer.verdict == table[i].verdict && answer.variables == table[i].variables
               && answer.refused == table[i].refused,
           "answer %zu: '%s', %d variables, %d refused", i, answer.line, answer.variables,
           answer.refused);
        free(text);
    }
}

static void test_bounds_of_answers(void) {
    static char text[20000];
    struct answer answer;
    size_t length = (size_t)sprintf(text, "OK\n");
    for (int i = 0; i < 100; i++)
        length += (size_t)sprintf(text + length, "OFFCUT_%d=%d\n", i, i);
    answer_read(text, length, &answer);
    ok(answer.variables == ANSWER_VARIABLES && answer.refused == 100 - ANSWER_VARIABLES,
       "of too many variables the first %d are taken", ANSWER_VARIABLES);
    ok(strcmp(answer.variable[31].name, "OFFCUT_31") == 0
           && strcmp(answer.variable[31].value, "31") == 0,
       "as they were said");
    length = (size_t)sprintf(text, "OK\nOFFCUT_LONG=%01025d\nOFFCUT_FITS=%01024d\n", 0, 0);
    answer_read(text, length, &answer);
    ok(answer.variables == 1 && strcmp(answer.variable[0].name, "OFFCUT_FITS") == 0,
       "a value may be 1024 bytes long");
    length = (size_t)sprintf(text, "OK\nOFFCUT_%057d=1\nOFFCUT_%058d=1\n", 0, 0);
    answer_read(text, length, &answer);
    ok(answer.variables == 1 && answer.refused == 1, "a name may be 64 bytes long");
}

static void test_noise(void) {
    unsigned long long random = tap_seed();
    int bounded = 1;
    for (int round = 0; round < 20000; round++) {
        size_t length = (size_t)(tap_random(&random) % 80);
        char *text = malloc(length + 1);
        struct answer answer;
        for (size_t i = 0; i < length; i++)
            text[i] = "OK\n=\0OFFCUT_\x90 A"[tap_random(&random) % 16];
        answer_read(text, length, &answer);
        for (int i = 0; i < answer.variables; i++)
            bounded = bounded && strncmp(answer.variable[i].name, "OFFCUT_", 7) == 0;
        free(text);
    }
    ok(bounded, "whatever comes, only OFFCUT_ variables come out");
}

int main(void) {
    test_lines();
    test_steps();
    test_what_slurm_says_strangely();
    test_length();
    test_answers();
    test_bounds_of_answers();
    test_noise();
    return done();
}
