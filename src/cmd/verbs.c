/* SPDX-License-Identifier: MIT */
/* The verbs of the program, and help, which speaks of all of them. */
#include "cmd/verbs.h"

#include "base/bytes.h"
#include "cmd/printable.h"
#include "cmd/suggest.h"

#include <string.h>

#define VERB_ADDRESS(name) &verb_##name,
static const struct verb *const verbs[] = { VERB_LIST(VERB_ADDRESS) };
#undef VERB_ADDRESS

const struct verb *verb_at(size_t i)
{
    return i < sizeof verbs / sizeof *verbs ? verbs[i] : NULL;
}

const struct verb *verb_find(const char *name)
{
    for (size_t i = 0; verb_at(i); i++)
        if (strcmp(verb_at(i)->name, name) == 0)
            return verb_at(i);
    return NULL;
}

void help_overview(FILE *out)
{
    fputs("usage: kedge VERB [OPTION...] [OPERAND...]\n\n", out);
    for (size_t i = 0; verb_at(i); i++)
        fprintf(out, "  %-9s%s\n", verb_at(i)->name, verb_at(i)->summary);
    fputs(
        "\nkedge help VERB shows a verb's options; kedge --version prints the version.\n",
        out);
}

/* Other programs have -V, and some a verb. */
static bool asks_for_version(const char *name)
{
    return strcmp(name, "-V") == 0 || strcmp(name, "version") == 0;
}

enum exit_code help_unknown_verb(const char *name)
{
    struct suggestion s = { .typed = span_of(name) };

    for (size_t i = 0; verb_at(i); i++)
        suggest(&s, verb_at(i)->name);
    suggest(&s, "--version");
    if (asks_for_version(name))
        s.nearest = "--version";
    fprintf(stderr, "kedge: unknown verb '%s'%s%s%s (see: kedge help)\n",
            printable(name, PRINTABLE_WORD).text,
            s.nearest ? ", did you mean kedge " : "", s.nearest ? s.nearest : "",
            s.nearest ? "?" : "");
    return EXIT_USAGE;
}

static enum exit_code help_run(const void *options, const struct operands *operands)
{
    const struct verb *verb = NULL;

    (void)options;
    if (operands->count == 0) {
        help_overview(stdout);
        return EXIT_OK;
    }
    verb = verb_find(operands->items[0]);
    if (!verb)
        return help_unknown_verb(operands->items[0]);
    args_help(verb, stdout);
    return EXIT_OK;
}

const struct verb verb_help = {
    .name = "help",
    .operands = "[VERB]",
    .summary = "list the verbs, or show the options of one",
    .operands_max = 1,
    .defaults = "",
    .run = help_run,
};
