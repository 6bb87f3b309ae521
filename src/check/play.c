/* SPDX-License-Identifier: MIT */
/* The player's loop: from step to step, the log, and the finding. */
#include "check/private.h"

#include "kedge/tftp.h"

#include <string.h>

static uint64_t hash_of(struct kedge_span d)
{
    uint64_t h = 0xcbf29ce484222325;

    for (size_t i = 0; i < d.len; i++)
        h = (h ^ d.ptr[i]) * 0x100000001b3;
    return h;
}

static bool waits(enum check_do what)
{
    return what >= CHECK_EXPECT && (what < CHECK_TEXT || what > CHECK_FORGET) &&
           what != CHECK_ASKED_OPTION;
}

/* A request of a client may come again at any time: it is kept only while it is waited for. */
static bool is_for_step(const struct check_play *p, uint32_t side)
{
    const struct check_step *step = step_of(p);

    return step->side == side || step->what == CHECK_CROWD ||
           (step->asks && side == CHECK_LISTENER);
}

/* Packets that came to the step's side before it was its turn. */
static void open_inbox(struct check_play *p)
{
    uint32_t step = p->at;

    for (uint32_t i = 0; i < p->inbox_count && p->at == step && !check_play_is_over(p);) {
        struct check_inbox kept = p->inbox[i];

        if (!is_for_step(p, kept.side)) {
            i++;
            continue;
        }
        memmove(&p->inbox[i], &p->inbox[i + 1],
                (--p->inbox_count - i) * sizeof *p->inbox);
        play_judge(p, &(struct check_in){ .side = kept.side,
                                          .is_repeat = kept.is_repeat,
                                          .from = kept.from,
                                          .bytes = { kept.bytes, kept.len } });
    }
}

/* Play on until a step waits, or the script is over. play_next() only moves the place. */
static void go_on(struct check_play *p)
{
    while (!check_play_is_over(p)) {
        uint32_t at = p->at;

        if (at == p->row->count) {
            play_end(p, CHECK_PASS);
            return;
        }
        p->began = p->progress = p->now;
        p->count = 0;
        if (waits(step_of(p)->what)) {
            play_wait_begin(p);
            if (!check_play_is_over(p) && p->at == at)
                open_inbox(p);
        } else {
            play_act(p);
        }
        if (p->at == at)
            return;
    }
}

void check_play_stop(struct check_play *p, const char *why)
{
    if (!check_play_is_over(p))
        play_skip(p, "%s", why);
}

uint32_t check_sides_needed(const struct check_row *row)
{
    for (uint32_t i = 0; i < row->count; i++)
        if (row->steps[i].what == CHECK_CROWD)
            return row->steps[i].size;
    return CHECK_SIDES;
}

void check_play_start(struct check_play *p, struct check_side *sides, uint32_t side_count,
                      kedge_nanos now)
{
    p->sides = sides;
    p->side_count = side_count;
    p->now = now;
    p->deadline = KEDGE_NEVER;
    p->exited = -1;
    for (uint32_t i = 0; i < side_count; i++)
        sides[i] = (struct check_side){
            .port = sides[i].port, .blksize = 512, .window = 1, .next = 1
        };
    if (p->row->skip)
        play_skip(p, "%s", p->row->skip);
    go_on(p);
}

static void note_port(struct check_side *s, uint16_t port)
{
    if (s->peers[0] == 0)
        s->peers[0] = port;
    else if (s->peers[0] != port)
        s->peers[1] = port;
}

static bool is_old_port(const struct check_side *s, uint16_t port)
{
    return port != 0 && (port == s->old[0] || port == s->old[1]);
}

