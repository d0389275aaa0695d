#include "text.h"

#include <string.h>

int text_number(const char *text, size_t length, uint32_t min, uint32_t max, uint32_t *value) {
    uint64_t sum = 0;
    if (length == 0 || length > 10)
        return -1;
    for (size_t i = 0; i < length; i++) {
        if (text[i] < '0' || text[i] > '9')
            return -1;
        sum = sum * 10 + (uint64_t)(text[i] - '0');
    }
    if (sum < min || sum > max)
        return -1;
    *value = (uint32_t)sum;
    return 0;
}

/* How many KiB the letter stands for; 0 if for nothing. */
static uint64_t unit_kib(char letter) {
    switch (letter) {
    case 'K': case 'k': return 1;
    case 'M': case 'm': return UINT64_C(1) << 10;
    case 'G': case 'g': return UINT64_C(1) << 20;
    case 'T': case 't': return UINT64_C(1) << 30;
    default: return 0;
    }
}

int text_mem_mib(const char *text, size_t length, uint32_t *mem_mib) {
    uint64_t unit = length == 0 ? 0 : unit_kib(text[length - 1]);
    uint32_t number;
    uint64_t mib;
    if (text_number(text, unit == 0 ? length : length - 1, 1, UINT32_MAX, &number) != 0)
        return -1;
    /* At most 2^32 * 2^30: no overflow. */
    mib = (number * (unit == 0 ? UINT64_C(1) << 10 : unit) + 1023) >> 10;
    if (mib > TEXT_MEM_MIB_MAX)
        return -1;
    *mem_mib = (uint32_t)mib;
    return 0;
}

int text_consists_of(const char *text, size_t max, const char *characters) {
    size_t length = text == NULL ? 0 : strnlen(text, max + 1);
    return length >= 1 && length <= max && strspn(text, characters) == length;
}
