/* Bytes that grow up to a limit. */
#include "buffer.h"

#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static bool reserve(oc_buffer *buffer, size_t more) {
    size_t need;
    if (buffer->failed || more > SIZE_MAX / 4 - buffer->length
        || (buffer->limit != 0 && more > buffer->limit - buffer->length)) {
        buffer->failed = true;
        return false;
    }
    need = buffer->length + more + 1;
    if (need > buffer->capacity) {
        size_t capacity = need < 256 ? 256 : need * 2;
        char *data = realloc(buffer->data, capacity);
        if (data == NULL) {
            buffer->failed = true;
            return false;
        }
        buffer->data = data;
        buffer->capacity = capacity;
    }
    return true;
}

void oc_buffer_add(oc_buffer *buffer, const void *bytes, size_t length) {
    if (reserve(buffer, length)) {
        if (length > 0)
            memcpy(buffer->data + buffer->length, bytes, length);
        buffer->length += length;
        buffer->data[buffer->length] = '\0';
    }
}

void oc_buffer_text(oc_buffer *buffer, const char *text) {
    oc_buffer_add(buffer, text, strlen(text));
}

void oc_buffer_format(oc_buffer *buffer, const char *format, ...) {
    char text[1024];
    va_list arguments;
    int length;
    va_start(arguments, format);
    length = vsnprintf(text, sizeof text, format, arguments);
    va_end(arguments);
    if (length < 0 || (size_t)length >= sizeof text)
        buffer->failed = true;
    else
        oc_buffer_add(buffer, text, (size_t)length);
}

void oc_buffer_free(oc_buffer *buffer) {
    free(buffer->data);
    *buffer = (oc_buffer){0};
}
