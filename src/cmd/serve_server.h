/* SPDX-License-Identifier: MIT */
/* What `kedge serve` runs: shards that serve TFTP, each on a thread and a loop of its own;
 * the first one's is the program's own, and the small services are on it too. */
#ifndef CMD_SERVE_SERVER_H
#define CMD_SERVE_SERVER_H

#include "cmd/args.h"
#include "cmd/serve_exec.h"
#include "cmd/serve_notify.h"
#include "cmd/serve_sandbox.h"
#include "cmd/serve_status.h"
#include "file/upload.h"
#include "kedge/endpoint.h"
#include "net/passed.h"
#include "report/log.h"
#include "serve/echo/service.h"
#include "policy/path.h"
#include "serve/tftp/shard.h"

#include <stdatomic.h>

enum { CACHE_FILES_MAX = 32, SERVE_ARGS = 32, EXPLAIN_ARGS = 2 };

/* What only in.tftpd asks for. All zero: nothing. */
struct serve_extra {
    enum kedge_family family; /* of the addresses that endpoints have */
    int socket;               /* to be served, and no other; 0: none */
    bool public_only;         /* files that others may not read, or write, are refused */
    bool existing_only;       /* uploads make no file ... */
    bool in_place;            /* ... and write those of a directory that they may not */
    bool keep_backslash;
    struct path_rules paths; /* of names */
    bool has_paths;
    uint32_t map_steps; /* rules of a map that one name may take */
    uint32_t blksize_slack, window_bytes;
    unsigned refused_options; /* KEDGE_TFTP_HAS_... */
    kedge_nanos idle_exit;    /* end after so long without a transfer */
};

/* The command line of serve, and of explain. */
struct serve_options {
    const char *config;
    const char *map;
    bool check;
    const char *dnsmasq, *atftpd; /* to be converted: nothing is served */
    bool json;                    /* explain */
    const char *mac;              /* explain; NULL: by the neighbour table */
    struct arg_list follow;
    bool ignore_case;
    const char *root;
    uint32_t uploads; /* enum upload_policy */
    bool everywhere;
    bool wait_for_address;
    const char *interface; /* NULL: any */
    const char *user;
    uint32_t sandbox;           /* enum serve_sandbox_mode */
    const char *single_port;    /* "": always */
    uint64_t request_port_rate; /* bytes a second; 0: no limit */
    struct arg_range port_range;
    uint64_t shards;
    uint64_t max_transfers;
    uint64_t max_upload;
    uint64_t upload_mode;
    uint64_t blksize_max; /* ARG_WORD: mtu */
    uint64_t windowsize_max;
    kedge_nanos timeout;
    uint32_t log; /* enum record_form */
    uint64_t echo_max_connections;
    kedge_nanos idle_timeout;
    const char *key;
    const char *metrics, *control; /* NULL: none */
    const char *exec;              /* NULL: nothing is run */
    uint64_t given;                /* a bit for each row of serve_args */
    struct serve_extra extra;
};

/* SERVE_ARGS rows of serve, and EXPLAIN_ARGS more of explain. */
extern const struct arg serve_args[];
extern const struct serve_options serve_usual;

/* The bit that `given` has for an option of serve; 0: there is none of that name. */
uint64_t serve_given_bit(const char *name);

/* The word of --uploads for a policy. */
const char *serve_upload_word(enum upload_policy policy);

/* One line of the endpoint table. */
struct served {
    struct kedge_endpoint endpoint; /* as bound */
    bool any;                       /* on every address */
    struct service *service;        /* NULL: TFTP */
};

struct server {
    const struct serve_options *options;
    struct shard *shards;
    unsigned shard_count; /* that are open */
    bool tftp;            /* they serve it */
    struct loop *loop;    /* of the first */
    struct loop_signals signals;
    bool signals_open;
    struct loop_timer stop_timer;
    struct store_job sweeping;
    struct sweep_result sweep; /* of all that is swept: sweeping's until it is done */
    struct policy_set *swept;  /* held by sweeping; NULL: there is no policy */
    struct log *log;
    struct store_root root;
    struct policy_slot *policies; /* NULL: none */
    struct seldom seldom;
    const struct store_follow *follow; /* NULL: no link leads out */
    struct store_key key;              /* of probes; len 0: none */
    uint8_t *echo_buffer;              /* ECHO_BUFFER bytes, of all services */
    struct served served[CACHE_FILES_MAX];
    unsigned cache_count;
    kedge_nanos started;
    kedge_nanos stop_by; /* 0 until it is asked to stop */

