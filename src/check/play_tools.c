/* SPDX-License-Identifier: MIT */
/* What every step does: send, note, hold, fail. */
#include "check/private.h"

#include "base/number.h"
#include "kedge/tftp.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

static struct check_packet packet_of(const struct check_play *p, bool sent, uint32_t side,
                                     const struct net_address *peer, struct kedge_span d)
{
    uint16_t own = p->sides[side].port, other = net_address_port(peer);
    struct check_packet k = { .at = p->now,
                              .from = sent ? own : other,
                              .to = sent ? other : own,
                              .sent = sent,
                              .len = (uint32_t)d.len };

    k.head_len = (uint32_t)(d.len < CHECK_HEAD ? d.len : CHECK_HEAD);
    if (d.len > 0)
        memcpy(k.head, d.ptr, k.head_len);
    return k;
}

void play_log(struct check_play *p, bool sent, uint32_t side,
              const struct net_address *peer, struct kedge_span d)
{
    p->log[p->logged++ % CHECK_LOG] = packet_of(p, sent, side, peer, d);
}

void play_send_to(struct check_play *p, uint32_t side, const struct net_address *to,
                  struct kedge_span bytes)
{
    p->sent++;
    p->io.send(p->io.sender, side, to, bytes); /* it may open the socket of the side */
    play_log(p, true, side, to, bytes);
}

void play_send(struct check_play *p, uint32_t side, struct kedge_span bytes)
{
    struct check_side *s = &p->sides[side];

    play_send_to(p, side, s->has_peer ? &s->peer : &p->server, bytes);
}

void play_send_ack(struct check_play *p, uint32_t side, uint64_t block)
{
    uint8_t ack[4] = { 0, KEDGE_TFTP_ACK, (uint8_t)(block >> 8), (uint8_t)block };

    play_send(p, side, (struct kedge_span){ ack, sizeof ack });
}

bool play_send_data(struct check_play *p, uint32_t side, uint64_t block, uint32_t size)
{
    struct check_side *s = &p->sides[side];
    uint8_t data[4 + CHECK_DATA_MAX] = { 0, KEDGE_TFTP_DATA, (uint8_t)(block >> 8),
                                         (uint8_t)block };
    size_t most = size == CHECK_BLOCK ? s->blksize : size, len;

    KEDGE_ASSERT(most <= CHECK_DATA_MAX);
    len =
        check_file_bytes(&s->file, s->netascii, (block - 1) * s->blksize, data + 4, most);
    while (size != CHECK_BLOCK && len < most)
        data[4 + len++] = 'x';
    play_send(p, side, (struct kedge_span){ data, 4 + len });
    return len < s->blksize;
}

void play_end(struct check_play *p, enum check_verdict verdict)
{
    p->finding.verdict = verdict;
    p->deadline = KEDGE_NEVER;
}

void play_next(struct check_play *p)
{
    p->at++;
    p->deadline = KEDGE_NEVER;
}

static enum check_verdict by_level(const struct check_play *p)
{
    bool soft = p->at < p->row->count &&
                (step_of(p)->deviates || (step_of(p)->silent && !p->finding.has_wrong));

    return p->row->level == CHECK_MUST && !soft ? CHECK_FAILS : CHECK_DEVIATES;
}

void play_fail(struct check_play *p, const struct check_in *wrong, const char *format,
               ...)
{
    struct check_finding *f = &p->finding;
    const struct check_step *step = step_of(p);
    va_list list;

    va_start(list, format);
    vsnprintf(f->want, sizeof f->want, format, list);
    va_end(list);
    f->lesson = step->lesson ? step->lesson : p->row->lesson;
    f->has_wrong = wrong != NULL;
    if (wrong)
        f->wrong = packet_of(p, false, wrong->side, &wrong->from, wrong->bytes);
    play_end(p, by_level(p));
}

void play_mark(struct check_play *p, size_t mark, size_t mark_len)
{
    p->finding.mark = mark;
    p->finding.mark_len = mark_len;
}

void play_cause(struct check_play *p, const char *lesson)
{
    if (lesson)
        p->finding.lesson = lesson;
}

void play_skip(struct check_play *p, const char *format, ...)
{
    va_list list;

    va_start(list, format);
    vsnprintf(p->finding.want, sizeof p->finding.want, format, list);
    va_end(list);
    play_end(p, CHECK_NOT_TRIED);
}

void play_adopt(struct check_side *s, struct kedge_span datagram)
{
    struct kedge_span list = { datagram.ptr + 2, datagram.len - 2 }, value;
    uint64_t v = 0;

    s->acks_options = true;
    if (check_option(list, "blksize", &value) && decimal(value, 65464, &v) && v > 0)
        s->blksize = (uint32_t)v;
    if (check_option(list, "windowsize", &value) && decimal(value, 65535, &v) && v > 0)
        s->window = (uint32_t)v;
}

bool play_unless(struct check_play *p, const struct check_in *in)
{
    const struct check_step *step = step_of(p);

    if (!step->unless || !check_match(step->unless, in->bytes).ok)
        return false;
    play_skip(p, "%s", step->unless_why);
    return true;
}
