/* SPDX-License-Identifier: MIT */
/* The parser of command lines, driven by a verb's table of options. */
#include "cmd/args.h"

#include "base/bytes.h"
#include "base/number.h"
#include "base/units.h"
#include "cmd/printable.h"
#include "cmd/suggest.h"

#include <stdarg.h>
#include <string.h>

struct parse {
    const struct verb *verb;
    struct operands *words;
    size_t at;      /* the word that is read */
    size_t kept;    /* operands so far, at the front of words */
    uint64_t given; /* a bit a row */
    uint8_t *options;
    struct args_problem *problem;
};

__attribute__((format(printf, 2, 3))) static bool bad(struct parse *p, const char *format,
                                                      ...)
{
    va_list list;

    va_start(list, format);
    vsnprintf(p->problem->text, sizeof p->problem->text, format, list);
    va_end(list);
    return false;
}

/* --name, or -c where a letter is all there is. */
static struct printable flag_of(const struct arg *a)
{
    struct printable s = { 0 };

    if (a->name)
        snprintf(s.text, sizeof s.text, "--%s", a->name);
    else
        snprintf(s.text, sizeof s.text, "-%c", a->letter);
    return s;
}

/* The place of `word` in "a|b|c", or -1. */
static int word_in(const char *words, struct kedge_span word)
{
    struct kedge_span left = span_of(words ? words : "");

    for (int i = 0; left.len > 0; i++) {
        const uint8_t *bar = memchr(left.ptr, '|', left.len);
        size_t len = bar ? (size_t)(bar - left.ptr) : left.len;

        if (span_equal(word, (struct kedge_span){ left.ptr, len }))
            return i;
        len += bar ? 1 : 0;
        left = (struct kedge_span){ left.ptr + len, left.len - len };
    }
    return -1;
}

static bool in_bounds(const struct arg *a, uint64_t v)
{
    return v >= a->low && (a->high == 0 || v <= a->high);
}

static bool store(struct parse *p, const struct arg *a, const void *value, size_t size)
{
    memcpy(p->options + a->into, value, size);
    return true;
}

static bool store_u64(struct parse *p, const struct arg *a, uint64_t v)
{
    return store(p, a, &v, sizeof v);
}

/* A bound as the user would write it: a time in the largest unit that is exact. */
static struct printable limit(const struct arg *a, uint64_t v)
{
    struct printable s = { 0 };
    unsigned long long n = v;

    if (a->kind == ARG_OCTAL)
        snprintf(s.text, sizeof s.text, "%llo", n);
    else if (a->kind != ARG_TIME || v == 0)
        snprintf(s.text, sizeof s.text, "%llu", n);
    else if (v % KEDGE_SEC == 0)
        snprintf(s.text, sizeof s.text, "%llus", n / KEDGE_SEC);
    else if (v % KEDGE_MSEC == 0)
        snprintf(s.text, sizeof s.text, "%llums", n / KEDGE_MSEC);
    else
        snprintf(s.text, sizeof s.text, "%lluns", n);
    return s;
}

/* ", 8 to 65464", or nothing. */
static struct printable bounds(const struct arg *a)
{
    struct printable s = { 0 }, low = limit(a, a->low), high = limit(a, a->high);

    if (a->high > 0)
        snprintf(s.text, sizeof s.text, ", %.30s to %.30s", low.text, high.text);
    else if (a->low > 0)
        snprintf(s.text, sizeof s.text, ", at least %.30s", low.text);
    return s;
}

static const char *wanted(enum arg_kind kind)
{
    switch (kind) {
    case ARG_NUMBER:
        return "a number";
    case ARG_TIME:
        return "a time such as 10ms or 2s";
    case ARG_SIZE:
        return "a size such as 512, 4K or 1M";
    case ARG_OCTAL:
        return "an octal number";
    case ARG_RANGE:
        return "LOW-HIGH";
    case ARG_ENUM:
    case ARG_MAYBE:
        return "one of";
    default:
        return "a value";
    }
}

static bool not_valid(struct parse *p, const struct arg *a, const char *value)
{
    return bad(p, "%s takes %s%s%s%s, not '%s'", flag_of(a).text, wanted(a->kind),
               bounds(a).text,
               a->words ? (a->kind == ARG_ENUM || a->kind == ARG_MAYBE ? " " : ", or ")
                        : "",
               a->words ? a->words : "", printable(value, PRINTABLE_WORD).text);
}

