/* SPDX-License-Identifier: MIT */
/* The echo service on UDP (RFC 862), with reports to validated probes. */
#include "serve/echo/udp.h"

#include "base/number.h"
#include "os/clock.h"
#include "os/random.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

/* Take part i out of a train, whose parts are `segment` bytes and the last maybe less. */
static void take_out(struct udp_message *m, uint8_t *bytes, size_t at)
{
    size_t size = min_u64(m->segment, m->bytes.len - at);

    memmove(bytes + at, bytes + at + size, m->bytes.len - at - size);
    m->bytes.len -= size;
}

static struct runs_probe probe_of(const struct echo_udp *e, const struct udp_in *in,
                                  uint8_t memory[DATAGRAMS_PEER])
{
    struct net_raw raw = net_address_raw(&in->m.peer);
    struct runs_probe p = { .port = (uint16_t)raw.port,
                            .now = loop_now(e->d.loop),
                            .dropped = e->d.in.drops,
                            .answered_ns = clock_wall() };

    p.peer = datagrams_peer(&raw, memory);
    memcpy(p.address, raw.ip, sizeof p.address);
    p.in = (struct extension_report){ .kernel = in->stamp_ns > 0,
                                      .ttl = in->ttl,
                                      .tos = in->tos,
                                      .received_ns =
                                          in->stamp_ns ? in->stamp_ns : p.answered_ns };
    return p;
}

static bool may_ask(struct kedge_span payload, struct probe_extension *extension)
{
    struct stamp stamp;

    return extension_asks(payload, &stamp, extension);
}

/* A report of the size that was asked for, whole or not at all; its asker has validated its
 * address. Where this host's own link does not take it the answer is as long as the probe,
 * which tells. True: that is still to be sent. */
static bool answer_sized(struct echo_udp *e, const struct udp_in *in, uint8_t *bytes,
                         size_t size)
{
    struct udp_message m = in->m;

    m.bytes = (struct kedge_span){ bytes, e->key ? AUTHENTICATED_SIZE : EXTENDED_SIZE };
    if (size < m.bytes.len)
        return true;
    if (udp_send_df(e->d.socket.fd, &m, size - m.bytes.len) == 0)
        e->d.out.sent++;
    else
        return true;
    return false;
}

/* Whether it may ask at all. */
static bool has_mac(struct echo_udp *e, const struct probe_extension *extension,
                    struct kedge_span payload)
{
    struct kedge_span marked = { payload.ptr, EXTENDED_SIZE };

    if (!e->key)
        return true;
    if (extension->with_mac && payload.len >= AUTHENTICATED_SIZE &&
        key_proves(e->key, marked, payload.ptr + EXTENDED_SIZE))
        return true;
    e->unsealed++;
    return false;
}

/* True: it got a report. */
static bool answer_mark(struct echo_udp *e, const struct runs_probe *p, uint8_t *bytes)
{
    bool report = runs_answer(&e->runs, p, bytes);

    if (e->key)
        key_mac(e->key, (struct kedge_span){ bytes, EXTENDED_SIZE },
                bytes + EXTENDED_SIZE);
    return report;
}

static void ask_for_stamps(struct echo_udp *e)
{
    if (!e->stamps)
        udp_stamp(&e->d.socket);
    e->stamps = true;
}

/* The guard's verdict; a probe that asks has its extension written over. */
static bool echo_one(struct echo_udp *e, const struct udp_in *in, uint8_t *bytes,
                     size_t size)
{
    struct kedge_span payload = { bytes, size };
    bool answer = datagrams_may_answer(&e->d, in, payload);
    uint8_t peer[DATAGRAMS_PEER];
    struct runs_probe p;
    struct probe_extension extension;

    if (!may_ask(payload, &extension) || !has_mac(e, &extension, payload))
        return answer;
    p = probe_of(e, in, peer);
    if (!answer) {
        runs_refused(&e->runs, &p, payload);
    } else if (answer_mark(e, &p, bytes)) {
        ask_for_stamps(e);
        if (extension.size >= EXTENDED_SIZE)
            return answer_sized(e, in, bytes, extension.size);
    }
    return answer;
}

/* A train is many datagrams; each has its own verdict. */
static void echo_train(struct echo_udp *e, struct udp_in *in, uint8_t *bytes)
{
    for (size_t at = 0; at < in->m.bytes.len;) {
        size_t size = min_u64(in->m.segment, in->m.bytes.len - at);

        if (echo_one(e, in, bytes + at, size))
            at += size;
        else
            take_out(&in->m, bytes, at);
    }
    if (in->m.segment >= in->m.bytes.len)
        in->m.segment = 0;
    if (in->m.bytes.len > 0)
        udp_out_borrow(&e->d.out, &in->m);
}

static void echo(struct datagrams *d, struct udp_in *in)
{
    struct echo_udp *e = (struct echo_udp *)d; /* d is its first member */
    /* The inbox lends its memory as const; it is this service's own. */
    uint8_t *bytes = d->in.memory + (in->m.bytes.ptr - d->in.memory);

    if (in->m.segment > 0)
        echo_train(e, in, bytes);
    else if (echo_one(e, in, bytes, in->m.bytes.len))
        udp_out_borrow(&d->out, &in->m);
}

int echo_udp_open(struct echo_udp *e, struct loop *l, int fd, const struct store_key *key)
{
    uint8_t cookie_key[COOKIE_KEY];
    int err = random_fill(cookie_key, sizeof cookie_key);

    if (err)
        return err;
    runs_init(&e->runs, cookie_key);
    e->key = key;
    e->unsealed = 0;
    e->stamps = false;
    e->d.take = echo;
    return datagrams_open(&e->d, l, fd, true);
}

void echo_udp_close(struct echo_udp *e)
{
    datagrams_close(&e->d);
}

const char *echo_udp_summary(const struct echo_udp *e, char out[SERVE_SUMMARY])
{
    (void)datagrams_summary(&e->d, out);
    if (e->runs.validated > 0)
        snprintf(out + strlen(out), SERVE_SUMMARY - strlen(out),
                 "; %" PRIu64 " runs of probes asked", e->runs.validated);
    if (e->unsealed > 0)
        snprintf(out + strlen(out), SERVE_SUMMARY - strlen(out),
                 "; %" PRIu64 " probes asked without the key", e->unsealed);
    return out;
}
