/*
 * The part of spank.h that the plugin uses, and a fake of it: a test says in `fake` where the
 * plugin finds itself, and reads there what it did.
 */
#ifndef FAKE_SPANK_H
#define FAKE_SPANK_H

#include <stdint.h>

typedef struct spank_handle *spank_t;
typedef int spank_f(spank_t spank, int argc, char *argv[]);
typedef int spank_err_t;

enum { ESPANK_SUCCESS = 0, ESPANK_ERROR = 3000 };

typedef enum {
    S_CTX_ERROR,
    S_CTX_LOCAL,
    S_CTX_REMOTE,
    S_CTX_ALLOCATOR,
    S_CTX_SLURMD,
    S_CTX_JOB_SCRIPT
} spank_context_t;

typedef enum {
    S_JOB_UID,
    S_JOB_ID,
    S_JOB_STEPID,
    S_JOB_NODEID,
    S_JOB_ALLOC_CORES,
    S_JOB_ALLOC_MEM
} spank_item_t;

typedef int (*spank_opt_cb_f)(int val, const char *optarg, int remote);

struct spank_option {
    char *name, *arginfo, *usage;
    int has_arg, val;
    spank_opt_cb_f cb;
};

#define SPANK_PLUGIN(name, version)                                     \
    const char plugin_name[] = #name;                                   \
    const char plugin_type[] = "spank";                                 \
    const unsigned int plugin_version = SLURM_VERSION_NUMBER;           \
    const unsigned int spank_plugin_version = version;

extern spank_f slurm_spank_init, slurm_spank_init_post_opt, slurm_spank_user_init,
    slurm_spank_exit, slurm_spank_job_prolog, slurm_spank_job_epilog;

spank_context_t spank_context(void);
spank_err_t spank_option_register(spank_t spank, struct spank_option *option);
spank_err_t spank_option_getopt(spank_t spank, struct spank_option *option, char **value);
spank_err_t spank_get_item(spank_t spank, spank_item_t item, ...);
spank_err_t spank_setenv(spank_t spank, const char *name, const char *value, int overwrite);
__attribute__((format(printf, 1, 2))) void slurm_info(const char *format, ...);
__attribute__((format(printf, 1, 2))) void slurm_error(const char *format, ...);
__attribute__((format(printf, 1, 2))) void slurm_debug(const char *format, ...);

/* ---- what a test sets and reads ---- */

enum { FAKE_VARIABLES = 64, FAKE_LOG_BYTES = 4096 };

struct fake {
    spank_context_t context;
    int silent; /* spank_get_item knows nothing */
    uint32_t uid, job_id, step_id, node_id;
    char *cores;
    uint64_t mem_mib;
    char *option; /* of --offcut, as a prolog may ask for it */
    struct spank_option *registered[2];
    int options;
    char name[FAKE_VARIABLES][128], value[FAKE_VARIABLES][2048];
    int variables;
    char log[FAKE_LOG_BYTES]; /* lines "info: …" and "error: …" */
};

extern struct fake fake;

/* The value that the tasks would see; NULL if none. */
const char *fake_variable(const char *name);

#endif
