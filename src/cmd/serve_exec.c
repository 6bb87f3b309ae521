/* SPDX-License-Identifier: MIT */
/* Records as messages to the hook. */
#include "cmd/serve_exec.h"

#include "os/clock.h"

#include <errno.h>
#include <sys/stat.h>
#include <unistd.h>

void serve_exec_init(struct serve_exec *e)
{
    *e = (struct serve_exec){ .hook = { .fd = -1 } };
}

int serve_exec_open(struct serve_exec *e, const char *program)
{
    const struct hook_config config = { .program = program,
                                        .who = "kedge serve: --exec",
                                        .prefix = RECORD_VARIABLE,
                                        .patience = HOOK_PATIENCE };
    struct stat st;

    if (stat(program, &st) < 0 || access(program, X_OK) < 0)
        return -errno;
    return S_ISREG(st.st_mode) ? hook_open(&e->hook, &config) : -EACCES;
}

static void put_exec_word(struct writer *w, struct kedge_span word)
{
    put(w, word);
    put_u8(w, 0);
}

/* Whoever sends datagrams makes refusals, and transfers that nobody answers, under any address:
 * they leave places for others. */
static bool may_tell_unmet(struct serve_exec *e)
{
    const kedge_nanos each = KEDGE_SEC / SERVE_EXEC_REFUSALS_A_SECOND;
    kedge_nanos now = clock_now();
    unsigned long long next = atomic_load(&e->next_refusal), from;

    if (hook_is_half_full(&e->hook))
        return false;
    do {
        from = next > now ? next : now;
        if (from - now > (SERVE_EXEC_REFUSALS_AT_ONCE - 1) * each)
            return false;
    } while (!atomic_compare_exchange_weak(&e->next_refusal, &next, from + each));
    return true;
}

static bool hand_on(struct serve_exec *e, const struct transfer_record *r,
                    struct kedge_span message)
{
    bool met = r->met && r->event != RECORD_REFUSED;

    return (met || may_tell_unmet(e)) && hook_tell(&e->hook, message) == 0;
}

void serve_exec_record(struct serve_exec *e, const struct transfer_record *r)
{
    uint8_t message[HOOK_MESSAGE_MAX];
    struct writer w = { .ptr = message, .room = sizeof message };

    if (e->hook.fd < 0)
        return;
    put_exec_word(&w, span_of(record_event_name(r->event)));
    put_exec_word(&w, span_of(r->outcome));
    put_exec_word(&w, r->peer);
    put_exec_word(&w, r->file);
    record_environment(&w, r);
    if (w.bad || !hand_on(e, r, written(&w)))
        atomic_fetch_add(&e->lost, 1);
}

void serve_exec_close(struct serve_exec *e)
{
    hook_close(&e->hook);
}
