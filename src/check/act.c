/* SPDX-License-Identifier: MIT */
/* Steps of a script that take no time: what is sent, and what is looked at. */
#include "check/private.h"

#include "base/number.h"
#include "kedge/tftp.h"

#include <stdio.h>
#include <string.h>

/* A port so little above the one before can be guessed; others may have come between. */
enum { PORTS_NEAR = 100 };

/* "blksize=8 tsize=0" as pairs that end in NULs. A lone word has an empty value. */
static void put_options(struct writer *w, const char *list)
{
    for (const char *c = list; c && *c;) {
        size_t len = strcspn(c, " ");
        const char *equals = memchr(c, '=', len);
        size_t name = equals ? (size_t)(equals - c) : len;

        put_string(w, (struct kedge_span){ (const uint8_t *)c, name });
        put_string(w, (struct kedge_span){ (const uint8_t *)c + name + (equals ? 1 : 0),
                                           equals ? len - name - 1 : 0 });
        c += len + strspn(c + len, " ");
    }
}

/* To a given length: by an option, so that it is a whole request, or by zeros. */
static void fill_up(struct writer *w, const struct check_step *step)
{
    static const char filler[] = "kedge-fill";
    size_t behind = w->len + sizeof filler;

    if (step->number > behind) {
        put_string(w, span_of(filler));
        while (w->len + 1 < step->number)
            put_u8(w, '1');
        put_u8(w, 0);
    }
    while (w->len < step->size)
        put_u8(w, 0);
}

static void send_request(struct check_play *p, uint16_t op, const struct check_file *f)
{
    const struct check_step *step = step_of(p);
    struct check_side *s = side_of(p);
    struct writer w = { .ptr = s->request, .room = sizeof s->request };

    put_u16(&w, op);
    put_string(&w, span_of(f->name));
    put_string(&w, span_of(step->mode ? step->mode : "octet"));
    put_options(&w, step->options);
    if (op == KEDGE_TFTP_RRQ)
        fill_up(&w, step);
    KEDGE_ASSERT(!w.bad);
    s->request_len = (uint32_t)w.len;
    s->file = *f;
    s->netascii = step->mode && (step->mode[0] | 0x20) == 'n';
    s->over = false;
    s->asked_at = p->now;
    play_send_to(p, step->side, &p->server, written(&w));
}

static void act_ask(struct check_play *p, uint16_t op)
{
    const struct check_step *step = step_of(p);
    const char *why = "there is no such file";
    struct check_file f;

    if (!p->io.file(p->io.owner, step->text ? step->text : "put", &f, &why)) {
        play_skip(p, "%s", why);
        return;
    }
    if (op == KEDGE_TFTP_WRQ && f.content != CHECK_LINES && step->number == 0)
        f.size = step->size;
    else if (op == KEDGE_TFTP_RRQ && step->text && strncmp(step->text, "put", 3) == 0)
        f = p->sides[0].file; /* what was stored is read back */
    send_request(p, op, &f);
}

static void check_send_error(struct check_play *p)
{
    const struct check_step *step = step_of(p);
    uint8_t buf[128];
    struct writer w = { .ptr = buf, .room = sizeof buf };

    if (side_of(p)->over && side_of(p)->error_len > 0)
        return; /* it has ended by an ERROR, and nothing answers one */
    put_u16(&w, KEDGE_TFTP_ERROR);
    put_u16(&w, (uint16_t)step->number);
    if (step->size == 1)
        put(&w, span_of(step->text));
    else
        put_string(&w, span_of(step->text));
    play_send(p, step->side, written(&w));
    side_of(p)->over = true;
}

/* "tsize=SIZE" is the size of the file. */
static void send_oack(struct check_play *p)
{
    const struct check_step *step = step_of(p);
    struct check_side *s = side_of(p);
    uint8_t buf[256];
    struct writer w = { .ptr = buf, .room = sizeof buf };

    put_u16(&w, KEDGE_TFTP_OACK);
    put_options(&w, step->options);
    KEDGE_ASSERT(!w.bad);
    play_adopt(s, written(&w));
    play_send(p, step->side, written(&w));
}

static void send_stray(struct check_play *p)
{
    const struct check_step *step = step_of(p);
    bool is_error = strcmp(step->text, "ERROR") == 0;
    uint8_t stray[9] = { 0,   (uint8_t)(is_error ? KEDGE_TFTP_ERROR : KEDGE_TFTP_ACK),
                         0,   (uint8_t)step->number,
                         's', 't',
                         'o', 'p',
                         0 };

    if (strcmp(step->text, "DATA") == 0)
        stray[1] = KEDGE_TFTP_DATA;
    if (!p->sides[0].has_peer)
        return;
    play_send_to(p, step->size, &p->sides[0].peer,
                 (struct kedge_span){ stray, stray[1] == KEDGE_TFTP_ACK ? 4 : 9 });
}

static bool names_a_path(struct kedge_span text)
{
    unsigned slashes = 0;

    for (size_t i = 0; i < text.len; i++)
        slashes += text.ptr[i] == '/';
    return slashes >= 2;
}

static void look_at_text(struct check_play *p)
{
    struct check_side *s = side_of(p);
    struct kedge_span text = { s->error + 4, s->error_len > 4 ? s->error_len - 4 : 0 };
    struct check_in in = { .side = step_of(p)->side,
                           .from = s->peer,
                           .bytes = { s->error, s->error_len } };

    if (step_of(p)->number == 0) {
        if (text.len > 0 && text.ptr[text.len - 1] == 0) {
            play_next(p);
            return;
        }
        play_fail(p, &in, "an ERROR whose text ends in a NUL");
        play_mark(p, s->error_len ? s->error_len - 1 : 0, 1);
        return;
    }
    if (!names_a_path(text)) {
        play_next(p);
        return;
    }
    play_fail(p, &in, "a text without a path of the server's own");
    play_mark(p, 4, text.len);
}

