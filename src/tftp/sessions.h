/* SPDX-License-Identifier: MIT */
/* A server's transfers: which datagram belongs to which, who is let in, what a repeated or
 * a foreign packet gets. No I/O: datagrams and the time come in; the owner moves bytes and
 * files as it is told. The rules about requests are in request_port.c, those about other
 * packets in data_port.c, those for a full table in admission.c, who is answered from the
 * request port in port_memory.c and how fast in request_rate.c, the table and its deadlines in
 * table.c, and the life of one transfer in sessions.c.
 *
 * A transfer is known by (listener, peer); it lives on one of the listener's data sockets,
 * and packets on another are not its own. Socket numbers are the owner's, 0 to
 * sockets - 1 for each listener; in single-port mode the listening socket is number 0.
 *
 * With auto_port a transfer may move to the request port: session.from says where what it
 * sends leaves from, and is to be looked at before each pump. */
#ifndef TFTP_SESSIONS_H
#define TFTP_SESSIONS_H

#include "base/deadlines.h"
#include "base/hash.h"
#include "kedge/tftp.h"

struct tftp_peer {
    uint8_t ip[16]; /* IPv4 as ::ffff:a.b.c.d */
    uint32_t scope;
    uint16_t port;
};

/* The listening socket, where it is none of the data sockets. */
#define TFTP_REQUEST_SOCKET UINT32_MAX

/* Where a transfer's packets leave from, and which of the two ports hears its peer. */
enum tftp_from {
    TFTP_FROM_DATA,    /* its data port; only that hears */
    TFTP_FROM_EITHER,  /* the request port, after the data port was silent; both hear */
    TFTP_FROM_REQUEST, /* the request port; only that hears */
};

/* A datagram as the owner received it. */
struct tftp_arrival {
    struct tftp_peer peer;
    uint8_t local[16]; /* the address it was sent to */
    uint32_t listener;
    uint32_t socket;         /* data socket it came on, or TFTP_REQUEST_SOCKET */
    bool to_broadcast;       /* it was sent to a broadcast or multicast address */
    kedge_nanos came;        /* a request: not before this, if it had to queue; 0: now */
    struct kedge_span bytes; /* valid during the call */
};

struct tftp_session {
    struct tftp_peer peer;
    uint8_t local[16];
    uint32_t listener;
    uint32_t socket;
    enum { TFTP_FREE, TFTP_WAITING, TFTP_OPENING, TFTP_LIVE } state;
    enum kedge_tftp_op op;
    enum kedge_tftp_mode mode;
    struct kedge_tftp_options asked;
    struct kedge_tftp_options granted; /* TFTP_LIVE */
    struct kedge_tftp_machine machine; /* TFTP_LIVE */
    enum kedge_tftp_outcome outcome; /* set when it ended before or beside the machine */
    uint16_t request_len;            /* no ERROR is longer than its request */
    uint64_t request_hash;
    uint64_t file; /* hash of what it asks for */
    kedge_nanos started;
    kedge_nanos answered;    /* TFTP_LIVE: its first answer left */
    kedge_nanos progress_at; /* the peer's last packet that counted */
    kedge_nanos ignore_for;  /* from its start on: see request_port.c */
    uint32_t next;           /* in its hash chain, or in the free list */
    uint32_t older, newer;   /* in a queue */
    uint32_t repeats;        /* of its first reply, for as many requests */
    enum tftp_from from;
    bool heard;     /* the data port has heard its peer */
    bool accounted; /* its end was: port_memory_ended() */
    bool
        attached; /* its owner says so: its network is, and request_rate.h does not hold it */
    bool slowed;  /* request_rate.h did */
    bool linked;  /* in the table: a peer can find it */
    bool charged; /* to the budget of unvalidated transfers */

    /* For its verdict (verdict.h). */
    bool moved;      /* from its data port to the request port, for that was silent */
    bool barred;     /* or for this host's firewall lets nothing leave there */
    bool displaced;  /* it gave way in a full table */
    uint8_t strange; /* datagrams of its peer that are none of a transfer; 255: or more */
    uint8_t elsewhere; /* datagrams of its peer at another port; likewise */
};

