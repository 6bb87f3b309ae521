/* SPDX-License-Identifier: MIT */
/* The TFTP service: one loop, no process, thread or socket a transfer. It
 * moves datagrams between sockets, the sessions of src/tftp, and a provider; what a
 * packet means is decided there, not here.
 *
 * Life: open, listen (once for each address), start, turn the loop, stop, close. */
#ifndef SERVE_TFTP_SERVICE_H
#define SERVE_TFTP_SERVICE_H

#include "kedge/tftp.h"
#include "os/loop.h"
#include "net/address.h"
#include "report/record.h"
#include "serve/tftp/provider.h"

enum {
    TFTP_LISTENERS_MAX = 16,
    TFTP_DATA_SOCKETS = 1024, /* a listener, of all shards: a blind attacker tries each */
    TFTP_ROOM_DEFAULT = 16384,
    TFTP_WINDOW_DEFAULT = 64,
    TFTP_UNVALIDATED_DEFAULT = 1024,
    TFTP_UPLOADS_DEFAULT = 1024,
    TFTP_REQUEST_RATE_DEFAULT = 1000000,
};

/* A string of the client's that the OACK gives back (tftp-hpa), beside KEDGE_TFTP_HAS_...: the
 * machines know it as an option that is granted, the service has what it says. */
#define TFTP_HAS_COOKIE (1u << 31)
#define TFTP_COOKIE_MAX 255 /* as tftp-hpa takes it; a longer one is not granted */

struct tftp_config {
    struct loop *loop;
    struct provider *provider; /* of the files */
    uint32_t room;             /* transfers at once */
    uint32_t unvalidated_max;
    uint32_t uploads_max;   /* at once, of a network; 0: TFTP_UPLOADS_DEFAULT */
    uint32_t blksize_max;   /* 0: what the route's MTU carries */
    uint32_t blksize_slack; /* and then less so many bytes */
    uint32_t windowsize_max;
    uint32_t window_bytes;    /* 0: bounded by windowsize_max alone (limits.h) */
    unsigned refused_options; /* KEDGE_TFTP_HAS_..., TFTP_HAS_COOKIE: never granted */
    kedge_nanos timeout; /* where the client asks for none; 0: measured, at most 5 s */
    bool single_port;
    bool auto_port;        /* as of tftp/sessions.h; not with single_port */
    uint32_t request_rate; /* likewise */
    const char *interface; /* listen there alone; NULL: everywhere */
    bool free_bind;        /* listen at addresses too that this host does not have yet */
    bool by_interface;     /* the provider is to be told where requests come in */
    uint16_t low, high;    /* of the data ports; 0: any */
    uint32_t shard;  /* the number of this one among those on the same request ports */
    uint32_t shards; /* how many they are; 0 is 1. The range has a port for each */
};

/* For the summary at the end. */
struct tftp_totals {
    uint64_t outcomes[16]; /* by enum kedge_tftp_outcome */
    uint64_t bytes;
    uint64_t dropped; /* datagrams that no one was sent an answer to */
    uint64_t over_budget;
    uint64_t full;
    uint64_t uploads;      /* too many of a network */
    uint64_t slowed;       /* transfers held by the rate of the request port */
    uint64_t kernel_drops; /* by our own socket queues */
};

struct tftp_service;
struct tftp_counters;

/* All of *config is copied; what it points to outlives the service. 0 or -errno. */
KEDGE_MUST_CHECK int tftp_service_open(struct tftp_service **out,
                                       const struct tftp_config *config);

/* Bind the request port `at` and its data sockets; at->port becomes what was bound. Of
 * several shards number 0 is first. 0 or -errno: EADDRINUSE, EACCES, EADDRNOTAVAIL,
 * EAFNOSUPPORT, ENOSPC (too many listeners). */
KEDGE_MUST_CHECK int tftp_service_listen(struct tftp_service *s, struct net_address *at);

/* After a failure: it was a data port, of the range low to high. */
KEDGE_MUST_CHECK bool tftp_service_range_failed(const struct tftp_service *s);

/* The same on a UDP socket that is bound already, at a port that is not shared: for a service
 * of one shard. It is the service's from then on; on failure it stays the caller's. */
KEDGE_MUST_CHECK int tftp_service_adopt(struct tftp_service *s, int fd,
                                        const struct net_address *at);

/* All shards listen at their last address now. What came there before was not dealt out as
 * what comes from now on: it is thrown away, for its sender will ask again. */
void tftp_service_all_listen(const struct tftp_service *s);

/* How many data ports each listener has. Fewer than TFTP_DATA_SOCKETS (descriptors are short,
 * or the range of ports is) make forged ACKs worth more, in proportion. */
uint32_t tftp_service_data_ports(const struct tftp_service *s);

/* Called with what became of each request, on the service's thread. NULL: not at all. */
struct tftp_recorder {
    void (*record)(void *owner, const struct transfer_record *record);
    void *owner;
};

/* Begin to serve; after privileges were given up. 0 or -errno. */
KEDGE_MUST_CHECK int tftp_service_start(struct tftp_service *s,
                                        struct tftp_recorder recorder);

/* Take no new request. */
void tftp_service_stop(struct tftp_service *s);

/* Let other threads see in the counters what was dropped so far. */
void tftp_service_tell_drops(struct tftp_service *s);

/* Transfers without an outcome yet. */
uint32_t tftp_service_busy(const struct tftp_service *s);

/* End what is left, tell its peers, and close the sockets. Then the workers finish what
 * they still have (workers_close), and only then: free. */
void tftp_service_close(struct tftp_service *s);
void tftp_service_free(struct tftp_service *s);

/* What it did so far, to be read by any thread until it is freed. */
const struct tftp_counters *tftp_service_counters(const struct tftp_service *s);

struct tftp_totals tftp_service_totals(const struct tftp_service *s);
void tftp_totals_add(struct tftp_totals *sum, const struct tftp_totals *more);

#endif
