/*
 * offcut.so: the SPANK plugin of Offcut (spank(8)). What it does where:
 *
 *   srun, sbatch, salloc     --offcut and --offcut-workers; a wrong value is refused. Nothing else.
 *   prolog of the job        PROLOG: waits until the daemon says that the job's cores are free
 *   slurmstepd, of extern,   ALLOC: what the job has here; waits as the prolog does. What is
 *   batch and each step      answered goes into the tasks' environment
 *   its end                  STEP_END
 *   epilog of the job        EPILOG
 *
 * Invariants: no callback fails, save that of an option in a client command; a message takes at
 * most deadline_ms, and one after another that was not answered by the same process takes no time
 * at all; nothing of the host's is changed, and nothing but memory of fixed size is kept.
 *
 * The extern step is not told the options (Slurm 22.05), so it says nothing of them: the prolog has.
 * Only what runs as root talks to the daemon, whose socket is closed to others.
 */
#include <errno.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/types.h>

#pragma GCC visibility push(default)
#include <slurm/slurm.h>
#include <slurm/spank.h>

SPANK_PLUGIN(offcut, 1)
#pragma GCC visibility pop

#include "answer.h"
#include "node.h"
#include "options.h"
#include "request.h"
#include "settings.h"
#include "talk.h"

enum { STEP_END_MS = 5, MEMORY_TEXT_BYTES = 16, COUNT_TEXT_BYTES = 12 };
enum { OPTION_SHARE = 1, OPTION_WORKERS = 2 };

static int take_option(int which, const char *value, int remote);

static struct spank_option share_option = {
    .name = "offcut",
    .arginfo = "share[:CORES[,MEM]]|exclusive",
    .usage = "whether functions may use what this job leaves idle, and at most how much",
    .has_arg = 1,
    .val = OPTION_SHARE,
    .cb = take_option};

static struct spank_option workers_option = {
    .name = "offcut-workers",
    .arginfo = "N[,mem=SIZE][,function=NAME]",
    .usage = "ask for N workers on idle cores of the cluster while this job runs",
    .has_arg = 1,
    .val = OPTION_WORKERS,
    .cb = take_option};

/* Of one slurmstepd. A client command uses the options only, a prolog none. */
static struct {
    struct share share;
    struct workers workers;
    struct settings settings;
    int told;    /* ALLOC was sent */
    int gave_up; /* a message was not answered: wait for no other */
    struct answer answer;
    char text[TALK_ANSWER_BYTES];
} step;

/* ---- options ---- */

static int take_option(int which, const char *value, int remote) {
    const char *name = which == OPTION_SHARE ? share_option.name : workers_option.name;
    const char *why = which == OPTION_SHARE ? options_share(value, &step.share)
                                            : options_workers(value, &step.workers);
    if (why == NULL)
        return 0;
    if (remote) {
        /* Not the value itself: who can bring a wrong one here can bring line ends. */
        slurm_info("offcut: the value of --%s is passed over: %s", name, why);
        return 0;
    }
    slurm_error("--%s=%.64s: %s", name, value != NULL ? value : "", why);
    return -1;
}

/* ---- messages ---- */

/* Only the prolog and the epilog complain: what a slurmstepd says its user may read. */
static void complain(const char *argument, const char *why) {
    slurm_error("offcut: plugstack.conf: '%.128s' is passed over: %s", argument, why);
}

static void read_settings(int argc, char **argv, settings_complain wrong,
                          struct settings *settings) {
    char node[NODE_NAME_BYTES];
    node_name(getenv("SLURMD_NODENAME"), node, sizeof node);
    settings_read(settings, argc, argv, node, wrong);
}

