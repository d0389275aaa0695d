/*
 * JSON (RFC 8259), read into a flat list of nodes; and text written as JSON strings.
 *
 * For texts of strangers: depth, size and memory are bounded, nothing is trusted. The text must
 * stay where it is while the nodes are used. Of equal keys the first counts.
 */
#ifndef OC_JSON_H
#define OC_JSON_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "buffer.h"

enum oc_json_type {
    OC_JSON_NULL,
    OC_JSON_FALSE,
    OC_JSON_TRUE,
    OC_JSON_NUMBER,
    OC_JSON_STRING,
    OC_JSON_ARRAY,
    OC_JSON_OBJECT
};

enum { OC_JSON_MAX_DEPTH = 32 };

/* No node. */
#define OC_JSON_NONE UINT32_MAX

typedef struct oc_json_node {
    uint32_t start, end;         /* in the text; a string without its quotes */
    uint32_t key_start, key_end; /* of an object's member */
    uint32_t next;               /* the first node after this one and all below it */
    uint32_t type;
} oc_json_node;

typedef struct oc_json {
    const char *text;
    oc_json_node *nodes; /* the first is the root */
    uint32_t count;
    uint32_t capacity;
} oc_json;

/* Whether the text is one JSON value; oc_json_free in any case. */
bool oc_json_parse(oc_json *json, const char *text, size_t length);
void oc_json_free(oc_json *json);

/* All of these take OC_JSON_NONE for a node and then find nothing. */
int oc_json_type(const oc_json *json, uint32_t node);
uint32_t oc_json_get(const oc_json *json, uint32_t object, const char *key);
uint32_t oc_json_first(const oc_json *json, uint32_t array);
uint32_t oc_json_next(const oc_json *json, uint32_t array, uint32_t element);

/* Copies a string, terminated. False if it is none, holds a NUL or does not fit. */
bool oc_json_string(const oc_json *json, uint32_t node, char *to, size_t size);

/* Copies a string of any length; the caller frees it. NULL if it is none. */
char *oc_json_copy(const oc_json *json, uint32_t node);

/* Whether it is a string that says exactly this. */
bool oc_json_equals(const oc_json *json, uint32_t node, const char *text);

/* Reads a whole number within these bounds. */
bool oc_json_long(const oc_json *json, uint32_t node, int64_t low, int64_t high, int64_t *value);

/* Writes text as a JSON string. */
void oc_json_write(oc_buffer *to, const char *text);

#endif
