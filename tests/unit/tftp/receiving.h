/* SPDX-License-Identifier: MIT */
/* Scripts for a receiver: one line an event. What came when, what was to be done because of
 * it, and how it stands then. */
#ifndef TESTS_UNIT_TFTP_RECEIVING_H
#define TESTS_UNIT_TFTP_RECEIVING_H

#include "help.h"

enum event {
    TIME,  /* nothing came */
    DATA,  /* a whole block of this number */
    SHORT, /* a short one: the last */
    LONG,  /* longer than was agreed */
    ERROR, /* of this code */
    AGAIN, /* the request came again */
    KEPT,  /* the file is kept */
};

enum { STORE = 1, COMMIT = 2, REPLY = 4, TWICE = 8, REFUSE = 16 };

struct line {
    unsigned at_ms;
    enum event event;
    uint16_t number;
    unsigned want; /* STORE, COMMIT, REPLY, REFUSE */
    uint64_t acked;
    enum kedge_tftp_outcome outcome;
};

#define RUN KEDGE_TFTP_RUNNING
#define DONE KEDGE_TFTP_OK

enum { BLKSIZE = 512 };
static const uint8_t block[BLKSIZE + 1];

static inline bool tell(struct kedge_tftp_receiver *r, const struct line *l,
                        kedge_nanos now)
{
    static const size_t len[] = { [DATA] = BLKSIZE, [SHORT] = 5, [LONG] = BLKSIZE + 1 };
    struct kedge_tftp_packet in = error(l->number);

    if (l->event == AGAIN)
        kedge_tftp_receiver_again(r, now);
    else if (l->event == KEPT)
        kedge_tftp_receiver_committed(r, now);
    else if (l->event == DATA || l->event == SHORT || l->event == LONG)
        in = data(l->number, (struct kedge_span){ block, len[l->event] });
    if (in.op == KEDGE_TFTP_ERROR && l->event != ERROR)
        return false;
    return kedge_tftp_receiver_read(r, &in, now);
}

/* Do what the receiver wants at this time. */
static inline void pump(struct kedge_tftp_receiver *r, kedge_nanos now, struct line *got)
{
    struct kedge_tftp_action a;

    for (;;) {
        a = kedge_tftp_receiver_write(r, now);
        if (a.todo == KEDGE_TFTP_REPLY) {
            got->want |= got->want & REPLY ? TWICE : REPLY;
            got->acked = a.first;
        } else if (a.todo == KEDGE_TFTP_COMMIT) {
            got->want |= COMMIT;
        } else if (a.todo == KEDGE_TFTP_REFUSE) {
            got->want |= REFUSE;
        } else {
            break;
        }
    }
    assert_int_equal(a.todo, r->half.outcome == KEDGE_TFTP_RUNNING ? KEDGE_TFTP_WAIT
                                                                   : KEDGE_TFTP_OVER);
    assert_true(r->half.outcome == KEDGE_TFTP_RUNNING ? r->half.deadline > now
                                                      : r->half.deadline == KEDGE_NEVER);
}

static inline void play(struct kedge_tftp_receiver *r, const struct line *script,
                        size_t lines)
{
    for (size_t i = 0; i < lines; i++) {
        const struct line *l = &script[i];

        assert_true(i == 0 || script[i - 1].at_ms <= l->at_ms); /* no clock goes back */
        struct line got = { .want = 0 };

        while (r->half.deadline < MS(l->at_ms))
            pump(r, r->half.deadline, &got);
        if (tell(r, l, MS(l->at_ms)))
            got.want |= STORE;
        pump(r, MS(l->at_ms), &got);
        if (got.want != l->want || got.acked != l->acked)
            fail_msg("line %zu, at %u ms: %u, acknowledged %llu", i, l->at_ms, got.want,
                     (unsigned long long)got.acked);
        if (r->half.outcome != l->outcome)
            fail_msg("line %zu, at %u ms: outcome %d", i, l->at_ms, r->half.outcome);
    }
}

#define PLAY(r, script) play(r, script, COUNT(script))

static inline struct kedge_tftp_receiver receiver(uint32_t window, bool reply)
{
    struct kedge_tftp_terms terms = { .blksize = BLKSIZE, .window = window };
    struct kedge_tftp_receiver r;

    kedge_tftp_receiver_init(&r, &terms, reply, 10 * KEDGE_SEC, 0);
    return r;
}

#endif
