/* SPDX-License-Identifier: MIT */
/* Other people's clients, as they behave on the wire. One engine follows what its traits say;
 * a client is a set of traits, and says in a comment where it differs from the RFCs. */
#ifndef TESTS_SIM_FIRMWARE_H
#define TESTS_SIM_FIRMWARE_H

#include "world.h"

/* What a client does with a block it does not expect. */
enum answer {
    SILENCE,
    ACK_LAST,      /* the last good block again, each time */
    ACK_LAST_ONCE, /* the same, but once for each point in the file, and never for 0 */
    ACK_PREVIOUS,  /* if it is the block before; else ERROR 5 */
    SAY_ERROR_5,
};

enum second_oack { TAKES_IT, ABORTS, STARTS_OVER };

struct traits {
    const char *name;
    enum answer older;
    enum answer ahead;
    enum second_oack second_oack;
    bool acks_each; /* block of a window */
    bool needs_oack;
    bool drops_tsize_0;     /* an OACK with it is not seen at all */
    bool exact_timeout;     /* another one than it asked for: ERROR 8 */
    bool only_asked;        /* an option it did not ask for: ERROR 4 */
    bool again_on_error;    /* any ERROR but 1 and 2 */
    bool closes_by_error_0; /* in place of the ACK of a last block without bytes */
    bool keeps_quiet;       /* its last ACK is never sent: it runs what it got */
    bool long_acks;         /* of five bytes */
    bool dies_of_oack;      /* it asks for options and cannot bear to get them */
    bool fails_at_0;        /* DATA of block 0 that is not the 65,536th */
    bool bare_errors;       /* of its own: no NUL ends their text */
    bool acks_errors;       /* ACK 1 after the server's ERROR */
    bool any_socket;     /* of the server is its peer's, and the last one is answered */
    bool any_ack;        /* a put goes on behind whatever block it is of */
    bool counts_wide;    /* its block 65536 is not the wire's 0 */
    bool wraps_badly;    /* 65535 is never older than 0 */
    bool waits_anew;     /* for silence, after whatever comes */
    unsigned reads_only; /* so many blocks, then closes by ERROR 0; 0: all */
    int probe;           /* ends its first OACK by this ERROR, and asks again; -1 */
    bool probes_anew;    /* and then asks from another port */
    bool asks_anew;      /* each further file likewise */
    bool tells_other;    /* another port that answers: ERROR 5 */
    kedge_nanos asks_every; /* until it is answered */
    kedge_nanos asks_later; /* so much later each time */
    kedge_nanos waits;      /* before it says its last word again; 0: it never does */
    unsigned tries;
};

struct firmware {
    /* Set before the start. */
    const struct traits *traits;
    struct kedge_span request; /* whole, as it sends it */
    struct kedge_span then;    /* and after its probe; empty: the same */
    uint32_t blksize;          /* without an OACK 512; else what that says */
    uint32_t asked_timeout;
    unsigned files; /* to ask for, one after another, from one port */
    /* What came of it. */
    uint32_t window;
    uint64_t next; /* the block wanted; of a put, the block sent */
    uint64_t bytes;
    uint32_t in_window;
    uint64_t told; /* of the last gap */
    int socket;    /* of the server; -1: not answered */
    bool oacked;
    bool probed;
    bool done;
    bool failed;
    unsigned requests;
    unsigned oacks;
    unsigned acks;
    unsigned tried;
    unsigned errors_sent;
    int error;     /* that it got; -1: none */
    int64_t tsize; /* as the OACK said; -1: it did not */
    int64_t timeout;
    int64_t windowsize;
    kedge_nanos began_at; /* the last file */
    kedge_nanos first_at; /* the first was there */
    kedge_nanos done_at;
};

extern const struct actor_kind firmware_get;
extern const struct actor_kind firmware_put;

/* The value of an option in an OACK; -1 if it is not in it. */
int64_t oack_value(struct kedge_span oack, const char *name);

#endif
