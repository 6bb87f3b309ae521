/* SPDX-License-Identifier: MIT */
/* The lines of a map file: letters, regular expression, replacement. */
#include "policy/map_rules.h"

#include <string.h>

size_t map_clean(uint8_t *text, size_t len)
{
    size_t kept = 0;

    for (size_t i = 0; i < len; i++)
        if (text[i] != '\0' && text[i] != '\r')
            text[kept++] = text[i];
    return kept;
}

static bool is_blank(uint8_t c)
{
    return c == ' ' || (c >= '\t' && c <= '\r');
}

/* The next word of a line. It ends at a blank or # that has no backslash before it, and
 * keeps its backslashes; it is empty at the line's end. */
static struct kedge_span take_word(struct kedge_span *line)
{
    bool escaped = false;
    size_t start = 0;
    size_t end = 0;
    struct kedge_span word;

    while (start < line->len && is_blank(line->ptr[start]))
        start++;
    for (end = start; end < line->len; end++) {
        uint8_t c = line->ptr[end];

        if (!escaped && (is_blank(c) || c == '#'))
            break;
        escaped = !escaped && c == '\\';
    }
    word = (struct kedge_span){ line->ptr + start, end - start };
    *line = (struct kedge_span){ line->ptr + end, line->len - end };
    return word;
}

static uint32_t letter_of(uint8_t c)
{
    static const struct {
        char name;
        uint32_t letter;
    } letters[] = {
        { 'r', MAP_REWRITE }, { 'e', MAP_EXIT },    { 'E', MAP_FILE },
        { 's', MAP_RESTART }, { 'a', MAP_ABORT },   { 'j', MAP_JUMP },
        { 'i', MAP_NOCASE },  { '~', MAP_INVERSE }, { '4', MAP_IPV4 },
        { '6', MAP_IPV6 },    { 'G', MAP_GET },     { 'P', MAP_PUT },
        { 'g', MAP_GLOBAL },
    };

    for (size_t i = 0; i < sizeof letters / sizeof *letters; i++)
        if (c == (uint8_t)letters[i].name)
            return letters[i].letter;
    return 0;
}

/* The pair of letters that exclude each other, or NULL. */
static const char *bad_pair(uint32_t letters)
{
    static const struct {
        uint32_t both;
        const char *name;
    } pairs[] = {
        { MAP_REWRITE | MAP_INVERSE, "r~" }, { MAP_REWRITE | MAP_ABORT, "ra" },
        { MAP_REWRITE | MAP_JUMP, "rj" },    { MAP_ABORT | MAP_JUMP, "aj" },
        { MAP_ABORT | MAP_RESTART, "as" },   { MAP_EXIT | MAP_JUMP, "ej" },
        { MAP_EXIT | MAP_ABORT, "ea" },      { MAP_EXIT | MAP_RESTART, "es" },
        { MAP_EXIT | MAP_FILE, "eE" },       { MAP_FILE | MAP_JUMP, "Ej" },
        { MAP_FILE | MAP_ABORT, "Ea" },      { MAP_FILE | MAP_RESTART, "Es" },
    };

    for (size_t i = 0; i < sizeof pairs / sizeof *pairs; i++)
        if ((letters & pairs[i].both) == pairs[i].both)
            return pairs[i].name;
    return NULL;
}

static bool read_letters(struct kedge_span word, struct map_rule *rule,
                         struct map_problem *why)
{
    for (size_t i = 0; i < word.len; i++) {
        uint32_t letter = letter_of(word.ptr[i]);

        if (!letter) {
            *why = (struct map_problem){ .fault = MAP_BAD_LETTER, .letter = word.ptr[i] };
            return false;
        }
        if (letter == MAP_GLOBAL && rule->letters & MAP_GLOBAL)
            letter = MAP_ONWARDS;
        rule->letters |= letter;
    }
    if (bad_pair(rule->letters)) {
        *why = (struct map_problem){ .fault = MAP_BAD_PAIR,
                                     .pair = bad_pair(rule->letters) };
        return false;
    }
    if (!(rule->letters & MAP_REWRITE))
        rule->letters &= ~(uint32_t)(MAP_GLOBAL | MAP_ONWARDS);
    return true;
}