/* Sessions in the order in which they came: numbers + 1; 0 is none. */
struct tftp_queue {
    uint32_t oldest, newest;
};

/* A /24, or a /56 of IPv6 (or several of the same hash). */
struct tftp_network {
    uint32_t unvalidated; /* transfers that are charged to it */
    uint32_t transfers;   /* places that it has, of all kinds */
    uint32_t uploads;     /* those of them that send a file */
    struct tftp_queue waiting;
};

/* Why a datagram was dropped. Counted, never answered. */
enum tftp_drop {
    TFTP_DROP_NOT_REQUEST, /* something else on the request port */
    TFTP_DROP_TO_BROADCAST,
    TFTP_DROP_MALFORMED,
    TFTP_DROP_OVER_BUDGET, /* too many unvalidated transfers of that network: waited in vain */
    TFTP_DROP_FULL,        /* no room for another transfer */
    TFTP_DROP_UPLOADS,  /* too many uploads of that network */
    TFTP_DROP_REPEATED, /* a request whose transfer is on its way */
    TFTP_DROP_UNKNOWN,  /* a data packet of no transfer */
    /* By the caller, which shows them to no session: */
    TFTP_DROP_STOPPING, /* a request to a server that stops */
    TFTP_DROP_CUT,      /* longer than the caller's room for it */
    TFTP_DROPS,
};

struct tftp_limits {
    uint32_t room;    /* transfers at once */
    uint32_t sockets; /* data sockets a listener; 1 in single-port mode */
    bool single_port;
    bool auto_port; /* find by itself who is to be answered from the request port */
    uint32_t unvalidated_max; /* open at once, a /24 or /56 */
    uint32_t uploads_max;     /* likewise; an upload holds descriptors and a file */
    uint32_t request_rate;    /* request_rate.h; bytes a second, 0: no bound */
    uint64_t key; /* random: keeps peers from choosing their place in the table */
    struct hash_key secret; /* random: keeps everybody from foreseeing a peer's socket */
};

/* What is kept of a transfer that has ended: its peer may still talk. */
struct tftp_ended {
    uint64_t who;
    kedge_nanos at;
    kedge_nanos smallest; /* its round trip; KEDGE_NEVER if it had none */
    uint32_t socket;
};

/* What is known of the way to an address, or to a network of them. */
struct tftp_reach {
    uint64_t who;
    uint64_t file;    /* what it asked for last, */
    uint64_t request; /* in these words, */
    bool sized;       /* and how long it is */
    kedge_nanos
        answered;      /* when a data port answered that, and heard nothing since; or 0 */
    kedge_nanos until; /* answers leave from the request port until then; or 0 */
    uint32_t socket;   /* that data port */
};

/* One more session than room: what gives way is there until its owner has released it. */
enum { TFTP_SPARE = 1 };

struct tftp_sessions {
    struct tftp_limits limits;
    struct tftp_session *all; /* room + TFTP_SPARE */
    uint32_t *bucket;         /* session number + 1, or 0; mask + 1 of them */
    uint32_t mask;
    uint32_t free;  /* head of the free list, number + 1 */
    uint32_t fresh; /* from this number on none was ever used */
    uint32_t used;
    uint32_t turn; /* among the data sockets of an address */
    uint32_t hand; /* the place looked at last for one that can give way */
    struct deadlines deadlines;
    uint32_t past;                 /* how many of the following, a power of two */
    struct tftp_ended *ended;      /* by hash of the peer */
    struct tftp_reach *reach;      /* by hash of the address or network */
    struct tftp_network *network;  /* by hash of the network */
    struct tftp_queue unvalidated; /* charged, and not waiting */
    struct tftp_queue ready;       /* charged; waits for nothing but its owner */
    kedge_nanos paid_until;        /* request_rate.h */
    uint64_t slowed;               /* sessions that had to wait for it */
    uint64_t dropped[TFTP_DROPS];
};

/* Bytes of memory for so many transfers, and their start. The memory is the caller's,
 * zeroed, aligned for any type, and must outlive the sessions. */
size_t tftp_sessions_memory(const struct tftp_limits *limits);
void tftp_sessions_init(struct tftp_sessions *t, const struct tftp_limits *limits,
                        void *memory);