static void log_failure(enum talk outcome, const char *line, const struct settings *settings) {
    int length = (int)strcspn(line, " ");
    length += (int)strcspn(line + length + 1, " \n") + 1;
    if (outcome == TALK_ABSENT)
        slurm_info("offcut: %.*s: no node daemon at %s (%s): the job goes on", length, line,
                   settings->socket, strerror(errno));
    else if (outcome == TALK_LATE)
        slurm_info("offcut: %.*s: the node daemon did not answer in %u ms: the job goes on", length,
                   line, settings->deadline_ms);
    else
        slurm_info("offcut: %.*s: the node daemon broke off: the job goes on", length, line);
}

/* Sends the line and reads the answer into step.answer; its refusals and failures are logged. */
static void tell(const char *line, size_t length, const struct settings *settings,
                 enum talk_until until) {
    size_t got = 0;
    uint32_t time_ms = step.gave_up ? 0 : settings->deadline_ms;
    enum talk outcome = talk(settings->socket, line, length, time_ms, until, step.text, &got);
    step.answer = (struct answer){.verdict = ANSWER_ERROR};
    if (outcome != TALK_ANSWERED) {
        log_failure(outcome, line, settings);
        step.gave_up = 1;
        return;
    }
    if (until == TALK_LINE) /* what has come behind it was not asked for */
        got = (size_t)((char *)memchr(step.text, '\n', got) - step.text) + 1;
    answer_read(step.text, got, &step.answer);
    if (step.answer.verdict != ANSWER_OK)
        slurm_info("offcut: %.*s: the node daemon says %s: the job goes on",
                   (int)strcspn(line, "\n"), line, step.answer.line);
    if (step.answer.refused > 0)
        slurm_info("offcut: %d lines of the node daemon's answer are no variables OFFCUT_…",
                   step.answer.refused);
}

/* Who the job is; 0, or -1 if Slurm does not say. */
static int identify(spank_t spank, struct job *job) {
    uid_t uid;
    *job = (struct job){.uid = REQUEST_UID_UNKNOWN};
    if (spank_get_item(spank, S_JOB_ID, &job->id) != ESPANK_SUCCESS || job->id == 0)
        return -1;
    if (spank_get_item(spank, S_JOB_UID, &uid) == ESPANK_SUCCESS)
        job->uid = uid;
    return 0;
}

static int in(spank_context_t context) {
    return spank_context() == context;
}

/* ---- the prolog and the epilog ---- */

int slurm_spank_job_prolog(spank_t spank, int argc, char **argv) {
    struct settings settings;
    struct share share = {""};
    struct job job;
    char line[REQUEST_BYTES], *value = NULL;
    const char *why = NULL;
    if (!in(S_CTX_JOB_SCRIPT) || identify(spank, &job) != 0)
        return ESPANK_SUCCESS;
    read_settings(argc, argv, complain, &settings);
    if (spank_option_getopt(spank, &share_option, &value) == ESPANK_SUCCESS)
        why = options_share(value, &share);
    if (why != NULL)
        slurm_info("offcut: the value of --%s is passed over: %s", share_option.name, why);
    job.share = share.text[0] != '\0' ? share.text : settings.share;
    job.cpus = node_cpus(getenv("SLURM_JOB_CPUS_PER_NODE"));
    tell(line, request_prolog(&job, line), &settings, TALK_LINE);
    return ESPANK_SUCCESS;
}

int slurm_spank_job_epilog(spank_t spank, int argc, char **argv) {
    struct settings settings;
    struct job job;
    char line[REQUEST_BYTES];
    if (!in(S_CTX_JOB_SCRIPT) || identify(spank, &job) != 0)
        return ESPANK_SUCCESS;
    read_settings(argc, argv, complain, &settings);
    tell(line, request_epilog(&job, line), &settings, TALK_LINE);
    return ESPANK_SUCCESS;
}

/* ---- slurmstepd ---- */

int slurm_spank_init(spank_t spank, int argc, char **argv) {
    (void)argc;
    (void)argv;
    if (in(S_CTX_LOCAL) || in(S_CTX_ALLOCATOR) || in(S_CTX_REMOTE)) {
        spank_option_register(spank, &share_option);
        spank_option_register(spank, &workers_option);
    }
    return ESPANK_SUCCESS;
}

