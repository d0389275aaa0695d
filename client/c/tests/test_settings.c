/* client.yaml: what is taken from it, and how the environment stands over it. */
#include <offcut.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "settings.h"
#include "tap.h"

static char folder[] = "/tmp/offcut-settings-XXXXXX";

static void write_text(const char *path, const char *text) {
    FILE *out = fopen(path, "w");
    if (out == NULL || fputs(text, out) < 0 || fclose(out) != 0)
        exit(99);
}

static void test_lines(void) {
    char path[256];
    oc_settings settings;
    snprintf(path, sizeof path, "%s/lines.yaml", folder);
    write_text(path,
        "# a comment\n"
        "schedulerUrl: http://login1:7070   # where it runs\n"
        "token: 'a#b'\n"
        "tokenFile: \"/home/ada/my token\"\n"
        "user:\n"
        "spinMicros: 5\n"
        "  job: 12\n"
        "job:7\n");
    ok(oc_settings_read(&settings, path), "a file is read");
    ok(strcmp(settings.scheduler_url, "http://login1:7070") == 0, "an address, without its comment");
    ok(strcmp(settings.token, "a#b") == 0, "what is in single quotes");
    ok(strcmp(settings.token_file, "/home/ada/my token") == 0, "what is in double quotes");
    ok(settings.user[0] == '\0' && settings.job[0] == '\0', "nothing, and what is no line of ours");
    ok(!oc_settings_read(&settings, "/nonexistent/client.yaml") && settings.token[0] == '\0', "no file, no settings");
}

static void test_environment_wins(void) {
    char path[256];
    offcut_config config;
    snprintf(path, sizeof path, "%s/.config", folder);
    mkdir(path, 0700);
    snprintf(path, sizeof path, "%s/.config/offcut", folder);
    mkdir(path, 0700);
    snprintf(path, sizeof path, "%s/.config/offcut/client.yaml", folder);
    write_text(path, "schedulerUrl: http://login1:7070\ntoken: of-the-file\nuser: ada\n");
    setenv("HOME", folder, 1);
    unsetenv("OFFCUT_TOKEN");
    unsetenv("OFFCUT_TOKEN_FILE");
    unsetenv("OFFCUT_USER");
    setenv("OFFCUT_SCHEDULER_URL", "http://other:1", 1);
    offcut_config_init(&config);
    ok(strcmp(config.scheduler_url, "http://other:1") == 0, "the environment's address");
    ok(config.token != NULL && strcmp(config.token, "of-the-file") == 0, "the file's token");
    ok(config.user != NULL && strcmp(config.user, "ada") == 0 && config.job == NULL, "the file's user, and no job");
    setenv("OFFCUT_TOKEN_FILE", "/somewhere", 1);
    unsetenv("OFFCUT_SCHEDULER_URL");
    offcut_config_init(&config);
    ok(config.token == NULL && strcmp(config.token_file, "/somewhere") == 0,
        "a token file of the environment stands over a token of the file");
    ok(strcmp(config.scheduler_url, "http://login1:7070") == 0, "the file's address");
}

int main(void) {
    if (mkdtemp(folder) == NULL)
        return 99;
    test_lines();
    test_environment_wins();
    return done();
}
