/* SPDX-License-Identifier: MIT */
/* The rows of all groups as one list. */
#include "check/check.h"

#include "base/bytes.h"

#include <string.h>

static const struct check_rows *const groups[CHECK_GROUPS] = {
    [CHECK_REQUEST] = &check_request_rows, [CHECK_LOCKSTEP] = &check_lockstep_rows,
    [CHECK_UPLOAD] = &check_upload_rows,   [CHECK_NETASCII] = &check_netascii_rows,
    [CHECK_OPTIONS] = &check_options_rows, [CHECK_WINDOW] = &check_window_rows,
    [CHECK_MANNERS] = &check_manners_rows, [CHECK_CLIENT] = &check_client_rows,
};

const struct check_row *check_row_at(uint32_t i)
{
    for (size_t g = 0; g < CHECK_GROUPS; g++) {
        if (i < groups[g]->count)
            return &groups[g]->rows[i];
        i -= groups[g]->count;
    }
    return NULL;
}

const struct check_row *check_row_find(const char *id)
{
    for (uint32_t i = 0; check_row_at(i); i++)
        if (strcmp(check_row_at(i)->id, id) == 0)
            return check_row_at(i);
    return NULL;
}

const char *check_group_name(enum check_group group)
{
    static const char *const names[CHECK_GROUPS] = { "request",  "lockstep", "upload",
                                                     "netascii", "options",  "window",
                                                     "manners",  "client" };

    return names[group];
}

enum check_group check_group_of(const struct check_row *row)
{
    for (enum check_group g = 0; g < CHECK_GROUPS; g++) {
        size_t len = strlen(check_group_name(g));

        if (strncmp(row->id, check_group_name(g), len) == 0 && row->id[len] == '-')
            return g;
    }
    return CHECK_GROUPS;
}

const char *check_level_name(enum check_level level)
{
    static const char *const names[] = { "must", "should", "robust" };

    return names[level];
}

const char *check_verdict_name(enum check_verdict verdict)
{
    static const char *const names[] = { "running", "pass", "deviates", "FAILS",
                                         "not tried" };

    return names[verdict];
}

/* The next word of a list between commas; *list becomes what is behind it. */
static struct kedge_span next_row_word(const char **list)
{
    struct kedge_span word = { (const uint8_t *)*list, strcspn(*list, ",") };

    *list += word.len + ((*list)[word.len] == ',' ? 1 : 0);
    return word;
}

static bool is_named(struct kedge_span word, const struct check_row *row)
{
    return span_equal(word, span_of(row->id)) ||
           span_equal(word, span_of(check_group_name(check_group_of(row))));
}

bool check_row_chosen(const struct check_row *row, const char *only)
{
    if (!only)
        return true;
    while (*only)
        if (is_named(next_row_word(&only), row))
            return true;
    return false;
}

static bool is_known(struct kedge_span word)
{
    for (uint32_t i = 0; check_row_at(i); i++)
        if (is_named(word, check_row_at(i)))
            return true;
    return false;
}

struct kedge_span check_only_unknown(const char *only)
{
    while (only && *only) {
        struct kedge_span word = next_row_word(&only);

        if (!is_known(word))
            return word;
    }
    return (struct kedge_span){ 0 };
}