static bool set_number(struct parse *p, const struct arg *a, const char *value)
{
    struct kedge_span text = span_of(value);
    uint64_t v = 0;
    bool ok = false;

    if (word_in(a->words, text) >= 0)
        return store_u64(p, a, ARG_WORD);
    if (a->kind == ARG_TIME)
        ok = units_time(text, &v);
    else if (a->kind == ARG_SIZE)
        ok = units_size(text, &v);
    else if (a->kind == ARG_OCTAL)
        ok = units_octal(text, UINT64_MAX - 1, &v);
    else
        ok = decimal(text, UINT64_MAX - 1, &v);
    if (!ok || v == ARG_WORD || !in_bounds(a, v))
        return not_valid(p, a, value);
    return store_u64(p, a, v);
}

static bool set_range(struct parse *p, const struct arg *a, const char *value)
{
    struct kedge_span high = span_of(value), low = high;
    const char *dash = strchr(value, '-');
    struct arg_range range;

    if (dash) {
        low.len = (size_t)(dash - value);
        high = span_of(dash + 1);
    }
    if (!decimal(low, UINT64_MAX - 1, &range.low) ||
        !decimal(high, UINT64_MAX - 1, &range.high) || range.low > range.high ||
        !in_bounds(a, range.low) || !in_bounds(a, range.high))
        return not_valid(p, a, value);
    return store(p, a, &range, sizeof range);
}

static bool set_word(struct parse *p, const struct arg *a, const char *value)
{
    int place = word_in(a->words, span_of(value));
    uint32_t v = (uint32_t)place;

    return place < 0 ? not_valid(p, a, value) : store(p, a, &v, sizeof v);
}

static bool add_text(struct parse *p, const struct arg *a, const char *value)
{
    struct arg_list list;

    memcpy(&list, p->options + a->into, sizeof list);
    if (list.count == ARG_LIST_MAX)
        return bad(p, "%s is given more than %d times", flag_of(a).text, ARG_LIST_MAX);
    list.items[list.count++] = value;
    return store(p, a, &list, sizeof list);
}

static bool set(struct parse *p, const struct arg *a, const char *value)
{
    bool yes = true;

    switch (a->kind) {
    case ARG_FLAG:
        return store(p, a, &yes, sizeof yes);
    case ARG_RANGE:
        return set_range(p, a, value);
    case ARG_ENUM:
        return set_word(p, a, value);
    case ARG_MAYBE:
        if (a->words && value[0] && word_in(a->words, span_of(value)) < 0)
            return not_valid(p, a, value);
        return store(p, a, &value, sizeof value);
    case ARG_TEXT:
        return store(p, a, &value, sizeof value);
    case ARG_TEXTS:
        return add_text(p, a, value);
    default:
        return set_number(p, a, value);
    }
}

static bool set_flag(struct parse *p, const struct arg *a, const char *value)
{
    int place = word_in("no|off|false|yes|on|true", span_of(value));
    bool yes = place >= 3;

    if (place < 0)
        return bad(p, "%s takes yes or no, not '%s'", flag_of(a).text,
                   printable(value, PRINTABLE_WORD).text);
    return store(p, a, &yes, sizeof yes);
}

bool args_set(const struct arg *a, const char *value, void *options,
              struct args_problem *problem)
{
    struct parse p = { .options = options, .problem = problem };
    size_t name = strlen(flag_of(a).text);
    bool good = a->kind == ARG_FLAG ? set_flag(&p, a, value) : set(&p, a, value);

    /* The caller has the name, with its line. */
    if (!good && strlen(problem->text) > name)
        memmove(problem->text, problem->text + name + 1,
                strlen(problem->text + name + 1) + 1);
    return good;
}

static bool clash(struct parse *p, const struct arg *a)
{
    for (size_t i = 0; a->not_with && i < p->verb->arg_count; i++) {
        const struct arg *b = &p->verb->args[i];
        const char letter[] = { b->letter, 0 };

        if (!(p->given >> i & 1))
            continue;
        if (word_in(a->not_with, span_of(b->name ? b->name : letter)) >= 0)
            return bad(p, "%s and %s contradict each other", flag_of(a).text,
                       flag_of(b).text),
                   true;
    }
    return false;
}

static bool args_option(struct parse *p, const struct arg *a, const char *value)
{
    uint64_t bit = (uint64_t)1 << (a - p->verb->args);

    if (p->given & bit && a->kind != ARG_FLAG && a->kind != ARG_TEXTS)
        return bad(p, "%s is given twice", flag_of(a).text);
    p->given |= bit;
    return set(p, a, value);
}

