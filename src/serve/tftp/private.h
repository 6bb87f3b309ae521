/* SPDX-License-Identifier: MIT */
/* What the files of the TFTP service share. It runs one way:
 *
 *   service -> dispatch -> request -> transfer -> { provider, port, record, refusal,
 *                                                   limits }
 *   record -> { verdict_text, counters }
 *
 * service.c is its life, dispatch.c what a datagram becomes, request.c what a request is
 * answered by, transfer.c what a transfer does next. Below, port.c sends, record.c says what
 * became of it, refusal.c has the ERROR for a failure, limits.c how large blocks may be, and
 * a provider (provider.h) has the file. Nothing below calls a transfer, but for the provider's resume(). */
#ifndef SERVE_TFTP_PRIVATE_H
#define SERVE_TFTP_PRIVATE_H

#include "net/udp.h"
#include "tftp/verdict.h"
#include "serve/tftp/counters.h"
#include "serve/tftp/service.h"
#include "transfer/data_packets.h"
#include "transfer/block_writer.h"

enum {
    BATCH_BYTES = 1 << 20, /* of frames on their way out */
    SMALL_FRAME = 1500,    /* up to here a lone frame is copied and leaves with others */
    REASON_MAX = 120,
    OUTBOXES = 64, /* a thousand ports do not speak at once, and one takes 60 KB */
};

struct tftp_listener;

/* One socket. Data ports carry thousands of transfers each. */
struct tftp_port {
    struct tftp_service *service;
    struct tftp_listener *listener;
    uint32_t number;
    bool requests; /* it takes requests: the listening one */
    struct udp_socket socket;
    struct loop_watch watch;
    struct udp_outbox *out; /* of the service's pool, while something waits; or NULL */
    struct tftp_port *next_full; /* among those that have one */
    uint64_t emptied;            /* how often its earlier outboxes were */
    struct tftp_transfer *stuck; /* wait until the socket takes more */
    uint32_t drops_seen;
    uint64_t drained; /* before this batch of requests */
    bool behind;      /* of its queue something was left */
    kedge_nanos came; /* what it has now came no sooner than this */
};

struct tftp_listener {
    uint32_t number;
    bool any; /* bound to every address: replies name the one that was asked */
    uint32_t ports;
    struct tftp_port *port; /* [0] takes requests; single-port mode has no other */
};

/* What of a transfer's file is under way, and ends by its provider's resume(). */
enum tftp_wait {
    WAITS_FOR_NOTHING,
    WAITS_FOR_OPEN,
    WAITS_FOR_READ,
    WAITS_FOR_WRITE,
    WAITS_FOR_COMMIT,
    WAITS_FOR_CLOSE,
};

/* What the service keeps beside a session. */
struct tftp_transfer {
    struct tftp_service *service;
    struct tftp_session *session;
    struct tftp_port *port;
    struct tftp_transfer *next_stuck;
    struct channel channel;
    uint32_t ifindex; /* where its request came in; 0: not known */
    uint64_t
        lent; /* bytes of file wait for port, unless port_emptied() has grown since */
    enum verdict_fault fault; /* why this side refused or ended it */
    enum verdict_icmp icmp;   /* the last that was heard, ... */
    uint8_t icmp_by[16];      /* ... who said it, ... */
    uint64_t icmp_block;      /* ... and which block was wanted then */
    enum tftp_wait waits;     /* until then nothing else may happen to its file */
    bool ending;              /* it goes away as soon as it waits for nothing */
    bool recorded;
    bool counted; /* among the busy */
    bool is_stuck;
    bool hop_known; /* whether its network is attached was asked */
    bool open;      /* file is */
    bool judged;    /* its open is over, well or not */
    bool answered;  /* something was said to its peer */
    struct provided_file *file;
    struct block_reader block_reader;
    struct block_writer block_writer;
    char reason[REASON_MAX];
    uint16_t name_len;
    uint16_t cookie_len; /* of the option's value, behind the name; 0: it is not asked */
    uint8_t name[KEDGE_TFTP_REQUEST_MAX]; /* as it was asked for; last, for it is large */
};

/* A single stream is asked for its next ACK before the loop sleeps: it may be there
 * already. Where it was not, this is left out for a while, each time for longer. */
struct eagerness {
    uint32_t datagrams;     /* taken in this turn from data sockets */
    struct tftp_port *port; /* the last one came there */
    bool looking;           /* this turn only looks for one */
    uint32_t skip;          /* so many turns do without */
    uint32_t backoff;
    uint32_t lone; /* turns with one datagram, in a row: a few make a single stream */
};

/* This host's firewall let nothing leave to it from a data port. */
struct barred {
    uint32_t listener;
    struct tftp_peer peer;
};

