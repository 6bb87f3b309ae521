/* SPDX-License-Identifier: MIT */
/* The command line of a verb, as a table. The table is all there is: the parser, `kedge
 * help VERB`, the check of the man page and the completion of the shell read the same
 * rows. Values land in the verb's own struct of options, which begins as a copy of its
 * defaults; operands stay in order. Nothing is allocated: texts point into argv. */
#ifndef CMD_ARGS_H
#define CMD_ARGS_H

#include "cmd/exit_code.h"
#include "kedge/base.h"

#include <stdio.h>

#define ARGS_MAX 64     /* rows of one table */
#define ARG_LIST_MAX 32 /* times one option may be repeated */
#define ARG_WORD UINT64_MAX

/* The kind of an option says what its value is, and the type of the field it fills. */
enum arg_kind {
    ARG_FLAG,   /* bool; takes no value */
    ARG_NUMBER, /* uint64_t: decimal, low to high; or one of `words`: ARG_WORD */
    ARG_TIME,   /* kedge_nanos: units_time, low to high */
    ARG_SIZE,   /* uint64_t: units_size, low to high */
    ARG_OCTAL,  /* uint64_t: low to high */
    ARG_RANGE,  /* struct arg_range: LOW-HIGH, or one number, low to high */
    ARG_ENUM,   /* uint32_t: the place of the value in `words`, from 0 */
    ARG_TEXT,   /* const char * */
    ARG_TEXTS,  /* struct arg_list: may be repeated */
    ARG_MAYBE,  /* const char *: "" where no =VALUE follows; else NULL by default */
    ARG_GONE /* not taken any more; its help says what to use. Help does not list it. */
};

struct arg_range {
    uint64_t low;
    uint64_t high;
};

struct arg_list {
    uint32_t count;
    const char *items[ARG_LIST_MAX];
};

struct arg {
    const char *name; /* without the dashes; NULL: it has a letter only */
    char letter;      /* 0: none */
    enum arg_kind kind;
    const char *value;    /* how help calls its value: "N", "TIME"; NULL for a flag */
    const char *words;    /* "octet|netascii"; NUMBER: "mtu"; else NULL */
    size_t into;          /* offsetof its field in the struct of options */
    uint64_t low, high;   /* high 0: no bound */
    const char *not_with; /* "single-port|6": these may not be given besides */
    const char *help;     /* one line, no full stop */
};

struct operands {
    const char **items;
    size_t count;
};

struct verb {
    const char *name;
    const char *operands; /* "ENDPOINT..." as the synopsis says it */
    const char *summary;  /* one line, no full stop */
    const char *notes;    /* more for its help, whole lines; or NULL */
    const struct arg *args;
    size_t arg_count;
    size_t operands_min, operands_max;
    bool command;         /* the first operand ends the options */
    const void *defaults; /* a struct of options ... */
    size_t options_size;  /* ... and its size, at most VERB_OPTIONS_MAX */
    size_t given_into;    /* offsetof a uint64_t there: a bit for each row that was given;
                          0: nobody asks */
    enum exit_code (*run)(const void *options, const struct operands *operands);
};

#define VERB_OPTIONS_MAX 4096

enum args_result { ARGS_RUN, ARGS_HELP, ARGS_BAD };

struct args_problem {
    char text[256]; /* one line that names the flag, without the program's name */
};

/* Read the words after the verb. `options` holds the defaults. The words that are operands
 * are gathered in front, and `words` then counts those. `--name value` and `--name=value`;
 * `-c 5` and `-c5`; flags of one letter may stand together; `--` ends the options, and a
 * lone `-` is an operand. Of a verb that runs a command, its first operand ends them too. ARGS_HELP: --help or -h was met. ARGS_BAD: `problem` says why. */
KEDGE_MUST_CHECK enum args_result args_parse(const struct verb *verb,
                                             struct operands *words, void *options,
                                             struct args_problem *problem);

/* Set one row as a file does: by the same rules, a flag by yes or no. False: `problem` says
 * what is allowed, without the option's name. value outlives the options. */
KEDGE_MUST_CHECK bool args_set(const struct arg *a, const char *value, void *options,
                               struct args_problem *problem);

/* `kedge help VERB`. The first line is the synopsis of the man page. */
void args_help(const struct verb *verb, FILE *out);

#endif
