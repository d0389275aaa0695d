/* What a reference to a function means: io.offcut.client.ResolvedFunction in C. */
#ifndef OC_RESOLVE_H
#define OC_RESOLVE_H

#include <stdbool.h>

#include "json.h"
#include "offcut.h"

enum { OC_NAME_BYTES = 65, OC_BUNDLE_BYTES = 65 };

/* The functions of one bundle, in the order of their indices. */
typedef struct oc_bundle {
    char hash[OC_BUNDLE_BYTES];
    char name[OC_NAME_BYTES];
    int index; /* the function that was meant */
    int count;
    struct oc_function {
        char name[OC_NAME_BYTES];
        bool idempotent;
    } *functions;
} oc_bundle;

/*
 * Finds "bundle/function", "bundle" where it has one function, or "function" where one bundle has
 * it, in the answer to GET /v1/functions. A bundle is named by its name, then the user's own latest
 * is meant before that of others, or by its SHA-256, of which 8 digits are enough. Returns 0 or a
 * code: NOT_FOUND, USAGE (it means several), INVALID_INPUT, EXHAUSTED.
 */
int oc_resolve(const oc_json *stored, const char *reference, const char *user, oc_bundle *bundle,
    offcut_error *error);

/* Index of "name" or "bundle/name"; −1 when there is none. */
int oc_bundle_function(const oc_bundle *bundle, const char *name);

void oc_bundle_free(oc_bundle *bundle);

#endif
