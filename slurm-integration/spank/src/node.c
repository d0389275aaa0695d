#include "node.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "text.h"

enum { CPUS_MAX = 1 << 20, NODES_MAX = 1 << 20 };

void node_name(const char *slurmd_says, char *name, size_t bytes) {
    if (text_consists_of(slurmd_says, bytes - 1, TEXT_LETTERS TEXT_DIGITS "._-")) {
        snprintf(name, bytes, "%s", slurmd_says);
        return;
    }
    if (gethostname(name, bytes) != 0)
        name[0] = '\0';
    name[bytes - 1] = '\0';
    name[strcspn(name, ".")] = '\0';
}

/* One entry, "4" or "4(x2)", of this length. 0 if it is none. */
static uint32_t entry_cpus(const char *text, size_t length) {
    uint32_t cpus, nodes;
    size_t digits = strspn(text, TEXT_DIGITS);
    if (digits > length || text_number(text, digits, 1, CPUS_MAX, &cpus) != 0)
        return 0;
    if (digits == length)
        return cpus;
    if (length < digits + 4 || strncmp(text + digits, "(x", 2) != 0 || text[length - 1] != ')'
        || text_number(text + digits + 2, length - digits - 3, 1, NODES_MAX, &nodes) != 0)
        return 0;
    return cpus;
}

uint32_t node_cpus(const char *cpus_per_node) {
    uint32_t all = 0;
    const char *entry = cpus_per_node;
    while (entry != NULL) {
        size_t length = strcspn(entry, ",");
        uint32_t cpus = entry_cpus(entry, length);
        if (cpus == 0 || (all != 0 && cpus != all))
            return 0;
        all = cpus;
        entry = entry[length] == ',' ? entry + length + 1 : NULL;
    }
    return all;
}