/* Ports that servers answer from: not all one, and not one after the other. */
static void look_at_tids(struct check_play *p)
{
    uint32_t last = step_of(p)->size, same = 0, next = 0, request = 0;

    for (uint32_t i = 0; i <= last; i++) {
        uint16_t port = net_address_port(&p->sides[i].peer);
        uint16_t before = i ? net_address_port(&p->sides[i - 1].peer) : 0;

        request += port == net_address_port(&p->server);
        same += i > 0 && port == before;
        next += i > 0 && (uint16_t)(port - before - 1) < PORTS_NEAR;
    }
    if (request == last + 1) {
        play_skip(p, "the server answers from its request port");
    } else if (same == last) {
        play_fail(p, NULL, "answers from different ports; all came from port %u",
                  net_address_port(&p->sides[0].peer));
    } else if (next >= last - 1) {
        play_fail(p, NULL,
                  "ports that cannot be guessed; they came one after another, "
                  "up to %u",
                  net_address_port(&p->sides[last].peer));
    } else {
        play_next(p);
    }
}

static void look_at_peer(struct check_play *p)
{
    struct check_side *s = side_of(p);

    if (s->has_peer && net_address_port(&s->peer) == net_address_port(&p->server))
        play_fail(p, NULL, "an answer from a new port; it came from the request port, %u",
                  net_address_port(&p->server));
    else
        play_next(p);
}

static void look_at_fit(struct check_play *p)
{
    struct check_side *s = side_of(p);
    uint32_t headers = net_address_is_v6(&s->peer) ? 52 : 32;

    if (p->mtu == 0)
        play_skip(p, "the MTU of the route is not known");
    else if (s->blksize + headers <= p->mtu)
        play_next(p);
    else
        play_fail(p, NULL, "at most %u, as the MTU is %u; %u was granted",
                  p->mtu - headers, p->mtu, s->blksize);
}

static void look_at_repeats(struct check_play *p)
{
    if (side_of(p)->repeats >= step_of(p)->size)
        play_next(p);
    else
        play_fail(p, NULL, "the last packet again by now; it did not come");
}

static void forget_exchange(struct check_play *p)
{
    struct check_side *s = side_of(p);

    if (s->has_peer && !net_address_equal(&s->peer, &p->server)) {
        s->old[1] = s->old[0];
        s->old[0] = net_address_port(&s->peer);
    }
    s->has_peer = s->over = false;
    s->heard = 0;
    s->next = 1;
    s->done = 0;
}

static void look_at_request(struct check_play *p)
{
    const struct check_step *step = step_of(p);
    struct check_side *s = &p->sides[CHECK_LISTENER];
    struct kedge_span name, mode, options, value = { NULL, 0 };
    uint64_t n;

    if (!check_request((struct kedge_span){ s->request, s->request_len }, &name, &mode,
                       &options) ||
        (*step->text ? !check_option(options, step->text, &value) : options.len == 0))
        play_skip(p, "the client asks for no %s", *step->text ? step->text : "options");
    else if (step->size > 0 && decimal(value, UINT64_MAX, &n) && n >= step->size)
        play_skip(p, "the client asks for the largest %s", step->text);
    else
        play_next(p);
}

static void send_long_ack(struct check_play *p)
{
    uint16_t n = (uint16_t)step_of(p)->number;
    uint8_t ack[5] = { 0, KEDGE_TFTP_ACK, (uint8_t)(n >> 8), (uint8_t)n, 1 };

    play_send(p, step_of(p)->side, (struct kedge_span){ ack, sizeof ack });
}

static void act_send(struct check_play *p)
{
    const struct check_step *step = step_of(p);
    struct check_side *s = side_of(p);

    switch (step->what) {
    case CHECK_RRQ:
        act_ask(p, KEDGE_TFTP_RRQ);
        break;
    case CHECK_WRQ:
        act_ask(p, KEDGE_TFTP_WRQ);
        break;
    case CHECK_RAW:
        play_send_to(p, step->side, p->of_client ? &s->peer : &p->server,
                     (struct kedge_span){ (const uint8_t *)step->text, step->size });
        break;
    case CHECK_AGAIN:
        play_send_to(p, step->side, &p->server,
                     (struct kedge_span){ s->request, s->request_len });
        break;
    case CHECK_ACK:
        play_send_ack(p, step->side, step->number);
        break;
    case CHECK_LONG_ACK:
        send_long_ack(p);
        break;
    case CHECK_DATA:
        (void)play_send_data(p, step->side, step->number, step->size);
        s->next += step->number == s->next;
        s->done = (s->next - 1) * s->blksize;
        break;
    case CHECK_ERROR:
        check_send_error(p);
        break;
    case CHECK_OACK:
        send_oack(p);
        break;
    default:
        send_stray(p);
        break;
    }
}

void play_act(struct check_play *p)
{
    uint32_t at = p->at;

    switch (step_of(p)->what) {
    case CHECK_TEXT:
        look_at_text(p);
        return;
    case CHECK_TIDS:
        look_at_tids(p);
        return;
    case CHECK_NEW_TID:
        look_at_peer(p);
        return;
    case CHECK_ASKED_OPTION:
        look_at_request(p);
        return;
    case CHECK_FITS:
        look_at_fit(p);
        return;
    case CHECK_HEARD:
        look_at_repeats(p);
        return;
    case CHECK_FORGET:
        forget_exchange(p);
        play_next(p);
        return;
    default:
        act_send(p);
    }
    if (p->at == at && p->finding.verdict == CHECK_RUNNING)
        play_next(p);
}
