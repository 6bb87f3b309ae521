/* SPDX-License-Identifier: MIT */
/* Gathers what is shown of a server, and says where. */
#include "cmd/serve_status.h"

#include "base/number.h"
#include "cmd/printable.h"
#include "cmd/serve_server.h"
#include "net/sockets.h"
#include "os/clock.h"
#include "os/privileges.h"
#include "serve/status/document.h"
#include "serve/tftp/counters.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/fsuid.h>
#include <sys/stat.h>
#include <unistd.h>

static const kedge_nanos fresh = 250 * KEDGE_MSEC; /* so old a document is given again */
static const kedge_nanos patience = 250 * KEDGE_MSEC;
static const kedge_nanos look_every = 2 * KEDGE_MSEC;

_Static_assert((int)VERDICTS <= (int)STATUS_WORDS, "each has a place");

/* ---- figures ---- */

static void add_word(struct status_list *list, const char *word, uint64_t n)
{
    KEDGE_ASSERT(list->count < STATUS_WORDS);
    list->at[list->count++] = (struct status_count){ word, n };
}

static struct tftp_counts sum_all(const struct server *s)
{
    struct tftp_counts sum = { 0 };

    for (unsigned i = 0; i < s->shard_count && s->tftp; i++)
        tftp_counters_sum(tftp_service_counters(s->shards[i].tftp), &sum);
    return sum;
}

static void add_words(struct status_figures *f, const struct tftp_counts *c)
{
    for (unsigned d = 0; d < TFTP_DIRECTIONS; d++)
        for (unsigned i = KEDGE_TFTP_OK; i < TFTP_OUTCOMES; i++)
            add_word(&f->outcomes[d], kedge_tftp_outcome_name((enum kedge_tftp_outcome)i),
                     c->at[tftp_counters_end(d, (enum kedge_tftp_outcome)i)]);
    for (unsigned i = 0; i < TFTP_FAULTS; i++)
        add_word(&f->refusals, tftp_fault_word((enum verdict_fault)i),
                 c->at[TFTP_REFUSALS + i]);
    for (unsigned i = VERDICT_NONE + 1; i < VERDICTS; i++)
        add_word(&f->verdicts, verdict_id((enum verdict)i), c->at[TFTP_VERDICTS + i]);
    for (unsigned i = 0; i < TFTP_DROP_KINDS; i++)
        add_word(&f->dropped, tftp_drop_word(i), c->at[TFTP_SILENT_DROPS + i]);
}

static void figures(void *owner, struct status_figures *out)
{
    const struct server *s = owner;
    struct tftp_counts c = sum_all(s);

    *out = (struct status_figures){ .version = KEDGE_VERSION,
                                    .uptime = sub_sat(clock_now(), s->started),
                                    .active = c.at[TFTP_ACTIVE],
                                    .requests = c.at[TFTP_REQUESTS],
                                    .done = tftp_counts_done(&c),
                                    .failed = tftp_counts_failed(&c),
                                    .resent = c.at[TFTP_RESENT],
                                    .duplicates = c.at[TFTP_DUPLICATES],
                                    .bytes = { c.at[TFTP_BYTES + (unsigned)TFTP_GETS],
                                               c.at[TFTP_BYTES + (unsigned)TFTP_PUTS] } };
    add_words(out, &c);
}

/* ---- the document ---- */

static void add_row(struct serve_status *v, const struct tftp_live *from, kedge_nanos now)
{
    struct status_row *row = &v->status->rows[v->status->row_count++];

    *row = (struct status_row){ .writes = from->writes,
                                .bytes = from->bytes,
                                .size = from->size,
                                .blksize = from->blksize,
                                .windowsize = from->windowsize,
                                .resent = from->resent,
                                .duplicates = from->duplicates,
                                .age = from->age,
                                .quiet = from->quiet,
                                .name_len = from->name_len };
    memcpy(row->name, from->name, from->name_len);
    net_address_print(&from->peer, row->peer);
    snprintf(row->mac, sizeof row->mac, "%s",
             status_macs_find(&v->macs, &from->peer, from->ifindex, now));
}

