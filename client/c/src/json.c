/* JSON for texts of strangers: a recursive reader with a bound on its depth. */
#include "json.h"

#include <stdlib.h>
#include <string.h>

struct reader {
    const char *text;
    size_t length;
    size_t at;
    oc_json *json;
};

static bool value(struct reader *r, int depth, size_t key_start, size_t key_end);

static void skip_blanks(struct reader *r) {
    while (r->at < r->length && strchr(" \t\r\n", r->text[r->at]) != NULL && r->text[r->at] != '\0')
        r->at++;
}

static bool take(struct reader *r, char c) {
    skip_blanks(r);
    if (r->at < r->length && r->text[r->at] == c) {
        r->at++;
        return true;
    }
    return false;
}

static int hex_digit(char c) {
    if (c >= '0' && c <= '9')
        return c - '0';
    if (c >= 'a' && c <= 'f')
        return c - 'a' + 10;
    return c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

/* Four hexadecimal digits; −1 if they are none. */
static int32_t hex4(const char *text, size_t left) {
    int32_t unit = 0;
    if (left < 4)
        return -1;
    for (int i = 0; i < 4; i++) {
        int digit = hex_digit(text[i]);
        if (digit < 0)
            return -1;
        unit = unit * 16 + digit;
    }
    return unit;
}

/* A string whose opening quote was taken: from here to its closing quote, which is taken too. */
static bool string_rest(struct reader *r, size_t *start, size_t *end) {
    *start = r->at;
    while (r->at < r->length) {
        unsigned char c = (unsigned char)r->text[r->at++];
        if (c == '"') {
            *end = r->at - 1;
            return true;
        }
        if (c < ' ')
            return false;
        if (c == '\\') {
            if (r->at == r->length)
                return false;
            c = (unsigned char)r->text[r->at++];
            if (c == 'u') {
                if (hex4(r->text + r->at, r->length - r->at) < 0)
                    return false;
                r->at += 4;
            } else if (c == '\0' || strchr("\"\\/bfnrt", c) == NULL) {
                return false;
            }
        }
    }
    return false;
}

static bool word(struct reader *r, const char *expected) {
    size_t length = strlen(expected);
    if (r->length - r->at < length || memcmp(r->text + r->at, expected, length) != 0)
        return false;
    r->at += length;
    return true;
}

static size_t digits(struct reader *r) {
    size_t before = r->at;
    while (r->at < r->length && r->text[r->at] >= '0' && r->text[r->at] <= '9')
        r->at++;
    return r->at - before;
}

static bool number(struct reader *r) {
    bool leading_zero;
    size_t count;
    if (r->text[r->at] == '-')
        r->at++;
    leading_zero = r->at < r->length && r->text[r->at] == '0';
    count = digits(r);
    if (count == 0 || (leading_zero && count > 1))
        return false;
    if (r->at < r->length && r->text[r->at] == '.') {
        r->at++;
        if (digits(r) == 0)
            return false;
    }
    if (r->at < r->length && (r->text[r->at] == 'e' || r->text[r->at] == 'E')) {
        r->at++;
        if (r->at < r->length && (r->text[r->at] == '+' || r->text[r->at] == '-'))
            r->at++;
        return digits(r) > 0;
    }
    return true;
}

static uint32_t new_node(oc_json *json) {
    if (json->count == json->capacity) {
        uint32_t capacity = json->capacity == 0 ? 64 : json->capacity * 2;
        oc_json_node *nodes = realloc(json->nodes, capacity * sizeof *nodes);
        if (nodes == NULL)
            return OC_JSON_NONE;
        json->nodes = nodes;
        json->capacity = capacity;
    }
    json->nodes[json->count] = (oc_json_node){0};
    return json->count++;
}

static bool array_rest(struct reader *r, int depth) {
    if (take(r, ']'))
        return true;
    do {
        if (!value(r, depth, 0, 0))
            return false;
    } while (take(r, ','));
    return take(r, ']');
}

static bool object_rest(struct reader *r, int depth) {
    if (take(r, '}'))
        return true;
    do {
        size_t start, end;
        if (!take(r, '"') || !string_rest(r, &start, &end) || !take(r, ':')
            || !value(r, depth, start, end))
            return false;
    } while (take(r, ','));
    return take(r, '}');
}

/* What begins with this character; sets its type and, for a string, where it is. */
static bool body(struct reader *r, int depth, char c, uint32_t *type, size_t *start, size_t *end) {
    bool good;
    *start = r->at;
    switch (c) {
    case '{':
        *type = OC_JSON_OBJECT;
        r->at++;
        good = object_rest(r, depth + 1);
        break;
    case '[':
        *type = OC_JSON_ARRAY;
        r->at++;
        good = array_rest(r, depth + 1);
        break;
    case '"':
        *type = OC_JSON_STRING;
        r->at++;
        return string_rest(r, start, end);
    case 't':
        *type = OC_JSON_TRUE;
        good = word(r, "true");
        break;
    case 'f':
        *type = OC_JSON_FALSE;
        good = word(r, "false");
        break;
    case 'n':
        *type = OC_JSON_NULL;
        good = word(r, "null");
        break;
    default:
        *type = OC_JSON_NUMBER;
        good = (c == '-' || (c >= '0' && c <= '9')) && number(r);
    }
    *end = r->at;
    return good;
}

static bool value(struct reader *r, int depth, size_t key_start, size_t key_end) {
    uint32_t node, type = OC_JSON_NULL;
    size_t start, end = 0;
    skip_blanks(r);
    if (depth > OC_JSON_MAX_DEPTH || r->at == r->length)
        return false;
    node = new_node(r->json);
    if (node == OC_JSON_NONE || !body(r, depth, r->text[r->at], &type, &start, &end))
        return false;
    r->json->nodes[node] = (oc_json_node){
        .start = (uint32_t)start,
        .end = (uint32_t)end,
        .key_start = (uint32_t)key_start,
        .key_end = (uint32_t)key_end,
        .next = r->json->count,
        .type = type,
    };
    return true;
}

bool oc_json_parse(oc_json *json, const char *text, size_t length) {
    struct reader r = {.text = text, .length = length, .json = json};
    *json = (oc_json){.text = text};
    if (length > UINT32_MAX / 64 || !value(&r, 0, 0, 0)) {
        json->count = 0;
        return false;
    }
    skip_blanks(&r);
    if (r.at != length) {
        json->count = 0;
        return false;
    }
    return true;
}

void oc_json_free(oc_json *json) {
    free(json->nodes);
    *json = (oc_json){0};
}

int oc_json_type(const oc_json *json, uint32_t node) {
    return node < json->count ? (int)json->nodes[node].type : OC_JSON_NULL;
}

static bool has_children(const oc_json *json, uint32_t node, int type) {
    return node < json->count && oc_json_type(json, node) == type
        && json->nodes[node].next > node + 1;
}

uint32_t oc_json_get(const oc_json *json, uint32_t object, const char *key) {
    size_t length = strlen(key);
    if (!has_children(json, object, OC_JSON_OBJECT))
        return OC_JSON_NONE;
    for (uint32_t i = object + 1; i < json->nodes[object].next; i = json->nodes[i].next) {
        const oc_json_node *node = &json->nodes[i];
        if (node->key_end - node->key_start == length
            && memcmp(json->text + node->key_start, key, length) == 0)
            return i;
    }
    return OC_JSON_NONE;
}

uint32_t oc_json_first(const oc_json *json, uint32_t array) {
    return has_children(json, array, OC_JSON_ARRAY) ? array + 1 : OC_JSON_NONE;
}

uint32_t oc_json_next(const oc_json *json, uint32_t array, uint32_t element) {
    uint32_t next = json->nodes[element].next;
    return next < json->nodes[array].next ? next : OC_JSON_NONE;
}

/* One code point as UTF-8. */
static size_t utf8(uint32_t point, char *to) {
    if (point < 0x80) {
        to[0] = (char)point;
        return 1;
    }
    if (point < 0x800) {
        to[0] = (char)(0xC0 | point >> 6);
        to[1] = (char)(0x80 | (point & 0x3F));
        return 2;
    }
    if (point < 0x10000) {
        to[0] = (char)(0xE0 | point >> 12);
        to[1] = (char)(0x80 | (point >> 6 & 0x3F));
        to[2] = (char)(0x80 | (point & 0x3F));
        return 3;
    }
    to[0] = (char)(0xF0 | point >> 18);
    to[1] = (char)(0x80 | (point >> 12 & 0x3F));
    to[2] = (char)(0x80 | (point >> 6 & 0x3F));
    to[3] = (char)(0x80 | (point & 0x3F));
    return 4;
}

/* The code point after "\u"; half of a pair without the other becomes U+FFFD. */
static uint32_t escaped_point(const char *text, size_t *at, size_t end) {
    uint32_t high = (uint32_t)hex4(text + *at, end - *at);
    *at += 4;
    if (high >= 0xD800 && high < 0xDC00 && end - *at >= 6 && text[*at] == '\\'
        && text[*at + 1] == 'u') {
        uint32_t low = (uint32_t)hex4(text + *at + 2, end - *at - 2);
        if (low >= 0xDC00 && low < 0xE000) {
            *at += 6;
            return 0x10000 + ((high - 0xD800) << 10) + (low - 0xDC00);
        }
    }
    return high >= 0xD800 && high < 0xE000 ? 0xFFFD : high;
}

/* The next character or escape of a string the reader has accepted. Returns its length. */
static size_t unescape(const char *text, size_t *at, size_t end, char *to) {
    char c = text[(*at)++];
    if (c != '\\') {
        to[0] = c;
        return 1;
    }
    c = text[(*at)++];
    switch (c) {
    case 'b': to[0] = '\b'; return 1;
    case 'f': to[0] = '\f'; return 1;
    case 'n': to[0] = '\n'; return 1;
    case 'r': to[0] = '\r'; return 1;
    case 't': to[0] = '\t'; return 1;
    case 'u': return utf8(escaped_point(text, at, end), to);
    default: to[0] = c; return 1;
    }
}

bool oc_json_string(const oc_json *json, uint32_t node, char *to, size_t size) {
    size_t length = 0;
    if (oc_json_type(json, node) != OC_JSON_STRING)
        return false;
    for (size_t at = json->nodes[node].start; at < json->nodes[node].end;) {
        char piece[4];
        size_t bytes = unescape(json->text, &at, json->nodes[node].end, piece);
        if (piece[0] == '\0' || length + bytes >= size)
            return false;
        memcpy(to + length, piece, bytes);
        length += bytes;
    }
    to[length] = '\0';
    return true;
}

char *oc_json_copy(const oc_json *json, uint32_t node) {
    size_t size;
    char *copy;
    if (oc_json_type(json, node) != OC_JSON_STRING)
        return NULL;
    /* An escape is never shorter than what it means. */
    size = json->nodes[node].end - json->nodes[node].start + 1;
    copy = malloc(size);
    if (copy != NULL && !oc_json_string(json, node, copy, size)) {
        free(copy);
        return NULL;
    }
    return copy;
}

bool oc_json_equals(const oc_json *json, uint32_t node, const char *text) {
    char *copy = oc_json_copy(json, node);
    bool equal = copy != NULL && strcmp(copy, text) == 0;
    free(copy);
    return equal;
}

bool oc_json_long(const oc_json *json, uint32_t node, int64_t low, int64_t high, int64_t *result) {
    const char *text, *end;
    uint64_t sum = 0;
    bool negative;
    if (oc_json_type(json, node) != OC_JSON_NUMBER)
        return false;
    text = json->text + json->nodes[node].start;
    end = json->text + json->nodes[node].end;
    negative = *text == '-';
    for (text += negative; text < end; text++) {
        if (*text < '0' || *text > '9' || sum > (UINT64_MAX >> 1) / 10)
            return false;
        sum = sum * 10 + (uint64_t)(*text - '0');
    }
    if (sum > INT64_MAX)
        return false;
    *result = negative ? -(int64_t)sum : (int64_t)sum;
    return *result >= low && *result <= high;
}

void oc_json_write(oc_buffer *to, const char *text) {
    oc_buffer_text(to, "\"");
    for (; *text != '\0'; text++) {
        unsigned char c = (unsigned char)*text;
        if (c == '"' || c == '\\')
            oc_buffer_format(to, "\\%c", c);
        else if (c < ' ')
            oc_buffer_format(to, "\\u%04x", c);
        else
            oc_buffer_add(to, text, 1);
    }
    oc_buffer_text(to, "\"");
}
