/* Prices European options: Black and Scholes, "The Pricing of Options and Corporate Liabilities", 1973.
 * Input: records of five doubles (spot, strike, years, rate, volatility). Result: records of two (call, put).
 * Build: cc -O2 -shared -fPIC -o libblackscholes.so black_scholes.c -lm */
#include <math.h>
#include <stdint.h>
#include <string.h>

struct option { double spot, strike, years, rate, volatility; };
struct price { double call, put; };

/* Cumulative normal distribution: Abramowitz and Stegun, Handbook of Mathematical Functions, 26.2.17. */
static double normal(double x)
{
    double t = 1.0 / (1.0 + 0.2316419 * fabs(x));
    double tail = 0.3989422804014327 * exp(-0.5 * x * x) * t
        * (0.319381530 + t * (-0.356563782 + t * (1.781477937 + t * (-1.821255978 + t * 1.330274429))));
    return x >= 0 ? 1.0 - tail : tail;
}

int32_t price(const void *in, uint32_t size, void *out, uint32_t capacity)
{
    uint32_t count = size / sizeof(struct option);
    if (size % sizeof(struct option) != 0 || (uint64_t)count * sizeof(struct price) > capacity)
        return -1;
    for (uint32_t i = 0; i < count; i++) {
        struct option o;
        memcpy(&o, (const char *)in + i * sizeof o, sizeof o);
        double deviation = o.volatility * sqrt(o.years);
        double d1 = (log(o.spot / o.strike) + (o.rate + 0.5 * o.volatility * o.volatility) * o.years) / deviation;
        double d2 = d1 - deviation;
        double discounted = o.strike * exp(-o.rate * o.years);
        struct price p = { o.spot * normal(d1) - discounted * normal(d2),
            discounted * normal(-d2) - o.spot * normal(-d1) };
        memcpy((char *)out + i * sizeof p, &p, sizeof p);
    }
    return (int32_t)(count * sizeof(struct price));
}
