/* SPDX-License-Identifier: MIT */
/* What kedge get and kedge put share: options, list of files, exit status. */
#include "cmd/client.h"

#include "base/bytes.h"
#include "base/number.h"
#include "cmd/interrupt.h"
#include "cmd/printable.h"
#include "cmd/url.h"
#include "net/address.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

bool client_report_error(const struct client *c, const char *what, const char *why)
{
    fprintf(stderr, "kedge %s: %s: %s\n", c->verb, printable(what, PRINTABLE_NAME).text,
            why);
    return false;
}

const char *client_base(const char *name)
{
    const char *slash = strrchr(name, '/');
    const char *base = slash ? slash + 1 : name;

    return strcmp(base, ".") == 0 || strcmp(base, "..") == 0 ? "" : base;
}

bool client_remote(const struct client *c, const char *url, struct kedge_endpoint *out)
{
    const struct client_options *o = c->options;
    struct kedge_error error = { .text = "" };

    if (strncasecmp(url, "tftp://", 7) != 0)
        return client_report_error(c, url,
                                   "not a tftp:// URL, as in tftp://HOST[:PORT]/FILE");
    if (!url_parse(url, out, &error)) {
        fprintf(stderr, "kedge %s: %s\n", c->verb, error.text);
        return false;
    }
    if (!*out->host)
        return client_report_error(c, url, "names no host");
    if (out->netascii && o->mode == 0)
        return client_report_error(c, url, "its mode and --mode contradict each other");
    out->netascii |= o->mode == 1;
    if (out->netascii && o->windowsize > 1)
        return client_report_error(c, "--windowsize",
                                   "netascii goes one block at a time");
    out->family = o->v4 ? KEDGE_IPV4 : o->v6 ? KEDGE_IPV6 : KEDGE_ANY_FAMILY;
    return true;
}

/* What the flags mean, where that is more than a number. */
struct setup {
    struct fetch_settings settings;
    struct kedge_address source;
    uint8_t sha256[KEDGE_SHA256_SIZE];
};

static bool read_sum(const char *text, uint8_t out[KEDGE_SHA256_SIZE])
{
    if (strlen(text) != (size_t)2 * KEDGE_SHA256_SIZE)
        return false;
    for (size_t i = 0; i < KEDGE_SHA256_SIZE; i++) {
        int high = hex_digit((uint8_t)text[2 * i]);
        int low = hex_digit((uint8_t)text[2 * i + 1]);

        if (high < 0 || low < 0)
            return false;
        out[i] = (uint8_t)(high << 4 | low);
    }
    return true;
}

/* ADDR, ADDR:PORT or [ADDR]:PORT; an IPv6 address alone needs no brackets. */
static bool read_source(const char *text, struct kedge_address *out)
{
    struct net_address address;
    char host[KEDGE_HOST_MAX];
    const char *close = *text == '[' ? strchr(text, ']') : NULL;
    const char *colon = strchr(close ? close : text, ':');
    uint64_t port = 0;

    if (net_address_parse(text, 0, &address)) {
        *out = net_address_to(&address);
        return true;
    }
    if (strlen(text) >= sizeof host ||
        (colon && !decimal(span_of(colon + 1), 65535, &port)))
        return false;
    if (*text == '[' && (!close || (close[1] && close + 1 != colon)))
        return false;
    if (!close)
        close = colon ? colon : text + strlen(text);
    text += *text == '[';
    snprintf(host, sizeof host, "%.*s", (int)(close - text), text);
    if (!net_address_parse(host, (uint16_t)port, &address))
        return false;
    *out = net_address_to(&address);
    return true;
}

static bool set_source(const struct client *c, struct setup *s)
{
    const struct client_options *o = c->options;
    int family;

    if (!o->source)
        return true;
    if (!read_source(o->source, &s->source))
        return client_report_error(c, o->source, "--source takes ADDR or ADDR:PORT");
    family = ((const struct sockaddr *)&s->source.storage)->sa_family;
    if ((o->v4 && family != AF_INET) || (o->v6 && family != AF_INET6))
        return client_report_error(c, o->source,
                                   "--source and -4 or -6 contradict each other");
    s->settings.options.source = &s->source;
    return true;
}

