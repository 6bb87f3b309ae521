/* One conversation: a transfer with one peer through a socket of its own, from the first
 * packet to the last. The machine of src/tftp says what to do; this waits, sends,
 * receives, and hands the bytes to the file's side. It blocks until all is over. */
#ifndef TRANSFER_SESSION_H
#define TRANSFER_SESSION_H

#include "transfer/file.h"
#include "transfer/gather.h"
#include "transfer/data_packets.h"

struct exchange {
    /* Set by the owner between exchange_open() and exchange_run(). */
    const struct kedge_transfer_options *options;
    struct fetch_file *file;
    bool netascii;
    bool asks;                 /* a client; else `client.machine` alone is used */
    bool others;               /* another address is left, should this be unreachable */
    struct net_address server; /* a client's: where requests go */
    struct net_address peer;   /* the other end; a client's has len 0 until it answers */
    struct kedge_tftp_client client;
    uint64_t announced; /* bytes to come; FETCH_UNKNOWN. A client's is in the OACK */
    size_t opening_len;
    /* A client's request; a server's OACK or ACK. */
    uint8_t opening[KEDGE_TFTP_CONTROL_MAX];

    /* For reading, once it is over. */
    struct udp_socket socket;
    struct fetch_fault fault; /* of this side, if that was the end */
    bool closed;              /* nobody listens at `server` */
    int unreachable;          /* errno that the network told; 0: none */
    uint8_t said[128];        /* the peer's ERROR */
    size_t said_len;
    kedge_nanos finished; /* when the file was through; 0: it is not */
    struct taking taking;

    /* Its own. */
    bool over;
    bool checked; /* the sender's file is complete and good */
    struct channel channel;
    struct content content;
    struct frames frames;
    uint8_t *memory;
    struct udp_inbox inbox;
    kedge_nanos now;
    kedge_nanos polled; /* when all that may end a wait was last looked at */
    struct gather gather;
};

/* A new conversation on a fresh socket bound to `at` (port 0: any). 0 and *out, which
 * exchange_close() ends; or -errno. */
KEDGE_MUST_CHECK int exchange_open(const struct net_address *at, struct exchange **out);
void exchange_close(struct exchange *x);

void exchange_run(struct exchange *x);

/* As the machine names it. */
enum kedge_tftp_outcome exchange_outcome(const struct exchange *x);

/* Bytes of the file that are through. */
uint64_t exchange_bytes(const struct exchange *x);

/* ---- shared by its own files ---- */

enum { EXCHANGE_WAIT_MS = 8 };          /* for the peer alone, at most */
#define EXCHANGE_AWAY (10 * KEDGE_MSEC) /* is so long that it looks at the socket first */

/* It cannot go on: the peer gets an ERROR if it has been heard of. */
void exchange_fail(struct exchange *x, struct fetch_fault fault);

/* A packet to the peer, or to the server's request port where nobody answered yet. Lost
 * if the socket is full: then a timer of the machine sends it again. */
void exchange_say(struct exchange *x, struct kedge_span packet);

/* Blocks of a sender, as many as the socket takes and the file has. */
void exchange_send(struct exchange *x, const struct kedge_tftp_action *blocks);

/* Wait for the peer, the file or the user, at most until `until`; take what came. */
struct exchange_wait {
    kedge_nanos until;
    bool writable; /* for room in the socket too */
    bool file;     /* for more of the file too */
};
void exchange_wait(struct exchange *x, const struct exchange_wait *wait);

/* Take what came so far. */
void exchange_hear(struct exchange *x);

#endif
