/* SPDX-License-Identifier: MIT */
/* One conversation: a transfer with one peer through a socket of its own, from the first
 * packet to the last. The machine of src/tftp says what to do; this waits, sends,
 * receives, and hands the bytes to the file's side. It blocks until all is over. */
#ifndef TRANSFER_SESSION_H
#define TRANSFER_SESSION_H

#include "transfer/file.h"
#include "transfer/gather.h"
#include "transfer/data_packets.h"
#include "transfer/not_understood.h"

struct transfer_session {
    /* Set by the owner between session_open() and session_run(). */
    const struct kedge_transfer_options *options;
    struct fetch_file *file;
    bool netascii;
    bool asks;    /* a client; else `client.machine` alone is used */
    bool others;  /* another address is left, should this be unreachable */
    bool insists; /* that nobody listens at server is no end: it may come back */
    struct net_address server; /* a client's: where requests go */
    struct net_address peer;   /* the other end; a client's has len 0 until it answers */
    struct kedge_tftp_client client;
    uint64_t announced; /* bytes to come; FETCH_UNKNOWN. A client's is in the OACK */
    size_t opening_len;
    /* A client's request; a server's OACK or ACK. */
    uint8_t opening[KEDGE_TFTP_CONTROL_MAX];

    /* For reading, once it is over. */
    struct udp_socket socket;
    struct transfer_error error; /* of this side, if that was the end */
    bool closed;                 /* nobody listens at `server` */
    int unreachable;             /* errno that the network told; 0: none */
    uint8_t said[128];           /* the peer's ERROR */
    size_t said_len;
    uint32_t told_off;           /* datagrams of a foreign port that got ERROR 5 */
    struct net_address stranger; /* another host that sent an answer; len 0: none did */
    struct not_understood not_understood;
    kedge_nanos finished; /* when the file was through; 0: it is not */
    struct block_writer block_writer;

    /* Its own. */
    bool over;
    bool checked; /* the sender's file is complete and good */
    struct channel channel;
    struct block_reader block_reader;
    struct data_packets packets;
    uint8_t *memory;
    struct udp_inbox inbox;
    kedge_nanos now;
    kedge_nanos polled; /* when all that may end a wait was last looked at */
    struct gather gather;
};

/* A new conversation on a fresh socket bound to `at` (port 0: any). 0 and *out, which
 * session_close() ends; or -errno. */
KEDGE_MUST_CHECK int session_open(const struct net_address *at,
                                  struct transfer_session **out);
void session_close(struct transfer_session *x);

void session_run(struct transfer_session *x);

/* As the machine names it. */
enum kedge_tftp_outcome session_outcome(const struct transfer_session *x);

/* When something came last that brought the transfer on. Of one that was answered. */
kedge_nanos session_progress_at(const struct transfer_session *x);

/* Bytes of the file that are through. */
uint64_t session_bytes(const struct transfer_session *x);

/* ---- shared by its own files ---- */

enum { EXCHANGE_WAIT_MS = 8 };          /* for the peer alone, at most */
#define EXCHANGE_AWAY (10 * KEDGE_MSEC) /* is so long that it looks at the socket first */

/* It cannot go on: the peer gets an ERROR if it has been heard of. */
void session_fail(struct transfer_session *x, struct transfer_error error);

/* A packet to the peer, or to the server's request port where nobody answered yet. Lost
 * if the socket is full: then a timer of the machine sends it again. */
void session_say(struct transfer_session *x, struct kedge_span packet);

/* Blocks of a sender, as many as the socket takes and the file has. */
void session_send(struct transfer_session *x, const struct kedge_tftp_action *blocks);

/* Wait for the peer, the file or the user, at most until `until`; take what came. */
struct session_wait {
    kedge_nanos until;
    bool writable; /* for room in the socket too */
    bool file;     /* for more of the file too */
};
void session_wait(struct transfer_session *x, const struct session_wait *wait);

/* Take what came so far, once the file has settled what it borrows of the inbox. */
void session_hear(struct transfer_session *x);

#endif
