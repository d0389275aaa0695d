/* What a reference to a function means in the bundle that the scheduler has found for it. */
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
 * Reads the bundle that the scheduler has chosen, at this node of its answer, and finds in it what
 * "bundle/function", "bundle" where it has one function, or "function" means. Returns 0 or a code:
 * NOT_FOUND, USAGE (it has several functions), INVALID_INPUT, EXHAUSTED.
 */
int oc_resolve(const oc_json *json, uint32_t view, const char *reference, oc_bundle *bundle,
    offcut_error *error);

/* Index of "name" or "bundle/name"; −1 when there is none. */
int oc_bundle_function(const oc_bundle *bundle, const char *name);

void oc_bundle_free(oc_bundle *bundle);

#endif
