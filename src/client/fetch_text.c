/* SPDX-License-Identifier: MIT */
/* The outcome of one transfer as a line of text and as a JSON record. */
#include "client/fetch_text.h"

#include "base/number.h"
#include "net/address.h"
#include "tftp/options.h"
#include "report/record.h"
#include "report/table.h"
#include "report/terminal.h"
#include "report/text.h"

#include <errno.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define LINE_ROOM 4096
#define NAME_SHOWN 512
#define SAID_SHOWN 400

struct line {
    uint8_t space[LINE_ROOM];
    struct writer w;
};

static void message_line_begin(struct line *l)
{
    l->w = (struct writer){ .ptr = l->space, .room = sizeof l->space };
}

static void message_line_say(struct line *l, const char *text)
{
    put(&l->w, span_of(text));
}

/* In one write: lines of other programs on the same terminal stay apart. */
static void message_line_leave(const struct line *l, FILE *out)
{
    fwrite(l->space, 1, l->w.len, out);
    fflush(out);
}

static void message_line_end(struct line *l, FILE *out)
{
    put_u8(&l->w, '\n');
    message_line_leave(l, out);
}

struct kedge_span fetch_label(const struct fetch_job *job)
{
    if (strcmp(job->path, "-") == 0)
        return span_of(job->put ? "standard input" : "standard output");
    return span_of(job->path);
}

static void say_target(struct line *l, const struct fetch_job *job)
{
    char url[KEDGE_ENDPOINT_TEXT];

    if (!job->put)
        return;
    message_line_say(l, " -> ");
    text_printable(&l->w, span_of(kedge_endpoint_print(&job->remote, url)), NAME_SHOWN);
}

static void say_speed(struct line *l, const struct kedge_transfer_result *r)
{
    put_decimal(&l->w, r->bytes);
    message_line_say(l, r->bytes == 1 ? " byte in " : " bytes in ");
    text_ms(&l->w, r->took);
    message_line_say(l, " ms");
    if (r->took == 0)
        return;
    message_line_say(l, ", ");
    text_size(&l->w, mul_div(r->bytes, KEDGE_SEC, r->took));
    message_line_say(l, "/s");
}

void fetch_say_summary(const struct fetch_job *job, const struct kedge_transfer_result *r)
{
    struct line l;

    message_line_begin(&l);
    text_printable(&l.w, fetch_label(job), NAME_SHOWN);
    say_target(&l, job);
    message_line_say(&l, ": ");
    say_speed(&l, r);
    if (r->resent > 0) {
        message_line_say(&l, ", ");
        put_decimal(&l.w, r->resent);
        message_line_say(&l, job->put ? " sent again" : " acknowledged again");
    }
    if (*r->recovered) {
        message_line_say(&l, " (");
        message_line_say(&l, r->recovered);
        message_line_say(&l, ")");
    }
    message_line_end(&l, stderr);
}

/* The server's own words may hold anything; the library's reason holds ASCII alone. */
static void say_reason(struct line *l, const struct kedge_transfer_result *r)
{
    if (r->cause != KEDGE_TRANSFER_PEER_ERROR || r->said_len == 0) {
        message_line_say(l, r->reason);
        return;
    }
    message_line_say(l, "the server says: ");
    text_printable(&l->w, (struct kedge_span){ r->said, r->said_len }, SAID_SHOWN);
    message_line_say(l, " (error ");
    put_decimal(&l->w, (uint64_t)r->code);
    message_line_say(l, ")");
}

static struct kedge_span options_text(const struct kedge_tftp_options *o, uint8_t *buf,
                                      size_t room)
{
    struct writer w = { .ptr = buf, .room = room };

    options_list(&w, o);
    return written(&w);
}

/* Below the line of a failure, as wide as the terminal. */
static void end_note(struct line *l, struct line *all)
{
    size_t columns = isatty(STDERR_FILENO) ? terminal_size(STDERR_FILENO).columns : 0;

    table_note_put(&all->w, written(&l->w), columns);
}

