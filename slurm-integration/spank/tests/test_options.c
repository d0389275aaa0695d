/* The values of --offcut and --offcut-workers, and the numbers and sizes in them. */
#include <string.h>

#include "options.h"
#include "tap.h"
#include "text.h"

struct size_case {
    const char *input;
    int good;
    uint32_t mem_mib;
};

static const struct size_case sizes[] = {
    {"1", 1, 1},
    {"8192", 1, 8192},
    {"512M", 1, 512},
    {"512m", 1, 512},
    {"8G", 1, 8192},
    {"8g", 1, 8192},
    {"2T", 1, 2 << 20},
    {"4095T", 1, 4095u << 20},
    {"1K", 1, 1}, /* rounded up */
    {"1024K", 1, 1},
    {"1025K", 1, 2},
    {"4294967295K", 1, 4194304},
    {"4096T", 0, 0},
    {"4294967295M", 0, 0},
    {"4294967295T", 0, 0},
    {"4294967296", 0, 0},
    {"18446744073709551617", 0, 0},
    {"99999999999999999999999999", 0, 0},
    {"0", 0, 0},
    {"0G", 0, 0},
    {"", 0, 0},
    {"G", 0, 0},
    {"-1", 0, 0},
    {"+1", 0, 0},
    {" 1", 0, 0},
    {"1 ", 0, 0},
    {"1.5G", 0, 0},
    {"1GB", 0, 0},
    {"1P", 0, 0},
    {"0x10", 0, 0},
    {"1,000", 0, 0},
};

static void test_sizes(void) {
    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
        uint32_t mib = 0;
        int good = text_mem_mib(sizes[i].input, strlen(sizes[i].input), &mib) == 0;
        ok(good == sizes[i].good && mib == sizes[i].mem_mib, "size '%s' is %u MiB", sizes[i].input,
           mib);
    }
}

struct share_case {
    const char *input, *canonical; /* NULL: refused */
};

static const struct share_case shares[] = {
    {"share", "share"},
    {"exclusive", "exclusive"},
    {"share:4", "share:4"},
    {"share:004", "share:4"},
    {"share:65535", "share:65535"},
    {"share:4,8G", "share:4,8192"},
    {"share:4,8192", "share:4,8192"},
    {"share:65535,4095T", "share:65535,4293918720"},
    {"share:0", NULL},
    {"share:65536", NULL},
    {"share:4294967297", NULL},
    {"share:-1", NULL},
    {"share:", NULL},
    {"share:,", NULL},
    {"share:4,", NULL},
    {"share:,8G", NULL},
    {"share:4,8G,", NULL},
    {"share:4,8X", NULL},
    {"share:4 8G", NULL},
    {"share: 4", NULL},
    {"share:4\t", NULL},
    {"share,4", NULL},
    {"Share", NULL},
    {"shared", NULL},
    {"exclusive:4", NULL},
    {" exclusive", NULL},
    {"off", NULL},
    {"", NULL},
    {NULL, NULL},
};

static void test_shares(void) {
    for (size_t i = 0; i < sizeof shares / sizeof *shares; i++) {
        struct share share = {"before"};
        const char *why = options_share(shares[i].input, &share);
        if (shares[i].canonical != NULL)
            ok(why == NULL && strcmp(share.text, shares[i].canonical) == 0,
               "--offcut=%s is '%s'", shares[i].input, share.text);
        else
            ok(why != NULL && share.text[0] == '\0', "--offcut='%s' is refused: %s",
               shares[i].input != NULL ? shares[i].input : "(none)", why != NULL ? why : "not");
    }
}

#define NAME64 "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789.-"

struct workers_case {
    const char *input;
    struct workers workers; /* count 0: refused */
};

static const struct workers_case wanted[] = {
    {"1", {1, 0, ""}},
    {"65535", {65535, 0, ""}},
    {"32,mem=512M", {32, 512, ""}},
    {"32,mem=16", {32, 16, ""}},
    {"32,function=wc/words", {32, 0, "wc/words"}},
    {"32,mem=1G,function=wc/words", {32, 1024, "wc/words"}},
    {"32,function=wc/words,mem=1G", {32, 1024, "wc/words"}},
    {"2,function=" NAME64 "/" NAME64, {2, 0, NAME64 "/" NAME64}},
    {"2,function=" NAME64 "/" NAME64 "x", {0, 0, ""}},
    {"0", {0, 0, ""}},
    {"65536", {0, 0, ""}},
    {"4294967297", {0, 0, ""}},
    {"-1", {0, 0, ""}},
    {"", {0, 0, ""}},
    {",", {0, 0, ""}},
    {"many", {0, 0, ""}},
    {"mem=1G", {0, 0, ""}},
    {"2,", {0, 0, ""}},
    {"2,,mem=1G", {0, 0, ""}},
    {"2,mem=", {0, 0, ""}},
    {"2,mem=0", {0, 0, ""}},
    {"2,mem=12", {0, 0, ""}},
    {"2,mem=15M", {0, 0, ""}},
    {"2,mem=1G,mem=1G", {0, 0, ""}},
    {"2,function=a,function=b", {0, 0, ""}},
    {"2,function=", {0, 0, ""}},
    {"2,function=a b", {0, 0, ""}},
    {"2,function=a\tEPILOG", {0, 0, ""}},
    {"2,function=/a", {0, 0, ""}},
    {"2,function=a=b", {0, 0, ""}},
    {"2,color=red", {0, 0, ""}},
    {"2,mem", {0, 0, ""}},
    {"2 ,mem=1G", {0, 0, ""}},
    {NULL, {0, 0, ""}},
};

static void test_workers(void) {
    for (size_t i = 0; i < sizeof wanted / sizeof *wanted; i++) {
        struct workers workers = {9, 9, "before"};
        const char *why = options_workers(wanted[i].input, &workers);
        ok((why == NULL) == (wanted[i].workers.count > 0)
               && workers.count == wanted[i].workers.count
               && workers.mem_mib == wanted[i].workers.mem_mib
               && strcmp(workers.function, wanted[i].workers.function) == 0,
           "--offcut-workers='%.40s': %s", wanted[i].input != NULL ? wanted[i].input : "(none)",
           why != NULL ? why : "taken");
    }
}

int main(void) {
    test_sizes();
    test_shares();
    test_workers();
    return done();
}
