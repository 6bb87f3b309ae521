/* SPDX-License-Identifier: MIT */
/* Clients with the habits of real firmware. */
#include "firmware.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/number.h"
#include "content.h"

int64_t oack_value(struct kedge_span oack, const char *name)
{
    const char *at = (const char *)oack.ptr + 2;
    const char *end = (const char *)oack.ptr + oack.len;

    while (at < end) {
        const char *value = at + strlen(at) + 1;

        if (value >= end)
            return -1;
        if (strcasecmp(at, name) == 0)
            return strtoll(value, NULL, 10);
        at = value + strlen(value) + 1;
    }
    return -1;
}

/* ---- What it says ------------------------------------------------------------------- */

static void ask(struct world *w, struct actor *a)
{
    struct firmware *f = a->self;
    kedge_nanos wait = f->traits->asks_every + f->tried * f->traits->asks_later;

    f->requests++;
    f->tried++;
    f->socket = -1;
    actor_send(w, a, REQUEST_PORT, f->request);
    actor_wait(w, a, f->tried > f->traits->tries ? KEDGE_NEVER : w->now + wait);
}

static void say_ack(struct world *w, struct actor *a, uint64_t block)
{
    struct firmware *f = a->self;
    uint8_t packet[5] = { 0, KEDGE_TFTP_ACK, (uint8_t)(block >> 8), (uint8_t)block, 32 };

    f->acks++;
    f->in_window = 0;
    actor_send(w, a, (uint16_t)f->socket,
               (struct kedge_span){ packet, f->traits->long_acks ? 5 : 4 });
}

static void say_error(struct world *w, struct actor *a, uint8_t code)
{
    struct firmware *f = a->self;
    uint8_t packet[5] = { 0, KEDGE_TFTP_ERROR, 0, code,
                          f->traits->bare_errors ? 'x' : 0 };

    f->errors_sent++;
    actor_send(w, a, (uint16_t)f->socket, (struct kedge_span){ packet, 5 });
}

static void rest(struct world *w, struct actor *a)
{
    struct firmware *f = a->self;

    f->tried = 0;
    actor_wait(w, a, f->traits->waits ? w->now + f->traits->waits : KEDGE_NEVER);
}

static void stop(struct world *w, struct actor *a, bool done)
{
    struct firmware *f = a->self;

    f->done = done;
    f->failed = !done;
    f->done_at = w->now;
    a->open = false;
    actor_wait(w, a, KEDGE_NEVER);
}

static void fail(struct world *w, struct actor *a, uint8_t code)
{
    say_error(w, a, code);
    stop(w, a, false);
}

static void start(struct world *w, struct actor *a)
{
    struct firmware *f = a->self;

    a->open = true;
    f->began_at = w->now;
    f->window = 1;
    f->next = 1;
    f->error = -1;
    f->tsize = f->timeout = f->windowsize = -1;
    f->blksize = f->blksize ? f->blksize : 512;
    ask(w, a);
}

/* ---- A get ---------------------------------------------------------------------------- */

static void forget_file(struct firmware *f)
{
    f->next = 1;
    f->bytes = 0;
    f->told = 0;
    f->in_window = 0;
    f->oacked = false;
    f->tried = 0;
}

static void file_over(struct world *w, struct actor *a)
{
    struct firmware *f = a->self;

    world_expect(w, f->bytes == a->file.size);
    if (f->files > 1) { /* the next comes at once */
        f->files--;
        f->first_at = f->began_at = w->now;
        a->port = (uint16_t)(a->port + f->traits->asks_anew);
        forget_file(f);
        ask(w, a);
        return;
    }
    stop(w, a, true);
}

static void take(struct world *w, struct actor *a, struct kedge_span body)
{
    struct firmware *f = a->self;
    bool last = body.len < f->blksize;

    if (!content_is(a->file.content, f->bytes, body))
        world_fail(w, "%s: other bytes came at %llu", f->traits->name,
                   (unsigned long long)f->bytes);
    f->bytes += body.len;
    f->next++;
    f->in_window++;
    rest(w, a);
    if (last && f->traits->closes_by_error_0 && body.len == 0)
        say_error(w, a, 0);
    else if (last ? !f->traits->keeps_quiet
                  : f->in_window == f->window || f->traits->acks_each)
        say_ack(w, a, f->next - 1);
    if (last)
        file_over(w, a);
    else if (f->next > f->traits->reads_only && f->traits->reads_only > 0)
        fail(w, a, 0);
}

