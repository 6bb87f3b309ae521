/* SPDX-License-Identifier: MIT */
/* READ and WRITE: the rest of a transfer, as a correct and patient peer plays it. */
#include "check/private.h"

#include "base/number.h"
#include "kedge/tftp.h"

#include <stdio.h>
#include <string.h>

static const kedge_nanos ask_again = 4 * KEDGE_SEC, give_up = 11 * KEDGE_SEC;

static void moved(struct check_play *p)
{
    p->progress = p->now;
    p->deadline = p->now + ask_again;
}

static uint16_t wire(const struct check_side *s, uint64_t block)
{
    return kedge_tftp_wire(block, s->rollover);
}

static void ack(struct check_play *p)
{
    struct check_side *s = side_of(p);

    s->in_window = 0;
    play_send_ack(p, step_of(p)->side, wire(s, s->next - 1));
}

void play_read_begin(struct check_play *p)
{
    moved(p);
}

static size_t first_difference(const uint8_t *a, const uint8_t *b, size_t len)
{
    size_t i = 0;

    while (i < len && a[i] == b[i])
        i++;
    return i;
}

/* Whether these are the next bytes of the file, and as many as there have to be. */
static bool right_bytes(struct check_play *p, const struct check_in *in)
{
    struct check_side *s = side_of(p);
    uint8_t want[65536];
    struct kedge_span body = { in->bytes.ptr + 4, in->bytes.len - 4 };
    size_t len = check_file_bytes(&s->file, s->netascii, s->done, want, s->blksize);
    size_t same = first_difference(body.ptr, want, min_u64(len, body.len));

    if (same == len && len == body.len)
        return true;
    play_fail(p, in, "DATA %u with %zu bytes of the file, from byte %llu on",
              wire(s, s->next), len, (unsigned long long)s->done);
    play_cause(p, cause_of_bytes(s, body, want, len));
    if (same < min_u64(len, body.len))
        play_mark(p, 4 + same, min_u64(len, body.len) - same);
    else
        play_mark(p, 4 + min_u64(len, body.len), body.len > len ? body.len - len : 1);
    return false;
}

static void check_take_block(struct check_play *p, const struct check_in *in)
{
    struct check_side *s = side_of(p);
    size_t len = in->bytes.len - 4;

    if (!right_bytes(p, in))
        return;
    s->next++;
    s->done += len;
    s->in_window++;
    moved(p);
    if (len < s->blksize) {
        ack(p);
        s->over = true;
        if (s->rollover)
            p->finding.note = "block 65535 is followed by 1";
        play_next(p);
    } else if (s->in_window >= s->window) {
        ack(p);
    }
}

static bool is_older(const struct check_side *s, uint16_t number)
{
    uint16_t behind = (uint16_t)(wire(s, s->next) - number);

    return behind > 0 && behind < 0x8000 && behind <= s->next;
}

static bool is_ahead(const struct check_side *s, uint16_t number)
{
    uint16_t ahead = (uint16_t)(number - wire(s, s->next));

    return ahead > 0 && ahead < s->window;
}

static void take_data(struct check_play *p, const struct check_in *in)
{
    struct check_side *s = side_of(p);
    uint16_t number = check_number(in->bytes);
    char pattern[32];

    if (s->next == 65536 && number == 1 && !is_ahead(s, 1))
        s->rollover = 1;
    if (number == wire(s, s->next)) {
        check_take_block(p, in);
        return;
    }
    if (is_ahead(s, number) || (is_older(s, number) && in->is_repeat)) {
        if (s->in_window > 0 || s->window == 1)
            ack(p);
        return;
    }
    if (is_older(s, number) && s->window > 1)
        return;
    snprintf(pattern, sizeof pattern, "DATA %u", wire(s, s->next));
    play_fail(p, in, "%s", pattern);
    play_mark(p, 2, 2);
    play_cause(p, cause_of_packet(p, pattern, in->bytes));
}

