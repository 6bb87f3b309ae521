/* SPDX-License-Identifier: MIT */
/* Conditions, read and judged. */
#include "results/conditions.h"

#include "results/figures.h"
#include "base/number.h"
#include "base/units.h"
#include "report/text.h"

#include <stdio.h>
#include <string.h>

#define WHOLE 100000 /* thousandths of a percent in all */

/* ---- reading ---- */

static bool wrong(struct kedge_error *error, const char *what)
{
    error->cause = KEDGE_BAD_ENDPOINT;
    snprintf(error->text, sizeof error->text, "%s", what);
    return false;
}

/* The figures of the table and its counts; the rest is in the list of keys. */
static bool unknown_figure(struct kedge_error *error)
{
    struct writer w = { .ptr = (uint8_t *)error->text, .room = sizeof error->text - 1 };
    size_t count;
    const struct figure *all = figures(&count);
    const char *before = "the figures are ";

    error->cause = KEDGE_BAD_ENDPOINT;
    for (size_t i = 0; i < count; i++) {
        if (!figure_named(span_of(figure_name(&all[i]))) ||
            !(all[i].name || all[i].uses & FIGURE_REQUIRED))
            continue;
        put(&w, span_of(before));
        put(&w, span_of(figure_name(&all[i])));
        before = ", ";
    }
    put(&w, span_of(", and each number of --json by its key"));
    error->text[w.len] = 0;
    return false;
}

/* 12, 0.5, 1.125: thousandths. */
static bool thousandths(struct kedge_span text, uint64_t *out)
{
    const uint8_t *point = memchr(text.ptr, '.', text.len);
    struct kedge_span whole = text, part = { text.ptr, 0 };
    uint64_t a = 0, b = 0;

    if (point) {
        whole.len = (size_t)(point - text.ptr);
        part = (struct kedge_span){ point + 1, text.len - whole.len - 1 };
        if (part.len > 3 || !decimal(part, 999, &b))
            return false;
    }
    for (size_t i = part.len; i < 3; i++)
        b *= 10;
    if (!decimal(whole, 1000000, &a))
        return false;
    *out = a * 1000 + b;
    return true;
}

static bool percentage(struct check *c, struct kedge_span value, bool compares,
                       struct kedge_error *error)
{
    value.len--;
    c->kind = c->figure->kind == VALUE_COUNT ? CHECK_SHARE : CHECK_CHANGE;
    if (c->kind == CHECK_CHANGE && !compares)
        return wrong(error, "a time in percent is a change, which needs two runs");
    if (c->kind == CHECK_CHANGE && value.len > 0 && strchr("+-", value.ptr[0])) {
        c->negative = value.ptr[0] == '-';
        value = (struct kedge_span){ value.ptr + 1, value.len - 1 };
    }
    return thousandths(value, &c->value) ||
           wrong(error, "the percentage is not a number");
}

static bool read_value(struct check *c, struct kedge_span value, bool compares,
                       struct kedge_error *error)
{
    if (value.len > 0 && value.ptr[value.len - 1] == '%')
        return percentage(c, value, compares, error);
    if (c->figure->kind == VALUE_COUNT) {
        c->kind = CHECK_COUNT;
        return decimal(value, UINT64_MAX, &c->value) ||
               wrong(error, "a count takes a number, or a percentage of what was sent");
    }
    c->kind = CHECK_TIME;
    return units_time(value, &c->value) ||
           wrong(error,
                 "a time takes a value with its unit, such as 5ms; a bare number is "
                 "seconds");
}

bool check_parse(struct check *out, const char *text, bool compares,
                 struct kedge_error *error)
{
    size_t name = strcspn(text, "<>");
    struct check c = { .text = text,
                       .figure = figure_named(
                           (struct kedge_span){ (const uint8_t *)text, name }) };

    *error = (struct kedge_error){ 0 };
    if (!text[name])
        return wrong(error, "a condition is a figure, > or <, and a value: p99>5ms");
    if (!c.figure)
        return unknown_figure(error);
    c.above = text[name] == '>';
    if (!read_value(&c, span_of(text + name + 1), compares, error))
        return false;
    *out = c;
    return true;
}

/* ---- judging ---- */

static bool condition_value(const struct figure *f, const struct probe_view *v,
                            uint64_t *out)
{
    struct value value;
    bool known = figure_get(f, v, &value) == VALUE_KNOWN;

    *out = known ? value.number : 0;
    return known;
}

static bool unknown(const struct check *c, struct check_why *why)
{
    snprintf(why->text, sizeof why->text, "%s is not known: too few replies",
             figure_name(c->figure));
    return true;
}

static bool beyond(const struct check *c, double v)
{
    double bound = c->negative ? -(double)c->value : (double)c->value;

    return c->above ? v > bound : v < bound;
}

static bool change_fails(const struct check *c, const struct probe_view *v,
                         const struct probe_view *before, struct check_why *why)
{
    uint64_t was = 0, is = 0;
    double change;

    if (!before) {
        snprintf(why->text, sizeof why->text, "%s is not known in the first run",
                 figure_name(c->figure));
        return true;
    }
    if (!condition_value(c->figure, before, &was) ||
        !condition_value(c->figure, v, &is) || was == 0)
        return unknown(c, why);
    change = 100.0 * ((double)is / (double)was - 1);
    snprintf(why->text, sizeof why->text, "%s changed by %+.1f %%",
             figure_name(c->figure), change);
    return beyond(c, change * 1000);
}

static bool share_fails(const struct check *c, const struct probe_view *v, uint64_t is,
                        struct check_why *why)
{
    uint64_t sent = figure_number(v, "sent");
    double share;

    if (sent == 0)
        return unknown(c, why);
    share = 100.0 * (double)is / (double)sent;
    snprintf(why->text, sizeof why->text, "%s is %.3g %% of %llu", figure_name(c->figure),
             share, (unsigned long long)sent);
    return beyond(c, share * 1000);
}

bool check_fails(const struct check *c, const struct probe_view *v,
                 const struct probe_view *before, struct check_why *why)
{
    char printable[32] = { 0 };
    struct writer w = { .ptr = (uint8_t *)printable, .room = sizeof printable - 1 };
    uint64_t is = 0;

    if (c->kind == CHECK_CHANGE)
        return change_fails(c, v, before, why);
    if (!condition_value(c->figure, v, &is))
        return unknown(c, why);
    if (c->kind == CHECK_SHARE)
        return share_fails(c, v, is, why);
    if (c->kind == CHECK_TIME)
        text_ms(&w, is);
    else
        put_decimal(&w, is);
    snprintf(why->text, sizeof why->text, "%s is %s%s", figure_name(c->figure), printable,
             c->kind == CHECK_TIME ? " ms" : "");
    return c->above ? is > c->value : is < c->value;
}
