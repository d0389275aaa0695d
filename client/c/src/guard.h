/*
 * Regions that may be truncated under the program, and the opt-in SIGBUS handler that survives it
 * (offcut_survive_truncation). Any thread; oc_guard_hit is cheap.
 */
#ifndef OC_GUARD_H
#define OC_GUARD_H

#include <stdbool.h>
#include <stddef.h>

/* Remembers a mapping. Returns its place; −1 when the table (4096 places) is full. */
int oc_guard_add(void *start, size_t bytes);

/* Forgets a mapping; before it is unmapped. */
void oc_guard_remove(int place);

/* Whether a page of the mapping was missing and has been replaced by zeros. */
bool oc_guard_hit(int place);

#endif
