/* SPDX-License-Identifier: MIT */
/* One message to a server, and its reply with the round trip: a closed loop, over one
 * dialled socket of any kind. It waits; nothing is allocated.
 *
 * What a reply is: on datagrams and seqpacket, the next one that comes. On a stream, as
 * many bytes as were sent; or fewer, once no more came for MESSAGE_GAP or the peer
 * finished; or more, if they are there at once. */
#ifndef CLIENT_MESSAGE_H
#define CLIENT_MESSAGE_H

#include "kedge/endpoint.h"

#define MESSAGE_MAX ((size_t)1 << 17) /* bytes of a message, and of a reply */
#define MESSAGE_GAP (50 * KEDGE_MSEC)

struct message_link {
    int fd; /* non-blocking */
    bool stream;
    bool packets;        /* seqpacket: an empty read is the peer's end */
    int cancel;          /* readable: stop waiting. -1: never */
    kedge_nanos timeout; /* for one exchange */
    uint64_t late;       /* replies that came when nobody waited: dropped */
    uint8_t *reply;      /* MESSAGE_MAX + 1 bytes of the caller's */
};

enum message_outcome {
    MESSAGE_ANSWERED,
    MESSAGE_TIMEOUT,
    MESSAGE_CLOSED, /* the peer finished, and sent no reply */
    MESSAGE_CANCELLED,
    MESSAGE_FAILED /* see code */
};

struct message_result {
    enum message_outcome outcome;
    int code;                /* MESSAGE_FAILED: -errno */
    struct kedge_span reply; /* MESSAGE_ANSWERED: in link->reply, until the next one */
    bool cut;                /* it was longer than MESSAGE_MAX */
    kedge_nanos rtt;         /* from the first byte sent to the last received */
};

/* Dial e. 0, and message_close ends it; or -1 with *error set. cancel and reply of
 * *out are set by the caller. */
KEDGE_MUST_CHECK int message_dial(const struct kedge_endpoint *e, kedge_nanos timeout,
                                  struct message_link *out, struct kedge_error *error);
void message_close(struct message_link *link);

/* Say that nothing more will be sent, and read on until the peer has finished too, or for
 * the link's timeout. What comes is thrown away. For streams; others do nothing. */
void message_finish(struct message_link *link);

/* Let message_close end a TCP connection by a RST, and throw away what is on its way. */
void message_reset(struct message_link *link);

/* What a stream's peer says of its own before it was asked anything: all until it was silent
 * for MESSAGE_GAP, in link->reply. Empty: nothing, or it is no stream. False: cancelled. */
KEDGE_MUST_CHECK bool message_greeting(struct message_link *link, struct kedge_span *out);

/* Send and wait. At most MESSAGE_MAX bytes. */
struct message_result message_exchange(struct message_link *link,
                                       struct kedge_span message);

/* Sleep until `until`, by clock_now(). False: cancelled. */
bool message_sleep(const struct message_link *link, kedge_nanos until);

#endif
