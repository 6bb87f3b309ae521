/* SPDX-License-Identifier: MIT */
/* Records as messages to the hook. */
#include "cmd/serve_exec.h"

#include "os/clock.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

static const kedge_nanos say_every = 60 * KEDGE_SEC;

void serve_exec_init(struct serve_exec *e)
{
    *e = (struct serve_exec){ .hook = { .fd = -1 } };
}

int serve_exec_open(struct serve_exec *e, const char *program)
{
    if (access(program, X_OK) < 0)
        return -errno;
    return hook_open(&e->hook, program, "kedge serve: --exec", HOOK_PATIENCE);
}

/* One at a time: who loses leaves it to the other. */
static void say_lost(struct serve_exec *e, int err)
{
    unsigned long long now = clock_now();
    unsigned long long then = atomic_load(&e->say_not_before);

    atomic_fetch_add(&e->lost, 1);
    if (now < then ||
        !atomic_compare_exchange_strong(&e->say_not_before, &then, now + say_every))
        return;
    fprintf(stderr, "kedge serve: --exec: %llu records not handed on so far (%s)\n",
            atomic_load(&e->lost),
            err == -EAGAIN  ? "what runs is too slow"
            : err == -EPIPE ? "its helper was killed; restart needed"
                            : strerror(-err));
}

static void put_word(struct writer *w, struct kedge_span word)
{
    put(w, word);
    put_u8(w, 0);
}

void serve_exec_record(struct serve_exec *e, const struct transfer_record *r)
{
    uint8_t message[HOOK_MESSAGE_MAX];
    struct writer w = { .ptr = message, .room = sizeof message };
    int err;

    if (e->hook.fd < 0)
        return;
    put_word(&w, span_of(record_event_name(r->event)));
    put_word(&w, span_of(r->outcome));
    put_word(&w, r->peer);
    put_word(&w, r->file);
    record_environment(&w, r);
    err = w.bad ? -EMSGSIZE : hook_tell(&e->hook, written(&w));
    if (err < 0)
        say_lost(e, err);
}

void serve_exec_close(struct serve_exec *e)
{
    hook_close(&e->hook);
}
