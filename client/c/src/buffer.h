/* Bytes that grow up to a limit; always terminated, so that text can be used as such. */
#ifndef OC_BUFFER_H
#define OC_BUFFER_H

#include <stdbool.h>
#include <stddef.h>

typedef struct oc_buffer {
    char *data; /* NULL while empty */
    size_t length;
    size_t capacity;
    size_t limit; /* most bytes; 0 for none */
    bool failed;  /* memory ran out or the limit was met: nothing more is added */
} oc_buffer;

void oc_buffer_add(oc_buffer *buffer, const void *bytes, size_t length);
void oc_buffer_text(oc_buffer *buffer, const char *text);
void oc_buffer_format(oc_buffer *buffer, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
void oc_buffer_free(oc_buffer *buffer);

#endif