/* What the job has on this node, as far as Slurm says it here. */
static void look_up_allocation(spank_t spank, struct job *job) {
    char *cores = NULL;
    uint64_t mem_mib = 0;
    uint32_t node_id = 0;
    if (spank_get_item(spank, S_JOB_ALLOC_CORES, &cores) == ESPANK_SUCCESS)
        job->cores = cores;
    if (spank_get_item(spank, S_JOB_ALLOC_MEM, &mem_mib) == ESPANK_SUCCESS)
        job->mem_mib = mem_mib;
    if (spank_get_item(spank, S_JOB_NODEID, &node_id) == ESPANK_SUCCESS)
        job->node_id = node_id;
    job->workers = step.workers;
    if (step.share.text[0] != '\0')
        job->share = step.share.text;
    else if (job->step_id != SLURM_EXTERN_CONT)
        job->share = step.settings.share;
}

/* The first callback that knows the options, and the last as root before the first task. */
int slurm_spank_init_post_opt(spank_t spank, int argc, char **argv) {
    struct job job;
    char line[REQUEST_BYTES];
    if (!in(S_CTX_REMOTE) || identify(spank, &job) != 0
        || spank_get_item(spank, S_JOB_STEPID, &job.step_id) != ESPANK_SUCCESS)
        return ESPANK_SUCCESS;
    read_settings(argc, argv, NULL, &step.settings);
    look_up_allocation(spank, &job);
    step.told = 1;
    tell(line, request_alloc(&job, line), &step.settings,
         job.workers.count > 0 ? TALK_END : TALK_LINE);
    return ESPANK_SUCCESS;
}

static void set_wanted(spank_t spank, const struct workers *workers) {
    char count[COUNT_TEXT_BYTES], memory[MEMORY_TEXT_BYTES];
    snprintf(count, sizeof count, "%u", workers->count);
    spank_setenv(spank, "OFFCUT_WORKERS", count, 1);
    if (workers->mem_mib > 0) {
        snprintf(memory, sizeof memory, "%uM", workers->mem_mib);
        spank_setenv(spank, "OFFCUT_WORKER_MEMORY", memory, 1);
    }
    if (workers->function[0] != '\0')
        spank_setenv(spank, "OFFCUT_FUNCTION", workers->function, 1);
}

/* What is set here the tasks of the step find; the daemon's word goes over what was wanted. */
int slurm_spank_user_init(spank_t spank, int argc, char **argv) {
    (void)argc;
    (void)argv;
    if (!in(S_CTX_REMOTE) || step.workers.count == 0)
        return ESPANK_SUCCESS;
    set_wanted(spank, &step.workers);
    for (int i = 0; i < step.answer.variables; i++)
        spank_setenv(spank, step.answer.variable[i].name, step.answer.variable[i].value, 1);
    return ESPANK_SUCCESS;
}

/* Says nothing: the output of a batch script may still be open, and its user would read it. */
int slurm_spank_exit(spank_t spank, int argc, char **argv) {
    struct job job;
    char line[REQUEST_BYTES], answer[TALK_ANSWER_BYTES];
    size_t got;
    uint32_t time_ms = STEP_END_MS;
    (void)argc;
    (void)argv;
    if (!in(S_CTX_REMOTE) || !step.told || identify(spank, &job) != 0
        || spank_get_item(spank, S_JOB_STEPID, &job.step_id) != ESPANK_SUCCESS)
        return ESPANK_SUCCESS;
    if (step.settings.deadline_ms < time_ms)
        time_ms = step.settings.deadline_ms;
    if (talk(step.settings.socket, line, request_step_end(&job, line), step.gave_up ? 0 : time_ms,
             TALK_LINE, answer, &got)
        != TALK_ANSWERED)
        slurm_debug("offcut: the node daemon did not hear of the end of the step");
    return ESPANK_SUCCESS;
}