static bool is_ahead(const struct firmware *f, uint16_t number)
{
    if (f->traits->wraps_badly)
        return number > (uint16_t)f->next;
    return (int16_t)(uint16_t)(number - f->next) > 0;
}

static void unexpected(struct world *w, struct actor *a, uint16_t number)
{
    struct firmware *f = a->self;
    bool previous = number == (uint16_t)(f->next - 1);
    enum answer answer = is_ahead(f, number) ? f->traits->ahead : f->traits->older;

    if (number == 0 && f->next == 1 && f->traits->fails_at_0)
        stop(w, a, false);
    else if (answer == ACK_LAST || (answer == ACK_PREVIOUS && previous))
        say_ack(w, a, f->next - 1);
    else if (answer == SAY_ERROR_5 || answer == ACK_PREVIOUS)
        fail(w, a, 5);
    else if (answer == ACK_LAST_ONCE && f->told != f->next - 1) {
        f->told = f->next - 1;
        say_ack(w, a, f->next - 1);
    }
    if (f->traits->waits_anew)
        actor_wait(w, a, w->now + f->traits->waits);
}

static bool oack_is_bad(const struct firmware *f, struct kedge_span oack)
{
    const struct traits *t = f->traits;
    int64_t blksize = oack_value(oack, "blksize");

    if (blksize > (int64_t)f->blksize && f->blksize > 512)
        return true;
    if (t->exact_timeout && f->timeout >= 0 && f->timeout != f->asked_timeout)
        return true;
    return t->only_asked &&
           (oack_value(oack, "timeout") >= 0 || oack_value(oack, "msftwindow") >= 0);
}

static void probe_over(struct world *w, struct actor *a)
{
    struct firmware *f = a->self;

    say_error(w, a, (uint8_t)f->traits->probe);
    f->probed = true;
    if (f->then.len > 0)
        f->request = f->then;
    if (f->traits->probes_anew)
        a->port++;
    forget_file(f);
    ask(w, a);
}

static void take_oack(struct world *w, struct actor *a, struct kedge_span oack)
{
    struct firmware *f = a->self;
    int64_t blksize = oack_value(oack, "blksize");

    f->oacks++;
    if (f->traits->dies_of_oack) {
        stop(w, a, false);
        return;
    }
    if (f->traits->drops_tsize_0 && oack_value(oack, "tsize") == 0)
        return;
    if (f->oacked && f->traits->second_oack == ABORTS) {
        fail(w, a, 0);
        return;
    }
    if (f->oacked && f->traits->second_oack == STARTS_OVER)
        forget_file(f);
    if (f->oacked && f->next > 1)
        return;
    f->tsize = oack_value(oack, "tsize");
    f->timeout = oack_value(oack, "timeout");
    f->windowsize = oack_value(oack, "windowsize");
    if (oack_is_bad(f, oack)) {
        fail(w, a, f->traits->exact_timeout ? 8 : 4);
        return;
    }
    if (f->traits->probe >= 0 && !f->probed) {
        probe_over(w, a);
        return;
    }
    f->oacked = true;
    f->blksize = blksize > 0 ? (uint32_t)blksize : 512;
    f->window = f->windowsize > 0 ? (uint32_t)f->windowsize : 1;
    rest(w, a);
    say_ack(w, a, 0);
}

static void take_error(struct world *w, struct actor *a, uint8_t code)
{
    struct firmware *f = a->self;

    f->error = code;
    if (f->traits->acks_errors)
        say_ack(w, a, 1);
    if (f->traits->again_on_error && code != 1 && code != 2) {
        forget_file(f);
        ask(w, a);
    } else if (f->files > 1) {
        f->files--;
        forget_file(f);
        ask(w, a);
    } else {
        stop(w, a, false);
    }
}

/* Another TID: most do not answer it. */
static void refuse_other(struct world *w, struct actor *a, const struct datagram *d)
{
    const struct firmware *f = a->self;

    if (f->traits->tells_other)
        actor_send(w, a, d->socket,
                   (struct kedge_span){ (const uint8_t *)"\0\5\0\5", 5 });
}

