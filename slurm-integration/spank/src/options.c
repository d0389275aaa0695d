#include "options.h"

#include <stdio.h>
#include <string.h>

#include "text.h"

static const char SHARE_FORM[] =
    "give share, share:CORES, share:CORES,MEMORY or exclusive, as share:4,8G";
static const char WORKERS_FORM[] =
    "give N[,mem=SIZE][,function=BUNDLE/NAME], as 32,mem=512M,function=wc/words";

const char *options_share(const char *value, struct share *share) {
    const char *cores, *comma;
    uint32_t count, mem_mib;
    share->text[0] = '\0';
    if (value == NULL)
        return SHARE_FORM;
    if (strcmp(value, "share") == 0 || strcmp(value, "exclusive") == 0) {
        snprintf(share->text, sizeof share->text, "%s", value);
        return NULL;
    }
    if (strncmp(value, "share:", 6) != 0)
        return SHARE_FORM;
    cores = value + 6;
    comma = strchr(cores, ',');
    if (text_number(cores, comma != NULL ? (size_t)(comma - cores) : strlen(cores), 1,
                    OPTIONS_CORES_MAX, &count) != 0)
        return "CORES is 1 to 65535, as in share:4,8G";
    if (comma == NULL) {
        snprintf(share->text, sizeof share->text, "share:%u", count);
        return NULL;
    }
    if (text_mem_mib(comma + 1, strlen(comma + 1), &mem_mib) != 0)
        return "MEMORY is a number with K, M, G or T, up to 4095T, as in share:4,8G";
    snprintf(share->text, sizeof share->text, "share:%u,%u", count, mem_mib);
    return NULL;
}

static int function_name(const char *text, size_t length, char *name) {
    if (length >= OPTIONS_FUNCTION_BYTES)
        return -1;
    memcpy(name, text, length);
    name[length] = '\0';
    return text_consists_of(name, length, TEXT_LETTERS TEXT_DIGITS "._-/")
                   && strspn(name, "._-/") == 0
               ? 0
               : -1;
}

/* One of the parts behind the number. */
static const char *part(const char *text, size_t length, struct workers *workers) {
    if (length > 4 && strncmp(text, "mem=", 4) == 0 && workers->mem_mib == 0) {
        if (text_mem_mib(text + 4, length - 4, &workers->mem_mib) != 0)
            return "mem is a number with K, M, G or T, up to 4095T, as in 32,mem=512M";
        /* Less holds no worker: the unit was forgotten, and 12 is not 12G. */
        return workers->mem_mib >= OPTIONS_WORKER_MEM_MIB_MIN
                   ? NULL
                   : "mem is at least 16M for a worker: give a unit, as in 32,mem=512M";
    }
    if (length > 9 && strncmp(text, "function=", 9) == 0 && workers->function[0] == '\0')
        return function_name(text + 9, length - 9, workers->function) == 0
                   ? NULL
                   : "function is BUNDLE/NAME of letters, digits, dot, dash and underscore";
    return WORKERS_FORM;
}

static const char *parts(const char *value, struct workers *workers) {
    size_t length = strcspn(value, ",");
    if (text_number(value, length, 1, OPTIONS_WORKERS_MAX, &workers->count) != 0)
        return "N is 1 to 65535, as in 32,mem=512M";
    while (value[length] == ',') {
        const char *why;
        value += length + 1;
        length = strcspn(value, ",");
        why = part(value, length, workers);
        if (why != NULL)
            return why;
    }
    return NULL;
}

const char *options_workers(const char *value, struct workers *workers) {
    const char *why;
    *workers = (struct workers){0};
    why = value == NULL ? WORKERS_FORM : parts(value, workers);
    if (why != NULL)
        *workers = (struct workers){0};
    return why;
}
