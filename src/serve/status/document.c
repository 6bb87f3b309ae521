/* SPDX-License-Identifier: MIT */
/* The state of a server written as JSON. */
#include "serve/status/document.h"

#include "base/number.h"
#include "report/json.h"

/* Each byte of a text may take six: \uNNNN. */
_Static_assert(STATUS_DOCUMENT >
                   STATUS_ROWS * (6 * STATUS_NAME + 512) +
                       STATUS_RECENT * (6 * (STATUS_NAME + STATUS_VERDICT) + 512) +
                       6 * STATUS_WORDS * 64 + STATUS_SLOTS * 64 + 4096,
               "always enough");

static void put_list(struct json *j, const char *key, const struct status_list *all)
{
    json_object(j, key);
    for (size_t i = 0; i < all->count; i++)
        if (all->at[i].n > 0)
            json_u64(j, all->at[i].word, all->at[i].n);
    json_end(j);
}

static void put_figures(struct json *j, const struct status_figures *f)
{
    json_text(j, "kedge", f->version);
    json_u64(j, "uptime_ms", f->uptime / KEDGE_MSEC);
    json_u64(j, "active", f->active);
    json_u64(j, "requests", f->requests);
    json_u64(j, "done", f->done);
    json_u64(j, "failed", f->failed);
    json_u64(j, "resent", f->resent);
    json_u64(j, "dup", f->duplicates);
    json_object(j, "bytes");
    for (unsigned d = 0; d < STATUS_DIRECTIONS; d++)
        json_u64(j, status_direction(d), f->bytes[d]);
    json_end(j);
    json_object(j, "transfers");
    for (unsigned d = 0; d < STATUS_DIRECTIONS; d++)
        put_list(j, status_direction(d), &f->outcomes[d]);
    json_end(j);
    put_list(j, "refusals", &f->refusals);
    put_list(j, "verdicts", &f->verdicts);
    put_list(j, "dropped", &f->dropped);
}

static void put_known(struct json *j, const char *key, const char *text)
{
    json_text(j, key, text[0] ? text : NULL);
}

/* Bytes a second over all of its time. */
static uint64_t rate_of(const struct status_row *r)
{
    return (uint64_t)((double)r->bytes * 1e9 / (double)max_u64(r->age, 1));
}

static void put_row(struct json *j, const struct status_row *r)
{
    json_object(j, NULL);
    json_text(j, "peer", r->peer);
    put_known(j, "mac", r->mac);
    json_text(j, "event", status_direction(r->writes ? STATUS_PUTS : STATUS_GETS));
    json_string(j, "file", (struct kedge_span){ r->name, r->name_len });
    json_u64(j, "bytes", r->bytes);
    json_u64_known(j, "size", r->size != UINT64_MAX, r->size);
    json_u64(j, "rate_Bps", rate_of(r));
    json_u64(j, "blksize", r->blksize);
    json_u64(j, "windowsize", r->windowsize);
    json_u64(j, "resent", r->resent);
    json_u64(j, "dup", r->duplicates);
    json_u64(j, "age_ms", r->age / KEDGE_MSEC);
    json_u64(j, "quiet_ms", r->quiet / KEDGE_MSEC);
    json_end(j);
}

static void put_end(struct json *j, const struct status_end *e)
{
    json_object(j, NULL);
    json_u64(j, "time_ms", e->time_ms);
    json_text(j, "event", e->event);
    json_text(j, "peer", e->peer);
    json_string(j, "file", (struct kedge_span){ e->name, e->name_len });
    json_text(j, "outcome", e->outcome);
    json_bool(j, "failed", e->failed);
    json_u64(j, "bytes", e->bytes);
    json_u64_known(j, "ms", e->took != KEDGE_NEVER, e->took / KEDGE_MSEC);
    put_known(j, "verdict_id", e->verdict_id);
    if (e->verdict_len > 0)
        json_string(j, "verdict", (struct kedge_span){ e->verdict, e->verdict_len });
    else
        json_null(j, "verdict");
    json_end(j);
}

static void put_slots(struct json *j, const struct status *s)
{
    json_object(j, "history");
    json_u64(j, "slot_ms", STATUS_SLOT / KEDGE_MSEC);
    json_array(j, "bytes");
    for (size_t i = 0; i < s->slot_count; i++)
        json_u64(j, NULL, s->slots[i].bytes);
    json_end(j);
    json_array(j, "ends");
    for (size_t i = 0; i < s->slot_count; i++)
        json_u64(j, NULL, s->slots[i].ends);
    json_end(j);
    json_end(j);
}

bool status_document(const struct status *s, uint8_t *space, size_t room,
                     struct kedge_span *out)
{
    struct json j;

    json_init(&j, space, room);
    json_object(&j, NULL);
    json_u64(&j, "v", 1);
    json_u64(&j, "time_ms", s->time_ms);
    json_u64(&j, "shards", s->shards);
    json_u64(&j, "shards_silent", s->silent);
    put_figures(&j, &s->figures);
    json_array(&j, "live");
    for (size_t i = 0; i < s->row_count; i++)
        put_row(&j, &s->rows[i]);
    json_end(&j);
    json_array(&j, "recent");
    for (size_t i = 0; i < s->end_count; i++)
        put_end(&j, &s->ends[i]);
    json_end(&j);
    put_slots(&j, s);
    json_end(&j);
    return json_finish(&j, out);
}
