/* SPDX-License-Identifier: MIT */
/* Endpoints: URLs that name a kind of socket, an address and a port in one word.
 *
 *   tcp://HOST:PORT             udp://HOST:PORT               icmp://HOST
 *   unix:///PATH                unix-dgram:///PATH            unix-seqpacket:///PATH
 *   tipc://TYPE:INSTANCE        tftp://HOST[:PORT]/NAME[;mode=netascii|octet]
 *   echo://HOST[:PORT] (TCP and UDP), echo+tcp://, echo+udp://, echo+unix:///PATH,
 *   echo+unix-dgram:///PATH, echo+unix-seqpacket:///PATH, reply+udp://HOST[:PORT]
 *
 * HOST is a name, an IPv4 address, or an IPv6 address in brackets with an optional
 * %scope; empty or * is every address (to listen on). Default ports: tftp 69, echo 7,
 * reply 20001; port 0 is any. In tftp://h/a the name is "a", in tftp://h//a it is "/a";
 * %XX is decoded and names are bytes. A unix path may begin with @: abstract; it has no
 * control characters.
 *
 * Parsing is pure; resolving, listening and dialling are not. All errors are one line
 * that names what is wrong and why. */
#ifndef KEDGE_ENDPOINT_H
#define KEDGE_ENDPOINT_H

#include "kedge/base.h"

#include <sys/socket.h>

#ifdef __cplusplus
extern "C" {
#endif

#define KEDGE_HOST_MAX 256       /* with the NUL */
#define KEDGE_PATH_MAX 108       /* of a unix socket, with the NUL */
#define KEDGE_NAME_MAX 512       /* bytes of a TFTP file name */
#define KEDGE_ADDRESSES 16       /* of one host */
#define KEDGE_ENDPOINT_TEXT 2048 /* any endpoint as text, with the NUL */
#define KEDGE_ADDRESS_TEXT 448   /* any address as text, with the NUL */

enum kedge_service {
    KEDGE_SOCKET, /* no service: the bare socket */
    KEDGE_ECHO,
    KEDGE_REPLY,
    KEDGE_TFTP
};

enum kedge_transport {
    KEDGE_TCP,
    KEDGE_UDP,
    KEDGE_TCP_AND_UDP, /* echo:// only */
    KEDGE_ICMP,
    KEDGE_UNIX,
    KEDGE_UNIX_DGRAM,
    KEDGE_UNIX_SEQPACKET,
    KEDGE_TIPC
};

enum kedge_family { KEDGE_ANY_FAMILY, KEDGE_IPV4, KEDGE_IPV6 };

struct kedge_endpoint {
    enum kedge_service service;
    enum kedge_transport transport;
    enum kedge_family family;     /* the caller's wish; parsing leaves it at any */
    char host[KEDGE_HOST_MAX];    /* no brackets, with %scope; "" is every address */
    uint16_t port;                /* the default where none was written */
    char path[KEDGE_PATH_MAX];    /* unix*: the path */
    uint8_t name[KEDGE_NAME_MAX]; /* tftp: the file's name, decoded; may hold any byte
                                      but NUL */
    size_t name_len;              /* 0: none was written */
    bool netascii;                /* tftp: ;mode=netascii */
    uint32_t tipc_type, tipc_instance;
};

enum kedge_cause {
    KEDGE_NO_ERROR,
    KEDGE_BAD_ENDPOINT, /* the text is wrong, or cannot be used for this */
    KEDGE_NOT_RESOLVED, /* the name has no address */
    KEDGE_SYSTEM        /* the kernel refused: see code */
};

struct kedge_error {
    enum kedge_cause cause;
    int code;       /* errno, positive, where cause is KEDGE_SYSTEM */
    char text[256]; /* one line, no newline; control characters escaped */
};

/* The address of a socket of any kind. */
struct kedge_address {
    struct sockaddr_storage storage;
    socklen_t len;
};

struct kedge_addresses {
    struct kedge_address at[KEDGE_ADDRESSES];
    unsigned count;
};

/* Parse a URL. True; or false with *error set, and *out is then not to be read. `error`
 * may be NULL here and below. */
KEDGE_API KEDGE_MUST_CHECK bool kedge_endpoint_parse(const char *text,
                                                     struct kedge_endpoint *out,
                                                     struct kedge_error *error);

/* Print it as a URL that parses to the same; returns out. */
KEDGE_API const char *kedge_endpoint_print(const struct kedge_endpoint *e,
                                           char out[KEDGE_ENDPOINT_TEXT]);

/* All addresses of an endpoint, in the order to be tried. 0 or -1 with *error set. */
KEDGE_API KEDGE_MUST_CHECK int kedge_resolve(const struct kedge_endpoint *e,
                                             struct kedge_addresses *out,
                                             struct kedge_error *error);

/* A socket that listens (tcp, unix, unix-seqpacket) or is bound (udp, unix-dgram, tipc)
 * at the first address that works; blocking, close-on-exec. The descriptor, which the
 * caller closes (kedge_unlisten); or -1 with *error set. A left-over unix socket that
 * nobody listens on is replaced. */
KEDGE_API KEDGE_MUST_CHECK int kedge_listen(const char *endpoint,
                                            struct kedge_error *error);
KEDGE_API KEDGE_MUST_CHECK int kedge_endpoint_listen(const struct kedge_endpoint *e,
                                                     struct kedge_error *error);

/* Listen at exactly this address of e's (see kedge_resolve). */
KEDGE_API KEDGE_MUST_CHECK int kedge_listen_at(const struct kedge_endpoint *e,
                                               const struct kedge_address *at,
                                               struct kedge_error *error);

/* Close a listening socket; a unix socket's path is removed. */
KEDGE_API void kedge_unlisten(int fd);

/* A socket connected to the first address that answers; blocking, close-on-exec. On a
 * udp or unix-dgram one, send and recv reach that peer alone. The descriptor, which the
 * caller closes; or -1 with *error set. kedge_dial waits as long as the kernel does. */
KEDGE_API KEDGE_MUST_CHECK int kedge_dial(const char *endpoint,
                                          struct kedge_error *error);
KEDGE_API KEDGE_MUST_CHECK int kedge_endpoint_dial(const struct kedge_endpoint *e,
                                                   kedge_nanos timeout,
                                                   struct kedge_error *error);

/* Put the address that fd is really bound to into e (its host and port): print it then
 * to show where a server listens. 0 or -errno. */
KEDGE_API KEDGE_MUST_CHECK int kedge_endpoint_bound(struct kedge_endpoint *e, int fd);

/* An address as text: 127.0.0.1:80, [fe80::1%eth0]:80, /path, @abstract; returns out. */
KEDGE_API const char *kedge_address_print(const struct kedge_address *a,
                                          char out[KEDGE_ADDRESS_TEXT]);
/* Its host alone (a path for unix), and its port (0 for unix). */
KEDGE_API const char *kedge_address_host(const struct kedge_address *a,
                                         char out[KEDGE_ADDRESS_TEXT]);
KEDGE_API uint16_t kedge_address_port(const struct kedge_address *a);

#ifdef __cplusplus
}
#endif

#endif
