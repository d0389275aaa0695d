/* Names: codes, statuses, hosts, functions. */
#include "client.h"
#include "error.h"
#include "process.h"
#include "resolve.h"
#include "sha256.h"

#include <string.h>
#include <unistd.h>

#include "tap.h"

static void names_codes_as_documented(void) {
    offcut_error error;
    ok(strcmp(offcut_code_name(OFFCUT_ERR_WRONG_VERSION), "WRONG_VERSION") == 0
            && offcut_code_exit(OFFCUT_ERR_WRONG_VERSION) == 11, "a code has its name and exit");
    ok(offcut_code_exit(OFFCUT_ERR_INTERNAL) == 70 && offcut_code_exit(99) == 70 && offcut_code_exit(-5) == 70, "no code is INTERNAL");
    for (int code = 1; code <= OFFCUT_ERR_INTERNAL; code++)
        ok(oc_code_of(offcut_code_name(code)) == code, "%s", offcut_code_name(code));
    ok(strcmp(offcut_status_name(-11), "DISCONNECTED") == 0 && offcut_status_retryable(-11), "a status has its name");
    ok(strcmp(offcut_status_name(-13), "MALFORMED") == 0 && strcmp(offcut_status_name(5), "MALFORMED") == 0
            && !offcut_status_retryable(INT32_MIN), "no status is MALFORMED");
    ok(oc_fail(&error, OFFCUT_ERR_USAGE, "a\nb%s", "\x1b[") == OFFCUT_ERR_USAGE && strcmp(error.message, "a b [") == 0, "a message is one line");
    ok(oc_fail(NULL, OFFCUT_ERR_USAGE, "x") == OFFCUT_ERR_USAGE, "nobody has to listen");
}

static void hashes(void) {
    char hex[65], id[33], again[33], million[1000];
    oc_sha256_hex("abc", 3, hex);
    ok(strcmp(hex, "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad") == 0, "SHA-256 of abc (FIPS 180-4)");
    oc_sha256_hex("", 0, hex);
    ok(strcmp(hex, "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855") == 0, "of nothing");
    memset(million, 'a', sizeof million);
    oc_sha256_hex(million, 1000, hex);
    ok(strcmp(hex, "41edece42d63e8d9bf515a9ba6932e1c20cbc9f5a5d134645adb5db1b9737ea3") == 0, "of a thousand letters");
    oc_host_id(id);
    oc_host_id(again);
    ok(strlen(id) == 32 && strcmp(id, again) == 0, "a host has one name");
    ok(oc_process_start_ticks(getpid()) > 0 && oc_process_start_ticks(0) == -1
            && oc_process_start_ticks(INT64_MAX) == -1 && oc_process_namespace() > 0, "processes are told apart");
}

#define VIEW(hash, owner, name, pushed, functions) \
    "{\"bundle\":\"" hash "\",\"owner\":\"" owner "\",\"manifest\":{\"name\":\"" name "\",\"functions\":[" functions \
    "]},\"pushedAtEpochMillis\":" pushed "}"
#define FUNCTION(name, idempotent) "{\"name\":\"" name "\",\"idempotent\":" idempotent "}"

static const char STORED[] = VIEW("aaaaaaaa22", "me", "wc", "20", FUNCTION("words", "true") "," FUNCTION("lines", "false"));
static const char SINGLE[] = VIEW("cccccccc11", "you", "zip", "30", FUNCTION("pack", "false"));

static void resolves(const char *stored, const char *reference, int code, int index) {
    oc_json json;
    oc_bundle bundle;
    offcut_error error = {0};
    int got;
    oc_json_parse(&json, stored, strlen(stored));
    got = oc_resolve(&json, 0, reference, &bundle, &error);
    ok(got == code && (code != 0 || bundle.index == index), "%s: %s", reference, code == 0 ? bundle.hash : error.message);
    oc_bundle_free(&bundle);
    oc_json_free(&json);
}

static void resolves_references(void) {
    resolves(STORED, "wc/lines", 0, 1);
    resolves(STORED, "words", 0, 0);
    resolves(STORED, "aaaaaaaa2/words", 0, 0);
    resolves(SINGLE, "zip", 0, 0);
    resolves(SINGLE, "cccccccc", 0, 0);
    resolves(STORED, "wc", OFFCUT_ERR_USAGE, 0);
    resolves(STORED, "aaaaaaaa", OFFCUT_ERR_USAGE, 0);
    resolves(STORED, "wc/chars", OFFCUT_ERR_NOT_FOUND, 0);
    resolves(STORED, "none", OFFCUT_ERR_NOT_FOUND, 0);
    resolves("{}", "wc", OFFCUT_ERR_INVALID_INPUT, 0);
    resolves("null", "wc", OFFCUT_ERR_INVALID_INPUT, 0);
}

static void configures(void) {
    offcut_config config;
    offcut_error error;
    offcut_client *client;
    setenv("OFFCUT_SCHEDULER_URL", "http://elsewhere:1", 1);
    setenv("OFFCUT_TOKEN", " secret ", 1);
    offcut_config_init(&config);
    client = offcut_connect(&config, &error);
    ok(client != NULL && strcmp(client->scheduler.host, "elsewhere") == 0
            && strcmp(client->headers, "Authorization: Bearer secret\r\n") == 0, "from the environment");
    offcut_client_close(client);
    config.token = "a\r\nX: y";
    ok(offcut_connect(&config, &error) == NULL && error.code == OFFCUT_ERR_USAGE && strstr(error.message, "X: y") == NULL, "a token cannot add a header, nor is it told");
    config.token = NULL;
    config.token_file = "/nonexistent";
    ok(offcut_connect(&config, &error) == NULL && error.code == OFFCUT_ERR_UNAUTHORIZED, "a token file that is not there");
    config.token_file = "";
    config.user = "ann";
    client = offcut_connect(&config, &error);
    ok(client != NULL && strcmp(client->headers, "Offcut-User: ann\r\n") == 0, "a name where no token is given");
    offcut_client_close(client);
    setenv("OFFCUT_JOB", "4294967295", 1);
    offcut_config_init(&config);
    client = offcut_connect(&config, &error);
    ok(client != NULL && strcmp(client->headers, "Authorization: Bearer secret\r\nOffcut-Job: 4294967295\r\n") == 0, "the job it is a part of");
    offcut_client_close(client);
    for (int i = 0; i < 4; i++) {
        config.job = (const char *[]){"7\r\nX: y", "7 8", "x", "12345678901"}[i];
        ok(offcut_connect(&config, &error) == NULL && error.code == OFFCUT_ERR_USAGE && strstr(error.message, "OFFCUT_JOB") != NULL, "what is no job");
    }
    config.job = "";
    config.scheduler_url = "https://x";
    ok(offcut_connect(&config, &error) == NULL && error.code == OFFCUT_ERR_USAGE, "an address that is none");
}

int main(void) {
    names_codes_as_documented();
    hashes();
    resolves_references();
    configures();
    return done();
}
