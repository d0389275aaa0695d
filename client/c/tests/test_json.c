/* JSON: what is read, what is refused. */
#include "json.h"

#include <string.h>

#include "tap.h"

static const char *const GOOD[] = {"null", "true", " [1, 2.5e-3, -0] ", "{\"a\":{\"b\":[{}]}}",
    "\"\\u0041\\n\\\"\"", "[]", "0", "[\"\"]"};
static const char *const BAD[] = {"", " ", "nul", "[1,]", "{\"a\"}", "{a:1}", "\"", "\"\\x\"",
    "\"\\u12\"", "01", "1.", "-", "[1 2]", "{} {}", "\"\n\"", "[[", "+1", "1e", "\"\\"};

static void parses_what_is_json_and_nothing_else(void) {
    oc_json json;
    for (size_t i = 0; i < sizeof GOOD / sizeof GOOD[0]; i++) {
        ok(oc_json_parse(&json, GOOD[i], strlen(GOOD[i])), "reads %s", GOOD[i]);
        oc_json_free(&json);
    }
    for (size_t i = 0; i < sizeof BAD / sizeof BAD[0]; i++) {
        ok(!oc_json_parse(&json, BAD[i], strlen(BAD[i])), "refuses text %zu that is none", i);
        ok(oc_json_get(&json, 0, "a") == OC_JSON_NONE, "and finds nothing in it");
        oc_json_free(&json);
    }
}

static void bounds_depth(void) {
    char deep[4001];
    oc_json json;
    memset(deep, '[', 2000);
    memset(deep + 2000, ']', 2000);
    ok(!oc_json_parse(&json, deep, 4000), "refuses 2000 arrays in each other");
    oc_json_free(&json);
    ok(oc_json_parse(&json, deep + 1984, 32), "reads 16");
    oc_json_free(&json);
}

static void finds_values(void) {
    const char *text = "{\"n\":-12,\"s\":\"a\\u00e4\\ud83d\\ude00\\ud800!\",\"list\":[1,{\"x\":[2]},3],"
                       "\"n\":5,\"big\":9223372036854775808,\"frac\":1.5,\"nul\":\"a\\u0000b\"}";
    oc_json json;
    char string[32];
    int64_t number = 0, sum = 0;
    uint32_t list;
    oc_json_parse(&json, text, strlen(text));
    ok(oc_json_long(&json, oc_json_get(&json, 0, "n"), -20, 20, &number) && number == -12, "the first of equal keys");
    ok(!oc_json_long(&json, oc_json_get(&json, 0, "n"), 0, 20, &number), "a number out of bounds is none");
    ok(!oc_json_long(&json, oc_json_get(&json, 0, "big"), INT64_MIN, INT64_MAX, &number), "nor one over 64 bits");
    ok(!oc_json_long(&json, oc_json_get(&json, 0, "frac"), 0, 9, &number), "nor a fraction");
    ok(oc_json_string(&json, oc_json_get(&json, 0, "s"), string, sizeof string)
            && strcmp(string, "a\xc3\xa4\xf0\x9f\x98\x80\xef\xbf\xbd!") == 0, "escapes become UTF-8");
    ok(!oc_json_string(&json, oc_json_get(&json, 0, "s"), string, 5), "a string that does not fit is none");
    ok(!oc_json_string(&json, oc_json_get(&json, 0, "nul"), string, sizeof string), "nor one with a NUL");
    ok(oc_json_get(&json, 0, "x") == OC_JSON_NONE, "keys of inner objects are not those of outer ones");
    list = oc_json_get(&json, 0, "list");
    for (uint32_t e = oc_json_first(&json, list); e != OC_JSON_NONE; e = oc_json_next(&json, list, e))
        if (oc_json_long(&json, e, 0, 9, &number))
            sum += number;
    ok(sum == 4, "elements of a list, not what is in them");
    oc_json_free(&json);
}

static void writes_what_it_reads(void) {
    const char *text = "quote \" slash \\ line\n tab\t \x01 \xc3\xa4";
    oc_buffer buffer = {0};
    oc_json json;
    oc_json_write(&buffer, text);
    ok(oc_json_parse(&json, buffer.data, buffer.length) && oc_json_equals(&json, 0, text), "a written string is read as it was");
    oc_json_free(&json);
    oc_buffer_free(&buffer);
}

int main(void) {
    parses_what_is_json_and_nothing_else();
    bounds_depth();
    finds_values();
    writes_what_it_reads();
    return done();
}
