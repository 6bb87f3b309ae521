/* SPDX-License-Identifier: MIT */
/* What the files of the player share. */
#ifndef CHECK_PRIVATE_H
#define CHECK_PRIVATE_H

#include "check/match.h"
#include "check/play.h"

enum { CHECK_DATA_MAX = 9000 };

/* A packet that is judged: the bytes are valid while it is. */
struct check_in {
    uint32_t side;
    struct net_address from;
    struct kedge_span bytes;
    bool is_repeat; /* the same bytes as the last packet of this side */
    bool is_old;    /* it comes from the port of a transfer before */
};

static inline const struct check_step *step_of(const struct check_play *p)
{
    return &p->row->steps[p->at];
}

static inline struct check_side *side_of(struct check_play *p)
{
    return &p->sides[step_of(p)->side];
}

/* The first files of this list know nothing of the later ones. */

/* Tools of all steps (check/play_tools.c). */
void play_log(struct check_play *p, bool sent, uint32_t side,
              const struct net_address *peer, struct kedge_span datagram);
void play_end(struct check_play *p, enum check_verdict verdict);
/* The step held: on to the next. */
void play_next(struct check_play *p);

/* It did not. `wrong` may be NULL: nothing came. The format is what was expected. */
__attribute__((format(printf, 3, 4))) void
play_fail(struct check_play *p, const struct check_in *wrong, const char *format, ...);
void play_mark(struct check_play *p, size_t mark, size_t mark_len);
/* The cause, where it is plainer than what the step or the row says. */
void play_cause(struct check_play *p, const char *lesson);

__attribute__((format(printf, 2, 3))) void play_skip(struct check_play *p,
                                                     const char *format, ...);

/* Send to the peer of a side, from it. */
void play_send(struct check_play *p, uint32_t side, struct kedge_span bytes);
void play_send_to(struct check_play *p, uint32_t side, const struct net_address *to,
                  struct kedge_span bytes);
void play_send_ack(struct check_play *p, uint32_t side, uint64_t block);
/* Block `block` of a side's file; size CHECK_BLOCK: as long as it is. True if it is the
 * last one. */
bool play_send_data(struct check_play *p, uint32_t side, uint64_t block, uint32_t size);

/* Take the options of an OACK as this side's. */
void play_adopt(struct check_side *s, struct kedge_span datagram);

/* True if a packet is one for which the row is not tried; it is over then. */
bool play_unless(struct check_play *p, const struct check_in *in);

/* Steps that send or look, and take no time (check/act.c). */
void play_act(struct check_play *p);
/* Steps that wait (check/judge.c): their start, a packet, the end of their time. */
void play_wait_begin(struct check_play *p);
void play_judge(struct check_play *p, const struct check_in *in);
void play_time_is_up(struct check_play *p);

/* READ and WRITE (check/transfer.c). */
void play_read_begin(struct check_play *p);
void play_read_judge(struct check_play *p, const struct check_in *in);
void play_write_begin(struct check_play *p);
void play_write_judge(struct check_play *p, const struct check_in *in);
void play_transfer_time(struct check_play *p);

/* Guesses at a cause (check/cause.c); NULL: none is plain. Of a packet that is not as the
 * pattern says; of DATA whose bytes are not the file's. */
const char *cause_of_packet(const struct check_play *p, const char *pattern,
                            struct kedge_span got);
const char *cause_of_bytes(const struct check_side *s, struct kedge_span got,
                           const uint8_t *want, size_t want_len);
const char *cause_of_silence(const struct check_play *p);

#endif