static bool set_sum(const struct client *c, struct setup *s)
{
    const char *text = c->options->sha256;

    if (!text)
        return true;
    if (!read_sum(text, s->sha256))
        return client_report_error(c, text, "--sha256 takes 64 hexadecimal digits");
    if (c->count > 1)
        return client_report_error(c, "--sha256",
                                   "is of one file, and there are several");
    s->settings.options.sha256 = s->sha256;
    return true;
}

static bool set_up(const struct client *c, struct setup *s)
{
    const struct client_options *o = c->options;
    bool to_stdout = c->output && strcmp(c->output, "-") == 0;

    *s = (struct setup){ .settings = { .quiet = o->quiet } };
    if (o->json)
        s->settings.records = to_stdout ? stderr : stdout;
    s->settings.options = (struct kedge_transfer_options){
        .blksize = o->blksize == ARG_WORD ? 0 : (uint32_t)o->blksize,
        .windowsize = (uint32_t)o->windowsize,
        .timeout = o->timeout,
        .patience = o->retry_for,
        .no_options = o->no_options,
    };
    return set_source(c, s) && set_sum(c, s);
}

static enum exit_code of_peer_error(int code)
{
    switch (code) {
    case KEDGE_TFTP_NOT_FOUND:
        return EXIT_NOT_FOUND;
    case KEDGE_TFTP_ACCESS:
        return EXIT_REFUSED;
    default:
        return EXIT_PEER_ERROR;
    }
}

static enum exit_code code_of(const struct kedge_transfer_result *r)
{
    switch (r->cause) {
    case KEDGE_TRANSFER_DONE:
        return EXIT_OK;
    case KEDGE_TRANSFER_NOT_RESOLVED:
        return EXIT_NO_NAME;
    case KEDGE_TRANSFER_NO_SOCKET:
        return exit_code_of_errno(r->code);
    case KEDGE_TRANSFER_UNREACHABLE:
    case KEDGE_TRANSFER_CLOSED:
        return EXIT_NO_LISTENER;
    case KEDGE_TRANSFER_SILENT:
        return EXIT_TIMEOUT;
    case KEDGE_TRANSFER_PEER_ERROR:
        return of_peer_error(r->code);
    case KEDGE_TRANSFER_BAD_REPLY:
        return EXIT_PEER_ERROR;
    case KEDGE_TRANSFER_DISK_FULL:
        return EXIT_DISK_FULL;
    case KEDGE_TRANSFER_WRONG_SIZE:
    case KEDGE_TRANSFER_CHANGED:
        return EXIT_WRONG_SIZE;
    case KEDGE_TRANSFER_WRONG_SUM:
        return EXIT_WRONG_CHECKSUM;
    case KEDGE_TRANSFER_BAD_REQUEST:
        return EXIT_USAGE;
    default:
        return EXIT_LOCAL_FILE;
    }
}

/* Of one file the cause, of several how many. */
static enum exit_code run_all(const struct client *c, const struct setup *s)
{
    struct kedge_transfer_result result = { .cause = KEDGE_TRANSFER_DONE };
    struct client_file file;
    size_t failed = 0;

    for (size_t i = 0; i < c->count && result.cause != KEDGE_TRANSFER_STOPPED; i++) {
        if (!c->make(c, i, &file))
            return EXIT_USAGE;
        file.job.verb = c->verb;
        if (!fetch_run(&file.job, &s->settings, &result))
            failed++;
    }
    if (c->count == 1)
        return code_of(&result);
    if (failed == 0)
        return EXIT_OK;
    return failed == c->count ? EXIT_ALL_FAILED : EXIT_SOME_FAILED;
}

enum exit_code client_run(const struct client *c)
{
    struct interrupt_guard guard;
    struct client_file file;
    struct setup s;
    enum exit_code code;
    int interrupt, signal;

    if (!set_up(c, &s))
        return EXIT_USAGE;
    for (size_t i = 0; i < c->count; i++)
        if (!c->make(c, i, &file))
            return EXIT_USAGE;
    interrupt = interrupt_open();
    s.settings.options.cancel_fd = interrupt;
    interrupt_guard_start(&guard, interrupt);
    code = run_all(c, &s);
    interrupt_guard_stop(&guard);
    signal = interrupt_which(interrupt);
    interrupt_close(interrupt);
    if (signal)
        interrupt_end(signal);
    return code;
}
