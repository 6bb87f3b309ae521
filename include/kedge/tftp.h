/* SPDX-License-Identifier: MIT */
/* TFTP without I/O: packets, options, and the two machines of a transfer (RFC 1350, 2347,
 * 2348, 2349, 7440). No socket, file, clock, thread or allocation. Datagrams, the time and
 * the results of storage go in; what to do comes out; `deadline` says when to come back.
 * A machine is a plain struct that its owner may put anywhere and drop at any time.
 *
 * The machines never touch file data. A sender says "send blocks [first, end)" and its
 * owner reads them; a receiver says "store this body" and its owner writes it.
 *
 * Blocks are counted in 64 bits; the wire's 16 bits exist only in packets. Block 0 stands
 * for the reply to the options: a server's sender "sends block 0" as its OACK, and a
 * server's receiver "acknowledges block 0" with its OACK, or ACK 0 without options. */
#ifndef KEDGE_TFTP_H
#define KEDGE_TFTP_H

#include "kedge/base.h"
#include "kedge/tftp_path.h"

#ifdef __cplusplus
extern "C" {
#endif

enum {
    KEDGE_TFTP_BLKSIZE_DEFAULT = 512, /* RFC 1350 */
    KEDGE_TFTP_BLKSIZE_MIN = 8,       /* RFC 2348 */
    KEDGE_TFTP_BLKSIZE_MAX = 65464,
    KEDGE_TFTP_WINDOW_MAX = 65535,       /* RFC 7440 */
    KEDGE_TFTP_WINDOW_GRANT_MAX = 32767, /* half the numbers: more is ambiguous */
    KEDGE_TFTP_TIMEOUT_MAX_S = 255,      /* RFC 2349 */
    KEDGE_TFTP_HEADER = 4,               /* of DATA, and the size of an ACK */
    KEDGE_TFTP_CONTROL_MAX = 512,        /* a request, OACK or ERROR that kedge writes */
    KEDGE_TFTP_REQUEST_MAX = 1500,       /* a request that kedge reads */
    KEDGE_TFTP_ERROR_MIN = 5,            /* an ERROR with an empty text */
    KEDGE_TFTP_BURSTS = 8,               /* that a sender remembers */
};

/* ---- Packets ---------------------------------------------------------------------- */

enum kedge_tftp_op {
    KEDGE_TFTP_RRQ = 1,
    KEDGE_TFTP_WRQ,
    KEDGE_TFTP_DATA,
    KEDGE_TFTP_ACK,
    KEDGE_TFTP_ERROR,
    KEDGE_TFTP_OACK,
};

/* Of an ERROR: RFC 1350, appendix, and RFC 2347. */
enum kedge_tftp_code {
    KEDGE_TFTP_UNDEFINED,
    KEDGE_TFTP_NOT_FOUND,
    KEDGE_TFTP_ACCESS,
    KEDGE_TFTP_FULL,
    KEDGE_TFTP_ILLEGAL,
    KEDGE_TFTP_UNKNOWN_TID,
    KEDGE_TFTP_EXISTS,
    KEDGE_TFTP_NO_USER,
    KEDGE_TFTP_BAD_OPTION,
};

enum kedge_tftp_mode { KEDGE_TFTP_OCTET, KEDGE_TFTP_NETASCII, KEDGE_TFTP_OTHER_MODE };

/* A datagram on a data port, seen in place and valid while it is. */
struct kedge_tftp_packet {
    enum kedge_tftp_op op;  /* DATA, ACK, ERROR or OACK */
    uint16_t number;        /* DATA, ACK: the block on the wire. ERROR: the code. */
    struct kedge_span body; /* DATA: the bytes. ERROR: the text. OACK: the options. */
};

/* Parse a datagram other than a request. False if it is short or of another opcode, and
 * then *out is not to be read. An ACK may be longer than its four bytes and an ERROR may
 * lack its text: firmware sends both. */
KEDGE_API KEDGE_MUST_CHECK bool kedge_tftp_parse(struct kedge_span datagram,
                                                 struct kedge_tftp_packet *out);

/* Options as asked or granted. A value counts only where its bit is in `has`. */
enum {
    KEDGE_TFTP_HAS_BLKSIZE = 1,
    KEDGE_TFTP_HAS_BLKSIZE2 = 2, /* tftp-hpa: the power of two not above it */
    KEDGE_TFTP_HAS_TSIZE = 4,
    KEDGE_TFTP_HAS_TIMEOUT = 8,
    KEDGE_TFTP_HAS_UTIMEOUT = 16, /* tftp-hpa: microseconds */
    KEDGE_TFTP_HAS_WINDOWSIZE = 32,
    KEDGE_TFTP_HAS_ROLLOVER = 64, /* tftp-hpa: what follows block 65535, 0 or 1 */
};

struct kedge_tftp_options {
    unsigned has;
    uint32_t blksize; /* blksize or blksize2, bytes */
    uint32_t windowsize;
    uint32_t timeout_s;
    uint32_t utimeout_us;
    uint32_t rollover;
    uint64_t tsize; /* bytes */
};

struct kedge_tftp_request {
    enum kedge_tftp_op op; /* RRQ or WRQ */
    enum kedge_tftp_mode mode;
    struct kedge_span name;            /* as it came, without its NUL */
    struct kedge_tftp_options options; /* what was asked and made sense */
};

/* Parse an RRQ or WRQ. False if it is of another opcode, longer than
 * KEDGE_TFTP_REQUEST_MAX, or its name or mode lacks its NUL. Options with a bad value, a
 * zero padding and an unfinished tail are passed over (RFC 2347: never an abort). */
KEDGE_API KEDGE_MUST_CHECK bool kedge_tftp_parse_request(struct kedge_span datagram,
                                                         struct kedge_tftp_request *out);

/* Write a packet into room bytes at buf. Each returns the length, or 0 if it does not fit.
 * An ERROR's text that does not fit is left out, never cut: only room < KEDGE_TFTP_ERROR_MIN
 * gives 0. */
KEDGE_API size_t kedge_tftp_write_request(uint8_t *buf, size_t room,
                                          const struct kedge_tftp_request *request);
KEDGE_API size_t kedge_tftp_write_oack(uint8_t *buf, size_t room,
                                       const struct kedge_tftp_options *granted);
KEDGE_API size_t kedge_tftp_write_data(uint8_t *buf, size_t room, uint16_t block);
KEDGE_API size_t kedge_tftp_write_ack(uint8_t *buf, size_t room, uint16_t block);
KEDGE_API size_t kedge_tftp_write_error(uint8_t *buf, size_t room, uint16_t code,
                                        const char *text);

/* ---- Options ---------------------------------------------------------------------- */

/* What a server is willing to grant. */
struct kedge_tftp_limits {
    uint32_t blksize_max;    /* from the route's MTU, or as configured */
    uint32_t windowsize_max; /* at most KEDGE_TFTP_WINDOW_GRANT_MAX is granted */
    bool size_known;         /* of the file to send */
    uint64_t size;           /* bytes */
    uint32_t window_bytes;   /* of a window that is sent, headers counted; 0: no bound */
    kedge_nanos timeout;     /* of a transfer that negotiates none; 0: the default */
};

/* What a server grants: only what was asked, each value within limits, or left out. */
KEDGE_API struct kedge_tftp_options
kedge_tftp_grant(const struct kedge_tftp_request *request,
                 const struct kedge_tftp_limits *limits);

/* Read the options of an OACK. False if one was not asked or is out of what was asked:
 * the client then answers ERROR 8. *granted is written only on success. */
KEDGE_API KEDGE_MUST_CHECK bool kedge_tftp_accept(const struct kedge_tftp_options *asked,
                                                  struct kedge_span body,
                                                  struct kedge_tftp_options *granted);

/* What a transfer runs with once its options are known. */
struct kedge_tftp_terms {
    uint32_t blksize;
    uint32_t window;
    uint32_t rollover;         /* the number on the wire after 65535: 0 or 1 */
    kedge_nanos timeout;       /* as negotiated; 0 if it was not */
    kedge_nanos patience;      /* without progress before giving up; 0: the default */
    kedge_nanos own_delay;     /* how late the owner itself may answer */
    kedge_nanos ignore_before; /* DATA, ERROR before this are a former transfer's */
    kedge_nanos confirm; /* a sender waits so long for the last ACK, which says that the
                               file is kept; 0: three repeats (firmware may be running it) */
};
KEDGE_API struct kedge_tftp_terms
kedge_tftp_terms_of(const struct kedge_tftp_options *granted);

/* The wire's number of a block, and the block of [first, first + count) that has a number
 * on the wire. False if none has it. */
KEDGE_API uint16_t kedge_tftp_wire(uint64_t block, uint32_t rollover);
KEDGE_API KEDGE_MUST_CHECK bool kedge_tftp_unwrap(uint64_t first, uint64_t count,
                                                  uint16_t wire, uint32_t rollover,
                                                  uint64_t *block);

/* ---- The machines ----------------------------------------------------------------- */

enum kedge_tftp_outcome {
    KEDGE_TFTP_RUNNING,
    KEDGE_TFTP_OK,
    KEDGE_TFTP_UNCONFIRMED, /* all was sent, the last ACK never came */
    KEDGE_TFTP_CHANGED,     /* the file was altered while it was served */
    KEDGE_TFTP_PROBE,       /* the peer wanted the size only */
    KEDGE_TFTP_ABORTED,     /* the peer sent an ERROR */
    KEDGE_TFTP_TIMEOUT,
    KEDGE_TFTP_REFUSED,  /* the request was answered with an ERROR */
    KEDGE_TFTP_GONE,     /* ICMP: nobody listens at the peer's port */
    KEDGE_TFTP_REPLACED, /* the peer began anew */
    KEDGE_TFTP_FAILED,   /* a fault on this side; the record's `error` */
};

/* As in records: "ok", "unconfirmed", ...; "error" for FAILED and RUNNING. */
KEDGE_API const char *kedge_tftp_outcome_name(enum kedge_tftp_outcome outcome);

/* What a machine wants done. After one action is done, ask for the next. */
enum kedge_tftp_todo {
    KEDGE_TFTP_WAIT,   /* nothing before the deadline or the next packet */
    KEDGE_TFTP_ASK,    /* send the request (client) */
    KEDGE_TFTP_BLOCKS, /* send blocks [first, end), then say so by _sent() */
    KEDGE_TFTP_REPLY,  /* acknowledge block `first` */
    KEDGE_TFTP_COMMIT, /* all is stored: keep it, then say so by _committed() */
    KEDGE_TFTP_REFUSE, /* send ERROR `code` */
    KEDGE_TFTP_OVER,   /* see `outcome`; stays so */
};

struct kedge_tftp_action {
    enum kedge_tftp_todo todo;
    uint16_t code;
    uint64_t first;
    uint64_t end;
};

/* What both halves of a transfer know: the first member of a sender and of a receiver. Fields
 * are for reading. */
struct kedge_tftp_half {
    struct kedge_tftp_terms terms;
    struct kedge_tftp_rtt rtt;
    enum kedge_tftp_outcome outcome;
    kedge_nanos deadline; /* when to come back at the latest; KEDGE_NEVER once over */
    uint64_t base;        /* the first block not acknowledged; the block wanted */
    uint64_t resent;      /* blocks; ACKs */
    uint64_t duplicates;  /* ACKs that said nothing new; DATA that had come before */
    kedge_nanos give_up;
    kedge_nanos gone_at; /* ICMP's word is taken then, if nothing valid comes before */
    bool validated;      /* the peer has answered from its address */
    bool refuse;         /* an ERROR is still to be sent */
    uint16_t code;       /* of the ERROR that ended it, or is to be sent */
};

/* The sending side. Fields are for reading. */
struct kedge_tftp_sender {
    struct kedge_tftp_half half;
    uint64_t next;      /* to be sent next; goes back to base after a loss */
    uint64_t top;       /* one past the highest block that ever left */
    uint64_t last;      /* the file's last block; UINT64_MAX until known */
    uint64_t clean_at;  /* when base gets here without a loss, the spacing halves */
    kedge_nanos expiry; /* of the blocks in flight */
    kedge_nanos suspect_until; /* a gap was told too soon to be sure: look again then */
    kedge_nanos again_at;      /* when blocks left again that were acknowledged since */
    kedge_nanos spacing;       /* between blocks; 0 lets a window leave at once */
    kedge_nanos spacing_was;   /* before the last loss, in case it was none */
    kedge_nanos not_before;    /* of the next block, when spaced */
    struct kedge_tftp_pace pace;
    unsigned repeats;     /* of an unvalidated peer's reply, or of the last block */
    unsigned retransmits; /* gaps mended since base moved */
    unsigned rewinds;     /* so often it went back, for any reason, since base moved */
    bool expired;         /* the timer ran out since base moved */
    uint64_t late_block;  /* the last one that counted in rtt.late */
    unsigned bursts;      /* used, the newest in front */
    struct kedge_tftp_burst burst[KEDGE_TFTP_BURSTS];
};

/* Start at block `first`: 0 when an OACK goes ahead, else 1. `validated` if the peer has
 * already answered (a client's server has; a server's client has not). */
KEDGE_API void kedge_tftp_sender_init(struct kedge_tftp_sender *s,
                                      const struct kedge_tftp_terms *terms,
                                      uint64_t first, bool validated, kedge_nanos now);

/* The file's last block, as soon as it is known: the first that is shorter than blksize. */
KEDGE_API void kedge_tftp_sender_end(struct kedge_tftp_sender *s, uint64_t last);
KEDGE_API void kedge_tftp_sender_read(struct kedge_tftp_sender *s,
                                      const struct kedge_tftp_packet *in,
                                      kedge_nanos now);
KEDGE_API struct kedge_tftp_action kedge_tftp_sender_write(struct kedge_tftp_sender *s,
                                                           kedge_nanos now);

/* Blocks [first, end) of the last action have left: all of it, or less when the file ended
 * or a turn was full; first == end if storage has nothing yet. */
KEDGE_API void kedge_tftp_sender_sent(struct kedge_tftp_sender *s, uint64_t first,
                                      uint64_t end, kedge_nanos now);

/* The same request came again: an unvalidated peer gets its first reply once more. */
KEDGE_API void kedge_tftp_sender_again(struct kedge_tftp_sender *s, kedge_nanos now);

/* ICMP says that nobody listens at the peer's port: see kedge_tftp_machine_gone(). */
KEDGE_API void kedge_tftp_sender_gone(struct kedge_tftp_sender *s, kedge_nanos now);

/* The receiving side. Fields are for reading. */
struct kedge_tftp_receiver {
    struct kedge_tftp_half half;
    uint64_t replied_for;   /* what was wanted when the last ACK left */
    uint64_t bytes;         /* of the bodies stored so far */
    uint32_t in_window;     /* blocks since the last ACK */
    unsigned quiet;         /* silences since the last block */
    kedge_nanos replied_at; /* when the last ACK left */
    kedge_nanos taken_at;   /* when the last block came */
    kedge_nanos silence;    /* so long before the last ACK is repeated */
    kedge_nanos linger;     /* so long the last ACK can be repeated */
    bool first_in_window;   /* the next DATA answers the last ACK: a sample */
    bool due;               /* an ACK is to be sent */
    enum { KEDGE_TFTP_TAKING, KEDGE_TFTP_COMMITTING, KEDGE_TFTP_LINGERING } phase;
};

/* `reply` if block 0 is to be acknowledged first: by a server, and by a client that got an
 * OACK. After the last block its ACK can be had again for `linger`. */
KEDGE_API void kedge_tftp_receiver_init(struct kedge_tftp_receiver *r,
                                        const struct kedge_tftp_terms *terms, bool reply,
                                        kedge_nanos linger, kedge_nanos now);

/* True if the body of `in` is the next of the file: store all of it, at offset r->bytes
 * less its length, before the next call. */
KEDGE_API KEDGE_MUST_CHECK bool
kedge_tftp_receiver_read(struct kedge_tftp_receiver *r,
                         const struct kedge_tftp_packet *in, kedge_nanos now);
KEDGE_API struct kedge_tftp_action
kedge_tftp_receiver_write(struct kedge_tftp_receiver *r, kedge_nanos now);

/* The file is kept: now the last ACK may leave. */
KEDGE_API void kedge_tftp_receiver_committed(struct kedge_tftp_receiver *r,
                                             kedge_nanos now);
KEDGE_API void kedge_tftp_receiver_again(struct kedge_tftp_receiver *r, kedge_nanos now);
KEDGE_API void kedge_tftp_receiver_gone(struct kedge_tftp_receiver *r, kedge_nanos now);

/* Either side as one thing: what a client and a server's session hold. */
struct kedge_tftp_machine {
    bool sends;
    union {
        struct kedge_tftp_half half;
        struct kedge_tftp_sender sender;
        struct kedge_tftp_receiver receiver;
    };
};

/* As above, for whichever side it is. `store` becomes the body to store, else empty with
 * ptr NULL. */
KEDGE_API void kedge_tftp_machine_read(struct kedge_tftp_machine *m,
                                       const struct kedge_tftp_packet *in,
                                       kedge_nanos now, struct kedge_span *store);
KEDGE_API struct kedge_tftp_action kedge_tftp_machine_write(struct kedge_tftp_machine *m,
                                                            kedge_nanos now);
KEDGE_API kedge_nanos kedge_tftp_machine_deadline(const struct kedge_tftp_machine *m);
KEDGE_API enum kedge_tftp_outcome
kedge_tftp_machine_outcome(const struct kedge_tftp_machine *m);

/* End it from this side with an outcome; send ERROR `code` first, unless it is negative.
 * No effect on what is over already. */
KEDGE_API void kedge_tftp_machine_end(struct kedge_tftp_machine *m,
                                      enum kedge_tftp_outcome outcome, int code);

/* ICMP says that nobody listens at the peer's port. Anybody can forge that: it is the end only
 * if nothing valid comes for two timeouts, 2 s to 5 s. Then it is GONE; OK where a sender
 * has sent all (UNCONFIRMED if its terms ask to confirm) or a receiver has kept the file. */
KEDGE_API void kedge_tftp_machine_gone(struct kedge_tftp_machine *m, kedge_nanos now);

/* ---- The client ------------------------------------------------------------------- */

/* A get or put from its request on. The request is the owner's: it sends it when told to.
 * Packets of other peers than the server are the owner's to drop. */
struct kedge_tftp_client {
    struct kedge_tftp_machine machine; /* valid once `answered` */
    struct kedge_tftp_options asked;
    struct kedge_tftp_options granted;
    enum kedge_tftp_outcome outcome; /* until answered; then see the machine's */
    kedge_nanos deadline;
    kedge_nanos give_up;
    kedge_nanos patience;
    kedge_nanos started; /* the request first left */
    kedge_nanos linger;  /* after a get; the owner may set it */
    kedge_nanos confirm; /* as in the terms of a put: patience, or as the owner sets it */
    kedge_nanos timeout; /* the RTO's bound where none is granted, likewise; 0: none */
    struct kedge_tftp_rtt rtt;
    enum kedge_tftp_op op;
    uint64_t size; /* of the file to put; UINT64_MAX if not known */
    bool answered;
    bool refuse;
    uint16_t code;
    unsigned asked_times;
    /* A get's first block is shorter than was granted, and no shorter than RFC 1350's; the size
     * of the file is not known. Then it is the last one only if no other comes until here: a
     * server that grants a size and sends in another is FAILED. 0: never. */
    kedge_nanos doubt_until;
    bool doubt_told; /* that block is acknowledged */
};

KEDGE_API void kedge_tftp_client_init(struct kedge_tftp_client *c, enum kedge_tftp_op op,
                                      const struct kedge_tftp_options *asked,
                                      kedge_nanos patience, kedge_nanos now);
KEDGE_API void kedge_tftp_client_read(struct kedge_tftp_client *c,
                                      struct kedge_span datagram, kedge_nanos now,
                                      struct kedge_span *store);
KEDGE_API struct kedge_tftp_action kedge_tftp_client_write(struct kedge_tftp_client *c,
                                                           kedge_nanos now);
KEDGE_API kedge_nanos kedge_tftp_client_deadline(const struct kedge_tftp_client *c);
KEDGE_API enum kedge_tftp_outcome
kedge_tftp_client_outcome(const struct kedge_tftp_client *c);

/* ---- netascii --------------------------------------------------------------------- */

/* RFC 764's line ends on the wire: CR LF for a newline, CR NUL for a bare CR. State is one
 * byte held over between calls, so blocks may be cut anywhere. Zero is the start. */
struct kedge_netascii {
    uint8_t held; /* encoder: the byte still to be written; decoder: a CR was read */
    bool holds;
};

/* Translate from in to out until one is used up; *used says how much of in was. Returns
 * what was written. The decoder's end of file may leave a held CR: see _finish(). */
KEDGE_API size_t kedge_netascii_encode(struct kedge_netascii *n, struct kedge_span in,
                                       uint8_t *out, size_t room, size_t *used);
KEDGE_API size_t kedge_netascii_decode(struct kedge_netascii *n, struct kedge_span in,
                                       uint8_t *out, size_t room, size_t *used);
KEDGE_API size_t kedge_netascii_finish(struct kedge_netascii *n, uint8_t *out,
                                       size_t room);

#ifdef __cplusplus
}
#endif

#endif
