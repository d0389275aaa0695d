#include <slurm/slurm.h>
#include <slurm/spank.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/types.h>

struct fake fake;

spank_context_t spank_context(void) {
    return fake.context;
}

spank_err_t spank_option_register(spank_t spank, struct spank_option *option) {
    (void)spank;
    if (fake.options == 2)
        return ESPANK_ERROR;
    fake.registered[fake.options++] = option;
    return ESPANK_SUCCESS;
}

spank_err_t spank_option_getopt(spank_t spank, struct spank_option *option, char **value) {
    (void)spank;
    if (fake.option == NULL || strcmp(option->name, "offcut") != 0)
        return ESPANK_ERROR;
    *value = fake.option;
    return ESPANK_SUCCESS;
}

spank_err_t spank_get_item(spank_t spank, spank_item_t item, ...) {
    va_list arguments;
    (void)spank;
    if (fake.silent)
        return ESPANK_ERROR;
    va_start(arguments, item);
    switch (item) {
    case S_JOB_UID: *va_arg(arguments, uid_t *) = fake.uid; break;
    case S_JOB_ID: *va_arg(arguments, uint32_t *) = fake.job_id; break;
    case S_JOB_STEPID: *va_arg(arguments, uint32_t *) = fake.step_id; break;
    case S_JOB_NODEID: *va_arg(arguments, uint32_t *) = fake.node_id; break;
    case S_JOB_ALLOC_CORES: *va_arg(arguments, char **) = fake.cores; break;
    case S_JOB_ALLOC_MEM: *va_arg(arguments, uint64_t *) = fake.mem_mib; break;
    }
    va_end(arguments);
    return ESPANK_SUCCESS;
}

spank_err_t spank_setenv(spank_t spank, const char *name, const char *value, int overwrite) {
    int at = 0;
    (void)spank;
    (void)overwrite;
    while (at < fake.variables && strcmp(fake.name[at], name) != 0)
        at++;
    if (at == FAKE_VARIABLES)
        return ESPANK_ERROR;
    snprintf(fake.name[at], sizeof fake.name[at], "%s", name);
    snprintf(fake.value[at], sizeof fake.value[at], "%s", value);
    fake.variables += at == fake.variables;
    return ESPANK_SUCCESS;
}

const char *fake_variable(const char *name) {
    for (int i = 0; i < fake.variables; i++)
        if (strcmp(fake.name[i], name) == 0)
            return fake.value[i];
    return NULL;
}

__attribute__((format(printf, 2, 0))) static void log_line(const char *level, const char *format,
                                                           va_list arguments) {
    size_t used = strlen(fake.log);
    used += (size_t)snprintf(fake.log + used, sizeof fake.log - used, "%s: ", level);
    if (used < sizeof fake.log)
        vsnprintf(fake.log + used, sizeof fake.log - used, format, arguments);
    used = strlen(fake.log);
    snprintf(fake.log + used, sizeof fake.log - used, "\n");
}

void slurm_info(const char *format, ...) {
    va_list arguments;
    va_start(arguments, format);
    log_line("info", format, arguments);
    va_end(arguments);
}

void slurm_error(const char *format, ...) {
    va_list arguments;
    va_start(arguments, format);
    log_line("error", format, arguments);
    va_end(arguments);
}

void slurm_debug(const char *format, ...) {
    (void)format;
}
