/* SPDX-License-Identifier: MIT */
/* Copies of open transfers. */
#include "serve/tftp/live.h"

#include "base/number.h"
#include "serve/tftp/private.h"

#include <string.h>

static bool is_running(const struct tftp_session *session, const struct tftp_transfer *t)
{
    return session->state == TFTP_LIVE && t->counted && !t->ending;
}

static void copy_half(const struct kedge_tftp_half *h, struct tftp_live *row)
{
    row->blksize = h->terms.blksize;
    row->windowsize = h->terms.window;
    row->resent = h->resent;
    row->duplicates = h->duplicates;
}

static void copy_sender(const struct tftp_transfer *t, struct tftp_live *row)
{
    const struct kedge_tftp_sender *m = &t->session->machine.sender;

    row->size = t->block_reader.size;
    row->bytes = min_u64(sub_sat(m->half.base, 1) * m->half.terms.blksize, row->size);
}

static void copy_receiver(const struct tftp_transfer *t, struct tftp_live *row)
{
    uint64_t asked = t->session->asked.tsize; /* any number: the client says it */
    bool sized = t->session->mode == KEDGE_TFTP_OCTET &&
                 (t->session->asked.has & KEDGE_TFTP_HAS_TSIZE);

    row->size = sized && asked <= INT64_MAX ? asked : UINT64_MAX;
    row->bytes = t->block_writer.offset;
}

static void copy_one(const struct tftp_transfer *t, kedge_nanos now,
                     struct tftp_live *row)
{
    const struct tftp_session *session = t->session;

    *row = (struct tftp_live){ .peer = t->channel.peer,
                               .ifindex = t->ifindex,
                               .writes = session->op == KEDGE_TFTP_WRQ,
                               .age = sub_sat(now, session->started),
                               .quiet = sub_sat(now, session->progress_at) };
    copy_half(&session->machine.half, row);
    if (session->machine.sends)
        copy_sender(t, row);
    else
        copy_receiver(t, row);
    row->name_len = min_u64(t->name_len, sizeof row->name);
    memcpy(row->name, t->name, row->name_len);
}

/* Slots that were never used are not looked at. */
size_t tftp_live_copy(const struct tftp_service *s, struct tftp_live *rows, size_t room)
{
    kedge_nanos now = loop_now(s->config.loop);
    size_t count = 0;

    for (uint32_t i = 0; i < s->sessions.fresh && count < room; i++)
        if (is_running(&s->sessions.all[i], &s->transfers[i]))
            copy_one(&s->transfers[i], now, &rows[count++]);
    return count;
}
