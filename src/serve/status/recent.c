/* SPDX-License-Identifier: MIT */
/* A ring of ends under a lock, and a ring of slots without one. */
#include "serve/status/recent.h"

#include "base/number.h"

#include <stdio.h>
#include <string.h>

int status_recent_open(struct status_recent *r)
{
    r->added = 0;
    return -pthread_mutex_init(&r->lock, NULL);
}

void status_recent_close(struct status_recent *r)
{
    pthread_mutex_destroy(&r->lock);
}

static size_t copy_bytes(uint8_t *out, size_t room, struct kedge_span from)
{
    size_t len = min_u64(from.len, room);

    if (len > 0)
        memcpy(out, from.ptr, len);
    return len;
}

static void copy_text(char *out, size_t room, struct kedge_span from)
{
    snprintf(out, room, "%.*s", (int)min_u64(from.len, room - 1),
             from.ptr ? (const char *)from.ptr : "");
}

static size_t character_len(uint8_t first)
{
    if (first >= 0xf0)
        return 4;
    if (first >= 0xe0)
        return 3;
    return first >= 0xc0 ? 2 : 1;
}

/* Not within a character: its first bytes would show as odd ones. */
static size_t cut_character(const uint8_t *text, size_t len, size_t full)
{
    size_t last = len;

    if (len == full)
        return len;
    while (last > 0 && len - last < 3 && (text[last - 1] & 0xc0) == 0x80)
        last--;
    if (last > 0 && last - 1 + character_len(text[last - 1]) > len)
        return last - 1;
    return len;
}

void status_recent_add(struct status_recent *r, const struct transfer_record *record)
{
    struct status_end *e;

    pthread_mutex_lock(&r->lock);
    e = &r->ends[r->added++ % STATUS_RECENT];
    e->time_ms = record->time_ms;
    e->event = record_event_name(record->event);
    e->outcome = record->outcome;
    e->failed = record->failed;
    e->bytes = record->bytes;
    e->took = record->took;
    copy_text(e->peer, sizeof e->peer, record->peer);
    copy_text(e->verdict_id, sizeof e->verdict_id, record->verdict_id);
    e->verdict_len = copy_bytes(e->verdict, sizeof e->verdict, record->verdict);
    e->verdict_len = cut_character(e->verdict, e->verdict_len, record->verdict.len);
    e->name_len = copy_bytes(e->name, sizeof e->name, record->file);
    e->name_len = cut_character(e->name, e->name_len, record->file.len);
    pthread_mutex_unlock(&r->lock);
}

size_t status_recent_copy(struct status_recent *r, struct status_end out[STATUS_RECENT])
{
    size_t count;

    pthread_mutex_lock(&r->lock);
    count = min_u64(r->added, STATUS_RECENT);
    for (size_t i = 0; i < count; i++)
        out[i] = r->ends[(r->added - 1 - i) % STATUS_RECENT];
    pthread_mutex_unlock(&r->lock);
    return count;
}

void status_history_add(struct status_history *h, struct status_slot sums)
{
    h->slots[h->count++ % STATUS_SLOTS] =
        (struct status_slot){ sums.bytes - h->before.bytes, sums.ends - h->before.ends };
    h->before = sums;
}

size_t status_history_copy(const struct status_history *h,
                           struct status_slot out[STATUS_SLOTS])
{
    size_t count = min_u64(h->count, STATUS_SLOTS);

    for (size_t i = 0; i < count; i++)
        out[i] = h->slots[(h->count - count + i) % STATUS_SLOTS];
    return count;
}
