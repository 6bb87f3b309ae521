/* SPDX-License-Identifier: MIT */
/* A run, read line by line. */
#include "results/read.h"

#include "results/read_line.h"

#include <errno.h>
#include <jansson.h>
#include <stdlib.h>
#include <string.h>

/* The writer was ended in the middle of its last line. */
static bool is_cut(const struct probe_record *r, struct kedge_span line,
                   const struct probe_read_error *error)
{
    return r->begun && error->broken && line.ptr[line.len - 1] != '\n';
}

static bool each_line(struct probe_record *r, FILE *in, struct probe_read_error *error)
{
    char *line = NULL;
    size_t room = 0;
    ssize_t len = 0;
    bool ok = true;

    while (ok && (len = getline(&line, &room, in)) > 0) {
        struct kedge_span text = { (const uint8_t *)line, (size_t)len };

        error->line++;
        ok = probe_read_line(r, text, error) || is_cut(r, text, error);
    }
    free(line);
    if (ok && ferror(in)) {
        *error = (struct probe_read_error){ 0 };
        snprintf(error->text, sizeof error->text, "%s", strerror(errno));
    }
    return ok && !ferror(in);
}

static struct probe_view view_of(const struct probe_read_target *t, uint32_t number)
{
    return (struct probe_view){ .number = number,
                                .record = t->record,
                                .endpoint = &t->endpoint,
                                .stats = &t->stats,
                                .own_dropped = -1 };
}

static bool make_views(struct probe_record *r, struct probe_read_error *error)
{
    struct probe_result *result = &r->result;

    r->whole = true;
    result->views = calloc(PROBE_TARGETS_MAX, sizeof *result->views);
    for (uint32_t i = 0; result->views && i < PROBE_TARGETS_MAX; i++) {
        if (!r->targets[i])
            continue;
        r->whole &= r->targets[i]->record != NULL;
        result->views[result->count++] = view_of(r->targets[i], i);
    }
    error->line = 0;
    snprintf(error->text, sizeof error->text, "%s",
             result->views ? "it contains no probe" : strerror(ENOMEM));
    return result->count > 0;
}

bool probe_read(struct probe_record *r, FILE *in, struct probe_read_error *error)
{
    *error = (struct probe_read_error){ 0 };
    r->targets = calloc(PROBE_TARGETS_MAX, sizeof *r->targets);
    if (!r->targets) {
        snprintf(error->text, sizeof error->text, "%s", strerror(ENOMEM));
        return false;
    }
    return each_line(r, in, error) && make_views(r, error);
}

void probe_record_free(struct probe_record *r)
{
    for (uint32_t i = 0; r->targets && i < PROBE_TARGETS_MAX; i++)
        if (r->targets[i]) {
            probe_stats_free(&r->targets[i]->stats);
            json_decref(r->targets[i]->record);
            free(r->targets[i]);
        }
    free(r->targets);
    probe_result_free(&r->result);
    *r = (struct probe_record){ 0 };
}
