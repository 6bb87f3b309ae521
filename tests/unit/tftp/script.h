/* SPDX-License-Identifier: MIT */
/* Scripts for a sender: one line an event. What came when, which blocks left because of it,
 * and how it stands then. */
#ifndef TESTS_UNIT_TFTP_SCRIPT_H
#define TESTS_UNIT_TFTP_SCRIPT_H

#include "help.h"

enum event {
    TIME,  /* nothing came: the deadline, or less */
    ACK,   /* of this number */
    ERROR, /* of this code */
    AGAIN, /* the request came again */
};

struct line {
    unsigned at_ms;
    enum event event;
    uint16_t number;
    uint64_t first; /* blocks [first, end) leave; 0, 0: none */
    uint64_t end;
    enum kedge_tftp_outcome outcome;
};

#define RUN KEDGE_TFTP_RUNNING
#define DONE KEDGE_TFTP_OK

static inline void tell(struct kedge_tftp_sender *s, const struct line *l,
                        kedge_nanos now)
{
    struct kedge_tftp_packet in = l->event == ACK ? ack(l->number) : error(l->number);

    if (l->event == AGAIN)
        kedge_tftp_sender_again(s, now);
    else if (l->event != TIME)
        kedge_tftp_sender_read(s, &in, now);
}

/* What left, which must be in one piece. */
struct sent {
    uint64_t first;
    uint64_t end;
};

/* Do what the sender wants at this time. */
static inline void pump(struct kedge_tftp_sender *s, kedge_nanos now, struct sent *sent)
{
    struct kedge_tftp_action a;

    while ((a = kedge_tftp_sender_write(s, now)).todo == KEDGE_TFTP_BLOCKS) {
        assert_true(a.first < a.end);
        assert_true(sent->end == 0 || a.first == sent->end);
        sent->first = sent->end == 0 ? a.first : sent->first;
        sent->end = a.end;
        kedge_tftp_sender_sent(s, a.first, a.end, now);
    }
    assert_int_equal(a.todo, s->half.outcome == KEDGE_TFTP_RUNNING ? KEDGE_TFTP_WAIT
                                                                   : KEDGE_TFTP_OVER);
    assert_true(s->half.outcome == KEDGE_TFTP_RUNNING ? s->half.deadline > now
                                                      : s->half.deadline == KEDGE_NEVER);
}

/* Up to its time and by its event: a line has all that left since the line before. */
static inline void play(struct kedge_tftp_sender *s, const struct line *script,
                        size_t lines)
{
    for (size_t i = 0; i < lines; i++) {
        const struct line *l = &script[i];

        assert_true(i == 0 || script[i - 1].at_ms <= l->at_ms); /* no clock goes back */
        struct sent sent = { 0, 0 };

        while (s->half.deadline < MS(l->at_ms))
            pump(s, s->half.deadline, &sent);
        tell(s, l, MS(l->at_ms));
        pump(s, MS(l->at_ms), &sent);
        if (sent.first != l->first || sent.end != l->end)
            fail_msg("line %zu, at %u ms: [%llu, %llu) left", i, l->at_ms,
                     (unsigned long long)sent.first, (unsigned long long)sent.end);
        if (s->half.outcome != l->outcome)
            fail_msg("line %zu, at %u ms: outcome %d", i, l->at_ms, s->half.outcome);
    }
}

#define PLAY(s, script) play(s, script, COUNT(script))

static inline struct kedge_tftp_sender sender(uint32_t window, uint64_t first,
                                              bool validated, uint64_t last)
{
    struct kedge_tftp_terms terms = { .blksize = 512, .window = window };
    struct kedge_tftp_sender s;

    kedge_tftp_sender_init(&s, &terms, first, validated, 0);
    kedge_tftp_sender_end(&s, last);
    return s;
}

#endif