static void add_rows(struct server *s, kedge_nanos now)
{
    struct serve_status *v = &s->status;

    status_macs_turn(&v->macs);
    for (unsigned i = 0; i < s->shard_count; i++) {
        const struct tftp_live *rows = &v->rows[i * v->rows_each];
        size_t count = 0;

        if (!shard_viewed(&s->shards[i], &count))
            v->status->silent++;
        for (size_t k = 0; k < count && v->status->row_count < STATUS_ROWS; k++)
            add_row(v, &rows[k], now);
    }
}

static void make_document(struct server *s)
{
    struct serve_status *v = &s->status;
    struct status *status = v->status;
    kedge_nanos now = loop_now(s->loop);
    bool fits;

    status->time_ms = record_wall_ms();
    status->shards = s->shard_count;
    status->silent = 0;
    status->row_count = 0;
    figures(s, &status->figures);
    add_rows(s, now);
    status->end_count = status_recent_copy(&v->recent, status->ends);
    status->slot_count = status_history_copy(&v->history, status->slots);
    fits = status_document(status, v->space, STATUS_DOCUMENT, &v->document);
    KEDGE_ASSERT(fits);
    v->made = now;
}

static bool all_viewed(const struct server *s)
{
    size_t count;

    for (unsigned i = 0; i < s->shard_count; i++)
        if (!shard_viewed(&s->shards[i], &count))
            return false;
    return true;
}

static void look_at_server(void *owner)
{
    struct server *s = owner;
    struct serve_status *v = &s->status;
    kedge_nanos now = loop_now(s->loop);

    if (!all_viewed(s) && now < v->give_up) {
        loop_timer_set(s->loop, &v->look, now + look_every);
        return;
    }
    v->give_up = 0;
    make_document(s);
    if (v->http)
        status_http_ready(v->http);
    if (v->control)
        status_control_ready(v->control);
}

static bool ask_shards(void *owner)
{
    struct server *s = owner;
    struct serve_status *v = &s->status;
    kedge_nanos now = loop_now(s->loop);

    if (v->made && now - v->made < fresh)
        return true;
    if (v->give_up)
        return false;
    for (unsigned i = 0; i < s->shard_count; i++)
        shard_ask_view(&s->shards[i], &v->rows[i * v->rows_each], v->rows_each);
    v->give_up = now + patience;
    loop_timer_set(s->loop, &v->look, now + 1);
    return false;
}

static struct kedge_span document(void *owner)
{
    return ((struct server *)owner)->status.document;
}

static void slot_ends(void *owner)
{
    struct server *s = owner;
    struct tftp_counts c = sum_all(s);
    struct status_slot sums = { .bytes = c.at[TFTP_BYTES + (unsigned)TFTP_GETS] +
                                         c.at[TFTP_BYTES + (unsigned)TFTP_PUTS] };

    for (unsigned i = TFTP_ENDS; i < TFTP_ENDS + 2 * TFTP_OUTCOMES; i++)
        sums.ends += c.at[i];
    status_history_add(&s->status.history, sums);
    loop_timer_set(s->loop, &s->status.slot, loop_now(s->loop) + STATUS_SLOT);
}

/* ---- sockets ---- */

static enum exit_code refuse_status(const char *option, const char *text, const char *why)
{
    fprintf(stderr, "kedge serve: %s %s: %s\n", option,
            printable(text, PRINTABLE_NAME).text, why);
    return EXIT_USAGE;
}

static enum exit_code status_failed(const char *option, const char *text, int err)
{
    (void)refuse_status(option, text, strerror(-err));
    return exit_code_of_setup(err, EXIT_LOCAL_FILE);
}

/* A path is made by the user that serves, who has to remove it: mode 0660, and that user's. */
static int listen_as(const struct jail_user *user, const struct kedge_endpoint *e,
                     const struct kedge_address *at, struct kedge_error *error)
{
    bool path = e->transport == KEDGE_UNIX, becomes = path && !user->stays;
    mode_t mask = 0;
    int fd;

    if (path)
        mask = umask(0117);
    if (becomes) {
        (void)setfsgid(user->gid);
        (void)setfsuid(user->uid);
    }
    fd = endpoint_listen_at(e, at, (struct listen_how){ 0 }, error);
    if (becomes) {
        (void)setfsuid(geteuid());
        (void)setfsgid(getegid());
    }
    if (path)
        (void)umask(mask);
    return fd;
}

