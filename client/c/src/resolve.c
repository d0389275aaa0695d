/* The functions of a bundle, and which of them a reference means. */
#include "resolve.h"

#include <stdlib.h>
#include <string.h>

#include "error.h"

enum { MIN_PREFIX = 8, MAX_FUNCTIONS = 1 << 16 };

static uint32_t functions_of(const oc_json *json, uint32_t view) {
    return oc_json_get(json, oc_json_get(json, view, "manifest"), "functions");
}

static int read_bundle(const oc_json *json, uint32_t view, oc_bundle *bundle, offcut_error *error) {
    uint32_t functions = functions_of(json, view);
    int count = 0;
    for (uint32_t f = oc_json_first(json, functions); f != OC_JSON_NONE && count <= MAX_FUNCTIONS; f = oc_json_next(json, functions, f))
        count++;
    if (count == 0 || count > MAX_FUNCTIONS
        || !oc_json_string(json, oc_json_get(json, view, "bundle"), bundle->hash, sizeof bundle->hash)
        || !oc_json_string(json, oc_json_get(json, oc_json_get(json, view, "manifest"), "name"), bundle->name, sizeof bundle->name))
        return oc_fail(error, OFFCUT_ERR_INVALID_INPUT,
            "scheduler: told of a bundle that cannot be: use the same release on both sides");
    bundle->functions = calloc((size_t)count, sizeof *bundle->functions);
    if (bundle->functions == NULL)
        return oc_fail(error, OFFCUT_ERR_EXHAUSTED, "no memory for a bundle");
    for (uint32_t f = oc_json_first(json, functions); f != OC_JSON_NONE; f = oc_json_next(json, functions, f)) {
        struct oc_function *function = &bundle->functions[bundle->count++];
        function->idempotent = oc_json_type(json, oc_json_get(json, f, "idempotent")) == OC_JSON_TRUE;
        oc_json_string(json, oc_json_get(json, f, "name"), function->name, sizeof function->name);
    }
    return 0;
}

int oc_bundle_function(const oc_bundle *bundle, const char *name) {
    size_t length = strlen(bundle->name);
    if (strncmp(name, bundle->name, length) == 0 && name[length] == '/')
        name += length + 1;
    for (int i = 0; i < bundle->count; i++)
        if (strcmp(bundle->functions[i].name, name) == 0)
            return i;
    return -1;
}

void oc_bundle_free(oc_bundle *bundle) {
    free(bundle->functions);
    *bundle = (oc_bundle){0};
}

/* Whether a reference without a function means the bundle, not one of its functions. */
static bool names_bundle(const oc_bundle *bundle, const char *reference) {
    size_t length = strlen(reference);
    return strcmp(bundle->name, reference) == 0
        || (length >= MIN_PREFIX && strncmp(bundle->hash, reference, length) == 0);
}

static int choose(oc_bundle *bundle, const char *reference, offcut_error *error) {
    const char *slash = strchr(reference, '/');
    const char *function = slash != NULL ? slash + 1 : reference;
    if (slash == NULL && names_bundle(bundle, reference)) {
        if (bundle->count > 1)
            return oc_fail(error, OFFCUT_ERR_USAGE,
                "bundle %s: has several functions: name one, for example %s/%s", bundle->name,
                bundle->name, bundle->functions[0].name);
        bundle->index = 0;
        return 0;
    }
    bundle->index = oc_bundle_function(bundle, function);
    if (bundle->index >= 0)
        return 0;
    return oc_fail(error, OFFCUT_ERR_NOT_FOUND,
        "function %s/%.150s: not on the scheduler: the bundle has for example %s", bundle->name, function,
        bundle->functions[0].name);
}

int oc_resolve(const oc_json *json, uint32_t view, const char *reference, oc_bundle *bundle,
    offcut_error *error) {
    int code;
    *bundle = (oc_bundle){0};
    code = read_bundle(json, view, bundle, error);
    if (code == 0)
        code = choose(bundle, reference, error);
    if (code != 0)
        oc_bundle_free(bundle);
    return code;
}
