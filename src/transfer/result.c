/* SPDX-License-Identifier: MIT */
/* The result of a transfer: its numbers and one printable line. */
#include "transfer/result.h"

#include "base/bytes.h"
#include "net/problem.h"
#include "tftp/recover.h"

#include <stdio.h>
#include <string.h>

_Static_assert(sizeof((struct kedge_error *)0)->text == KEDGE_TRANSFER_TEXT,
               "lines are built by problem_append()");

void transfer_result_error(struct kedge_transfer_result *r, struct transfer_error error)
{
    r->cause = error.cause;
    r->outcome = KEDGE_TFTP_FAILED;
    r->code = error.code;
}

static void fill_counts(struct kedge_transfer_result *r, const struct kedge_tftp_half *h)
{
    r->blocks = h->base - 1;
    r->resent = h->resent;
    r->duplicates = h->duplicates;
    r->rtt = h->rtt.smallest == KEDGE_NEVER ? KEDGE_NEVER : h->rtt.smoothed;
}

static uint16_t error_code(const struct transfer_session *x)
{
    const struct kedge_tftp_machine *m = &x->client.machine;

    if (x->asks && !x->client.answered)
        return x->client.code;
    return m->half.code;
}

static enum kedge_transfer_cause cause_of(const struct transfer_session *x)
{
    switch (session_outcome(x)) {
    case KEDGE_TFTP_OK:
        return KEDGE_TRANSFER_DONE;
    case KEDGE_TFTP_RUNNING:
    case KEDGE_TFTP_GONE:
        return x->unreachable ? KEDGE_TRANSFER_UNREACHABLE : KEDGE_TRANSFER_CLOSED;
    case KEDGE_TFTP_UNCONFIRMED:
        return x->asks ? KEDGE_TRANSFER_SILENT : KEDGE_TRANSFER_DONE;
    case KEDGE_TFTP_TIMEOUT:
        return (!x->asks || x->client.answered) && tftp_was_said_gone(&x->client.machine)
                   ? KEDGE_TRANSFER_CLOSED
                   : KEDGE_TRANSFER_SILENT;
    case KEDGE_TFTP_FAILED:
        return KEDGE_TRANSFER_BAD_REPLY;
    default:
        return KEDGE_TRANSFER_PEER_ERROR;
    }
}

static void fill_end(struct kedge_transfer_result *r, const struct transfer_session *x)
{
    r->outcome = session_outcome(x);
    if (x->error.cause != KEDGE_TRANSFER_DONE) {
        r->cause = x->error.cause;
        r->outcome =
            r->cause == KEDGE_TRANSFER_CHANGED ? KEDGE_TFTP_CHANGED : KEDGE_TFTP_FAILED;
        r->code = x->error.code;
        return;
    }
    if (r->outcome == KEDGE_TFTP_RUNNING)
        r->outcome = KEDGE_TFTP_GONE;
    r->cause = x->closed ? KEDGE_TRANSFER_CLOSED : cause_of(x);
    r->code = r->cause == KEDGE_TRANSFER_PEER_ERROR ? error_code(x) : x->unreachable;
    r->said_len = x->said_len;
    memcpy(r->said, x->said, sizeof r->said);
}

void transfer_result_of(struct kedge_transfer_result *r, const struct transfer_session *x)
{
    fill_end(r, x);
    r->peer = net_address_to(x->peer.len ? &x->peer : &x->server);
    r->bytes = session_bytes(x);
    r->asked = x->client.asked;
    r->granted = x->client.granted;
    if (!x->asks || x->client.answered)
        fill_counts(r, &x->client.machine.half);
}

static void add_error_text(struct kedge_error *line, const char *text)
{
    problem_append(line, span_of(text), SIZE_MAX);
}

static const char *error_name(int code)
{
    static const char *const names[] = {
        "an error without a number",
        "file not found",
        "access refused",
        "disk full",
        "illegal operation",
        "unknown transfer",
        "file exists already",
        "no such user there",
        "options refused",
    };

    return code >= 0 && code < (int)(sizeof names / sizeof *names) ? names[code]
                                                                   : "unknown error";
}

static void explain_peer_error(struct kedge_error *line,
                               const struct kedge_transfer_result *r)
{
    char number[32];

    add_error_text(line, "the peer says: ");
    if (r->said_len > 0)
        problem_append(line, (struct kedge_span){ r->said, r->said_len }, 160);
    else
        add_error_text(line, error_name(r->code));
    snprintf(number, sizeof number, " (error %d)", r->code);
    add_error_text(line, number);
}

static void add_code(struct kedge_error *line, int code)
{
    char word[128];

    if (code == 0)
        return;
    add_error_text(line, ": ");
    add_error_text(line, strerror_r(code, word, sizeof word));
}