/* The next word as the value of `a`, or NULL when there is none. */
static const char *next_arg_word(struct parse *p)
{
    return p->at + 1 < p->words->count ? p->words->items[++p->at] : NULL;
}

static const struct arg *by_name(const struct verb *verb, struct kedge_span name)
{
    for (size_t i = 0; i < verb->arg_count; i++)
        if (verb->args[i].name && span_equal(name, span_of(verb->args[i].name)))
            return &verb->args[i];
    return NULL;
}

static const struct arg *by_letter(const struct verb *verb, char letter)
{
    for (size_t i = 0; i < verb->arg_count; i++)
        if (verb->args[i].letter == letter)
            return &verb->args[i];
    return NULL;
}

static bool unknown_option(struct parse *p, const char *word, struct kedge_span name)
{
    struct suggestion s = { .typed = name };

    for (size_t i = 0; i < p->verb->arg_count; i++)
        if (p->verb->args[i].name && p->verb->args[i].kind != ARG_GONE)
            suggest(&s, p->verb->args[i].name);
    return bad(p, "unknown option %s%s%s%s", printable(word, PRINTABLE_WORD).text,
               s.nearest ? ", did you mean --" : "", s.nearest ? s.nearest : "",
               s.nearest ? "?" : "");
}

static bool long_option(struct parse *p, const char *word)
{
    const char *equals = strchr(word, '=');
    struct kedge_span name = span_of(word + 2);
    const struct arg *a = NULL;
    const char *value = NULL;

    if (equals)
        name.len = (size_t)(equals - (word + 2));
    a = by_name(p->verb, name);
    if (!a)
        return unknown_option(p, word, name);
    if (a->kind == ARG_GONE)
        return bad(p, "use: %s", a->help);
    if (a->kind == ARG_FLAG)
        return equals ? bad(p, "%s takes no value", flag_of(a).text)
                      : args_option(p, a, NULL);
    if (equals)
        value = equals + 1;
    else
        value = a->kind == ARG_MAYBE ? "" : next_arg_word(p);
    return value ? args_option(p, a, value) : bad(p, "%s needs a value", flag_of(a).text);
}

static bool short_options(struct parse *p, const char *word)
{
    for (const char *c = word + 1; *c; c++) {
        const struct arg *a = by_letter(p->verb, *c);
        const char *value = NULL;

        if (!a)
            return bad(p, "unknown option -%s", printable(c, PRINTABLE_WORD).text);
        if (a->kind == ARG_FLAG) {
            if (!args_option(p, a, NULL))
                return false;
            continue;
        }
        value = c[1] ? c + 1 : next_arg_word(p);
        return value ? args_option(p, a, value) : bad(p, "-%c needs a value", *c);
    }
    return true;
}

static bool whole(struct parse *p)
{
    const struct verb *verb = p->verb;

    for (size_t i = 0; i < verb->arg_count; i++)
        if (p->given >> i & 1 && clash(p, &verb->args[i]))
            return false;
    if (p->kept < verb->operands_min)
        return bad(p, "missing operand: %s", verb->operands);
    if (p->kept > verb->operands_max)
        return bad(p, "unexpected operand '%s'",
                   printable(p->words->items[verb->operands_max], PRINTABLE_WORD).text);
    p->words->count = p->kept;
    return true;
}

static bool is_help(const struct verb *verb, const char *word)
{
    return strcmp(word, "--help") == 0 ||
           (strcmp(word, "-h") == 0 && !by_letter(verb, 'h'));
}

/* True where it ends the options. */
static bool add_operand(struct parse *p, const char *word)
{
    p->words->items[p->kept++] = word;
    return p->verb->command;
}

enum args_result args_parse(const struct verb *verb, struct operands *words,
                            void *options, struct args_problem *problem)
{
    struct parse p = {
        .verb = verb, .words = words, .options = options, .problem = problem
    };
    bool ended = false;

    KEDGE_ASSERT(verb->arg_count <= ARGS_MAX);
    for (; p.at < words->count; p.at++) {
        const char *word = words->items[p.at];
        bool ok = true;

        if (ended || word[0] != '-' || word[1] == 0)
            ended |= add_operand(&p, word);
        else if (strcmp(word, "--") == 0)
            ended = true;
        else if (is_help(verb, word))
            return ARGS_HELP;
        else
            ok = word[1] == '-' ? long_option(&p, word) : short_options(&p, word);
        if (!ok)
            return ARGS_BAD;
    }
    if (!whole(&p))
        return ARGS_BAD;
    if (verb->given_into)
        memcpy((char *)options + verb->given_into, &p.given, sizeof p.given);
    return ARGS_RUN;
}
