#include "settings.h"

#include <stdio.h>
#include <string.h>

#include "text.h"

/* Where a node daemon of root listens that is told nothing else (jobSocket of NodeConfig). */
#define DEFAULT_SOCKET "/var/lib/offcut/node/jobs.sock"

enum { DEFAULT_DEADLINE_MS = 100, MAX_DEADLINE_MS = 60000 };

static int set_socket(struct settings *settings, const char *pattern, const char *node) {
    char path[SETTINGS_PATH_BYTES];
    const char *mark = strstr(pattern, "%n");
    size_t head = mark != NULL ? (size_t)(mark - pattern) : strlen(pattern);
    int length;
    if (pattern[0] != '/' || head >= sizeof path)
        return -1;
    length = snprintf(path, sizeof path, "%.*s%s%s", (int)head, pattern, mark != NULL ? node : "",
                      mark != NULL ? mark + 2 : "");
    if (length < 0 || (size_t)length >= sizeof path)
        return -1;
    memcpy(settings->socket, path, (size_t)length + 1);
    return 0;
}

/* NULL, or what is wrong. */
static const char *set(struct settings *settings, const char *argument, const char *node) {
    if (strncmp(argument, "socket=", 7) == 0)
        return set_socket(settings, argument + 7, node) == 0
                   ? NULL
                   : "not an absolute path of at most 107 bytes";
    if (strncmp(argument, "deadline_ms=", 12) == 0)
        return text_number(argument + 12, strlen(argument + 12), 1, MAX_DEADLINE_MS,
                           &settings->deadline_ms) == 0
                   ? NULL
                   : "not 1 to 60000";
    if (strcmp(argument, "share=on") == 0)
        settings->share = "share";
    else if (strcmp(argument, "share=off") == 0)
        settings->share = "exclusive";
    else
        return strncmp(argument, "share=", 6) == 0 ? "not on or off" : "no such setting";
    return NULL;
}

void settings_read(struct settings *settings, int argc, char **argv, const char *node,
                   settings_complain complain) {
    *settings = (struct settings){.socket = DEFAULT_SOCKET, .deadline_ms = DEFAULT_DEADLINE_MS};
    for (int i = 0; i < argc && argv[i] != NULL; i++) {
        const char *why = set(settings, argv[i], node);
        if (why != NULL && complain != NULL)
            complain(argv[i], why);
    }
}
