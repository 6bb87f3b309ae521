/* SPDX-License-Identifier: MIT */
/* Writes a policy file: each part is a text in memory until all has been read. */
#include "cmd/convert.h"

#include "base/bytes.h"
#include "base/number.h"
#include "cmd/printable.h"

#include <errno.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

enum { CONVERT_VALUE = 4200 };

struct convert_kept {
    struct convert_kept *next;
    char text[];
};

int convert_begin(struct conversion *c, const char *what)
{
    FILE **parts[] = { &c->listen, &c->keys, &c->flags, &c->sections, &c->notes };

    *c = (struct conversion){ .what = what };
    for (size_t i = 0; i < sizeof parts / sizeof *parts; i++) {
        *parts[i] = open_memstream(&c->texts[i], &c->sizes[i]);
        if (!*parts[i])
            c->bad = true;
    }
    return c->bad ? -ENOMEM : 0;
}

/* Where the fault or the option stands: "FILE:LINE: ", or nothing. */
static void put_place(const struct conversion *c, FILE *out)
{
    if (c->file)
        fprintf(out, "%s:%u: ", printable(c->file, PRINTABLE_NAME).text, c->line);
}

void convert_fault(struct conversion *c, const char *option, const char *format, ...)
{
    char text[512];
    va_list ap;

    va_start(ap, format);
    (void)vsnprintf(text, sizeof text, format, ap);
    va_end(ap);
    fputs("kedge serve: ", stderr);
    put_place(c, stderr);
    fprintf(stderr, "%s %s\n", printable(option, PRINTABLE_WORD).text,
            printable(text, PRINTABLE_NAME).text);
    c->bad = true;
}

void convert_note(struct conversion *c, const char *option, const char *format, ...)
{
    char text[512];
    va_list ap;

    va_start(ap, format);
    (void)vsnprintf(text, sizeof text, format, ap);
    va_end(ap);
    fputs("#     ", c->notes);
    put_place(c, c->notes);
    fprintf(c->notes, "%s: %s\n", option, printable(text, PRINTABLE_NAME).text);
}

/* What an expression or a map file takes for itself. Other letters stay as they are: with a
 * backslash they may mean something, or be half of a character. */
static void put_expression(FILE *out, const char *text)
{
    for (; *text; text++) {
        if (strchr(".[]()*+?{}^$|\\# ", *text))
            fputc('\\', out);
        fputc(*text, out);
    }
}

void convert_note_names(struct conversion *c, const char *root)
{
    convert_note(c, "names", "with a part .. are not refused: they stay below the root");
    if (strcmp(root, "/") == 0)
        return;
    fputs("#     ", c->notes);
    put_place(c, c->notes);
    fputs("names: with the root in front of them need a map file: r ^", c->notes);
    put_expression(c->notes, root);
    fputs("/\n", c->notes);
}

/* As the policy file has it: "..." holds no quote, backslash or $. */
static void put_value(FILE *out, const char *value)
{
    if (!strpbrk(value, "\"\\$")) {
        fprintf(out, "\"%s\"", value);
        return;
    }
    fputc('\'', out);
    for (; *value; value++) {
        if (*value == '\'' || *value == '\\')
            fputc('\\', out);
        fputc(*value, out);
    }
    fputc('\'', out);
}

/* In a root %a, %m and %i stand for the client. */
static void put_value_of(FILE *out, const char *key, const char *value)
{
    char doubled[2 * CONVERT_VALUE];
    size_t len = 0;

    for (; *value && len < sizeof doubled - 2; value++) {
        if (*value == '%' && strcmp(key, "root") == 0)
            doubled[len++] = '%';
        doubled[len++] = *value;
    }
    doubled[len] = '\0';
    put_value(out, doubled);
}

/* As a shell takes it for one word. */
static void put_quoted_word(FILE *out, const char *word)
{
    static const char plain[] = "abcdefghijklmnopqrstuvwxyz"
                                "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_./:=,+@%";

    if (word[strspn(word, plain)] == '\0' && *word) {
        fputs(word, out);
        return;
    }
    fputc('\'', out);
    for (; *word; word++)
        if (*word == '\'')
            fputs("'\\''", out);
        else
            fputc(*word, out);
    fputc('\'', out);
}