static void get_packet(struct world *w, struct actor *a, const struct datagram *d,
                       struct kedge_span bytes)
{
    struct firmware *f = a->self;
    uint16_t number;

    if (bytes.len < 4 || bytes.ptr[0] != 0)
        return;
    if (f->socket >= 0 && f->socket != d->socket && !f->traits->any_socket) {
        refuse_other(w, a, d);
        return;
    }
    f->socket = d->socket;
    number = (uint16_t)(bytes.ptr[2] << 8 | bytes.ptr[3]);
    if (bytes.ptr[1] == KEDGE_TFTP_OACK)
        take_oack(w, a, bytes);
    else if (bytes.ptr[1] == KEDGE_TFTP_ERROR)
        take_error(w, a, bytes.ptr[3]);
    else if (bytes.ptr[1] != KEDGE_TFTP_DATA || (f->traits->needs_oack && !f->oacked))
        return;
    else if (number == (f->traits->counts_wide ? f->next : (uint16_t)f->next))
        take(w, a, (struct kedge_span){ bytes.ptr + 4, bytes.len - 4 });
    else
        unexpected(w, a, number);
}

static void get_timer(struct world *w, struct actor *a)
{
    struct firmware *f = a->self;

    if (f->tried >= f->traits->tries) {
        stop(w, a, false);
    } else if (f->socket < 0) {
        ask(w, a);
    } else {
        f->tried++;
        say_ack(w, a, f->next - 1);
        actor_wait(w, a, w->now + f->traits->waits);
    }
}

/* ---- A put ---------------------------------------------------------------------------- */

static void send_block(struct world *w, struct actor *a)
{
    struct firmware *f = a->self;
    struct datagram body = { .file = a->file.content,
                             .offset = (f->next - 1) * f->blksize };

    body.body_len = (uint32_t)min_u64(f->blksize, sub_sat(a->file.size, body.offset));
    actor_send_block(w, a, (uint16_t)f->socket, (uint16_t)f->next, &body);
    actor_wait(w, a, w->now + f->traits->waits);
}

static void put_answered(struct world *w, struct actor *a, uint64_t block)
{
    struct firmware *f = a->self;

    f->tried = 0;
    if (block * f->blksize > a->file.size) {
        stop(w, a, true);
        return;
    }
    f->next = block + 1;
    send_block(w, a);
}

static void put_packet(struct world *w, struct actor *a, const struct datagram *d,
                       struct kedge_span bytes)
{
    struct firmware *f = a->self;
    uint16_t number;

    if (bytes.len < 4 || bytes.ptr[0] != 0)
        return;
    if (f->socket >= 0 && f->socket != d->socket)
        return;
    number = (uint16_t)(bytes.ptr[2] << 8 | bytes.ptr[3]);
    if (bytes.ptr[1] == KEDGE_TFTP_ERROR) {
        f->error = bytes.ptr[3];
        stop(w, a, false);
    } else if (bytes.ptr[1] == KEDGE_TFTP_OACK && f->socket < 0) {
        f->socket = d->socket;
        f->blksize = (uint32_t)max_u64(512, (uint64_t)oack_value(bytes, "blksize"));
        put_answered(w, a, 0);
    } else if (bytes.ptr[1] == KEDGE_TFTP_ACK && f->socket < 0 && number == 0) {
        f->socket = d->socket;
        put_answered(w, a, 0);
    } else if (bytes.ptr[1] == KEDGE_TFTP_ACK && f->socket >= 0) {
        f->acks++;
        if (number == (uint16_t)f->next)
            put_answered(w, a, f->next);
        else if (f->traits->any_ack)
            put_answered(w, a, f->next + (uint64_t)(int16_t)(number - f->next));
        else if (f->traits->older == SAY_ERROR_5)
            fail(w, a, 5);
    }
}

static void put_timer(struct world *w, struct actor *a)
{
    struct firmware *f = a->self;

    if (f->tried >= f->traits->tries) {
        stop(w, a, false);
    } else if (f->socket < 0) {
        ask(w, a);
    } else {
        f->tried++;
        send_block(w, a);
    }
}

const struct actor_kind firmware_get = {
    .name = "get", .start = start, .packet = get_packet, .timer = get_timer
};
const struct actor_kind firmware_put = {
    .name = "put", .start = start, .packet = put_packet, .timer = put_timer
};