enum tftp_verdict {
    TFTP_DROPPED,
    TFTP_ANSWER, /* send event.reply to the peer, from a data socket if there is one; no transfer */
    TFTP_OPEN, /* event.session is new: open event.request, then _opened or _refused */
    TFTP_KEEP, /* event.session is new, and is to wait: keep event.request for later */
    TFTP_PUMP, /* event.session: store event.store if any, then do its actions */
};

struct tftp_event {
    enum tftp_verdict verdict;
    struct tftp_session *session;
    struct tftp_session *replaced; /* ended by a request: record and release it, first */
    struct kedge_tftp_request request;
    struct kedge_span store;
    const char *malformed; /* a request that is answered by reply: which part of it is */
    uint8_t reply[64];
    size_t reply_len;
};

/* A datagram on a listening port that is not (single-port mode) of a live transfer. */
void tftp_sessions_request(struct tftp_sessions *t, const struct tftp_arrival *in,
                           kedge_nanos now, struct tftp_event *out);

/* A datagram on a data socket. In single-port mode, and with auto_port, every datagram comes
 * here first, and goes on to _request() by itself when it is a request. */
void tftp_sessions_data(struct tftp_sessions *t, const struct tftp_arrival *in,
                        kedge_nanos now, struct tftp_event *out);

/* A session that was to wait, and may now be opened as if by TFTP_OPEN; NULL if there is
 * none. To be asked for at the end of each turn. One that waits in vain is released here,
 * and its owner is not told. */
struct tftp_session *tftp_sessions_admitted(struct tftp_sessions *t);

/* The transfer of a peer, or NULL. Before a request is looked at, the data socket of
 * that transfer is to be drained: a port used again overtakes its last ACK. */
struct tftp_session *tftp_sessions_find(const struct tftp_sessions *t, uint32_t listener,
                                        const struct tftp_peer *peer);

/* With auto_port: the data socket that answered this address last, and has heard nothing of
 * it yet. It is to be drained too before a request of that address is looked at. */
bool tftp_sessions_silent(const struct tftp_sessions *t, const struct tftp_arrival *in,
                          uint32_t *socket);

/* This host's firewall lets nothing leave from the session's data port. True: its first
 * answer is to leave again, from the request port; pump it. That is for this session alone. */
bool tftp_sessions_blocked(struct tftp_sessions *t, struct tftp_session *s,
                           kedge_nanos now);

/* The file is open: the transfer starts, with what `limits` grants. */
void tftp_sessions_opened(struct tftp_sessions *t, struct tftp_session *s,
                          const struct kedge_tftp_limits *limits, kedge_nanos now);

/* The file cannot be had: the ERROR to send now (at most the request's length; 0: none).
 * Then record and release the session. */
size_t tftp_session_refused(struct tftp_session *s, uint16_t code, const char *text,
                            uint8_t reply[64]);

/* Before each action of a session: whether it may be asked for now (request_rate.h); if not,
 * its deadline says when, or its owner sets session.attached and asks again. And how many
 * blocks of DATA an action has sent. */
KEDGE_MUST_CHECK bool tftp_sessions_may_send(const struct tftp_sessions *t,
                                             const struct tftp_session *s,
                                             kedge_nanos now);
void tftp_sessions_sent(struct tftp_sessions *t, const struct tftp_session *s,
                        uint32_t blocks, kedge_nanos now);

/* After a session's actions are done: its deadline is kept, its budget given back. */
void tftp_sessions_settle(struct tftp_sessions *t, struct tftp_session *s);

/* One session whose deadline has come, or NULL; and when the next one is due. */
struct tftp_session *tftp_sessions_due(struct tftp_sessions *t, kedge_nanos now);
kedge_nanos tftp_sessions_deadline(const struct tftp_sessions *t);

/* The slot is free for another. */
void tftp_sessions_release(struct tftp_sessions *t, struct tftp_session *s,
                           kedge_nanos now);

/* The session as the record names it; a size probe is told from an abort. */
enum kedge_tftp_outcome tftp_session_outcome(const struct tftp_session *s);

/* Its number, 0 to room, for what the owner keeps beside it. */
uint32_t tftp_session_number(const struct tftp_sessions *t, const struct tftp_session *s);

#endif
