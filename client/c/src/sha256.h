/* SHA-256 (FIPS 180-4), for names; not for secrets. */
#ifndef OC_SHA256_H
#define OC_SHA256_H

#include <stddef.h>

enum { OC_SHA256_DIGITS = 64 };

/* Writes 64 hexadecimal digits and a NUL. The text is at most 1 KiB; longer is cut. */
void oc_sha256_hex(const void *bytes, size_t length, char hex[OC_SHA256_DIGITS + 1]);

#endif
