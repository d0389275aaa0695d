/* What the user has written into client.yaml. */
#include "settings.h"

#include <pthread.h>
#include <pwd.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define NAME "client.yaml"
#define BLANKS " \t\r\n"

static const struct {
    const char *name;
    size_t offset, size;
} KEYS[] = {
    {"schedulerUrl", offsetof(oc_settings, scheduler_url), sizeof((oc_settings *)0)->scheduler_url},
    {"token", offsetof(oc_settings, token), sizeof((oc_settings *)0)->token},
    {"tokenFile", offsetof(oc_settings, token_file), sizeof((oc_settings *)0)->token_file},
    {"user", offsetof(oc_settings, user), sizeof((oc_settings *)0)->user},
    {"job", offsetof(oc_settings, job), sizeof((oc_settings *)0)->job},
};

/* The value behind the colon: what is in quotes, or up to a comment. NULL if it is no such text. */
static char *value_of(char *text) {
    char *end;
    text += strspn(text, BLANKS);
    if (*text == '"' || *text == '\'') {
        end = strchr(text + 1, *text);
        if (end == NULL)
            return NULL;
        *end = '\0';
        return text + 1;
    }
    for (end = text; *end != '\0' && !(*end == '#' && (end == text || strchr(BLANKS, end[-1]) != NULL)); end++)
        ;
    while (end > text && strchr(BLANKS, end[-1]) != NULL)
        end--;
    *end = '\0';
    return text;
}

static void read_line(oc_settings *settings, char *line) {
    char *colon = strchr(line, ':');
    if (colon == NULL || (colon[1] != '\0' && strchr(BLANKS, colon[1]) == NULL))
        return;
    *colon = '\0';
    for (size_t i = 0; i < sizeof KEYS / sizeof *KEYS; i++) {
        if (strcmp(line, KEYS[i].name) == 0) {
            const char *value = value_of(colon + 1);
            if (value != NULL && strlen(value) < KEYS[i].size)
                strcpy((char *)settings + KEYS[i].offset, value);
        }
    }
}

bool oc_settings_read(oc_settings *settings, const char *file) {
    char line[8192];
    FILE *in = fopen(file, "re");
    memset(settings, 0, sizeof *settings);
    if (in == NULL)
        return false;
    while (fgets(line, sizeof line, in) != NULL)
        read_line(settings, line);
    fclose(in);
    return true;
}

static oc_settings own;
static pthread_once_t once = PTHREAD_ONCE_INIT;

static void read_own(void) {
    char space[4096], file[4096];
    struct passwd entry, *found = NULL;
    const char *home = getenv("HOME");
    if (home == NULL || *home != '/') {
        home = getpwuid_r(getuid(), &entry, space, sizeof space, &found) == 0 && found != NULL ? found->pw_dir : "/";
    }
    int length = snprintf(file, sizeof file, "%s/.config/offcut/" NAME, home);
    if (length < 0 || length >= (int)sizeof file || access(file, F_OK) != 0)
        oc_settings_read(&own, "/etc/offcut/" NAME);
    else
        oc_settings_read(&own, file);
}

const oc_settings *oc_settings_own(void) {
    pthread_once(&once, read_own);
    return &own;
}
