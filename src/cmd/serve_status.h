/* SPDX-License-Identifier: MIT */
/* What others may see of a running `kedge serve`: it binds what --metrics and --control name, and
 * gathers what is shown there. Each thread of the server is asked for what it has open, and answers
 * at its next turn; one that does not turn is left out after a moment. */
#ifndef CMD_SERVE_STATUS_H
#define CMD_SERVE_STATUS_H

#include "cmd/exit_code.h"
#include "kedge/endpoint.h"
#include "report/record.h"
#include "serve/status/acceptor.h"
#include "serve/status/control.h"
#include "serve/status/http.h"
#include "serve/status/macs.h"
#include "serve/status/recent.h"
#include "serve/tftp/shard.h"

struct server;

struct serve_status {
    struct kedge_endpoint metrics; /* its host stays where it is */
    struct status_http *http;      /* NULL: none */
    struct kedge_endpoint shown[ACCEPTOR_SOCKETS];
    unsigned shown_count;

    struct kedge_endpoint local;
    struct status_control *control; /* NULL: none */

    bool started;
    struct status_recent recent;
    struct status_history history;
    struct status_macs macs;
    struct tftp_live *rows; /* rows_each of each shard */
    size_t rows_each;
    struct status *status;
    uint8_t *space; /* STATUS_DOCUMENT bytes */
    struct kedge_span document;
    kedge_nanos made;    /* when the document was; 0: never */
    kedge_nanos give_up; /* on shards that do not answer; 0: none is asked */
    struct loop_timer look, slot;
};

/* Bind what is asked for: while that is still allowed. A fault goes to standard error. */
KEDGE_MUST_CHECK enum exit_code serve_status_listen(struct server *s);

/* The paths that are removed at the end: for each of them, or none. */
void serve_status_paths(const struct server *s,
                        void (*each)(void *owner, const char *path), void *owner);

/* The server serves from now on. 0 or -errno. */
KEDGE_MUST_CHECK int serve_status_start(struct server *s);

/* From any thread: what became of a transfer. */
void serve_status_record(struct server *s, const struct transfer_record *record);

/* When the shards' threads have ended. */
void serve_status_close(struct server *s);

/* Where it can be seen, a line each, or none. */
void serve_status_print(const struct server *s);

#endif