/* Notes what came. False: it is not of this transfer, and was said to be unknown. */
static bool belongs(struct check_play *p, struct check_side *s, struct check_in *in)
{
    bool listens = p->of_client && in->side == CHECK_LISTENER;

    note_port(s, net_address_port(&in->from));
    if (listens && (check_opcode(in->bytes) == KEDGE_TFTP_ACK ||
                    check_opcode(in->bytes) == KEDGE_TFTP_DATA))
        p->to_old_port = true;
    if (!s->has_peer && !listens) {
        s->peer = in->from;
        s->has_peer = true;
        s->took = p->now - s->asked_at;
    }
    in->is_old = s->has_peer && is_old_port(s, net_address_port(&s->peer));
    in->is_repeat = s->heard > 0 && s->last_len == in->bytes.len &&
                    s->last_hash == hash_of(in->bytes);
    if (!listens && !net_address_equal(&s->peer, &in->from)) {
        /* The first answer again, from the request port, is a way through NAT. */
        in->is_repeat = in->is_repeat && net_address_equal(&p->server, &in->from);
        return false;
    }
    s->heard++;
    s->heard_bytes += in->bytes.len;
    s->repeats += in->is_repeat;
    s->last_hash = hash_of(in->bytes);
    s->last_len = (uint32_t)in->bytes.len;
    if (check_opcode(in->bytes) == KEDGE_TFTP_ERROR) {
        s->error_len =
            (uint32_t)(in->bytes.len < sizeof s->error ? in->bytes.len : sizeof s->error);
        memcpy(s->error, in->bytes.ptr, s->error_len);
        s->over = true;
    }
    return true;
}

static void keep_packet(struct check_play *p, const struct check_in *in)
{
    struct check_inbox *k = &p->inbox[p->inbox_count];

    if (p->inbox_count == CHECK_INBOX || in->bytes.len > sizeof k->bytes)
        return;
    p->inbox_count++;
    *k = (struct check_inbox){ .side = in->side,
                               .is_repeat = in->is_repeat,
                               .from = in->from,
                               .len = (uint32_t)in->bytes.len };
    if (in->bytes.len > 0)
        memcpy(k->bytes, in->bytes.ptr, in->bytes.len);
}

static bool of_other_host(const struct check_play *p, const struct net_address *from)
{
    return !p->of_client && !net_address_same_host(&p->server, from);
}

void check_play_read(struct check_play *p, uint32_t side, const struct net_address *from,
                     struct kedge_span datagram, kedge_nanos now)
{
    struct check_in in = { .side = side, .from = *from, .bytes = datagram };
    uint32_t step = p->at;

    p->now = now;
    if (check_play_is_over(p))
        return;
    play_log(p, false, side, from, datagram);
    if (++p->received > CHECK_PACKETS_MAX) {
        play_fail(p, &in, "an end; %u packets have come", CHECK_PACKETS_MAX);
        return;
    }
    if (of_other_host(p, from)) {
        if (strcmp(p->row->id, "request-address") == 0)
            play_fail(p, &in, "an answer from the address that was asked");
        return;
    }
    if (!belongs(p, &p->sides[side], &in) && step_of(p)->what != CHECK_QUIET)
        return;
    p->sides[side].last_at = now;
    if (is_for_step(p, side))
        play_judge(p, &in);
    else
        keep_packet(p, &in);
    if (p->at != step)
        go_on(p);
}

void check_play_tick(struct check_play *p, kedge_nanos now)
{
    uint32_t step = p->at;

    p->now = now;
    if (check_play_is_over(p) || now < p->deadline)
        return;
    play_time_is_up(p);
    if (p->at != step)
        go_on(p);
}

void check_play_refused(struct check_play *p, uint32_t side, kedge_nanos now)
{
    uint32_t step = p->at;

    p->now = now;
    p->refused = true;
    if (side < p->side_count)
        p->sides[side].over = true;
    if (!check_play_is_over(p) && step_of(p)->what == CHECK_STOPS &&
        side == step_of(p)->side)
        play_next(p);
    if (p->at != step)
        go_on(p);
}

void check_play_exited(struct check_play *p, int status, bool kept_any, bool kept_whole,
                       kedge_nanos now)
{
    uint32_t step = p->at;

    p->now = now;
    p->exited = status;
    p->kept_any = kept_any;
    p->kept_whole = kept_whole;
    if (check_play_is_over(p))
        return;
    if (step_of(p)->what == CHECK_ASKED)
        play_fail(p, NULL, "a request; the command ended with status %d", status);
    else if (step_of(p)->what == CHECK_EXITS)
        play_time_is_up(p);
    if (p->at != step)
        go_on(p);
}

void check_play_close(struct check_play *p)
{
    static const uint8_t error[] = { 0, KEDGE_TFTP_ERROR, 0, 0, 'e', 'n', 'd', 0 };

    for (uint32_t i = 0; i < p->side_count; i++)
        if (p->sides[i].has_peer && !p->sides[i].over) {
            p->sides[i].over = true;
            play_send(p, i, (struct kedge_span){ error, sizeof error });
        }
}
