/*
 * What the daemon answered: a first line, and behind it lines NAME=VALUE for the environment of
 * the tasks. A daemon that lies can at most set variables that begin with OFFCUT_.
 */
#ifndef OFFCUT_ANSWER_H
#define OFFCUT_ANSWER_H

#include <stddef.h>

enum {
    ANSWER_VARIABLES = 32,
    ANSWER_NAME_BYTES = 64,
    ANSWER_VALUE_BYTES = 1024,
    ANSWER_WORD_BYTES = 128
};

enum verdict { ANSWER_OK, ANSWER_TIMEOUT, ANSWER_ERROR };

/* One variable of an answer, within its text. */
struct variable {
    const char *name, *value;
};

struct answer {
    enum verdict verdict;
    char line[ANSWER_WORD_BYTES]; /* its first line, cut and made printable, for the log */
    int variables;
    int refused; /* lines that are no such variable, or too many */
    struct variable variable[ANSWER_VARIABLES];
};

/* Reads the text, which has at least one LF; writes zeros into it, and refers to it. */
void answer_read(char *text, size_t length, struct answer *answer);

#endif
