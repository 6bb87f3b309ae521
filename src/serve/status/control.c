/* SPDX-License-Identifier: MIT */
/* One document for each client of a local socket. */
#include "serve/status/control.h"

#include "base/number.h"
#include "net/connection.h"
#include "serve/status/acceptor.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* It waits for the document, or for room to send the rest of it. */
struct control_client {
    struct status_control *control;
    struct loop_watch watch; /* added: the slot is taken */
    kedge_nanos until;
    uint8_t *text; /* a copy; NULL: the document is not there yet */
    size_t sent, len;
};

struct status_control {
    struct loop *loop;
    struct status_source source;
    struct status_acceptor acceptor;
    struct loop_timer timer;
    struct control_client clients[STATUS_CONTROL_CLIENTS];
};

static void control_client_end(struct control_client *c)
{
    loop_watch_remove(c->control->loop, &c->watch);
    close(c->watch.fd);
    free(c->text);
    c->text = NULL;
    c->control->acceptor.open--;
}

static void send_rest(struct control_client *c)
{
    ssize_t n = connection_write(c->watch.fd, c->text + c->sent, c->len - c->sent);

    c->sent += n > 0 ? (size_t)n : 0;
    if (c->sent == c->len || (n < 0 && n != -EAGAIN))
        control_client_end(c);
    else
        loop_watch_change(c->control->loop, &c->watch, LOOP_WRITE);
}

static void give(struct control_client *c)
{
    struct kedge_span document = c->control->source.document(c->control->source.owner);

    c->text = malloc(document.len + 1);
    if (!c->text) {
        control_client_end(c);
        return;
    }
    memcpy(c->text, document.ptr, document.len);
    c->text[document.len] = '\n';
    c->len = document.len + 1;
    c->sent = 0;
    send_rest(c);
}

/* Writable, or gone: what it says is left unread. */
static void client_ready(void *owner, unsigned events)
{
    struct control_client *c = owner;

    if (c->text && (events & LOOP_WRITE))
        send_rest(c);
    else if (events & (LOOP_ERROR | LOOP_HANGUP))
        control_client_end(c);
}

static struct control_client *free_slot(struct status_control *s)
{
    for (unsigned i = 0; i < STATUS_CONTROL_CLIENTS; i++)
        if (!s->clients[i].watch.added)
            return &s->clients[i];
    return NULL;
}

static void set_timer(struct status_control *s)
{
    kedge_nanos next = KEDGE_NEVER;

    for (unsigned i = 0; i < STATUS_CONTROL_CLIENTS; i++)
        if (s->clients[i].watch.added)
            next = min_u64(next, s->clients[i].until);
    loop_timer_set(s->loop, &s->timer, next);
}

static void control_due(void *owner)
{
    struct status_control *s = owner;

    for (unsigned i = 0; i < STATUS_CONTROL_CLIENTS; i++)
        if (s->clients[i].watch.added && s->clients[i].until <= loop_now(s->loop))
            control_client_end(&s->clients[i]);
    set_timer(s);
}

static void add_client(void *owner, int fd)
{
    struct status_control *s = owner;
    struct control_client *c = free_slot(s);

    KEDGE_ASSERT(c);
    *c = (struct control_client){ .control = s,
                                  .watch = { .ready = client_ready, .owner = c },
                                  .until = loop_now(s->loop) + STATUS_CONTROL_LIFE };
    if (loop_watch_add(s->loop, &c->watch, fd, 0) < 0) {
        close(fd);
        return;
    }
    s->acceptor.open++;
    if (s->source.ask(s->source.owner))
        give(c);
    set_timer(s);
}

int status_control_open(struct status_control **out, struct loop *loop,
                        const struct status_source *source)
{
    struct status_control *s = calloc(1, sizeof *s);
    int err;

    if (!s)
        return -ENOMEM;
    s->loop = loop;
    s->source = *source;
    s->timer = (struct loop_timer){ .due = control_due, .owner = s };
    s->acceptor = (struct status_acceptor){
        .loop = loop, .most = STATUS_CONTROL_CLIENTS, .take = add_client, .owner = s
    };
    err = loop_timer_add(loop, &s->timer);
    if (err == 0)
        err = acceptor_open(&s->acceptor);
    if (err == 0)
        *out = s;
    else
        status_control_close(s);
    return err;
}

int status_control_listen(struct status_control *s, int fd)
{
    return acceptor_add(&s->acceptor, fd);
}

void status_control_ready(struct status_control *s)
{
    for (unsigned i = 0; i < STATUS_CONTROL_CLIENTS; i++)
        if (s->clients[i].watch.added && !s->clients[i].text)
            give(&s->clients[i]);
}

void status_control_close(struct status_control *s)
{
    acceptor_close(&s->acceptor);
    for (unsigned i = 0; i < STATUS_CONTROL_CLIENTS; i++)
        if (s->clients[i].watch.added)
            control_client_end(&s->clients[i]);
    loop_timer_remove(s->loop, &s->timer);
    free(s);
}
