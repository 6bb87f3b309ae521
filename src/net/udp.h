/* SPDX-License-Identifier: MIT */
/* UDP in batches: many datagrams received by one call, many sent by one call, a whole
 * window sent as one train of segments. Replies leave from the address that was asked.
 * It knows no protocol; it does not wait (but see udp_let_wait()) and does not
 * allocate: inboxes, queues and their memory belong to the caller. IPv4 and IPv6 sockets
 * are apart.
 *
 * A socket shared by many peers hands the ICMP error of one to the next send or receive
 * for another. So: drain the error queue (udp_drain_errors) before each batch; the calls
 * here take ECONNREFUSED, EHOSTUNREACH, ENETUNREACH and EMSGSIZE as nobody's and try that
 * datagram once more. */
#ifndef NET_UDP_H
#define NET_UDP_H

#include "net/address.h"

#include <netinet/udp.h>
#include <sys/uio.h>

#define UDP_BATCH 64             /* datagrams a call */
#define UDP_BYTES_MAX 65507      /* payload of the largest IPv4 datagram */
#define UDP_GSO_SEGMENTS 64      /* frames of one GSO send: the kernel's bound */
#define UDP_OUT_BYTES (64 * 576) /* what a queue copies before it must be flushed */
#define UDP_RECEIVE_BUFFER (4 << 20)
#define UDP_CONTROL 192 /* room for ancillary data of one datagram */

/* ---- sockets ---- */

struct udp_options {
    struct net_address at; /* where to bind; port 0 is any free one */
    uint16_t low, high;    /* not 0: a free port of this range instead, from a random
                                 one on */
    int fd;                /* not 0: this one, bound already, in place of a new one; `at`,
                              the range and reuse_port are not looked at */
    bool reuse_port;       /* bind to a port whose first socket is shared: udp_share() */
    const char *interface; /* to this one's datagrams alone; NULL: to any's */
    bool free_bind;        /* to an address that this host may not have yet */
    bool gro; /* let the kernel join datagrams; quietly off where it cannot */
    uint32_t receive_buffer; /* wanted bytes; 0: UDP_RECEIVE_BUFFER */
};

struct udp_socket {
    int fd;
    struct net_address at;   /* as bound */
    uint32_t receive_buffer; /* as granted, maybe less; the kernel counts double */
    bool gro;
};

/* 0 or -errno (EADDRINUSE: in use, or the whole range is; EADDRNOTAVAIL; EAFNOSUPPORT:
 * no IPv6 here; EACCES: a port below 1024). On failure o->fd stays the caller's. */
KEDGE_MUST_CHECK int udp_open(const struct udp_options *o, struct udp_socket *out);

/* The same from a bound UDP socket that came from elsewhere: sets its options and makes
 * it non-blocking. On success it is out->fd; on failure it stays the caller's. */
KEDGE_MUST_CHECK int udp_adopt(int fd, bool gro, struct udp_socket *out);
void udp_close(struct udp_socket *s);

/* From now on others may be opened at the same port with reuse_port, by this user: the
 * kernel deals datagrams out among them by address and port of both ends. A first one with
 * reuse_port itself could land, unknowing, on a port of another program. 0 or -errno. */
KEDGE_MUST_CHECK int udp_share(const struct udp_socket *s);

/* A socket that is bound to one address of this host gets nothing that was sent elsewhere,
 * nor to many, and answers from there: it need not be told which address was asked, nor say
 * it, which is a twentieth of an echo. `local` then stays unknown. Others stay as they are. */
void udp_one_address(const struct udp_socket *s);

/* Throw away what has come so far. */
void udp_discard(const struct udp_socket *s);

/* From now on let the kernel tell of each datagram when it came, its TTL and its traffic
 * class. What this kernel does not tell stays unknown. */
void udp_stamp(const struct udp_socket *s);

/* Of any datagram socket: the receive buffer as granted of the bytes wanted (0:
 * UDP_RECEIVE_BUFFER), and how many datagrams its full queue has dropped so far (false:
 * this kernel does not tell, Linux 4.12 does). */
