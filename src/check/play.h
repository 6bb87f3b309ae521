/* SPDX-License-Identifier: MIT */
/* The player: it takes one row's script through its steps. Datagrams and the time come in,
 * datagrams go out by a call of the owner's, `deadline` says when to come back, and a
 * finding is what remains. No socket and no clock: a test plays a row in virtual time.
 *
 * A check has a few sides; each is a socket of its own and one transfer. In a check of a
 * client kedge serves: side 0 is the transfer, and CHECK_LISTENER hears the requests. */
#ifndef CHECK_PLAY_H
#define CHECK_PLAY_H

#include "check/check.h"
#include "check/files.h"
#include "check/packet.h"
#include "net/address.h"

enum {
    CHECK_LOG = 14,       /* packets that are remembered */
    CHECK_INBOX = 8,      /* packets of other sides that wait for their step */
    CHECK_KEPT_MAX = 720, /* bytes of such a packet */
    CHECK_REQUEST_MAX = 640,
    CHECK_OWED = 16,            /* repeats whose times are kept */
    CHECK_PACKETS_MAX = 300000, /* that one check takes in */
};

/* One socket, and the transfer it is part of. */
struct check_side {
    uint16_t port;           /* of the socket, once it is open: the owner sets it */
    struct net_address peer; /* of the transfer, once known */
    bool has_peer;
    bool over; /* the transfer ended by itself */
    bool netascii;
    bool acks_options; /* an OACK was answered */
    uint32_t blksize, window, in_window;
    uint32_t rollover; /* what follows block 65535 */
    struct check_file file;
    uint64_t next;                      /* the block that comes, or is sent, next */
    uint64_t done;                      /* bytes before it */
    uint8_t request[CHECK_REQUEST_MAX]; /* the last one sent, or heard */
    uint32_t request_len;
    uint64_t last_hash; /* of the last packet received */
    uint32_t last_len;
    uint32_t heard; /* packets from the peer */
    uint64_t heard_bytes;
    uint32_t repeats;
    kedge_nanos last_at;
    kedge_nanos asked_at;
    kedge_nanos took;   /* from a request to its first answer */
    uint16_t peers[2];  /* ports that answered, as far as there are two */
    uint16_t old[2];    /* ports of transfers that were forgotten; 0: none */
    uint8_t error[132]; /* the last ERROR, from its opcode on */
    uint32_t error_len;
};

/* What is wrong, for the report. Texts are for people. */
struct check_finding {
    enum check_verdict verdict;
    char want[256]; /* what was expected; or why it was not tried */
    const char *lesson;
    const char *note; /* beside a pass: what was measured; or NULL */
    char measured[128];
    bool has_wrong;
    struct check_packet wrong;
    size_t mark, mark_len;
};

/* What a play asks of its owner. */
struct check_io {
    void *sender; /* of send */
    void *owner;  /* of file */
    /* Send from a side. Its port is known afterwards. */
    void (*send)(void *sender, uint32_t side, const struct net_address *to,
                 struct kedge_span bytes);
    /* The file that a script calls `word`; "put" is one that is to be written. False: there
     * is none, and *why says it. */
    bool (*file)(void *owner, const char *word, struct check_file *out, const char **why);
};

struct check_inbox {
    uint32_t side, len;
    bool is_repeat;
    struct net_address from;
    uint8_t bytes[CHECK_KEPT_MAX];
};

struct check_play {
    const struct check_row *row;
    struct check_io io;
    struct net_address server; /* the request port; of a client: not set */
    bool of_client;
    uint32_t mtu; /* of the route to the server; 0: not known */
    uint32_t at;  /* the step */
    kedge_nanos now, began, deadline;
    struct check_side *sides;
    uint32_t side_count;
    uint32_t count; /* of what the step counts */
    kedge_nanos times[CHECK_OWED];
    kedge_nanos progress;      /* the last time that a transfer moved */
    bool refused;              /* ICMP: nobody listens there */
    bool asked_writes, asked;  /* of a client: what it asked */
    int exited;                /* of a client: -1 still runs; else its status */
    struct net_address ignore; /* of a client: what comes from there is an old request */
    bool to_old_port;          /* of a client: its ACK or DATA went to the request port */
    bool by_hand; /* of a client that kedge did not start: no status, no file */
    bool kept_whole, kept_any;
    struct check_finding finding;
    struct check_packet log[CHECK_LOG];
    uint32_t logged;
    struct check_inbox inbox[CHECK_INBOX];
    uint32_t inbox_count;
    uint64_t sent, received; /* packets of the whole play */
};

/* Sockets that a row needs. */
uint32_t check_sides_needed(const struct check_row *row);

/* `sides` are the owner's, side_count of them. The fields row, io, server and of_client are
 * set before. The first step may be played, and all of them. */
void check_play_start(struct check_play *p, struct check_side *sides, uint32_t side_count,
                      kedge_nanos now);

/* A datagram came to a side; or time has passed. */
void check_play_read(struct check_play *p, uint32_t side, const struct net_address *from,
                     struct kedge_span datagram, kedge_nanos now);
void check_play_tick(struct check_play *p, kedge_nanos now);

/* ICMP says that nobody listens at the peer of a side. */
void check_play_refused(struct check_play *p, uint32_t side, kedge_nanos now);

/* COMMAND has ended. status: its exit code, or 128 and a signal's number. */
void check_play_exited(struct check_play *p, int status, bool kept_any, bool kept_whole,
                       kedge_nanos now);

/* End it from outside: interrupted, or the server is gone. */
void check_play_stop(struct check_play *p, const char *why);

/* Tell the peers of what is still open that it is over. */
void check_play_close(struct check_play *p);

static inline bool check_play_is_over(const struct check_play *p)
{
    return p->finding.verdict != CHECK_RUNNING;
}

#endif
