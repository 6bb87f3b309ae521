/* SPDX-License-Identifier: MIT */
/* HTTP by libmicrohttpd: who is let in, what is answered, when it ends. */
#include "serve/status/http.h"

#include "base/number.h"
#include "serve/status/acceptor.h"
#include "serve/status/metrics.h"
#include "serve/status/microhttpd.h"
#include "serve/status/page.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* One that is in. */
struct http_client {
    struct MHD_Connection *connection; /* NULL: the slot is free */
    kedge_nanos since;
    bool waits; /* for the document */
};

struct status_http {
    struct loop *loop;
    struct status_source source;
    struct microhttpd lib;
    struct MHD_Daemon *daemon;
    struct loop_watch watch; /* of its epoll */
    struct loop_timer timer;
    struct status_acceptor acceptor;
    struct status_bound bounds[ACCEPTOR_SOCKETS];
    struct http_client clients[STATUS_HTTP_CLIENTS];
    struct MHD_Response *document; /* the source's; NULL: to be made */
    bool closing;
};

static const kedge_nanos life_max = STATUS_HTTP_LIFE_S * KEDGE_SEC;
static const char plain[] = "text/plain; charset=utf-8";

/* ---- answers ---- */

struct answer {
    unsigned status;
    const char *type;
    const char *allow;  /* NULL: does not matter */
    const char *policy; /* NULL: nothing is allowed */
};

static void add_headers(const struct status_http *h, struct MHD_Response *r,
                        const struct answer *a)
{
    (void)h->lib.add_response_header(r, "Content-Type", a->type);
    (void)h->lib.add_response_header(r, "Connection", "close");
    (void)h->lib.add_response_header(r, "Cache-Control", "no-store");
    (void)h->lib.add_response_header(r, "X-Content-Type-Options", "nosniff");
    (void)h->lib.add_response_header(r, "Content-Security-Policy",
                                     a->policy ? a->policy : "default-src 'none'");
    (void)h->lib.add_response_header(r, "Cross-Origin-Resource-Policy", "same-origin");
    if (a->allow)
        (void)h->lib.add_response_header(r, "Allow", a->allow);
}

/* The bytes are copied. */
static struct MHD_Response *response(const struct status_http *h, const struct answer *a,
                                     struct kedge_span bytes)
{
    struct MHD_Response *r = h->lib.create_response_from_buffer(
        bytes.len, (void *)(uintptr_t)bytes.ptr, MHD_RESPMEM_MUST_COPY);

    if (r)
        add_headers(h, r, a);
    return r;
}

static enum MHD_Result give(const struct status_http *h, struct MHD_Connection *c,
                            const struct answer *a, struct kedge_span bytes)
{
    struct MHD_Response *r = response(h, a, bytes);
    enum MHD_Result result;

    if (!r)
        return MHD_NO;
    result = h->lib.queue_response(c, a->status, r);
    h->lib.destroy_response(r);
    return result;
}

static enum MHD_Result http_refuse(const struct status_http *h, struct MHD_Connection *c,
                                   unsigned status, const char *why)
{
    struct answer a = { .status = status, .type = plain };

    if (status == MHD_HTTP_METHOD_NOT_ALLOWED)
        a.allow = "GET, HEAD";

    return give(h, c, &a, span_of(why));
}

static bool wants_old_format(const struct status_http *h, struct MHD_Connection *c)
{
    const char *accept = h->lib.lookup_connection_value(c, MHD_HEADER_KIND, "Accept");

    return accept && strstr(accept, "text/plain") &&
           !strstr(accept, "application/openmetrics-text");
}

static enum MHD_Result give_metrics(struct status_http *h, struct MHD_Connection *c)
{
    bool old = wants_old_format(h, c);
    struct answer a = { MHD_HTTP_OK,
                        old ? "text/plain; version=0.0.4; charset=utf-8"
                            : "application/openmetrics-text; version=1.0.0; "
                              "charset=utf-8",
                        NULL, NULL };
    struct status_figures figures;
    enum MHD_Result result = MHD_NO;
    char *text = NULL;
    size_t len = 0;
    FILE *out = open_memstream(&text, &len);

    if (!out)
        return MHD_NO;
    h->source.figures(h->source.owner, &figures);
    status_metrics(&figures, !old, out);
    if (fclose(out) == 0)
        result = give(h, c, &a, (struct kedge_span){ (const uint8_t *)text, len });
    free(text);
    return result;
}

static struct http_client *http_client_of(struct status_http *h,
                                          const struct MHD_Connection *c)
{
    for (unsigned i = 0; i < STATUS_HTTP_CLIENTS; i++)
        if (h->clients[i].connection == c)
            return &h->clients[i];
    return NULL;
}

/* Those that have it still keep it. */
static void forget_document(struct status_http *h)
{
    if (h->document)
        h->lib.destroy_response(h->document);
    h->document = NULL;
}

