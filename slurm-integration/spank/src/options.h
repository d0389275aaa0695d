/*
 * The values of --offcut and --offcut-workers. The client command refuses a wrong one. What
 * comes to a node is read again: a user can put anything into the environment it travels in, and
 * only what was written out of these records goes into a request.
 */
#ifndef OFFCUT_OPTIONS_H
#define OFFCUT_OPTIONS_H

#include <stdint.h>

enum {
    OPTIONS_SHARE_BYTES = 40,
    OPTIONS_FUNCTION_BYTES = 130, /* two names of 64, a slash and the end */
    OPTIONS_CORES_MAX = 65535,
    OPTIONS_WORKERS_MAX = 65535,
    OPTIONS_WORKER_MEM_MIB_MIN = 16
};

/* What --offcut says, as it stands in a request: exclusive, share, share:4 or share:4,8192. */
struct share {
    char text[OPTIONS_SHARE_BYTES]; /* empty: nothing said */
};

/* What --offcut-workers says. */
struct workers {
    uint32_t count;                        /* 0: none wanted */
    uint32_t mem_mib;                      /* of each; 0: not said */
    char function[OPTIONS_FUNCTION_BYTES]; /* empty: not said */
};

/* Both: NULL if the value is right, else why not; the record is then as if nothing was said. */
const char *options_share(const char *value, struct share *share);
const char *options_workers(const char *value, struct workers *workers);

#endif