    struct passed_sockets passed; /* by a service manager, and then nothing is bound */
    struct serve_notify notify;
    struct serve_sandbox sandbox;
    struct serve_status status;
    struct serve_exec exec;

    /* What SIGHUP does, on the loop's thread, before it is asked to stop, and whether it is
     * still at it; NULL: it stops, unless a service manager started it. */
    void (*hang_up)(void *owner);
    bool (*hung_up)(void *owner);
    void *hang_up_owner;

    /* It serves, on the loop's thread: in place of the table and the summary; or NULL. */
    void (*ready)(void *owner, const struct server *s);
    void *ready_owner;

    /* What more the sandbox has to allow, for the same owner: 0 or -errno; or NULL. */
    int (*allow)(void *owner, struct sandbox *files);

    struct loop_timer idle_timer;
    kedge_nanos idle_since;
    uint64_t records_seen;
    atomic_ullong records; /* of all shards */
};

/* What a program has of its own that serves by serve_by(). */
struct serve_hooks {
    void (*ready)(void *owner, const struct server *s); /* see struct server */
    void (*hang_up)(void *owner); /* SIGHUP came, before the policy is read again */
    int (*allow)(void *owner, struct sandbox *files); /* see struct server */

    /* In place of the return, where a disk hangs: serve_by() ends the process at once with
     * the status that this returns. */
    int (*end)(void *owner, enum exit_code code);
    void *owner;
};

/* serve.c: serve until it is told to stop. Endpoints as on the command line. hooks may be
 * NULL. Each fault goes to standard error. */
KEDGE_MUST_CHECK enum exit_code serve_by(const struct serve_options *asked,
                                         const struct operands *endpoints,
                                         const struct serve_hooks *hooks);

/* serve_server.c: each says on standard error what did not work. */
KEDGE_MUST_CHECK enum exit_code server_open(struct server *s,
                                            const struct serve_options *options);
KEDGE_MUST_CHECK enum exit_code server_listen(struct server *s,
                                              const struct operands *endpoints);
KEDGE_MUST_CHECK enum exit_code server_run(struct server *s);

/* False: a disk hangs, and nothing that the server has or points to may be freed. */
KEDGE_MUST_CHECK bool server_close(struct server *s);

/* After it, and when no policy is being read: what a reload looks at. */
void server_free(struct server *s);

/* serve_table.c: what is served, with a command to try it; and the end's summary. */
void server_print_table(const struct server *s);
void server_print_summary(const struct server *s);

/* serve_listen.c: whether --single-port is this word. Without a value it is always. */
bool serve_port_is(const struct serve_options *o, const char *word);

/* serve_listen.c: whether anyone may upload, by the policy in force or without one. */
bool serve_takes_uploads(const struct server *s);

/* serve_listen.c: whether this machine has IPv6. */
bool serve_has_ipv6(void);

/* serve_listen.c: bind one endpoint, or the default set. */
KEDGE_MUST_CHECK enum exit_code serve_endpoint(struct server *s, const char *text);
KEDGE_MUST_CHECK enum exit_code serve_defaults(struct server *s);

/* serve_listen.c: what those consist of. Each says on standard error what did not work: the
 * endpoint, and why it is not served. */
KEDGE_MUST_CHECK enum exit_code serve_endpoint_parse(const char *text,
                                                     struct kedge_endpoint *e);
enum exit_code serve_refuse_for(const char *text, const char *why);
enum exit_code serve_refuse(const struct kedge_error *error, bool local);

/* serve_listen.c: serve e at one address, by the socket fd that is bound there and that the
 * server then has, or by one that is bound now (0). */
KEDGE_MUST_CHECK enum exit_code serve_at(struct server *s, const struct kedge_endpoint *e,
                                         const struct kedge_address *at, int fd,
                                         const char *text);

/* serve_passed.c: serve the endpoints on the sockets that were passed: all of them, and each
 * endpoint on one at least. Without endpoints the sockets' names say what is served. */
KEDGE_MUST_CHECK enum exit_code serve_passed(struct server *s,
                                             const struct operands *endpoints);

/* Once all is bound: no echo answers a port of ours. */
void serve_guard_own_ports(struct server *s);

#endif
