/* SPDX-License-Identifier: MIT */
/* The document of a server, by jansson. */
#include "cmd/top_read.h"

#include "base/number.h"

#include <jansson.h>
#include <stdio.h>
#include <string.h>

/* Every number was read as a real, for one that is too large for jansson's integers would end the
 * reading: those below 2^53 are exact, and the others are counts for the eye. */
static uint64_t integer(const json_t *v, uint64_t otherwise)
{
    double real = json_real_value(v);

    if (!json_is_real(v) || real < 0 || real >= (double)INT64_MAX ||
        (double)(uint64_t)real < real)
        return otherwise;
    return (uint64_t)real;
}

static uint64_t json_number(const json_t *from, const char *key, uint64_t otherwise)
{
    return integer(json_object_get(from, key), otherwise);
}

static void read_word(char out[TOP_WORD], const json_t *from, const char *key)
{
    const char *text = json_string_value(json_object_get(from, key));

    snprintf(out, TOP_WORD, "%s", text ? text : "");
}

static void read_text(struct top_text *out, const json_t *from, const char *key)
{
    const json_t *v = json_object_get(from, key);

    out->len = min_u64(json_string_length(v), sizeof out->bytes);
    if (out->len > 0)
        memcpy(out->bytes, json_string_value(v), out->len);
}

static bool is_word(const json_t *from, const char *key, const char *wanted)
{
    const char *found = json_string_value(json_object_get(from, key));

    return found && strcmp(found, wanted) == 0;
}

static void read_row(const json_t *from, struct top_row *row)
{
    read_word(row->peer, from, "peer");
    read_word(row->mac, from, "mac");
    read_text(&row->file, from, "file");
    row->writes = is_word(from, "event", "put");
    row->bytes = json_number(from, "bytes", 0);
    row->size = json_number(from, "size", TOP_UNKNOWN);
    row->rate = json_number(from, "rate_Bps", 0);
    row->blksize = json_number(from, "blksize", 0);
    row->windowsize = json_number(from, "windowsize", 0);
    row->resent = json_number(from, "resent", 0);
    row->dup = json_number(from, "dup", 0);
    row->age_ms = json_number(from, "age_ms", 0);
}

static void read_end(const json_t *from, struct top_end *e)
{
    e->time_ms = json_number(from, "time_ms", 0);
    read_word(e->peer, from, "peer");
    read_word(e->outcome, from, "outcome");
    read_word(e->event, from, "event");
    read_word(e->verdict_id, from, "verdict_id");
    read_text(&e->file, from, "file");
    read_text(&e->verdict, from, "verdict");
}

static void read_figures(const json_t *from, struct top_state *out)
{
    const json_t *bytes = json_object_get(from, "bytes");

    read_word(out->version, from, "kedge");
    out->time_ms = json_number(from, "time_ms", 0);
    out->uptime_ms = json_number(from, "uptime_ms", 0);
    out->active = json_number(from, "active", 0);
    out->requests = json_number(from, "requests", 0);
    out->resent = json_number(from, "resent", 0);
    out->shards_silent = json_number(from, "shards_silent", 0);
    out->got = json_number(bytes, "get", 0);
    out->put = json_number(bytes, "put", 0);
    out->ok = json_number(from, "done", 0);
    out->failed = json_number(from, "failed", 0);
}

bool top_read(struct kedge_span document, struct top_state *out)
{
    json_t *all = json_loadb((const char *)document.ptr, document.len,
                             JSON_DECODE_INT_AS_REAL, NULL);
    bool known = json_is_object(all) && json_number(all, "v", 0) == 1 &&
                 json_is_array(json_object_get(all, "live"));
    const json_t *live = json_object_get(all, "live");
    const json_t *recent = json_object_get(all, "recent");

    memset(out, 0, sizeof *out);
    if (known)
        read_figures(all, out);
    out->row_count = min_u64(json_array_size(live), TOP_ROWS);
    for (size_t i = 0; i < out->row_count; i++)
        read_row(json_array_get(live, i), &out->rows[i]);
    out->end_count = min_u64(json_array_size(recent), TOP_ENDS);
    for (size_t i = 0; i < out->end_count; i++)
        read_end(json_array_get(recent, i), &out->ends[i]);
    json_decref(all);
    return known;
}

static bool is_same(const struct top_row *a, const struct top_row *b)
{
    return a->writes == b->writes && a->age_ms >= b->age_ms && a->bytes >= b->bytes &&
           strcmp(a->peer, b->peer) == 0 && a->file.len == b->file.len &&
           memcmp(a->file.bytes, b->file.bytes, a->file.len) == 0;
}

void top_rates(struct top_state *now, const struct top_state *before)
{
    uint64_t took = sub_sat(now->time_ms, before->time_ms);

    for (size_t i = 0; i < now->row_count && took > 0; i++)
        for (size_t k = 0; k < before->row_count; k++)
            if (is_same(&now->rows[i], &before->rows[k])) {
                now->rows[i].rate =
                    mul_div(now->rows[i].bytes - before->rows[k].bytes, 1000, took);
                break;
            }
}
