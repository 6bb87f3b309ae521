/* SPDX-License-Identifier: MIT */
/* The sentences for causes. */
#include "results/why.h"

#include "results/endpoint_text.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

const char *why_of_code(int code)
{
    switch (code) {
    case ECONNRESET:
        return "connection closed by the peer";
    case EACCES:
        return "administratively prohibited";
    case EINPROGRESS:
        return "no answer to the connection request";
    case EADDRNOTAVAIL:
        return "this host does not have the address to send from";
    case EAGAIN:
        return "the socket takes no more, for what was sent before still waits";
    case ENOBUFS:
        return "this host's own send queue is full";
    case ECANCELED:
        return "kedge itself was delayed (scheduler): the probe was not sent";
    case EPROTO:
        return "the peer is no echo service: it sends other bytes";
    case ETIME:
        return "TTL exceeded in transit";
    default:
        return strerror(code);
    }
}

static const char *const sentences[] = {
    [CAUSE_TRANSPORT] = "probe takes icmp, udp, tcp, unix, unix-dgram and unix-seqpacket",
    [CAUSE_KEY] = "--key is for udp:// only",
    [CAUSE_TOO_MANY] = "too many targets: 4,096 at most",
    [CAUSE_NO_HOST] = "the host is missing",
    [CAUSE_NO_IP] = "the host has no IP address",
    [CAUSE_EMPTY_STREAM] = "a stream needs --size 1 or more",
    [CAUSE_LOCAL_PATH] = "--dscp, --ttl, --df, --source and --interface are for IP",
    [CAUSE_NO_COOKIE] = "no kedge server answered there (no cookie)",
    [CAUSE_NO_FLOODED] = "--flood needs a kedge server at udp://, and --size 56 or more",
    [CAUSE_LOCAL_SOCKET] = "a local socket has no device",
    [CAUSE_ICMP_STAMPS] = "this kernel has none for ICMP",
    [CAUSE_STAMPS_ENDED] = "the kernel stopped giving them",
};

const char *why_of(const struct probe_cause *c)
{
    return c->kind == CAUSE_SYSTEM ? why_of_code(c->code) : sentences[c->kind];
}

static const char *words_of(const struct probe_refusal *why)
{
    if (why->kind != CAUSE_ERROR)
        return sentences[why->kind];
    return *why->error.text ? why->error.text : strerror(why->error.code);
}

/* Who reads it has the endpoint's name beside it. */
static const char *without_name(const char *words, const struct kedge_endpoint *e)
{
    char name[KEDGE_ENDPOINT_TEXT];
    size_t len = strlen(kedge_endpoint_print(e, name));

    return strncmp(words, name, len) == 0 && strncmp(words + len, ": ", 2) == 0
               ? words + len + 2
               : words;
}

const char *probe_error_of(const struct probe_view *v)
{
    return v->refusal ? without_name(words_of(v->refusal), v->endpoint)
                      : why_of(&v->cause);
}

struct why_text why_refused(const struct kedge_endpoint *e,
                            const struct probe_refusal *why)
{
    const char *words = words_of(why);
    char name[KEDGE_ENDPOINT_TEXT];
    struct why_text out;

    if (strstr(words, "://") && why->kind == CAUSE_ERROR)
        snprintf(out.text, sizeof out.text, "%s", words); /* it names the endpoint */
    else
        snprintf(out.text, sizeof out.text, "%.90s: %.150s", endpoint_shown(e, name),
                 words);
    return out;
}
