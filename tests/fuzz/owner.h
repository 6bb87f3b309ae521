/* SPDX-License-Identifier: MIT */
/* An owner of one machine, as a program is that embeds it: it does what the machine says,
 * keeps its own account, and demands what must hold after every step. */
#ifndef FUZZ_OWNER_H
#define FUZZ_OWNER_H

#include "fuzz.h"
#include "kedge/tftp.h"

enum { OWNER_RING = 128, PACKET_MAX = 600, GENEROUS = UINT16_MAX };

struct owner {
    struct kedge_tftp_machine *m;
    struct kedge_tftp_client *client; /* whose machine it is, or NULL */
    uint64_t last;                    /* of the file that is sent; UINT64_MAX: no end */
    unsigned stingy;                  /* blocks that storage gives at the next reading */
    bool late;                        /* storage has nothing now */
    bool commits_late;                /* the owner asks to be told of COMMIT again */
    bool expired;                     /* the timer ran out, and nothing was sent since */
    bool over;                        /* the machine said so */
    bool excused;                     /* an ERROR or ICMP may have ended it well */
    bool kept;                        /* an upload was committed */
    unsigned unvalidated;             /* replies to a peer that has not answered */
    unsigned unvalidated_most;
    uint64_t base_was;
    uint64_t next_was;
    uint64_t stored;              /* bytes */
    uint64_t blocks;              /* stored */
    uint64_t sent;                /* packets of all kinds */
    kedge_nanos left[OWNER_RING]; /* when a block of that number left last */
};

void owner_init(struct owner *o, struct kedge_tftp_machine *m,
                struct kedge_tftp_client *client);

/* Do what the machine says until it waits, is over, or storage is late. */
void owner_pump(struct owner *o, kedge_nanos now);

/* Give it a packet; storing what is to be stored. */
void owner_read(struct owner *o, const struct kedge_tftp_packet *in, kedge_nanos now);

/* What was stored by a call that fed the machine by another way. `was` is the receiver
 * before it. */
void owner_stored(struct owner *o, const struct kedge_tftp_packet *in,
                  struct kedge_span store, const struct kedge_tftp_receiver *was);

/* What must hold at any time. */
void owner_check(struct owner *o, kedge_nanos now);

/* Nothing comes any more: it must end by itself. Returns the time it took it. */
kedge_nanos owner_run_out(struct owner *o, kedge_nanos now);

/* The script's next packet, often near what the machine expects. m may be NULL. The bytes
 * are in buf. */
struct kedge_span script_packet(struct reader *r, const struct kedge_tftp_machine *m,
                                uint8_t buf[PACKET_MAX]);

/* The script's next time: a while later, or about the deadline. */
kedge_nanos script_time(struct reader *r, kedge_nanos now, kedge_nanos deadline);

/* A start of the clock. */
kedge_nanos script_start(struct reader *r);

#endif
