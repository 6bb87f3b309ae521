/* SPDX-License-Identifier: MIT */
/* Loads a map file: reads it, checks its lines, compiles its expressions. */
#include "serve/tftp/map_set.h"

#include "os/privileges.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

struct map_set_expression {
    struct match_pattern pattern; /* of a label: no text */
    bool compiled;
    struct match_expression compiled_form;
};

static struct map_char take_character(const void *owner, struct kedge_span text,
                                      enum map_fold fold)
{
    int direction = fold == MAP_UPPER ? 1 : fold == MAP_LOWER ? -1 : 0;
    struct match_char got = match_character(owner, text, direction);
    struct map_char c = { .taken = got.taken, .len = got.len };

    _Static_assert(sizeof c.out == sizeof got.out, "a character fits");
    memcpy(c.out, got.out, got.len);
    return c;
}

/* "file:line: what" */
static void map_complain(struct writer *w, const char *path, uint32_t line,
                         const char *what)
{
    put(w, span_of(path));
    put_u8(w, ':');
    put_decimal(w, line);
    put(w, span_of(": "));
    put(w, span_of(what));
    put_u8(w, '\n');
}

static bool complain_of_file(struct writer *w, const char *path, const char *what)
{
    put(w, span_of(path));
    put(w, span_of(": "));
    put(w, span_of(what));
    put_u8(w, '\n');
    return false;
}

static bool read_map_bytes(int fd, uint8_t *into, size_t size, size_t *len)
{
    ssize_t n = 0;

    *len = 0;
    do {
        n = read(fd, into + *len, size - *len);
        *len += n > 0 ? (size_t)n : 0;
    } while ((n > 0 && *len < size) || (n < 0 && errno == EINTR));
    return n >= 0;
}

/* The whole file, without NUL and CR. One byte more than the limit is read, to see that
 * it is too large. */
static bool read_map(struct map_set *s, const char *path, struct kedge_span *text,
                     struct writer *complaints)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    size_t len = 0;
    bool good = false;

    if (fd < 0 && errno == EACCES && jail_hides(path))
        return complain_of_file(complaints, path, "restart needed: outside the sandbox");
    if (fd < 0)
        return complain_of_file(complaints, path, strerror(errno));
    s->text = malloc(MAP_FILE_MAX + 1);
    if (!s->text)
        complain_of_file(complaints, path, "no memory");
    else if (!read_map_bytes(fd, s->text, MAP_FILE_MAX + 1, &len))
        complain_of_file(complaints, path, strerror(errno));
    else if (len > MAP_FILE_MAX)
        complain_of_file(complaints, path, "larger than 1 MiB, the limit of a map file");
    else
        good = true;
    close(fd);
    *text = (struct kedge_span){ s->text, good ? map_clean(s->text, len) : 0 };
    return good;
}

static bool parse_map(struct map_set *s, struct kedge_span text, const char *path,
                      struct writer *complaints)
{
    struct map_lines lines = { .left = text };
    struct map_problem why;
    enum map_line found;
    bool good = true;

    while ((found = map_next(&lines, &s->rules[s->map.count], &why)) != MAP_LINE_END) {
        char what[160] = "";
        struct writer w = { .ptr = (uint8_t *)what, .room = sizeof what - 1 };

        if (found == MAP_LINE_RULE && s->map.count < MAP_RULES_MAX) {
            s->map.count++;
            continue;
        }
        if (found == MAP_LINE_RULE)
            why = (struct map_problem){ .fault = MAP_TOO_MANY, .line = lines.line };
        map_problem_text(&w, &why);
        map_complain(complaints, path, why.line, what);
        good = false;
        if (why.fault == MAP_TOO_MANY)
            break;
    }
    return good;
}

static unsigned kinds_of(const struct map_rule *rule)
{
    return (rule->letters & MAP_NOCASE ? MATCH_NOCASE : 0u) |
           (rule->letters & MAP_INVERSE ? MATCH_NO_GROUPS : 0u);
}

/* Each expression as a C string. */
static void copy_expressions(struct map_set *s)
{
    char *at = s->regexes;

    for (size_t i = 0; i < s->map.count; i++) {
        const struct map_rule *rule = &s->rules[i];

        if (rule->letters & MAP_LABEL)
            continue;
        memcpy(at, rule->regex.ptr, rule->regex.len);
        at[rule->regex.len] = '\0';
        s->expressions[i].pattern = (struct match_pattern){ at, kinds_of(rule) };
        at += rule->regex.len + 1;
    }
}

/* A label has no expression; the trial gets one that costs nothing. */
static bool nth_pattern(const void *owner, size_t n, struct match_pattern *out)
{
    const struct map_set *s = owner;

    if (n >= s->map.count)
        return false;
    *out = s->expressions[n].pattern;
    if (!out->text)
        out->text = "";
    return true;
}

