/* Codes, statuses, one-line messages. */
#ifndef OC_ERROR_H
#define OC_ERROR_H

#include "offcut.h"

/* Sets the error, if there is one, and returns the code. The message becomes one line. */
int oc_fail(offcut_error *error, int code, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* The code with this name; 0 for none. */
int oc_code_of(const char *name);

/* Makes control characters blanks. */
void oc_one_line(char *text);

#endif
