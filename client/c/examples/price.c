/*
 * Prices European options on leased workers and checks every price against one computed here.
 *
 *   price [-n options] [-w workers] [-b batch] [-s seconds] [function]
 *
 * The function (default blackscholes/price) takes records of five doubles (spot, strike, years,
 * rate, volatility) and answers with records of two (call, put). With -s it prices again and again
 * for that long. Exit: 0 when all prices are right, else as docs/reference/errors.md.
 *
 * Build: cc price.c $(pkg-config --cflags --libs offcut) -lm
 */
#include <math.h>
#include <offcut.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

struct option {
    double spot, strike, years, rate, volatility;
};

struct price {
    double call, put;
};

static double normal(double x) {
    return 0.5 * erfc(-x / sqrt(2.0));
}

/* Black and Scholes, "The Pricing of Options and Corporate Liabilities", 1973. */
static struct price price_here(struct option o) {
    double deviation = o.volatility * sqrt(o.years);
    double d1 = (log(o.spot / o.strike) + (o.rate + 0.5 * o.volatility * o.volatility) * o.years) / deviation;
    double d2 = d1 - deviation;
    double discounted = o.strike * exp(-o.rate * o.years);
    return (struct price){
        .call = o.spot * normal(d1) - discounted * normal(d2),
        .put = discounted * normal(-d2) - o.spot * normal(-d1),
    };
}

static struct option option_number(int i) {
    return (struct option){
        .spot = 80 + i % 41,
        .strike = 90 + i % 23,
        .years = 0.25 + i % 8 * 0.25,
        .rate = 0.01 + i % 5 * 0.005,
        .volatility = 0.1 + i % 7 * 0.05,
    };
}

static int fail(const offcut_error *error) {
    fprintf(stderr, "price: %s\n", error->message);
    return offcut_code_exit(error->code);
}

/* The polynomial on the other side is good for some 1e-7 of the spot. */
static int wrong_prices(const struct option *options, const struct price *prices, int count) {
    int wrong = 0;
    for (int i = 0; i < count; i++) {
        struct price expected = price_here(options[i]);
        if (!(fabs(prices[i].call - expected.call) < 1e-3 && fabs(prices[i].put - expected.put) < 1e-3))
            wrong++;
    }
    return wrong;
}

/* Prices all options, so many for each invocation. Returns how many are wrong, −1 on error. */
static int price_all(offcut_pool *pool, const struct option *options, struct price *prices, int count,
    int batch, offcut_error *error) {
    size_t items = (size_t)((count + batch - 1) / batch);
    offcut_item *item = calloc(items, sizeof *item);
    int code;
    if (item == NULL)
        return -1;
    for (size_t i = 0; i < items; i++) {
        int first = (int)i * batch;
        int length = count - first < batch ? count - first : batch;
        item[i].input = options + first;
        item[i].input_bytes = (uint32_t)((size_t)length * sizeof *options);
        item[i].output = prices + first;
        item[i].output_capacity = (uint32_t)((size_t)length * sizeof *prices);
    }
    code = offcut_map(pool, offcut_pool_function(pool, NULL), item, items, OFFCUT_FOREVER_NS, error);
    for (size_t i = 0; code == OFFCUT_ERR_ITEMS_FAILED && i < items; i++)
        if (item[i].status != OFFCUT_STATUS_OK) {
            fprintf(stderr, "price: batch %zu: %s after %d attempts: %.*s\n", i,
                offcut_status_name(item[i].status), item[i].attempts, (int)item[i].output_bytes,
                (const char *)item[i].output);
            break;
        }
    free(item);
    return code == 0 ? wrong_prices(options, prices, count) : -1;
}

static int run(offcut_pool *pool, int count, int batch, int seconds) {
    struct option *options = calloc((size_t)count, sizeof *options);
    struct price *prices = calloc((size_t)count, sizeof *prices);
    offcut_error error = {0};
    time_t until = 0;
    int wrong = options == NULL || prices == NULL ? -1 : 0, rounds = 0;
    for (int i = 0; wrong == 0 && i < count; i++)
        options[i] = option_number(i);
    while (wrong == 0 && (rounds == 0 || time(NULL) < until)) {
        memset(prices, 0, (size_t)count * sizeof *prices);
        wrong = price_all(pool, options, prices, count, batch, &error);
        if (++rounds == 1 && seconds > 0) {
            until = time(NULL) + seconds;
            printf("first round done\n");
            fflush(stdout);
        }
    }
    free(options);
    free(prices);
    if (wrong < 0)
        return fail(&error);
    printf("%d options priced %d times, %d wrong, %lld retries\n", count, rounds, wrong,
        (long long)offcut_pool_retries(pool));
    return wrong == 0 ? 0 : 1;
}

int main(int argc, char **argv) {
    offcut_options options;
    offcut_error error = {0};
    offcut_client *client;
    offcut_pool *pool;
    int count = 10000, workers = 1, batch = 100, seconds = 0, flag, result;
    while ((flag = getopt(argc, argv, "n:w:b:s:")) != -1) {
        int *value = flag == 'n' ? &count : flag == 'w' ? &workers : flag == 'b' ? &batch : &seconds;
        if (flag == '?' || (*value = atoi(optarg)) < 1) {
            fprintf(stderr, "usage: price [-n options] [-w workers] [-b batch] [-s seconds] [function]\n");
            return 2;
        }
    }
    client = offcut_connect(NULL, &error);
    if (client == NULL)
        return fail(&error);
    offcut_options_init(&options, optind < argc ? argv[optind] : "blackscholes/price");
    options.workers = workers;
    pool = offcut_pool_open(client, &options, &error);
    result = pool == NULL ? fail(&error) : run(pool, count, batch, seconds);
    offcut_pool_close(pool);
    offcut_client_close(client);
    return result;
}
