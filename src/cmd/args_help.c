/* SPDX-License-Identifier: MIT */
/* The help text of a verb, printed from its table of options. */
#include "cmd/args.h"

#include <string.h>

#define HELP_INDENT 30
#define HELP_WIDTH 80

/* Words, broken at the edge of a terminal of 80 columns. */
static void print_wrapped(const char *text, FILE *out)
{
    size_t column = HELP_INDENT;

    while (*text) {
        size_t len = strcspn(text, " ");

        if (column > HELP_INDENT && column + 1 + len > HELP_WIDTH) {
            fprintf(out, "\n%*s", HELP_INDENT, "");
            column = HELP_INDENT;
        } else if (column > HELP_INDENT) {
            fputc(' ', out);
            column++;
        }
        fprintf(out, "%.*s", (int)len, text);
        column += len;
        text += len + strspn(text + len, " ");
    }
    fputc('\n', out);
}

static void help_row(const struct arg *a, FILE *out)
{
    char left[64];
    int n = snprintf(left, sizeof left, "  %c%c%s%s%s", a->letter ? '-' : ' ',
                     a->letter ? a->letter : ' ', a->letter && a->name ? ", " : "  ",
                     a->name ? "--" : "", a->name ? a->name : "");

    if (a->value && n > 0 && (size_t)n < sizeof left)
        snprintf(left + n, sizeof left - (size_t)n,
                 a->kind == ARG_MAYBE ? "[=%s]" : " %s", a->value);
    if (strlen(left) > HELP_INDENT - 2)
        fprintf(out, "%s\n%*s", left, HELP_INDENT, "");
    else
        fprintf(out, "%-*s", HELP_INDENT, left);
    print_wrapped(a->help, out);
}

void args_help(const struct verb *verb, FILE *out)
{
    fprintf(out, "usage: kedge %s%s%s%s\n\n%s.\n", verb->name,
            verb->arg_count ? " [OPTION...]" : "", *verb->operands ? " " : "",
            verb->operands, verb->summary);
    if (verb->arg_count)
        fputs("\noptions:\n", out);
    for (size_t i = 0; i < verb->arg_count; i++)
        if (verb->args[i].kind != ARG_GONE)
            help_row(&verb->args[i], out);
    if (verb->notes)
        fprintf(out, "\n%s", verb->notes);
}
