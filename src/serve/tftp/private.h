/* What the files of the TFTP service share: tftp.c (its life), tftp_ports.c (sockets),
 * tftp_open.c (requests), tftp_pump.c (transfers), tftp_read.c and tftp_upload.c (their
 * files), tftp_record.c (outcomes). */
#ifndef SERVE_TFTP_PRIVATE_H
#define SERVE_TFTP_PRIVATE_H

#include "net/udp.h"
#include "tftp/sessions.h"
#include "serve/tftp/service.h"
#include "transfer/block_reader.h"
#include "transfer/data_packets.h"
#include "transfer/block_writer.h"

enum {
    BATCH_BYTES = 1 << 20, /* of frames on their way out */
    SMALL_FRAME = 1500,    /* up to here a lone frame is copied and leaves with others */
    LATE_BYTES = 1 << 16,  /* at least the largest block, and whole pages */
    REASON_MAX = 120,
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
    struct udp_outbox out;
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

/* Bytes of a file that were not at hand: wanted, then read by a helper. */
struct cold_read {
    struct cache_reading reading;
    struct iovec iov;
    uint64_t offset;
    size_t want; /* 0: nothing is */
    size_t len;  /* of iov that is read; 0: none */
};

/* Bytes of an upload that are not written yet: blocks gather here, for a write of each costs
 * more than its copy. On a slow disk they then wait for a helper. */
struct late_write {
    uint8_t *bytes; /* LATE_BYTES, from the first block on */
    struct iovec iov;
    uint64_t offset;
    size_t len; /* 0: none */
};

/* What the service keeps beside a session. */
struct tftp_transfer {
    struct tftp_service *service;
    struct tftp_session *session;
    struct tftp_port *port;
    struct tftp_transfer *next_stuck;
    struct channel channel;
    uint64_t lent; /* bytes of file wait in port->out, unless that was emptied since */
    bool job;      /* a helper is at work for it: nothing else may happen to it */
    bool ending;   /* it goes away as soon as no helper is at work */
    bool recorded;
    bool counted; /* among the busy */
    bool is_stuck;
    bool uploading; /* upload is open */
    struct cached_file *file;
    struct cache_opening opening;
    struct block_reader block_reader;
    struct cold_read cold;
    struct upload upload;
    struct block_writer block_writer;
    struct late_write late;
    struct root_name name;
    struct store_result named;
    uint16_t raw_len;
    uint8_t raw[ROOT_NAME_ROOM]; /* the name as it was asked for */
    char reason[REASON_MAX];
};

/* What was found out in this turn holds for all of it: a storm asks for one file. */
struct turn_memory {
    kedge_nanos found_at; /* loop_now() of the turn */
    struct root_name name;
    struct cached_file *file;
    kedge_nanos checked_at;
    const struct cached_file *checked;
    bool changed;
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

struct tftp_service {
    struct tftp_config config;
    struct eagerness eager;
    struct log *log;
    struct tftp_sessions sessions;
    void *session_memory;
    struct tftp_transfer *transfers; /* one a session */
    struct tftp_listener listeners[TFTP_LISTENERS_MAX];
    uint32_t listener_count;
    struct net_route route;
    struct udp_inbox requests;
    struct udp_inbox data;
    uint8_t *request_memory;
    uint8_t *data_memory;
    uint8_t *batch;                          /* BATCH_BYTES */
    struct iovec pieces[2 * FRAMES_AT_ONCE]; /* of frames that are not copied there */
    struct loop_timer timer;
    struct loop_hook hook;
    kedge_nanos turn; /* how late this loop is at its worst, lately */
    bool started;
    bool stopping;
    uint32_t busy;
    struct tftp_totals totals;
    struct turn_memory memory;
    uint64_t request_batches;
    kedge_nanos behind_since; /* packets wait since; 0: none does */
};

/* tftp_ports.c */
int port_watch(struct tftp_port *p);
void port_close(struct tftp_port *p);
void ports_flush(struct tftp_service *s);
bool ports_behind(const struct tftp_service *s); /* packets of transfers wait still */
void ports_look_again(struct tftp_service *s);   /* at the end of a turn */
void port_say(struct tftp_port *p, const struct channel *to, struct kedge_span bytes);
/* The rest is not copied, and may not go away: see port_empty(). */
void port_lend(struct tftp_port *p, const struct channel *to, struct kedge_span bytes,
               struct kedge_span rest);
void port_empty(struct tftp_port *p);

/* tftp_open.c */
/* Keep what a request says beside its session; and open its file. */
void request_keep(struct tftp_service *s, const struct tftp_event *event,
                  const struct udp_message *m);
void request_begin(struct tftp_transfer *t);
void turn_forget(struct tftp_service *s);
void transfer_start(struct tftp_transfer *t, uint64_t size);
void transfer_refuse(struct tftp_transfer *t, const struct store_result *why);
void transfer_refuse_for(struct tftp_transfer *t, enum store_error error,
                         const char *why);

/* The ERROR code and words for a failure of the store. -1: say nothing. */
int refusal_code(enum kedge_tftp_op op, enum store_error error);
const char *refusal_text(int code);

/* tftp_upload.c */
void upload_open(struct tftp_transfer *t);
void upload_keep(struct tftp_transfer *t);
bool upload_is_late(struct tftp_transfer *t);
struct store_result upload_flush(struct tftp_transfer *t);
bool upload_drop(struct tftp_transfer *t);

/* tftp_read.c: a block_read, and the helper's turn when it said LATER. */
struct store_result transfer_read(void *transfer, const struct block_part *part,
                                  size_t *got);
const uint8_t *transfer_lend(void *transfer, uint64_t offset, size_t len);
void transfer_read_later(struct tftp_transfer *t);
void transfer_forget_cold(struct tftp_transfer *t);

/* tftp_pump.c */
void transfer_pump(struct tftp_transfer *t);
void transfer_store(struct tftp_transfer *t, struct kedge_span body);
void transfer_fail(struct tftp_transfer *t, const struct store_result *why);
void transfer_end(struct tftp_transfer *t);
struct tftp_transfer *transfer_of(struct tftp_service *s,
                                  const struct tftp_session *session);

/* tftp_record.c */
void transfer_record(struct tftp_transfer *t);
void malformed_record(struct tftp_service *s, const struct tftp_port *p,
                      const struct udp_message *m);
void reason_set(struct tftp_transfer *t, const char *text);

#endif