uint32_t udp_receive_buffer(int fd, uint32_t wanted);
KEDGE_MUST_CHECK bool udp_dropped(int fd, uint32_t *out);

/* ---- receiving ---- */

/* The address of ours that a datagram was sent to, which its reply should leave from.
 * address.len 0: the kernel chooses. The port is not looked at. */
struct net_local {
    struct net_address address;
    uint32_t ifindex; /* where it came in */
};

/* A datagram, in or out. bytes are borrowed. With segment > 0 they are several datagrams
 * of segment bytes each, laid back to back, the last one maybe shorter. */
struct udp_message {
    struct kedge_span bytes;
    struct net_address peer;
    struct net_local local;
    uint16_t segment;
};

struct udp_in {
    struct udp_message m; /* bytes lie in the inbox until its next udp_receive */
    bool to_broadcast;    /* was sent to a broadcast or multicast address */
    bool cut;             /* longer than the inbox's `each` */
    /* Once udp_stamp() was called: */
    uint64_t stamp_ns; /* when the kernel had it, on the wall clock; 0: not known */
    uint8_t ttl, tos;  /* as received; 0: not known */
};

struct udp_inbox {
    uint8_t *memory;
    size_t each;    /* room for one datagram (one train with gro: 65535) */
    unsigned room;  /* at once, at most UDP_BATCH */
    bool one;       /* set by the owner: take one only, which costs less than to look for
                       more where there is none */
    unsigned count; /* received last */
    bool apart;     /* this kernel or its filter knows no batches: one a call */
    uint32_t drops; /* SO_RXQ_OVFL as last told: datagrams this socket dropped so far */
    struct udp_in in[UDP_BATCH];
    struct mmsghdr headers[UDP_BATCH];
    struct iovec vectors[UDP_BATCH];
    _Alignas(8) uint8_t control[UDP_BATCH][UDP_CONTROL];
};

/* Memory of `size` bytes holds size / each datagrams (at least one, UDP_BATCH at most).
 * One inbox for one socket at a time: `drops` is that socket's. */
void udp_inbox_init(struct udp_inbox *b, uint8_t *memory, size_t size, size_t each);

/* Take what is there, into b->in[0 .. b->count - 1]. The count; 0 when nothing is; or
 * -errno, which is a fault of ours (EBADF, ENOMEM), never a peer's. */
KEDGE_MUST_CHECK int udp_receive(int fd, struct udp_inbox *b);

/* The same for a socket with one user, which may wait for the first: no longer than
 * udp_let_wait() said, and one system call less than to poll before. At most `most`. Also 0,
 * maybe at once, where there is an error to drain or batches are not to be had. */
KEDGE_MUST_CHECK int udp_receive_within(int fd, struct udp_inbox *b, unsigned most);
KEDGE_MUST_CHECK int udp_let_wait(const struct udp_socket *s, uint32_t ms);

/* ---- sending ---- */

enum { UDP_BARRED = 8 };

struct udp_outbox {
    int fd;
    bool apart;     /* as that of an inbox */
    unsigned first; /* [first, count) wait */
    unsigned count;
    size_t used;      /* of bytes */
    uint64_t sent;    /* datagrams given to the kernel (a train counts its segments) */
    uint64_t lost;    /* datagrams the kernel would not take */
    uint64_t emptied; /* how often the queue was */
    /* To whom this host's own firewall let nothing leave (EPERM): the first few since the
     * caller set barred_count to 0. */
    unsigned barred_count;
    struct net_address barred[UDP_BARRED];
    struct mmsghdr headers[UDP_BATCH];
    struct iovec vectors[UDP_BATCH][2];
    struct net_address names[UDP_BATCH];
    struct net_local locals[UDP_BATCH];
    uint16_t segments[UDP_BATCH];
    _Alignas(8) uint8_t control[UDP_BATCH][UDP_CONTROL];
    uint8_t bytes[UDP_OUT_BYTES];
};

void udp_outbox_init(struct udp_outbox *b, int fd);

/* Queue a copy of a small datagram (at most UDP_OUT_BYTES). A queue without room is
 * flushed first; if the socket takes nothing then, this datagram is counted as lost. */