struct tftp_service {
    struct tftp_config config;
    struct eagerness eager;
    struct tftp_recorder recorder;
    struct tftp_sessions sessions;
    void *session_memory;
    struct tftp_transfer *transfers; /* one a session */
    uint8_t *files;                  /* a provider's file for each of them */
    struct tftp_listener listeners[TFTP_LISTENERS_MAX];
    uint32_t listener_count;
    struct net_route route;
    struct udp_inbox requests;
    struct udp_inbox data;
    uint8_t *request_memory;
    uint8_t *data_memory;
    struct udp_outbox *outboxes;       /* OUTBOXES */
    struct udp_outbox *idle[OUTBOXES]; /* those that no port has */
    unsigned idle_count;
    struct tftp_port *full; /* ports that have one */
    struct barred barred[UDP_BARRED];
    unsigned barred_count;
    uint32_t behind; /* data ports with something left in their queue */
    uint8_t *batch;  /* BATCH_BYTES */
    struct iovec pieces[2 * FRAMES_AT_ONCE]; /* of frames that are not copied there */
    struct loop_timer timer;
    struct loop_hook hook;
    kedge_nanos turn; /* how late this loop is at its worst, lately */
    bool started;
    bool stopping;
    bool range_failed; /* no data port could be bound, the request port could */
    uint32_t busy;
    struct tftp_totals totals;
    struct tftp_counters counters;
    struct verdict_stops stops;
    uint64_t request_batches;
    kedge_nanos behind_since; /* packets wait since; 0: none does */
};

/* ---- dispatch.c: what a datagram becomes ---- */

/* Watch the port's socket. 0 or -errno. */
int dispatch_watch(struct tftp_port *p);

/* Packets of transfers wait still in a socket's queue. */
bool dispatch_is_behind(const struct tftp_service *s);

/* After a flush, with auto_port: what this host's firewall refused leaves again, from the request
 * port. */
void dispatch_move_barred(struct tftp_service *s);

/* At the end of a turn. */
void dispatch_look_again(struct tftp_service *s);

/* ---- request.c ---- */

/* Keep what a request says beside its session; and answer it, at once or later. */
void request_keep(struct tftp_service *s, const struct tftp_event *event,
                  const struct udp_message *m);
void request_begin(struct tftp_transfer *t);

/* ---- transfer.c ---- */

struct tftp_transfer *transfer_of(struct tftp_service *s,
                                  const struct tftp_session *session);

/* Open its file, and start. */
void transfer_open(struct tftp_transfer *t);

/* Do what its machine says, until that says wait. */
void transfer_pump(struct tftp_transfer *t);

/* The next bytes of an upload. */
void transfer_store(struct tftp_transfer *t, struct kedge_span body);

/* It does not start, and its peer is told; it ends with an ERROR, at its next pump; it is
 * over. What is under way for its file ends first. A reader hears nothing of what may be
 * better in a moment: it asks again. */
void transfer_refuse(struct tftp_transfer *t, const struct store_result *why);
void transfer_fail(struct tftp_transfer *t, const struct store_result *why);
void transfer_end(struct tftp_transfer *t);

/* ---- port.c: sockets, and what leaves by them ---- */

/* The request port of *at, or the socket fd that is bound there already (0: none), and its
 * data sockets. 0 or -errno; then none is open, and fd stays the caller's. */
int listener_open(struct tftp_listener *l, struct tftp_service *s,
                  const struct net_address *at, int fd);
void listener_close(struct tftp_listener *l);

/* How many data sockets a listener has. */
uint32_t listener_data_sockets(const struct tftp_config *c);

/* Queue a datagram; it leaves with others at the end of the turn. */
void port_say(struct tftp_port *p, const struct channel *to, struct kedge_span bytes);

/* The same for the ERROR that refuses this transfer: with auto_port, from the request port. */
void port_refuse(const struct tftp_transfer *t, struct kedge_span datagram);

/* The rest is not copied, and may not go away: see port_empty(). */
void port_lend(struct tftp_port *p, const struct channel *to, struct kedge_span bytes,
               struct kedge_span rest);
void port_empty(struct tftp_port *p);
void ports_flush(struct tftp_service *s);

/* Send what waits. False: the socket is full. */
bool port_flush(struct tftp_port *p);

/* So often nothing waited any more: what was lent before is not looked at again. */
uint64_t port_emptied(const struct tftp_port *p);

/* The pool of outboxes. 0 or -ENOMEM. */
int outboxes_open(struct tftp_service *s);
void outboxes_free(struct tftp_service *s);

/* Where its answers have left from last, and the ERROR that refuses it. */
const struct tftp_port *port_last(const struct tftp_transfer *t);

/* Where what it sends leaves from, as its session says. */
struct tftp_port *port_of(const struct tftp_transfer *t);

/* Whether it may send now. One that the rate of the request port holds is looked for on the
 * attached networks first: the kernel's routes say so, asked once. */
bool port_may_send(struct tftp_transfer *t, kedge_nanos now);

/* Its port's socket is full: it waits until that takes more; and does not any more. */
void port_stick(struct tftp_transfer *t);
void port_unlink(struct tftp_transfer *t);

/* ---- limits.c ---- */

/* What its client may be granted. */
struct kedge_tftp_limits limits_of_transfer(const struct tftp_transfer *t);

/* ---- record.c ---- */

/* Why this side refuses or ends it. */
void failure_note(struct tftp_transfer *t, const struct store_result *why);
void transfer_record(struct tftp_transfer *t);

/* A datagram of its peer; if that was the ERROR that ended it, its text is for the record. */
void transfer_heard_error(struct tftp_transfer *t, struct kedge_span datagram);

/* CHANGED: its file, which it reads, is no longer as it was when it was opened. */
KEDGE_MUST_CHECK struct store_result transfer_unaltered(const struct tftp_transfer *t);
/* Of a request that was answered from p. */
void malformed_record(const struct tftp_port *p, const struct udp_message *m,
                      const char *part);

#endif
