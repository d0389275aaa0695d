#include "request.h"

#include <slurm/slurm.h>
#include <stdarg.h>
#include <stdio.h>

#include "text.h"

/*
 * A line without its LF and zero. Of it the cores may have so much that all else always fits: a
 * machine of very many cores of which every second one is given out is told without them.
 */
enum { LINE_BYTES = REQUEST_BYTES - 2, CORES_BYTES = 640 };

/* Slurm says NO_VAL64 or sets its highest bit where a job has no limit that is a number. */
#define MEM_MIB_MAX (UINT64_C(1) << 40)

struct line {
    char *text;
    size_t length;
};

__attribute__((format(printf, 2, 3))) static void add(struct line *line, const char *format, ...) {
    char word[LINE_BYTES];
    va_list arguments;
    int length;
    va_start(arguments, format);
    length = vsnprintf(word, sizeof word, format, arguments);
    va_end(arguments);
    if (length < 0 || (size_t)length >= sizeof word || line->length + (size_t)length > LINE_BYTES)
        return;
    for (int i = 0; i < length; i++)
        line->text[line->length++] = word[i];
}

static size_t end(struct line *line) {
    line->text[line->length++] = '\n';
    line->text[line->length] = '\0';
    return line->length;
}

static void add_step(struct line *line, uint32_t step_id) {
    if (step_id == SLURM_EXTERN_CONT)
        add(line, " step=extern");
    else if (step_id == SLURM_BATCH_SCRIPT)
        add(line, " step=batch");
    else if (step_id == SLURM_INTERACTIVE_STEP)
        add(line, " step=interactive");
    else
        add(line, " step=%u", step_id);
}

static void add_owner(struct line *line, const struct job *job) {
    if (job->uid != REQUEST_UID_UNKNOWN)
        add(line, " uid=%u", job->uid);
    if (job->share != NULL && job->share[0] != '\0')
        add(line, " share=%s", job->share);
}

static void add_workers(struct line *line, const struct job *job) {
    const struct workers *workers = &job->workers;
    if (workers->count == 0)
        return;
    add(line, " workers=%u", workers->count);
    if (workers->mem_mib != 0)
        add(line, " worker_mem_mib=%u", workers->mem_mib);
    if (workers->function[0] != '\0')
        add(line, " function=%s", workers->function);
    add(line, " node_id=%u", job->node_id);
}

size_t request_prolog(const struct job *job, char text[REQUEST_BYTES]) {
    struct line line = {text, 0};
    add(&line, "PROLOG %u", job->id);
    if (job->cpus != 0)
        add(&line, " cpus=%u", job->cpus);
    add_owner(&line, job);
    return end(&line);
}

size_t request_alloc(const struct job *job, char text[REQUEST_BYTES]) {
    struct line line = {text, 0};
    add(&line, "ALLOC %u", job->id);
    add_step(&line, job->step_id);
    if (text_consists_of(job->cores, CORES_BYTES, TEXT_DIGITS "-,"))
        add(&line, " cores=%s", job->cores);
    if (job->mem_mib != 0 && job->mem_mib <= MEM_MIB_MAX)
        add(&line, " mem_mib=%llu", (unsigned long long)job->mem_mib);
    add_owner(&line, job);
    add_workers(&line, job);
    return end(&line);
}

size_t request_step_end(const struct job *job, char text[REQUEST_BYTES]) {
    struct line line = {text, 0};
    add(&line, "STEP_END %u", job->id);
    add_step(&line, job->step_id);
    return end(&line);
}

size_t request_epilog(const struct job *job, char text[REQUEST_BYTES]) {
    struct line line = {text, 0};
    add(&line, "EPILOG %u", job->id);
    return end(&line);
}