static enum MHD_Result give_document(struct status_http *h, struct MHD_Connection *c)
{
    static const struct answer json = { MHD_HTTP_OK, "application/json", NULL, NULL };

    if (!h->document)
        h->document = response(h, &json, h->source.document(h->source.owner));
    return h->document ? h->lib.queue_response(c, json.status, h->document) : MHD_NO;
}

/* One whose document is not there yet is asked again when it is. */
static enum MHD_Result give_status(struct status_http *h, struct MHD_Connection *c)
{
    struct http_client *client = http_client_of(h, c);

    if (h->closing || !client)
        return MHD_NO;
    if (h->source.ask(h->source.owner))
        return give_document(h, c);
    client->waits = true;
    h->lib.suspend_connection(c);
    return MHD_YES;
}

static enum MHD_Result give_page(const struct status_http *h, struct MHD_Connection *c)
{
    char policy[STATUS_PAGE_POLICY];
    struct answer a = { MHD_HTTP_OK, "text/html; charset=utf-8", NULL,
                        status_page_policy(policy) };

    return give(h, c, &a, status_page());
}

/* ---- requests ---- */

struct header_count {
    const char *name;
    unsigned count;
    const char *value;
};

static enum MHD_Result count_header(void *owner, enum MHD_ValueKind kind, const char *key,
                                    const char *value)
{
    struct header_count *found = owner;

    (void)kind;
    if (span_equal_nocase(span_of(key), found->name)) {
        found->count++;
        found->value = value;
    }
    return MHD_YES;
}

static struct header_count headers(const struct status_http *h, struct MHD_Connection *c,
                                   const char *name)
{
    struct header_count found = { .name = name };

    (void)h->lib.get_connection_values(c, MHD_HEADER_KIND, count_header, &found);
    return found;
}

static bool is_our_host(const struct status_http *h, struct MHD_Connection *c)
{
    struct header_count host = headers(h, c, "Host");

    if (host.count != 1 || !host.value)
        return false;
    for (unsigned i = 0; i < h->acceptor.sockets; i++)
        if (status_host_allowed(host.value, &h->bounds[i]))
            return true;
    return false;
}

static bool has_body(const struct status_http *h, struct MHD_Connection *c)
{
    struct header_count length = headers(h, c, "Content-Length");

    return headers(h, c, "Transfer-Encoding").count > 0 || length.count > 1 ||
           (length.count == 1 && (!length.value || strcmp(length.value, "0") != 0));
}

/* The library's signature, of which only these have a use here. */
#define ON_REQUEST(function)                                                             \
    enum MHD_Result function(                                                            \
        void *owner, struct MHD_Connection *c, const char *path, const char *method,     \
        __attribute__((unused)) const char *version,                                     \
        __attribute__((unused)) const char *body,                                        \
        __attribute__((unused)) size_t *body_len, __attribute__((unused)) void **state)

/* Called before a body is read, and once more for one that waited. */
static ON_REQUEST(answer)
{
    struct status_http *h = owner;

    if (!is_our_host(h, c))
        return http_refuse(h, c, MHD_HTTP_FORBIDDEN,
                           "the Host header names no host of this server\n");
    if (strcmp(method, "GET") != 0 && strcmp(method, "HEAD") != 0)
        return http_refuse(h, c, MHD_HTTP_METHOD_NOT_ALLOWED, "only GET and HEAD\n");
    if (has_body(h, c))
        return http_refuse(h, c, 413, "a request has no body here\n");
    if (strcmp(path, "/metrics") == 0)
        return give_metrics(h, c);
    if (strcmp(path, "/status") == 0)
        return give_status(h, c);
    if (strcmp(path, "/") == 0)
        return give_page(h, c);
    return http_refuse(h, c, MHD_HTTP_NOT_FOUND, "there are /, /metrics and /status\n");
}

/* ---- its life on the loop ---- */

static void end_old(struct status_http *h, kedge_nanos now)
{
    for (unsigned i = 0; i < STATUS_HTTP_CLIENTS; i++) {
        struct http_client *client = &h->clients[i];
        const union MHD_ConnectionInfo *info;

        if (!client->connection || now - client->since < life_max)
            continue;
        info = h->lib.get_connection_info(client->connection,
                                          MHD_CONNECTION_INFO_CONNECTION_FD);
        if (info)
            (void)shutdown(info->connect_fd, SHUT_RDWR);
    }
}

static void set_timer(struct status_http *h)
{
    kedge_nanos now = loop_now(h->loop), wait = KEDGE_SEC;
    MHD_UNSIGNED_LONG_LONG ms;

    if (h->lib.get_timeout(h->daemon, &ms) == MHD_YES)
        wait = min_u64(wait, ms * KEDGE_MSEC);
    loop_timer_set(h->loop, &h->timer, h->acceptor.open > 0 ? now + wait : KEDGE_NEVER);
}

