#include "answer.h"

#include <string.h>

#include "text.h"

#define PREFIX "OFFCUT_"

static int printable(char c) {
    return c >= ' ' && c <= '~';
}

static void read_first(const char *text, size_t length, struct answer *answer) {
    size_t kept = length < sizeof answer->line - 1 ? length : sizeof answer->line - 1;
    for (size_t i = 0; i < kept; i++)
        answer->line[i] = printable(text[i]) ? text[i] : '?';
    answer->line[kept] = '\0';
    answer->verdict = strcmp(answer->line, "OK") == 0        ? ANSWER_OK
                      : strcmp(answer->line, "TIMEOUT") == 0 ? ANSWER_TIMEOUT
                                                             : ANSWER_ERROR;
}

/* Takes the line, whose end is made a zero, apart. 1 if it is a variable. */
static int read_variable(char *line, size_t length, struct variable *variable) {
    char *equals = memchr(line, '=', length);
    size_t name_length = equals != NULL ? (size_t)(equals - line) : 0;
    size_t value_length = length - name_length - 1;
    if (equals == NULL || value_length > ANSWER_VALUE_BYTES)
        return 0;
    *equals = '\0';
    line[length] = '\0';
    for (size_t i = 1; i <= value_length; i++)
        if (!printable(equals[i]))
            return 0;
    *variable = (struct variable){line, equals + 1};
    return name_length > strlen(PREFIX) && strncmp(line, PREFIX, strlen(PREFIX)) == 0
           && strlen(line) == name_length
           && text_consists_of(line, ANSWER_NAME_BYTES, TEXT_LETTERS TEXT_DIGITS "_");
}

void answer_read(char *text, size_t length, struct answer *answer) {
    char *line = text, *end = memchr(text, '\n', length);
    *answer = (struct answer){.verdict = ANSWER_ERROR};
    if (end == NULL)
        return;
    read_first(text, (size_t)(end - text), answer);
    /* What follows the last LF is no line. */
    for (line = end + 1; (end = memchr(line, '\n', length - (size_t)(line - text))) != NULL;
         line = end + 1) {
        if (answer->variables < ANSWER_VARIABLES
            && read_variable(line, (size_t)(end - line), &answer->variable[answer->variables]))
            answer->variables++;
        else
            answer->refused++;
    }
}
