/*
 * The lines that the plugin sends, see JobEventServer for the protocol. A line is never cut: what
 * does not fit is left out as a whole word, and the daemon has its own ways to know it.
 */
#ifndef OFFCUT_REQUEST_H
#define OFFCUT_REQUEST_H

#include <stddef.h>
#include <stdint.h>

#include "options.h"

enum { REQUEST_BYTES = 1025 }; /* a line of 1024 with its LF, and a zero */

#define REQUEST_UID_UNKNOWN UINT32_MAX

/* What is known of a job here; what is zero, empty or NULL is not said. */
struct job {
    uint32_t id;
    uint32_t step_id; /* as S_JOB_STEPID */
    uint32_t uid;     /* REQUEST_UID_UNKNOWN: not said */
    uint32_t cpus;    /* on this node, of a prolog */
    uint32_t node_id; /* which of the step's nodes this is */
    uint64_t mem_mib;
    const char *cores; /* as S_JOB_ALLOC_CORES */
    const char *share; /* canonical, see options.h */
    struct workers workers;
};

/* Each writes a line with its LF and returns its length. */
size_t request_prolog(const struct job *job, char line[REQUEST_BYTES]);
size_t request_alloc(const struct job *job, char line[REQUEST_BYTES]);
size_t request_step_end(const struct job *job, char line[REQUEST_BYTES]);
size_t request_epilog(const struct job *job, char line[REQUEST_BYTES]);

#endif