void udp_out_copy(struct udp_outbox *b, const struct udp_message *m);

/* The same without a copy: m->bytes must stay until the queue is empty. */
void udp_out_borrow(struct udp_outbox *b, const struct udp_message *m);

/* A datagram of m->bytes, which are copied, and then of `rest`, which are not: they must
 * stay until the queue was emptied (b->emptied counts). Of no segments. */
void udp_out_lend(struct udp_outbox *b, const struct udp_message *m,
                  struct kedge_span rest);

/* Send what waits. True: the queue is empty, all was sent or counted as lost. False: the
 * socket is full; wait until it is writable and flush again, or udp_out_drop(). */
KEDGE_MUST_CHECK bool udp_flush(struct udp_outbox *b);

/* Send a datagram now, whole or not at all (DF), with `zeros` bytes of 0 behind its bytes:
 * 0; or -errno, EMSGSIZE where the link does not take one so large. What waits in a queue
 * is not looked at. */
KEDGE_MUST_CHECK int udp_send_df(int fd, const struct udp_message *m, size_t zeros);

/* Give up what waits, and count it as lost. */
void udp_out_drop(struct udp_outbox *b);

/* Frames of equal size, back to back in one buffer, to one peer. Or each in two pieces that
 * lie anywhere: then frames.len counts, and frames.ptr does not. */
struct udp_gso_batch {
    struct kedge_span packets;  /* never empty */
    const struct iovec *pieces; /* two a frame, or NULL */
    size_t stride;              /* bytes of a frame; the last may be shorter */
    const struct net_address *peer;
    const struct net_local *local;
    bool gso;      /* in: segments may be used. Out: false if the kernel refused them
                      here; leave it so for this transfer */
    unsigned lost; /* out: of the frames done, how many the kernel would not take */
};

/* Send them all, now, in as few calls as allowed (64 segments and 65,507 bytes each).
 * How many frames are done, in order: all, or fewer when the socket is full (the rest may
 * wait for writability, or be counted as lost). */
KEDGE_MUST_CHECK unsigned udp_send_gso(int fd, struct udp_gso_batch *t);

/* How many frames a train has. */
unsigned udp_gso_count(const struct udp_gso_batch *t);

/* ---- errors ---- */

struct udp_error {
    int code;              /* errno: ECONNREFUSED, EHOSTUNREACH, EMSGSIZE, ... */
    uint8_t origin;        /* SO_EE_ORIGIN_LOCAL, _ICMP, _ICMP6 */
    uint8_t type, subtype; /* of the ICMP message */
    uint32_t info;         /* the path's MTU with EMSGSIZE */
    struct net_address to; /* where the datagram that failed was going, port included */
    struct net_address by; /* who says so; len 0: this host, or not known */
};

/* Take the errors that are queued (UDP_BATCH at most a call) and tell each. How many. */
unsigned udp_drain_errors(int fd, void (*tell)(void *owner, const struct udp_error *e),
                          void *owner);

/* Port unreachable, told by ICMP: the only error that may end a transfer. */
bool udp_error_is_refusal(const struct udp_error *e);

/* A firewall or router refuses it by its rules (RFC 1812, 5.2.7.1; RFC 4443, 3.1). */
bool udp_error_is_prohibition(const struct udp_error *e);

/* Its TTL, or hop limit, was used up on the way. */
bool udp_error_is_expiry(const struct udp_error *e);

/* ---- routes ---- */

/* Two scratch sockets that ask the kernel about routes; they never send. */
struct net_route {
    int v4, v6; /* -1: that family is missing here */
};
KEDGE_MUST_CHECK int net_route_open(struct net_route *r);
void net_route_close(struct net_route *r);

/* The path's MTU to peer, IP header and all, as the kernel knows it now; or -errno
 * (ENETUNREACH, ...). */
KEDGE_MUST_CHECK int net_route_mtu(const struct net_route *r,
                                   const struct net_address *peer);

/* The address this machine would use towards peer (its port is 0). 0 or -errno. */
KEDGE_MUST_CHECK int net_route_source(const struct net_route *r,
                                      const struct net_address *peer,
                                      struct net_address *out);

#endif
