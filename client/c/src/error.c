/* Codes, statuses, one-line messages: the two tables of docs/reference/errors.md. */
#include "error.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

static const struct {
    const char *name;
    int exit;
} CODES[] = {
    {"OK", 0},
    {"ITEMS_FAILED", 1},
    {"USAGE", 2},
    {"UNREACHABLE", 3},
    {"NO_CAPACITY", 4},
    {"NOT_FOUND", 5},
    {"UNAUTHORIZED", 6},
    {"FORBIDDEN", 6},
    {"INVALID_INPUT", 7},
    {"TOO_LARGE", 7},
    {"CONFLICT", 8},
    {"EXHAUSTED", 9},
    {"FUNCTION_FAILED", 10},
    {"WRONG_VERSION", 11},
    {"INTERNAL", 70},
};

static const struct {
    const char *name;
    int retryable;
} STATUSES[] = {
    {"OK", 0},
    {"FUNCTION_ERROR", 0},
    {"TOO_LARGE", 0},
    {"BUSY", 1},
    {"REVOKED", 1},
    {"EXPIRED", 1},
    {"NO_SUCH_FUNCTION", 0},
    {"CRASHED", 1},
    {"TIMED_OUT", 0},
    {"MALFORMED", 0},
    {"WRONG_VERSION", 0},
    {"DISCONNECTED", 1},
    {"CANCELLED", 0},
};

enum {
    CODE_COUNT = sizeof CODES / sizeof CODES[0],
    STATUS_COUNT = sizeof STATUSES / sizeof STATUSES[0]
};

const char *offcut_code_name(int code) {
    return code >= 0 && code < CODE_COUNT ? CODES[code].name : "INTERNAL";
}

int offcut_code_exit(int code) {
    return code >= 0 && code < CODE_COUNT ? CODES[code].exit : CODES[OFFCUT_ERR_INTERNAL].exit;
}

const char *offcut_status_name(int status) {
    if (status == OFFCUT_STATUS_PENDING)
        return "PENDING";
    return status <= 0 && status > -STATUS_COUNT ? STATUSES[-status].name : "MALFORMED";
}

int offcut_status_retryable(int status) {
    return status <= 0 && status > -STATUS_COUNT && STATUSES[-status].retryable;
}

int oc_code_of(const char *name) {
    for (int code = 1; code < CODE_COUNT; code++)
        if (strcmp(name, CODES[code].name) == 0)
            return code;
    return 0;
}

void oc_one_line(char *text) {
    for (; *text != '\0'; text++)
        if ((unsigned char)*text < ' ' || *text == 0x7f)
            *text = ' ';
}

int oc_fail(offcut_error *error, int code, const char *format, ...) {
    if (error != NULL) {
        va_list arguments;
        error->code = code;
        va_start(arguments, format);
        vsnprintf(error->message, sizeof error->message, format, arguments);
        va_end(arguments);
        oc_one_line(error->message);
    }
    return code;
}