void play_read_judge(struct check_play *p, const struct check_in *in)
{
    struct check_side *s = side_of(p);
    uint16_t op = in->bytes.len >= 4 ? check_opcode(in->bytes) : 0;

    if (op == KEDGE_TFTP_OACK && s->next == 1) {
        play_adopt(s, in->bytes);
        moved(p);
        ack(p);
    } else if (op == KEDGE_TFTP_DATA) {
        take_data(p, in);
    } else if (!in->is_repeat && !play_unless(p, in)) {
        play_fail(p, in, "DATA %u", wire(s, s->next));
        play_mark(p, 0, 2);
        play_cause(p, cause_of_packet(p, "DATA", in->bytes));
    }
}

static void send_window(struct check_play *p)
{
    struct check_side *s = side_of(p);

    for (uint32_t i = 0; i < s->window; i++)
        if (play_send_data(p, step_of(p)->side, s->next + i, CHECK_BLOCK))
            return;
}

void play_write_begin(struct check_play *p)
{
    moved(p);
    if (p->of_client || side_of(p)->heard > 0)
        send_window(p);
}

static uint64_t last_block(const struct check_side *s)
{
    return check_file_wire_size(&s->file, s->netascii) / s->blksize + 1;
}

static void take_ack(struct check_play *p, const struct check_in *in)
{
    struct check_side *s = side_of(p);
    uint64_t last = last_block(s), block = 0;
    uint64_t count = min_u64(s->window, last - s->next + 1) + 1;

    if (!kedge_tftp_unwrap(s->next - 1, count, check_number(in->bytes), s->rollover,
                           &block)) {
        if (in->is_repeat || is_older(s, check_number(in->bytes)))
            return;
        play_fail(p, in, "ACK %u", wire(s, s->next));
        play_mark(p, 2, 2);
        play_cause(p, cause_of_packet(p, "ACK", in->bytes));
        return;
    }
    if (block < s->next && s->next > 1) {
        /* A duplicate ACK brings no DATA; of a window it tells of a gap, and of one only
         * once for each silence. */
        if (s->window > 1 && p->count++ == 0)
            send_window(p);
        return;
    }
    p->count = 0;
    moved(p);
    s->next = block + 1;
    if (block == last) {
        s->over = true;
        play_next(p);
    } else {
        send_window(p);
    }
}

void play_write_judge(struct check_play *p, const struct check_in *in)
{
    struct check_side *s = side_of(p);
    uint16_t op = in->bytes.len >= 4 ? check_opcode(in->bytes) : 0;

    if (op == KEDGE_TFTP_OACK && s->next == 1) {
        play_adopt(s, in->bytes);
        moved(p);
        send_window(p);
    } else if (op == KEDGE_TFTP_ACK) {
        take_ack(p, in);
    } else if (!in->is_repeat && !play_unless(p, in)) {
        play_fail(p, in, "ACK %u", wire(s, s->next));
        play_mark(p, 0, 2);
        play_cause(p, cause_of_packet(p, "ACK", in->bytes));
    }
}

static void prod(struct check_play *p)
{
    struct check_side *s = side_of(p);
    bool begun = s->next > 1 || s->acks_options;

    if (step_of(p)->what == CHECK_WRITE && (begun || s->heard > 0))
        send_window(p);
    else if (step_of(p)->what == CHECK_READ && begun)
        ack(p);
}

void play_transfer_time(struct check_play *p)
{
    struct check_side *s = side_of(p);

    if (p->now - p->progress < give_up) {
        p->deadline = min_u64(p->now + ask_again, p->progress + give_up);
        prod(p);
        return;
    }
    play_fail(p, NULL, "%s %u within %llu s; nothing came",
              step_of(p)->what == CHECK_READ ? "DATA" : "ACK", wire(s, s->next),
              (unsigned long long)(give_up / KEDGE_SEC));
    play_cause(p, cause_of_silence(p));
}
