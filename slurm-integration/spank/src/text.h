/*
 * Numbers and sizes as users, administrators and Slurm write them. Everything is bounded and
 * nothing is passed over: what is not the whole text of a number is none.
 */
#ifndef OFFCUT_TEXT_H
#define OFFCUT_TEXT_H

#include <stddef.h>
#include <stdint.h>

#define TEXT_MEM_MIB_MAX (UINT32_C(4095) << 20) /* 4095 T */

/* Reads the decimal number that is the first `length` bytes. 0, or -1 if it is none of min..max. */
int text_number(const char *text, size_t length, uint32_t min, uint32_t max, uint32_t *value);

/*
 * Reads a size as Slurm's --mem takes it: a number and K, M, G or T; MiB without a letter. K is
 * rounded up. 0, or -1 if it is none of 1 MiB..4095 TiB.
 */
int text_mem_mib(const char *text, size_t length, uint32_t *mem_mib);

/* Whether the text is not empty, not longer than max and of these characters only. */
int text_consists_of(const char *text, size_t max, const char *characters);

#define TEXT_DIGITS "0123456789"
#define TEXT_LETTERS "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"

#endif