/* `:name`. A colon alone takes the word behind it. */
static void read_label(struct kedge_span word, struct kedge_span *line,
                       struct map_rule *rule)
{
    rule->letters = MAP_LABEL;
    rule->pattern = (struct kedge_span){ word.ptr + 1, word.len - 1 };
    if (rule->pattern.len == 0)
        rule->pattern = take_word(line);
}

static enum map_line read_rule(struct kedge_span line, struct map_rule *rule,
                               struct map_problem *why)
{
    struct kedge_span word = take_word(&line);

    if (word.len == 0)
        return MAP_LINE_END;
    if (word.ptr[0] == ':') {
        read_label(word, &line, rule);
        return MAP_LINE_RULE;
    }
    if (!read_letters(word, rule, why))
        return MAP_LINE_BAD;
    rule->regex = take_word(&line);
    if (rule->regex.len == 0) {
        *why = (struct map_problem){ .fault = MAP_REGEX_MISSING };
        return MAP_LINE_BAD;
    }
    if (map_regex_refers_back(rule->regex))
        rule->letters |= MAP_BACKREF;
    rule->pattern = take_word(&line);
    return MAP_LINE_RULE;
}

static struct kedge_span take_line(struct map_lines *l)
{
    const uint8_t *end = memchr(l->left.ptr, '\n', l->left.len);
    size_t len = end ? (size_t)(end - l->left.ptr) : l->left.len;
    struct kedge_span line = { l->left.ptr, len };

    len += end != NULL;
    l->left = (struct kedge_span){ l->left.ptr + len, l->left.len - len };
    l->line++;
    return line;
}

enum map_line map_next(struct map_lines *l, struct map_rule *out, struct map_problem *why)
{
    while (l->left.len > 0) {
        struct kedge_span line = take_line(l);
        struct map_rule rule = { .line = l->line };
        enum map_line found = read_rule(line, &rule, why);

        if (found == MAP_LINE_BAD)
            why->line = l->line;
        if (found == MAP_LINE_RULE)
            *out = rule;
        if (found != MAP_LINE_END)
            return found;
    }
    return MAP_LINE_END;
}

void map_problem_text(struct writer *w, const struct map_problem *why)
{
    switch (why->fault) {
    case MAP_SOUND:
        break;
    case MAP_BAD_LETTER:
        put(w, span_of("letter '"));
        put(w, (struct kedge_span){ &why->letter, 1 });
        put(w, span_of("' is unknown; allowed are r g gg e E s a j i ~ G P 4 6"));
        break;
    case MAP_BAD_PAIR:
        put(w, span_of("letters "));
        put(w, (struct kedge_span){ (const uint8_t *)why->pair, 1 });
        put(w, span_of(" and "));
        put(w, (struct kedge_span){ (const uint8_t *)why->pair + 1, 1 });
        put(w, span_of(" exclude each other"));
        break;
    case MAP_REGEX_MISSING:
        put(w, span_of("the regular expression is missing; a line is: LETTERS REGEX "
                       "[REPLACEMENT]"));
        break;
    case MAP_TOO_MANY:
        put(w, span_of("too many rules for a map file, at most "));
        put_decimal(w, MAP_RULES_MAX);
        break;
    }
}

/* The length of a bracket expression at the front of s, its brackets included. */
static size_t bracket_length(struct kedge_span s)
{
    size_t i = 1;

    if (i < s.len && s.ptr[i] == '^')
        i++;
    if (i < s.len && s.ptr[i] == ']')
        i++; /* the first is a member */
    while (i < s.len && s.ptr[i] != ']') {
        uint8_t kind = s.ptr[i] == '[' && i + 1 < s.len ? s.ptr[i + 1] : 0;

        i++;
        if (kind != ':' && kind != '.' && kind != '=')
            continue;
        for (i++; i + 1 < s.len && !(s.ptr[i] == kind && s.ptr[i + 1] == ']'); i++)
            ;
        i += 2;
    }
    return i + 1;
}

bool map_regex_refers_back(struct kedge_span regex)
{
    size_t i = 0;

    while (i < regex.len) {
        struct kedge_span rest = { regex.ptr + i, regex.len - i };

        if (rest.ptr[0] == '[') {
            i += bracket_length(rest);
        } else if (rest.ptr[0] == '\\' && rest.len > 1) {
            if (rest.ptr[1] >= '1' && rest.ptr[1] <= '9')
                return true;
            i += 2;
        } else {
            i++;
        }
    }
    return false;
}