/* No server answered: what is known is what was tried. */
static bool met_nobody(const struct kedge_transfer_result *r)
{
    bool nobody = r->cause == KEDGE_TRANSFER_SILENT ||
                  r->cause == KEDGE_TRANSFER_CLOSED ||
                  r->cause == KEDGE_TRANSFER_UNREACHABLE;

    return nobody && r->blocks == 0 && !r->granted.has;
}

static void say_count(struct line *l, unsigned n, const char *one, const char *more)
{
    put_decimal(&l->w, n);
    message_line_say(l, n == 1 ? one : more);
}

static void say_tried(const struct kedge_transfer_result *r, struct line *all)
{
    char peer[KEDGE_ADDRESS_TEXT], local[KEDGE_ADDRESS_TEXT];
    struct net_address from;
    uint8_t options[160];
    struct line l;

    message_line_begin(&l);
    message_line_say(&l, "tried: ");
    say_count(&l, r->requests, " request to ", " requests to ");
    if (r->addresses > 1)
        say_count(&l, r->addresses, " address", " addresses, the last ");
    message_line_say(&l,
                     r->peer.len ? kedge_address_print(&r->peer, peer) : "the server");
    if (r->requests > 0 && net_address_from(&r->local, &from)) {
        message_line_say(&l,
                         net_address_is_v6(&from) ? " (IPv6), from " : " (IPv4), from ");
        message_line_say(&l, kedge_address_print(&r->local, local));
    }
    message_line_say(&l, r->asked.has ? ", asking for " : ", without options");
    if (r->asked.has)
        put(&l.w, options_text(&r->asked, options, sizeof options));
    end_note(&l, all);
}

static bool is_large(const struct kedge_tftp_options *o)
{
    bool blocks = o->has & (KEDGE_TFTP_HAS_BLKSIZE | KEDGE_TFTP_HAS_BLKSIZE2);

    return (blocks && o->blksize > KEDGE_TFTP_BLKSIZE_DEFAULT) ||
           (o->has & KEDGE_TFTP_HAS_WINDOWSIZE && o->windowsize > 1);
}

static bool has_no_route(const struct kedge_transfer_result *r)
{
    return r->cause == KEDGE_TRANSFER_UNREACHABLE ||
           (r->cause == KEDGE_TRANSFER_SILENT &&
            (r->code == EHOSTUNREACH || r->code == ENETUNREACH));
}

/* As ip(8) takes it: with the interface apart. */
static void try_route(struct line *l, const struct kedge_transfer_result *r)
{
    char host[NET_ADDRESS_TEXT], *interface;
    struct net_address peer;

    if (r->peer.len == 0 || !net_address_from(&r->peer, &peer))
        return;
    if (net_address_is_v6(&peer))
        message_line_say(l, "-4, if the server has an IPv4 address; ");
    net_address_print_host(&peer, host);
    interface = strchr(host, '%');
    if (interface)
        *interface++ = '\0';
    message_line_say(l, "ip route get ");
    message_line_say(l, host);
    message_line_say(l, interface ? " dev " : "");
    message_line_say(l, interface ? interface : "");
    message_line_say(l, " (is there a route?)");
}

static void try_to_reach(struct line *l, const struct fetch_job *job,
                         const struct kedge_transfer_result *r)
{
    struct kedge_endpoint host = job->remote;
    char url[KEDGE_ENDPOINT_TEXT];

    host.service = KEDGE_SOCKET;
    host.transport = KEDGE_ICMP;
    host.name_len = 0;
    host.netascii = false;
    message_line_say(l, "kedge probe ");
    text_printable(&l->w, span_of(kedge_endpoint_print(&host, url)), NAME_SHOWN);
    message_line_say(l, " (is it there?)");
    if (r->asked.has)
        message_line_say(l, ", --no-options (does it dislike them?)");
    message_line_say(l, ", and the firewall here (answers come from any port)");
}

