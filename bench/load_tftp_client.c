/* SPDX-License-Identifier: MIT */
/* The TFTP clients of load_tftp: requests, blocks, comparison. */
#include "bench/load_tftp.h"

#include <stdio.h>
#include <string.h>
#include <sys/uio.h>

#include "bench/cpu_meter.h"

enum {
    ASK_AGAIN_MS = 1000,
    TRIES_MAX = 20,
    DOUBLED_MAX = 3,
    REQUEST_MAX = 600,
    LOOKS = 64
};

static size_t put_text(uint8_t *out, size_t at, const char *text)
{
    size_t len = strlen(text) + 1;

    memcpy(out + at, text, len);
    return at + len;
}

static size_t put_option(uint8_t *out, size_t at, const char *name, unsigned value)
{
    char text[16];

    snprintf(text, sizeof text, "%u", value);
    return put_text(out, put_text(out, at, name), text);
}

static size_t write_request(const struct options *o, uint8_t *out)
{
    size_t at = 2;

    out[0] = 0;
    out[1] = 1;
    at = put_text(out, at, o->name);
    at = put_text(out, at, "octet");
    if (o->blksize) {
        at = put_option(out, at, "blksize", o->blksize);
        at = put_option(out, at, "tsize", 0);
    }
    if (o->window > 1)
        at = put_option(out, at, "windowsize", o->window);
    return at;
}

static void send_out(const struct load_tftp *s, struct client *c, uint64_t now)
{
    uint8_t packet[REQUEST_MAX] = { 0, 4, (uint8_t)(c->block >> 8), (uint8_t)c->block };
    size_t len = c->asking ? write_request(&s->o, packet) : 4;

    c->due = 0;
    c->sent_at = now;
    wire_send(c, packet, len, s->o.shared);
}

/* All answers wait equally long, so the one asked for last leaves last. */
static void answer(struct load_tftp *s, struct client *c, uint64_t now)
{
    c->asking = false;
    if (!s->o.think_ms) {
        send_out(s, c, now);
        return;
    }
    c->due = now + s->o.think_ms * 1000000ull;
    if (s->queue_tail - s->queue_head == s->queue_room)
        die("load_tftp: more answers wait than there is room for");
    s->queue[s->queue_tail++ % s->queue_room] =
        (struct waiting){ c->due, (uint32_t)(c - s->clients) };
}

void client_begin(struct load_tftp *s, struct client *c, uint64_t now)
{
    c->active = s->started < s->o.count;
    if (!c->active)
        return;
    s->started++;
    s->active++;
    c->peer = s->o.server;
    c->began = now;
    c->block = c->in_window = 0;
    c->tries = 0;
    c->answered = false;
    c->asking = true;
    send_out(s, c, now);
}

static void finish(struct load_tftp *s, struct client *c, bool ok, uint64_t now)
{
    s->active--;
    s->open -= c->answered;
    if (ok)
        s->took[s->done++] = now - c->began;
    else
        s->failed++;
    client_begin(s, c, now);
}

static void acknowledge(struct load_tftp *s, struct client *c, uint64_t now)
{
    c->in_window = 0;
    answer(s, c, now);
}

static void take_data(struct load_tftp *s, struct client *c, struct iovec packet,
                      uint64_t now)
{
    const uint8_t *p = packet.iov_base;
    unsigned blksize = s->o.blksize ? s->o.blksize : 512;
    unsigned window = s->o.window ? s->o.window : 1;
    size_t at = (size_t)c->block * blksize, len = packet.iov_len - 4;
    unsigned number = (unsigned)p[2] << 8 | p[3];

    if (number != ((c->block + 1) & 0xffff)) {
        s->repeats++;
        if (number == (c->block & 0xffff) && c->due == 0 && now - c->sent_at > 1000000)
            acknowledge(s, c, now); /* our ACK was lost */
        return;
    }
    if (at + len > s->size || memcmp(s->copy + at, p + 4, len) != 0)
        s->wrong++;
    s->blocks++;
    c->block++;
    c->tries = 0;
    c->in_window++;
    if (len < blksize) {
        c->asking = false;
        send_out(s, c, now); /* the next transfer may not overtake the last ACK */
        finish(s, c, at + len == s->size, now);
    } else if (c->in_window == window) {
        acknowledge(s, c, now);
    }
}

/* What a request can be answered by: an OACK where options were asked, else DATA 1; or an
 * ERROR. */
static bool is_first_answer(const struct load_tftp *s, const uint8_t *p)
{
    return p[1] == 5 || (s->o.blksize ? p[1] == 6 : p[1] == 3 && p[2] == 0 && p[3] == 1);
}

static void answered(struct load_tftp *s, struct client *c,
                     const struct sockaddr_in *from)
{
    if (c->answered)
        return;
    c->peer = *from;
    c->answered = true;
    s->open++;
    if (s->open > s->most_open)
        s->most_open = s->open;
}

void client_take(struct load_tftp *s, struct client *c, struct iovec packet,
                 const struct sockaddr_in *from)
{
    const uint8_t *p = packet.iov_base;
    uint64_t now = clock_ns();

    if (c->answered && from->sin_port != c->peer.sin_port)
        return; /* a straggler of the transfer before */
    if (packet.iov_len < 4 || !c->active)
        return;
    s->packets++;
    if (!c->answered && !is_first_answer(s, p))
        return; /* a straggler too: the port is used again and again */
    if (p[1] == 5) {
        finish(s, c, false, now);
    } else if (p[1] == 6 && c->block == 0) {
        if (c->answered)
            s->repeats++;
        answered(s, c, from);
        acknowledge(s, c, now);
    } else if (p[1] == 3) {
        answered(s, c, from);
        take_data(s, c, packet, now);
    }
}

static void look_at(struct load_tftp *s, struct client *c, uint64_t now)
{
    unsigned doubled = c->tries < DOUBLED_MAX ? c->tries : DOUBLED_MAX;

    if (!c->active || c->due ||
        now - c->sent_at <= (ASK_AGAIN_MS * 1000000ull) << doubled)
        return;
    if (++c->tries > TRIES_MAX) {
        finish(s, c, false, now);
        return;
    }
    s->again++;
    send_out(s, c, now);
}

void clients_look_at_clocks(struct load_tftp *s, uint64_t now)
{
    unsigned some = s->o.at_once / LOOKS + 1;

    while (s->queue_head != s->queue_tail) {
        struct waiting w = s->queue[s->queue_head % s->queue_room];
        struct client *c = &s->clients[w.client];

        if (w.due > now)
            break;
        s->queue_head++;
        if (c->due == w.due)
            send_out(s, c, now);
    }
    for (unsigned i = 0; i < some; i++, s->look = (s->look + 1) % s->o.at_once)
        look_at(s, &s->clients[s->look], now);
}
