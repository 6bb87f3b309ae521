/* SPDX-License-Identifier: MIT */
/* kedge: finds the verb, reads its command line by its table, runs it. */
#include "cmd/in_tftpd.h"
#include "cmd/standard_streams.h"
#include "cmd/verbs.h"
#include "report/table.h"

#include <signal.h>
#include <stdalign.h>
#include <stdio.h>
#include <string.h>

static enum exit_code run_verb(const struct verb *verb, struct operands *words)
{
    alignas(max_align_t) uint8_t options[VERB_OPTIONS_MAX];
    struct args_problem problem = { { 0 } };

    KEDGE_ASSERT(verb->options_size <= sizeof options);
    memcpy(options, verb->defaults, verb->options_size);
    switch (args_parse(verb, words, options, &problem)) {
    case ARGS_HELP:
        args_help(verb, stdout);
        return EXIT_OK;
    case ARGS_BAD:
        fprintf(stderr, "kedge %s: %s (see: kedge help %s)\n", verb->name, problem.text,
                verb->name);
        return EXIT_USAGE;
    case ARGS_RUN:
        break;
    }
    return verb->run(options, words);
}

static enum exit_code dispatch(struct operands words)
{
    const char *first = words.count > 0 ? words.items[0] : NULL;
    struct operands rest = { words.items + 1, words.count - 1 };
    const struct verb *verb = NULL;

    if (!first) {
        help_overview(stderr);
        return EXIT_USAGE;
    }
    if (strcmp(first, "--version") == 0) {
        puts("kedge " KEDGE_VERSION);
        return EXIT_OK;
    }
    if (strcmp(first, "--help") == 0 || strcmp(first, "-h") == 0)
        first = "help";
    verb = verb_find(first);
    return verb ? run_verb(verb, &rest) : help_unknown_verb(first);
}

int main(int argc, char **argv)
{
    struct operands words = { (const char **)argv + 1, argc > 0 ? (size_t)argc - 1 : 0 };

    standard_hold();
    /* A reader that went away is an error of one write, not the end of the program. */
    signal(SIGPIPE, SIG_IGN);
    signal(SIGXFSZ, SIG_IGN); /* so is a file that may not grow */
    stdout_by_line();
    if (in_tftpd_is(argv[0]))
        return in_tftpd_run(argc, argv);
    return (int)standard_end(dispatch(words));
}