static bool try_out(struct map_set *s, const char *path, struct writer *complaints)
{
    size_t bad = 0;

    switch (match_trial(&s->locale, nth_pattern, s, &bad)) {
    case MATCH_FINE:
        return true;
    case MATCH_TOO_COSTLY:
        map_complain(complaints, path, bad < s->map.count ? s->rules[bad].line : 0,
                     "the regular expression takes more than 1 s or 64 MiB to compile");
        return false;
    case MATCH_UNTRIED:
        break;
    }
    return complain_of_file(complaints, path,
                            "no child process to compile its expressions in");
}

static bool compile(struct map_set *s, const char *path, struct writer *complaints)
{
    bool good = true;

    for (size_t i = 0; i < s->map.count; i++) {
        struct map_set_expression *e = &s->expressions[i];
        char error[160];

        if (!e->pattern.text)
            continue;
        e->compiled = match_compile(&e->compiled_form, &s->locale, &e->pattern, error,
                                    sizeof error) == 0;
        good = good && e->compiled;
        if (!e->compiled)
            map_complain(complaints, path, s->rules[i].line, error);
        else if (s->rules[i].letters & MAP_BACKREF)
            map_complain(
                complaints, path, s->rules[i].line,
                "warning: a back-reference in a regular expression is slow; this "
                "rule sees only names of up to 128 bytes");
    }
    return good;
}

static bool allocate_rules(struct map_set *s, const struct kedge_span *text)
{
    s->rules = calloc(MAP_RULES_MAX + 1, sizeof *s->rules);
    s->expressions = calloc(MAP_RULES_MAX, sizeof *s->expressions);
    s->regexes = malloc(text->len + MAP_RULES_MAX);
    s->map.rules = s->rules;
    return s->rules && s->expressions && s->regexes;
}

static bool load_map(struct map_set *s, const char *path, struct writer *complaints)
{
    struct kedge_span text = { 0 };

    if (match_locale_open(&s->locale, "") < 0)
        return complain_of_file(complaints, path, "no memory for its character set");
    s->chars = (struct map_chars){ .take = take_character, .owner = &s->locale };
    if (!read_map(s, path, &text, complaints))
        return false;
    if (!allocate_rules(s, &text))
        return complain_of_file(complaints, path, "no memory");
    if (!parse_map(s, text, path, complaints))
        return false;
    copy_expressions(s);
    return try_out(s, path, complaints) && compile(s, path, complaints);
}

bool map_set_load(struct map_set *s, const char *path, struct writer *complaints)
{
    *s = (struct map_set){ 0 };
    if (load_map(s, path, complaints))
        return true;
    map_set_free(s);
    return false;
}

void map_set_free(struct map_set *s)
{
    for (size_t i = 0; i < s->map.count; i++)
        if (s->expressions[i].compiled)
            match_free(&s->expressions[i].compiled_form);
    free(s->expressions);
    free(s->rules);
    free(s->regexes);
    free(s->text);
    if (s->locale.locale)
        match_locale_close(&s->locale);
    *s = (struct map_set){ 0 };
}

/* The C library lets one thread at a time match by an expression. A slow one would hold up all
 * who come to its rule, so each match has an expression of its own. */
static enum match_result match_alone(const struct map_set *s,
                                     const struct map_set_expression *e,
                                     const struct map_run *r, struct match_group *groups)
{
    struct match_expression own;
    char error[2];
    enum match_result result = MATCH_FAILED;

    if (match_compile(&own, &s->locale, &e->pattern, error, sizeof error) != 0)
        return MATCH_FAILED; /* no memory */
    result = match_run(&own, (const char *)r->text.ptr, r->not_at_start, groups);
    match_free(&own);
    return result;
}

enum match_result map_set_groups(const struct map_set *s, const struct map_run *r,
                                 struct map_group groups[MAP_GROUPS])
{
    const struct map_set_expression *e = &s->expressions[r->rule - s->map.rules];
    struct match_group found[MATCH_GROUPS];
    enum match_result result =
        r->rule->letters & MAP_BACKREF
            ? match_alone(s, e, r, found)
            : match_run(&e->compiled_form, (const char *)r->text.ptr, r->not_at_start,
                        found);

    if (result != MATCH_YES)
        return result;
    for (size_t i = 0; i < MAP_GROUPS; i++)
        groups[i] = (struct map_group){ found[i].from, found[i].to };
    return MATCH_YES;
}

enum map_todo map_set_match(const struct map_set *s, struct map_run *r)
{
    struct map_group groups[MAP_GROUPS];
    enum match_result result = map_set_groups(s, r, groups);

    _Static_assert(MAP_GROUPS == MATCH_GROUPS && MAP_NONE == MATCH_NONE, "one shape");
    if (result == MATCH_FAILED)
        return map_unmatched(r);
    return map_matched(r, result == MATCH_YES ? groups : NULL);
}
