/* From the name of a function to bundle and index. */
#include "resolve.h"

#include <stdlib.h>
#include <string.h>

#include "error.h"

enum { MIN_PREFIX = 8, MAX_FUNCTIONS = 1 << 16 };

/* One stored bundle, as far as choosing needs it. */
struct candidate {
    uint32_t view;
    char name[OC_NAME_BYTES];
    bool own;
    int64_t pushed;
};

struct listing {
    const oc_json *json;
    struct candidate *candidates;
    size_t count;
};

static int by_name_and_rank(const void *a, const void *b) {
    const struct candidate *left = a, *right = b;
    int order = strcmp(left->name, right->name);
    if (order == 0)
        order = left->own - right->own;
    return order != 0 ? order : (left->pushed > right->pushed) - (left->pushed < right->pushed);
}

/* Keeps the best of each name. */
static void keep_current(struct listing *listing) {
    size_t kept = 0;
    for (size_t i = 0; i < listing->count; i++)
        if (i + 1 == listing->count
            || strcmp(listing->candidates[i].name, listing->candidates[i + 1].name) != 0)
            listing->candidates[kept++] = listing->candidates[i];
    listing->count = kept;
}

static bool list(const oc_json *json, const char *user, struct listing *listing) {
    size_t views = 0;
    *listing = (struct listing){.json = json};
    for (uint32_t v = oc_json_first(json, 0); v != OC_JSON_NONE; v = oc_json_next(json, 0, v))
        views++;
    listing->candidates = calloc(views + 1, sizeof *listing->candidates);
    if (listing->candidates == NULL)
        return false;
    for (uint32_t v = oc_json_first(json, 0); v != OC_JSON_NONE; v = oc_json_next(json, 0, v)) {
        struct candidate *c = &listing->candidates[listing->count];
        c->view = v;
        c->own = oc_json_equals(json, oc_json_get(json, v, "owner"), user);
        c->pushed = 0;
        oc_json_long(json, oc_json_get(json, v, "pushedAtEpochMillis"), INT64_MIN, INT64_MAX, &c->pushed);
        if (oc_json_string(json, oc_json_get(json, oc_json_get(json, v, "manifest"), "name"), c->name, sizeof c->name))
            listing->count++;
    }
    qsort(listing->candidates, listing->count, sizeof *listing->candidates, by_name_and_rank);
    keep_current(listing);
    return true;
}

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
            "scheduler: lists a bundle that cannot be: use the same release on both sides");
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

/* The view that a bundle's name or the beginning of its SHA-256 means; NONE when there is none. */
static int find_bundle(const struct listing *listing, const char *name, uint32_t *view,
    offcut_error *error) {
    char found[OC_BUNDLE_BYTES] = "", hash[OC_BUNDLE_BYTES];
    *view = OC_JSON_NONE;
    for (size_t i = 0; i < listing->count; i++)
        if (strcmp(listing->candidates[i].name, name) == 0) {
            *view = listing->candidates[i].view;
            return 0;
        }
    if (strlen(name) < MIN_PREFIX)
        return 0;
    for (uint32_t v = oc_json_first(listing->json, 0); v != OC_JSON_NONE; v = oc_json_next(listing->json, 0, v)) {
        if (!oc_json_string(listing->json, oc_json_get(listing->json, v, "bundle"), hash, sizeof hash)
            || strncmp(hash, name, strlen(name)) != 0)
            continue;
        if (*found != '\0' && strcmp(found, hash) != 0)
            return oc_fail(error, OFFCUT_ERR_USAGE, "bundle %s: several bundles begin so: give more digits", name);
        strcpy(found, hash);
        *view = v;
    }
    return 0;
}

static int in_bundle(const struct listing *listing, uint32_t view, const char *function,
    oc_bundle *bundle, offcut_error *error) {
    int code = read_bundle(listing->json, view, bundle, error);
    if (code != 0)
        return code;
    if (*function == '\0' && bundle->count > 1)
        return oc_fail(error, OFFCUT_ERR_USAGE,
            "bundle %s: has several functions: name one, for example %s/%s", bundle->name,
            bundle->name, bundle->functions[0].name);
    bundle->index = *function == '\0' ? 0 : oc_bundle_function(bundle, function);
    if (bundle->index >= 0)
        return 0;
    return oc_fail(error, OFFCUT_ERR_NOT_FOUND,
        "function %s/%s: not on the scheduler: the bundle has for example %s", bundle->name, function,
        bundle->functions[0].name);
}

static bool has_function(const oc_json *json, uint32_t view, const char *name) {
    uint32_t functions = functions_of(json, view);
    for (uint32_t f = oc_json_first(json, functions); f != OC_JSON_NONE; f = oc_json_next(json, functions, f))
        if (oc_json_equals(json, oc_json_get(json, f, "name"), name))
            return true;
    return false;
}

static int by_function(const struct listing *listing, const char *name, oc_bundle *bundle,
    offcut_error *error) {
    const struct candidate *found = NULL;
    for (size_t i = 0; i < listing->count; i++) {
        const struct candidate *c = &listing->candidates[i];
        if (!has_function(listing->json, c->view, name))
            continue;
        if (found != NULL)
            return oc_fail(error, OFFCUT_ERR_USAGE,
                "function %s: several bundles have it: name one of %s/%s, %s/%s", name, found->name,
                name, c->name, name);
        found = c;
    }
    if (found == NULL)
        return oc_fail(error, OFFCUT_ERR_NOT_FOUND,
            "function %s: not on the scheduler: push one with 'offcut function push DIR'", name);
    return in_bundle(listing, found->view, name, bundle, error);
}

static int choose(const struct listing *listing, const char *reference, oc_bundle *bundle,
    offcut_error *error) {
    char name[OC_NAME_BYTES];
    size_t length = strcspn(reference, "/");
    uint32_t view;
    int code;
    if (length == 0 || length >= sizeof name || strlen(reference) > 2 * OC_NAME_BYTES)
        return oc_fail(error, OFFCUT_ERR_USAGE, "function '%.150s': is no name: expected bundle/function", reference);
    memcpy(name, reference, length);
    name[length] = '\0';
    code = find_bundle(listing, name, &view, error);
    if (code != 0)
        return code;
    if (view != OC_JSON_NONE)
        return in_bundle(listing, view, reference[length] == '/' ? reference + length + 1 : "", bundle, error);
    if (reference[length] == '/')
        return oc_fail(error, OFFCUT_ERR_NOT_FOUND,
            "bundle %s: not on the scheduler: push it with 'offcut function push DIR'", name);
    return by_function(listing, name, bundle, error);
}

int oc_resolve(const oc_json *stored, const char *reference, const char *user, oc_bundle *bundle,
    offcut_error *error) {
    struct listing listing;
    int code;
    *bundle = (oc_bundle){0};
    if (!list(stored, user, &listing))
        return oc_fail(error, OFFCUT_ERR_EXHAUSTED, "no memory for the list of bundles");
    code = choose(&listing, reference, bundle, error);
    free(listing.candidates);
    if (code != 0)
        oc_bundle_free(bundle);
    return code;
}