static void add_peer(struct kedge_error *line, const char *before,
                     const struct kedge_transfer_result *r)
{
    char text[KEDGE_ADDRESS_TEXT];

    add_error_text(line, before);
    add_error_text(line, " ");
    add_error_text(line,
                   r->peer.len ? kedge_address_print(&r->peer, text) : "the server");
}

/* Before any answer of the one that was asked. */
static void add_stranger(struct kedge_error *line, const struct net_address *stranger)
{
    char text[NET_ADDRESS_TEXT];

    if (stranger->len == 0)
        return;
    add_error_text(line, "; ");
    add_error_text(line, net_address_print_host(stranger, text));
    add_error_text(
        line, " answered instead, so ask that address (the server has several, or a NAT "
              "is in between)");
}

/* All that is known is the silence: what usually makes it. */
static void add_guess(struct kedge_error *line, const struct kedge_transfer_result *r,
                      const struct fetch_about *about)
{
    if (r->outcome == KEDGE_TFTP_TIMEOUT && r->code == 0 && about->stranger.len == 0 &&
        about->not_understood.count == 0)
        add_error_text(
            line, "; nothing serves there, or a firewall or NAT drops the answers, which "
                  "come from another port than was asked");
}

static void explain_silence(struct kedge_error *line,
                            const struct kedge_transfer_result *r,
                            const struct fetch_about *about)
{
    bool answered = r->blocks > 0 || r->granted.has;
    char text[96] = "no answer";

    if (r->outcome == KEDGE_TFTP_UNCONFIRMED)
        snprintf(text, sizeof text, "all was sent, but without a confirmation");
    else if (answered)
        snprintf(text, sizeof text, "no progress after block %llu",
                 (unsigned long long)r->blocks);
    add_error_text(line, text);
    add_peer(line, " from", r);
    snprintf(text, sizeof text, ", given up after %llu s",
             (unsigned long long)(r->took / KEDGE_SEC));
    add_error_text(line, text);
    add_code(line, r->code);
    not_understood_explain(&about->not_understood, line);
    if (answered)
        return;
    add_stranger(line, &about->stranger);
    add_guess(line, r, about);
}

/* The text of file/ for an errno without a class of its own says too little. */
static bool wants_code(const struct kedge_transfer_result *r)
{
    return r->cause == KEDGE_TRANSFER_NO_SOCKET ||
           (r->cause == KEDGE_TRANSFER_LOCAL_FILE && r->code &&
            store_errno(r->code).error == STORE_IO);
}

static void explain_fault(struct kedge_error *line, const struct kedge_transfer_result *r,
                          const struct fetch_about *about)
{
    bool of_file = r->cause == KEDGE_TRANSFER_LOCAL_FILE ||
                   r->cause == KEDGE_TRANSFER_DISK_FULL ||
                   r->cause == KEDGE_TRANSFER_CHANGED;

    if (of_file && *about->what) {
        problem_append(line, span_of(about->what), 120);
        add_error_text(line, ": ");
    }
    add_error_text(line, about->why);
    if (wants_code(r))
        add_code(line, r->code);
}

static void explain(struct kedge_error *line, const struct kedge_transfer_result *r,
                    const struct fetch_about *about)
{
    switch (r->cause) {
    case KEDGE_TRANSFER_DONE:
        break;
    case KEDGE_TRANSFER_PEER_ERROR:
        explain_peer_error(line, r);
        break;
    case KEDGE_TRANSFER_SILENT:
        explain_silence(line, r, about);
        break;
    case KEDGE_TRANSFER_BAD_REPLY:
        add_error_text(line, *about->why
                                 ? about->why
                                 : "the server granted options that were not asked for");
        break;
    case KEDGE_TRANSFER_UNREACHABLE:
        add_peer(line, "cannot be reached at", r);
        add_code(line, r->code);
        break;
    case KEDGE_TRANSFER_CLOSED:
        add_peer(line, "connection refused, nobody listens at", r);
        break;
    default:
        explain_fault(line, r, about);
        break;
    }
}

void fetch_result_explain(struct kedge_transfer_result *r,
                          const struct fetch_about *about)
{
    struct kedge_error line = { .text = "" };

    explain(&line, r, about);
    memcpy(r->reason, line.text, sizeof r->reason);
}

void fetch_result_recovered(struct kedge_transfer_result *r, const char *why)
{
    size_t len = strlen(r->recovered);

    snprintf(r->recovered + len, sizeof r->recovered - len, "%s%s", len ? "; " : "", why);
}

void fetch_result_not_recovered(struct kedge_transfer_result *r)
{
    char *last = strrchr(r->recovered, ';');

    *(last ? last : r->recovered) = 0;
}
