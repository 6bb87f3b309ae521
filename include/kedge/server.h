/* SPDX-License-Identifier: MIT */
/* A TFTP server in your own program: a directory is served at one or more addresses, many
 * transfers at once, by the engine of `kedge serve`. It catches no signal, changes no
 * privileges and writes to no descriptor of yours. It does not choose who may have which
 * file: below the directory all can be read, and what may be written is one policy.
 *
 * One thread drives a server: by kedge_server_run(), or from a loop of its own:
 *
 *     poll({ kedge_server_fd(s), POLLIN }, until kedge_server_deadline(s));
 *     kedge_server_step(s);
 *
 * Opening it starts KEDGE_SERVER_HELPERS threads, for what may block on a disk. They have
 * every signal blocked, touch only the files of transfers, and call nothing of yours; closing
 * it ends them. Any number of servers may be open, each with a thread of its own.
 *
 * An upload over the process's limit of file sizes raises SIGXFSZ: ignore that signal if such
 * a limit is set. */
#ifndef KEDGE_SERVER_H
#define KEDGE_SERVER_H

#include "kedge/endpoint.h"
#include "kedge/tftp.h"

#ifdef __cplusplus
extern "C" {
#endif

enum {
    KEDGE_SERVER_HELPERS = 4,
    KEDGE_SERVER_TRANSFERS = 1024, /* at once, where the caller does not say */
};

enum kedge_uploads {
    KEDGE_UPLOADS_REFUSE,
    KEDGE_UPLOADS_CREATE,    /* only names that are free */
    KEDGE_UPLOADS_OVERWRITE, /* and others */
    KEDGE_UPLOADS_VERSION,   /* the old file is kept as NAME.~N~ */
};

enum kedge_server_event {
    KEDGE_SERVER_GET,     /* a file was read, or its reading failed */
    KEDGE_SERVER_PUT,     /* a file was written, or its writing failed */
    KEDGE_SERVER_REFUSED, /* no transfer came of the request */
    KEDGE_SERVER_PROBE,   /* the peer only asked for the size */
};

/* What became of one request. All texts are valid during the call only. */
struct kedge_server_record {
    enum kedge_server_event event;
    const char *outcome;       /* kedge_tftp_outcome_name(): "ok", "timeout", ... */
    struct kedge_span reason;  /* why it is not ok; ptr NULL if it is */
    struct kedge_span file;    /* the name as it was asked for: any bytes */
    struct kedge_span peer;    /* 192.0.2.7:1024, [2001:db8::1]:1024 */
    struct kedge_span local;   /* the address that was asked */
    struct kedge_span asked;   /* options, as blksize=1468,windowsize=4 */
    struct kedge_span granted; /* likewise */
    uint64_t bytes;            /* of the file */
    uint64_t blocks;
    uint64_t resent;     /* blocks or ACKs */
    uint64_t duplicates; /* received */
    kedge_nanos took;    /* from the request to the end; KEDGE_NEVER: not known */
    kedge_nanos rtt;     /* smoothed round trip; KEDGE_NEVER: not known */
};

/* Zero is the default of each but directory. */
struct kedge_server_options {
    const char *directory; /* served: no name leads out of it */
    enum kedge_uploads uploads;
    uint64_t upload_bytes_max; /* of one upload; 0: no limit */
    uint32_t upload_mode;      /* of a new file; 0: 0644 */
    uint32_t transfers;        /* at once; 0: KEDGE_SERVER_TRANSFERS */
    bool single_port;          /* answers leave from the request port */

    /* Called for each request that is over, on the thread that drives the server. It may
     * call kedge_server_stop(), and no other function on this server. NULL: not at all. */
    void (*done)(void *owner, const struct kedge_server_record *record);
    void *owner;
};

struct kedge_server;

/* Open a server at `at` (of which host and port count: all addresses of the host, and port 0
 * is any one port for all of them). Requests are answered from the first step or run on.
 * *options is copied, and what it points to may go away after the call, but for owner.
 * NULL with *error set (`error` may be NULL): the name has no address, an address is in use
 * or not allowed, the directory cannot be opened, no memory, descriptor or thread is left. */
KEDGE_API KEDGE_MUST_CHECK struct kedge_server *
kedge_server_open(const struct kedge_endpoint *at,
                  const struct kedge_server_options *options, struct kedge_error *error);

/* The port it is asked at. */
KEDGE_API uint16_t kedge_server_port(const struct kedge_server *s);

/* A descriptor that is readable when there is something to do, for poll, select or epoll. It
 * stays the server's, and the same for its life. */
KEDGE_API int kedge_server_fd(const struct kedge_server *s);

/* The time, on CLOCK_MONOTONIC in nanoseconds, at which there is something to do in any case;
 * KEDGE_NEVER if there is none. It is in the past if there is something now. */
KEDGE_API kedge_nanos kedge_server_deadline(const struct kedge_server *s);

/* Do what is to be done, without waiting. It may be called at any time. 0 or -errno, which
 * is that of epoll, and then the server is to be closed. */
KEDGE_API KEDGE_MUST_CHECK int kedge_server_step(struct kedge_server *s);

/* Steps, and waits between them, until kedge_server_stop() was called and the transfers that
 * were open have ended. 0 or -errno as above. */
KEDGE_API KEDGE_MUST_CHECK int kedge_server_run(struct kedge_server *s);

/* Take no new request. From any thread, and from a signal handler. Stopped once, a server
 * stays so. */
KEDGE_API void kedge_server_stop(struct kedge_server *s);

/* It was stopped, and nothing is open any more. */
KEDGE_API bool kedge_server_is_over(const struct kedge_server *s);

/* End it: peers of open transfers are told, and of uploads that are not complete nothing is
 * left behind. It waits for helpers at most a second; one that hangs longer in a disk keeps
 * its thread and the server's memory. NULL is no server. */
KEDGE_API void kedge_server_close(struct kedge_server *s);

#ifdef __cplusplus
}
#endif

#endif