static const char *unfit(const struct server *s, const struct kedge_endpoint *e,
                         const struct kedge_address *at)
{
    struct net_address ip;

    if (e->transport == KEDGE_UNIX)
        return NULL;
    if (!s->options->everywhere && net_address_from(at, &ip) && !status_is_loopback(&ip))
        return "this address is not a loopback one, so others would see names and "
               "addresses: say --public if they may";
    return NULL;
}

static enum exit_code parse_listener(const char *option, const char *text,
                                     struct kedge_endpoint *e)
{
    struct kedge_error error;

    if (!kedge_endpoint_parse(text, e, &error))
        return refuse_status(option, text, error.text);
    if (e->service != KEDGE_SOCKET ||
        (e->transport != KEDGE_TCP && e->transport != KEDGE_UNIX))
        return refuse_status(option, text, "takes tcp://HOST:PORT or unix:///PATH");
    if (e->transport == KEDGE_UNIX && e->path[0] == '@')
        return refuse_status(option, text, "an abstract name has no mode: give a path");
    return EXIT_OK;
}

/* With the port that was bound, where it may be any. */
static int show_listener(struct serve_status *v, int fd)
{
    struct kedge_endpoint *e = &v->shown[v->shown_count++];

    *e = v->metrics;
    return e->transport == KEDGE_TCP ? kedge_endpoint_bound(e, fd) : 0;
}

static enum exit_code cannot_listen(const char *option, const struct kedge_error *error)
{
    fprintf(stderr, "kedge serve: %s %s\n", option, error->text);
    return exit_code_of_setup(-error->code, EXIT_LOCAL_FILE);
}

static enum exit_code bind_metrics(struct server *s, const struct kedge_address *at,
                                   const struct jail_user *user)
{
    struct serve_status *v = &s->status;
    struct status_bound bound = { .local = v->metrics.transport == KEDGE_UNIX,
                                  .host = v->metrics.host };
    const char *why = unfit(s, &v->metrics, at);
    struct kedge_error error;
    int fd, err;

    if (why)
        return refuse_status("--metrics", s->options->metrics, why);
    fd = listen_as(user, &v->metrics, at, &error);
    if (fd < 0)
        return cannot_listen("--metrics", &error);
    if (!bound.local && !net_address_from(at, &bound.at))
        bound.at.len = 0;
    err = status_http_listen(v->http, fd, &bound);
    if (err == 0)
        err = show_listener(v, fd);
    else
        kedge_unlisten(fd);
    if (err == 0)
        return EXIT_OK;
    return status_failed("--metrics", s->options->metrics, err);
}

static enum exit_code no_library(void)
{
    fputs("kedge serve: --metrics: this system has no libmicrohttpd (Debian: "
          "libmicrohttpd12)\n",
          stderr);
    return EXIT_SYSTEM;
}

static enum exit_code listen_metrics(struct server *s, const struct jail_user *user)
{
    struct serve_status *v = &s->status;
    struct status_source source = { ask_shards, document, figures, s };
    struct kedge_addresses addresses;
    struct kedge_error error;
    enum exit_code code = parse_listener("--metrics", s->options->metrics, &v->metrics);
    int err;

    if (code != EXIT_OK)
        return code;
    if (kedge_resolve(&v->metrics, &addresses, &error) < 0)
        return serve_refuse(&error, true);
    err = status_http_open(&v->http, s->loop, &source);
    if (err == -ENOENT)
        return no_library();
    if (err < 0)
        return status_failed("--metrics", s->options->metrics, err);
    for (unsigned i = 0; i < addresses.count && code == EXIT_OK; i++)
        code = bind_metrics(s, &addresses.at[i], user);
    return code;
}

static enum exit_code listen_control(struct server *s, const struct jail_user *user)
{
    struct serve_status *v = &s->status;
    struct status_source source = { ask_shards, document, figures, s };
    enum exit_code code = parse_listener("--control", s->options->control, &v->local);
    struct kedge_addresses addresses;
    struct kedge_error error;
    int fd, err;

