/* SPDX-License-Identifier: MIT */
/* Confidence intervals of percentiles from ranks. */
#include "report/interval.h"

#include <math.h>

#define TAIL 0.025     /* on either side */
#define SPREAD 12      /* standard deviations, beyond which nothing is worth a sum */
#define WHOLE 100000.0 /* thousandths of a percent in all */

/* The chance of k of n. */
static double chance(double n, double k, double p)
{
    return exp(lgamma(n + 1) - lgamma(k + 1) - lgamma(n - k + 1) + k * log(p) +
               (n - k) * log1p(-p));
}

uint64_t interval_needed(uint32_t which)
{
    double p = which / WHOLE;

    KEDGE_ASSERT(which > 0 && which < 100000);
    return (uint64_t)ceil(log(TAIL) / log(p > 0.5 ? p : 1 - p));
}

bool interval_ranks(uint64_t n, uint32_t which, uint64_t *low, uint64_t *high)
{
    double p = which / WHOLE, count = (double)n;
    double reach = SPREAD * sqrt(count * p * (1 - p));
    double first = fmax(0, floor(count * p - reach));
    double one = chance(count, first, p), sum = one;
    uint64_t k = (uint64_t)first;

    if (n < interval_needed(which))
        return false;
    *low = 0;
    while (k < n && sum < 1 - TAIL) {
        if (sum <= TAIL)
            *low = k + 1;
        one *= (count - (double)k) / ((double)k + 1) * (p / (1 - p));
        sum += one;
        k++;
    }
    *high = k + 1;
    return *low > 0 && *high <= n;
}

bool interval_of(const struct histogram *h, uint32_t which, struct interval *out)
{
    uint64_t low = 0, high = 0;
    kedge_nanos ignored;

    if (!interval_ranks(h->count, which, &low, &high))
        return false;
    histogram_at(h, low, &out->low, &ignored);
    histogram_at(h, high, &ignored, &out->high);
    return true;
}

static double log_of(kedge_nanos v)
{
    return log(v > 0 ? (double)v : 1);
}

static double percent(double log_quotient)
{
    return 100 * expm1(log_quotient);
}

bool interval_of_change(const struct histogram *a, const struct histogram *b,
                        uint32_t which, struct interval_change *out)
{
    kedge_nanos was = 0, is = 0;
    struct interval ia, ib;
    double d;

    if (!histogram_percentile(a, which, &was) || !histogram_percentile(b, which, &is))
        return false;
    d = log_of(is) - log_of(was);
    *out = (struct interval_change){ .change = percent(d) };
    out->bounded = interval_of(a, which, &ia) && interval_of(b, which, &ib);
    if (!out->bounded)
        return true;
    out->low =
        percent(d - hypot(log_of(is) - log_of(ib.low), log_of(ia.high) - log_of(was)));
    out->high =
        percent(d + hypot(log_of(ib.high) - log_of(is), log_of(was) - log_of(ia.low)));
    return true;
}