/* By what usually is the cause. Nothing, where nothing is known. */
static void say_what_to_try(struct line *l, const struct fetch_job *job,
                            const struct kedge_transfer_result *r)
{
    if (has_no_route(r))
        try_route(l, r);
    else if (r->cause == KEDGE_TRANSFER_SILENT && met_nobody(r))
        try_to_reach(l, job, r);
    else if (r->cause == KEDGE_TRANSFER_SILENT && is_large(&r->granted))
        message_line_say(l, "--blksize 512 --windowsize 1: large packets, or many at "
                            "once, may be lost on the way");
    else if (r->cause == KEDGE_TRANSFER_CLOSED && met_nobody(r))
        message_line_say(l, "is the server started, and at that port? "
                            "tftp://HOST:PORT/ names another");
}

static void say_try(const struct fetch_job *job, const struct kedge_transfer_result *r,
                    struct line *all)
{
    struct line what, l;

    message_line_begin(&what);
    say_what_to_try(&what, job, r);
    if (what.w.len == 0)
        return;
    message_line_begin(&l);
    message_line_say(&l, "try: ");
    put(&l.w, written(&what.w));
    end_note(&l, all);
}

void fetch_say_failure(const struct fetch_job *job, const struct kedge_transfer_result *r)
{
    char url[KEDGE_ENDPOINT_TEXT];
    struct line l;

    message_line_begin(&l);
    message_line_say(&l, "kedge ");
    message_line_say(&l, job->verb);
    message_line_say(&l, ": ");
    text_printable(&l.w, span_of(kedge_endpoint_print(&job->remote, url)), NAME_SHOWN);
    message_line_say(&l, ": ");
    say_reason(&l, r);
    if (*r->recovered) {
        message_line_say(&l, " (");
        message_line_say(&l, r->recovered);
        message_line_say(&l, ")");
    }
    put_u8(&l.w, '\n');
    if (met_nobody(r))
        say_tried(r, &l);
    say_try(job, r, &l);
    message_line_leave(&l, stderr);
}

struct texts {
    char peer[NET_ADDRESS_TEXT];
    char local[NET_ADDRESS_TEXT];
    uint8_t asked[160];
    uint8_t granted[160];
};

static struct kedge_span address_text(const struct kedge_address *a,
                                      char out[NET_ADDRESS_TEXT])
{
    struct net_address address;

    if (a->len == 0 || !net_address_from(a, &address))
        return (struct kedge_span){ 0 };
    return span_of(net_address_print(&address, out));
}

void fetch_say_record(const struct fetch_job *job, const struct kedge_transfer_result *r,
                      FILE *out)
{
    bool met = r->granted.has || r->blocks > 0 || r->cause == KEDGE_TRANSFER_DONE;
    uint8_t space[RECORD_LINE_MAX];
    struct writer w = { .ptr = space, .room = sizeof space };
    struct line reason;
    struct texts texts;
    struct transfer_record record = { .time_ms = record_wall_ms(),
                                      .event = job->put ? RECORD_PUT : RECORD_GET,
                                      .outcome = kedge_tftp_outcome_name(r->outcome),
                                      .peer = address_text(&r->peer, texts.peer),
                                      .local = address_text(&r->local, texts.local),
                                      .file = { job->remote.name, job->remote.name_len },
                                      .bytes = r->bytes,
                                      .took = r->took,
                                      .blocks = r->blocks,
                                      .resent = r->resent,
                                      .dup = r->duplicates,
                                      .rtt = r->rtt };

    message_line_begin(&reason);
    say_reason(&reason, r);
    if (r->cause != KEDGE_TRANSFER_DONE)
        record.reason = written(&reason.w);
    record.asked = options_text(&r->asked, texts.asked, sizeof texts.asked);
    if (met)
        record.granted = options_text(&r->granted, texts.granted, sizeof texts.granted);
    record_write(&w, &record, RECORD_AS_JSON);
    fprintf(out, "%.*s\n", (int)w.len, (const char *)space);
    fflush(out);
}
