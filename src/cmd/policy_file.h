/* SPDX-License-Identifier: MIT */
/* The policy file, read by libconfuse into a policy_set. Every fault has the file, the
 * line, the key and what is allowed. Maps that it names are loaded too. It blocks; any
 * thread may do it. */
#ifndef CMD_POLICY_FILE_H
#define CMD_POLICY_FILE_H

#include "cmd/args.h"
#include "serve/tftp/policy_set.h"

/* What may stand at the file's top level: rows of a verb's table, by their names. */
struct policy_file_top {
    const struct arg *args;
    size_t arg_count;
    uint32_t without; /* keys of sections that its program does not know: bits */

    /* Set a row; value lives as long as the policy_set. `problem` as of args_set(). NULL:
     * such keys are checked, and then passed over. */
    bool (*set)(void *owner, const struct arg *a, const char *value,
                struct args_problem *problem);
    void *owner;

    const char *list; /* a list of texts besides, and who takes each; or NULL */
    bool (*add)(void *owner, const char *item, struct args_problem *problem);
};

/* Add what path says to s, which is not closed yet. False: complaints has a line for each
 * fault, and s is to be freed. */
KEDGE_MUST_CHECK bool policy_file_load(struct policy_set *s, const char *path,
                                       const struct policy_file_top *top,
                                       struct writer *complaints);

/* What stands behind the text of a file that is parsed, so that one cut short is seen. */
#define POLICY_FILE_END "\nend-of-policy-file = 1\n"

struct policy_source {
    const char *path; /* for complaints */
    char *text;       /* ends with POLICY_FILE_END and a NUL; is written to */
};

/* The same of a text. */
KEDGE_MUST_CHECK bool policy_file_parse(struct policy_set *s,
                                        const struct policy_source *from,
                                        const struct policy_file_top *top,
                                        struct writer *complaints);

/* Set a key of a section as the policy file does, for the command line. False: `problem`
 * says why, without the key. A map is loaded. */
KEDGE_MUST_CHECK bool policy_file_set(struct policy_set *s,
                                      struct policy_section *section, enum policy_key key,
                                      const char *value, struct args_problem *problem);

#endif
