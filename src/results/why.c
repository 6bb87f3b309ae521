/* SPDX-License-Identifier: MIT */
/* The sentences for causes. */
#include "results/why.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

const char *why_of_code(int code)
{
    switch (code) {
    case ECONNRESET:
        return "the peer ended the connection";
    case ETIME:
        return "the packet's TTL ran out on the way";
    default:
        return strerror(code);
    }
}

static const char *const sentences[] = {
    [CAUSE_TRANSPORT] = "probe icmp://, udp://, tcp://, unix://, unix-dgram:// or "
                        "unix-seqpacket://",
    [CAUSE_KEY] = "--key is for udp://",
    [CAUSE_TOO_MANY] = "too many targets",
    [CAUSE_NO_HOST] = "the host is missing",
    [CAUSE_NO_IP] = "the host has no IP address",
    [CAUSE_EMPTY_STREAM] = "a connection needs probes of 1 byte at least (--size)",
    [CAUSE_LOCAL_PATH] = "--dscp, --ttl, --df, --source and --interface are for IP",
    [CAUSE_NO_COOKIE] = "no kedge server there gave a token",
    [CAUSE_NO_FLOODED] = "--flood is for udp:// with 56 bytes or more, to a kedge server",
    [CAUSE_LOCAL_SOCKET] = "a local socket has no device",
    [CAUSE_ICMP_STAMPS] = "this kernel gives none of ICMP",
    [CAUSE_STAMPS_ENDED] = "the kernel gives none any more",
};

const char *why_of(const struct probe_cause *c)
{
    return c->kind == CAUSE_SYSTEM ? why_of_code(c->code) : sentences[c->kind];
}

const char *probe_error_of(const struct probe_view *v)
{
    return why_of(&v->cause);
}

static const char *words_of(const struct probe_refusal *why)
{
    if (why->kind != CAUSE_ERROR)
        return sentences[why->kind];
    return *why->error.text ? why->error.text : strerror(why->error.code);
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
        snprintf(out.text, sizeof out.text, "%.90s: %.150s",
                 kedge_endpoint_print(e, name), words);
    return out;
}