void convert_key(struct conversion *c, const char *key, const char *format, ...)
{
    char value[CONVERT_VALUE];
    va_list ap;

    va_start(ap, format);
    (void)vsnprintf(value, sizeof value, format, ap);
    va_end(ap);
    fprintf(c->keys, "%s = ", key);
    put_value_of(c->keys, key, value);
    fputc('\n', c->keys);
    fprintf(c->flags, " --%s ", key);
    put_quoted_word(c->flags, value);
}

void convert_flag(struct conversion *c, const char *key)
{
    fprintf(c->keys, "%s = yes\n", key);
    fprintf(c->flags, " --%s", key);
}

void convert_listen(struct conversion *c, const char *host, unsigned port)
{
    bool six = host && strchr(host, ':');
    char endpoint[128];
    char digits[16] = "";

    if (port > 0)
        snprintf(digits, sizeof digits, ":%u", port);
    snprintf(endpoint, sizeof endpoint, "tftp://%s%s%s%s", six ? "[" : "",
             host ? host : "*", six ? "]" : "", digits);
    if (ftell(c->listen) > 0)
        fputs(", ", c->listen);
    put_value(c->listen, endpoint);
    fputc(' ', c->flags);
    put_quoted_word(c->flags, endpoint);
}

static void put_pair(FILE *out, struct convert_pair pair)
{
    if (!pair.key || !pair.value)
        return;
    fprintf(out, " %s = ", pair.key);
    put_value_of(out, pair.key, pair.value);
}

void convert_section(struct conversion *c, const char *title, struct convert_pair one,
                     struct convert_pair other)
{
    if (title) {
        fputs("client ", c->sections);
        put_value(c->sections, title);
    } else {
        fputs("default", c->sections);
    }
    fputs(" {", c->sections);
    put_pair(c->sections, one);
    put_pair(c->sections, other);
    fputs(" }\n", c->sections);
}

char *convert_keep(struct conversion *c, const char *text)
{
    size_t len = strlen(text);
    struct convert_kept *kept = malloc(sizeof *kept + len + 1);

    if (!kept) {
        convert_fault(c, "no memory", "for it");
        return NULL;
    }
    memcpy(kept->text, text, len + 1);
    kept->next = c->kept;
    c->kept = kept;
    return kept->text;
}

bool convert_number(struct conversion *c, const char *option, const char *text,
                    const uint64_t within[2], uint64_t *out)
{
    if (decimal(span_of(text), within[1], out) && *out >= within[0])
        return true;
    convert_fault(c, option, "takes a number, %llu to %llu, not '%.80s'",
                  (unsigned long long)within[0], (unsigned long long)within[1], text);
    return false;
}

bool convert_text(struct conversion *c, const char *option, const char *text)
{
    size_t len = strlen(text);
    bool good = len > 0 && len < 4096;

    for (size_t i = 0; i < len; i++)
        good = good && (uint8_t)text[i] >= ' ' && text[i] != 0x7f;
    if (!good)
        convert_fault(c, option, "takes 1 to 4095 bytes without control characters");
    return good;
}

/* The parts are whole. */
static void print_all(const struct conversion *c)
{
    enum { LISTEN, KEYS, FLAGS, SECTIONS, NOTES };

    printf("# TFTP as of %s.\n", printable(c->what, PRINTABLE_NAME).text);
    puts("#     kedge serve --config FILE    # this text as FILE");
    if (c->sizes[SECTIONS] == 0)
        printf("# The same without it:\n#     kedge serve%s\n", c->texts[FLAGS]);
    if (c->sizes[NOTES] > 0)
        printf("# Without a counterpart, or not quite the same:\n%s", c->texts[NOTES]);
    printf("listen = { %s }\n%s%s", c->texts[LISTEN], c->texts[KEYS], c->texts[SECTIONS]);
}

enum exit_code convert_end(struct conversion *c)
{
    FILE *parts[] = { c->listen, c->keys, c->flags, c->sections, c->notes };
    enum exit_code code = EXIT_USAGE;

    for (size_t i = 0; i < sizeof parts / sizeof *parts; i++)
        if (!parts[i] || fclose(parts[i]) != 0)
            c->bad = true;
    if (!c->bad) {
        print_all(c);
        code = EXIT_OK;
    }
    for (size_t i = 0; i < sizeof parts / sizeof *parts; i++)
        free(c->texts[i]);
    while (c->kept) {
        struct convert_kept *next = c->kept->next;

        free(c->kept);
        c->kept = next;
    }
    return code;
}