static void run_http(struct status_http *h)
{
    end_old(h, loop_now(h->loop));
    (void)h->lib.run(h->daemon);
    set_timer(h);
}

static void http_ready(void *owner, unsigned events)
{
    (void)events;
    run_http(owner);
}

static void http_due(void *owner)
{
    run_http(owner);
}

static void came_or_went(void *owner, struct MHD_Connection *c, void **state,
                         enum MHD_ConnectionNotificationCode code)
{
    struct status_http *h = owner;
    bool came = code == MHD_CONNECTION_NOTIFY_STARTED;
    struct http_client *client = http_client_of(h, came ? NULL : c);

    (void)state;
    if (!client)
        return;
    *client =
        (struct http_client){ .connection = came ? c : NULL, .since = loop_now(h->loop) };
    if (came)
        h->acceptor.open++;
    else
        h->acceptor.open--;
}

/* One that could not be added was closed. */
static void add_client(void *owner, int fd)
{
    struct status_http *h = owner;
    struct kedge_address peer = { .len = sizeof peer.storage };

    if (getpeername(fd, (struct sockaddr *)&peer.storage, &peer.len) < 0)
        peer.storage.ss_family = AF_UNIX;
    peer.len = (socklen_t)max_u64(peer.len, sizeof(struct sockaddr));
    (void)h->lib.add_connection(h->daemon, fd, (struct sockaddr *)&peer.storage,
                                peer.len);
    run_http(h);
}

static int start_http(struct status_http *h)
{
    const union MHD_DaemonInfo *info;

    h->daemon = h->lib.start_daemon(
        MHD_USE_EPOLL | MHD_USE_NO_LISTEN_SOCKET | MHD_ALLOW_SUSPEND_RESUME, 0, NULL,
        NULL, answer, h, MHD_OPTION_CONNECTION_LIMIT, (unsigned)STATUS_HTTP_CLIENTS,
        MHD_OPTION_CONNECTION_MEMORY_LIMIT, (size_t)STATUS_HTTP_MEMORY,
        MHD_OPTION_CONNECTION_TIMEOUT, (unsigned)STATUS_HTTP_SILENCE_S,
        MHD_OPTION_STRICT_FOR_CLIENT, 1, MHD_OPTION_NOTIFY_CONNECTION, came_or_went, h,
        MHD_OPTION_END);
    if (!h->daemon)
        return -ENOMEM;
    info = h->lib.get_daemon_info(h->daemon, MHD_DAEMON_INFO_EPOLL_FD);
    if (!info || info->epoll_fd < 0)
        return -ENOSYS;
    return loop_watch_add(h->loop, &h->watch, info->epoll_fd, LOOP_READ);
}

int status_http_open(struct status_http **out, struct loop *loop,
                     const struct status_source *source)
{
    struct status_http *h = calloc(1, sizeof *h);
    int err;

    if (!h)
        return -ENOMEM;
    h->loop = loop;
    h->source = *source;
    h->watch = (struct loop_watch){ .ready = http_ready, .owner = h };
    h->timer = (struct loop_timer){ .due = http_due, .owner = h };
    h->acceptor = (struct status_acceptor){
        .loop = loop, .most = STATUS_HTTP_CLIENTS, .take = add_client, .owner = h
    };
    err = microhttpd_load(&h->lib);
    if (err == 0)
        err = loop_timer_add(loop, &h->timer);
    if (err == 0)
        err = acceptor_open(&h->acceptor);
    if (err == 0)
        err = start_http(h);
    if (err < 0) {
        status_http_close(h);
        return err;
    }
    *out = h;
    return 0;
}

int status_http_listen(struct status_http *h, int fd, const struct status_bound *bound)
{
    unsigned i = h->acceptor.sockets;
    int err = acceptor_add(&h->acceptor, fd);

    if (err == 0)
        h->bounds[i] = *bound;
    return err;
}

void status_http_ready(struct status_http *h)
{
    bool any = false;

    forget_document(h);
    for (unsigned i = 0; i < STATUS_HTTP_CLIENTS; i++) {
        if (!h->clients[i].connection || !h->clients[i].waits)
            continue;
        h->clients[i].waits = false;
        h->lib.resume_connection(h->clients[i].connection);
        any = true;
    }
    if (any)
        run_http(h);
}

/* Whoever waits still is let go first, as the library wants it. */
void status_http_close(struct status_http *h)
{
    h->closing = true;
    acceptor_close(&h->acceptor);
    if (h->daemon) {
        status_http_ready(h);
        loop_watch_remove(h->loop, &h->watch);
        h->lib.stop_daemon(h->daemon);
    }
    forget_document(h);
    loop_timer_remove(h->loop, &h->timer);
    free(h);
}