    if (code != EXIT_OK)
        return code;
    if (v->local.transport != KEDGE_UNIX)
        return refuse_status("--control", s->options->control, "takes unix:///PATH");
    if (kedge_resolve(&v->local, &addresses, &error) < 0)
        return serve_refuse(&error, true);
    err = status_control_open(&v->control, s->loop, &source);
    if (err < 0)
        return status_failed("--control", s->options->control, err);
    fd = listen_as(user, &v->local, &addresses.at[0], &error);
    if (fd < 0)
        return cannot_listen("--control", &error);
    err = status_control_listen(v->control, fd);
    if (err == 0)
        return EXIT_OK;
    kedge_unlisten(fd);
    return status_failed("--control", s->options->control, err);
}

enum exit_code serve_status_listen(struct server *s)
{
    enum exit_code code = EXIT_OK;
    struct jail_user user;
    char why[256];

    if (!s->options->metrics && !s->options->control)
        return EXIT_OK;
    if (!jail_choose(s->options->user, &user, why, sizeof why)) {
        fprintf(stderr, "kedge serve: %s\n", printable(why, PRINTABLE_NAME).text);
        return EXIT_NO_PERMISSION;
    }
    if (s->options->metrics)
        code = listen_metrics(s, &user);
    if (code == EXIT_OK && s->options->control)
        code = listen_control(s, &user);
    return code;
}

void serve_status_paths(const struct server *s,
                        void (*each)(void *owner, const char *path), void *owner)
{
    if (s->status.http && s->status.metrics.transport == KEDGE_UNIX)
        each(owner, s->status.metrics.path);
    if (s->status.control)
        each(owner, s->status.local.path);
}

/* ---- its life ---- */

static bool is_on(const struct serve_status *v)
{
    return v->http || v->control;
}

static int allocate_status(struct server *s)
{
    struct serve_status *v = &s->status;

    v->rows_each = (STATUS_ROWS + s->shard_count - 1) / s->shard_count;
    v->rows = calloc(s->shard_count * v->rows_each, sizeof *v->rows);
    v->status = calloc(1, sizeof *v->status);
    v->space = malloc(STATUS_DOCUMENT);
    return v->rows && v->status && v->space ? 0 : -ENOMEM;
}

int serve_status_start(struct server *s)
{
    struct serve_status *v = &s->status;
    int err;

    if (!is_on(v))
        return 0;
    err = allocate_status(s);
    if (err == 0)
        err = status_recent_open(&v->recent);
    if (err < 0)
        return err;
    v->started = true;
    status_macs_open(&v->macs);
    v->look = (struct loop_timer){ .due = look_at_server, .owner = s };
    v->slot = (struct loop_timer){ .due = slot_ends, .owner = s };
    err = loop_timer_add(s->loop, &v->look);
    if (err == 0)
        err = loop_timer_add(s->loop, &v->slot);
    if (err == 0)
        loop_timer_set(s->loop, &v->slot, loop_now(s->loop) + STATUS_SLOT);
    return err;
}

void serve_status_record(struct server *s, const struct transfer_record *record)
{
    if (s->status.started)
        status_recent_add(&s->status.recent, record);
}

void serve_status_close(struct server *s)
{
    struct serve_status *v = &s->status;

    if (v->http)
        status_http_close(v->http);
    if (v->control)
        status_control_close(v->control);
    v->http = NULL;
    v->control = NULL;
    loop_timer_remove(s->loop, &v->look);
    loop_timer_remove(s->loop, &v->slot);
    if (v->started) {
        status_recent_close(&v->recent);
        status_macs_close(&v->macs);
    }
    v->started = false;
    free(v->rows);
    free(v->status);
    free(v->space);
}

void serve_status_print(const struct server *s)
{
    const struct serve_status *v = &s->status;
    char text[KEDGE_ENDPOINT_TEXT];

    for (unsigned i = 0; i < v->shown_count; i++)
        printf("metrics: %s\n", kedge_endpoint_print(&v->shown[i], text));
    if (v->control)
        printf("control: %s (kedge top)\n", kedge_endpoint_print(&v->local, text));
}
