/* SPDX-License-Identifier: MIT */
/* kedge serve: from its command line to its server. */
#include "cmd/serve_server.h"

#include "cmd/convert.h"
#include "cmd/serve_reload.h"

#include <stdlib.h>
#include <unistd.h>

/* What is served, by which rules. */
struct serving {
    const struct serve_options *asked; /* what the command line said */
    struct serve_options options;      /* and with it the policy file */
    struct serve_policy policy;
    struct serve_reload reload;
    const struct serve_hooks *hooks; /* or NULL */
    struct server server;
};

static bool reads_again(const struct serving *v)
{
    return v->asked->config || v->options.map;
}

static void hang_up(void *owner)
{
    struct serving *v = owner;

    if (v->hooks)
        v->hooks->hang_up(v->hooks->owner);
    if (reads_again(v))
        serve_reload_begin(&v->reload);
}

static bool is_reading_again(void *owner)
{
    return serve_reload_is_running(&((struct serving *)owner)->reload);
}

static void go_by_policy(struct serving *v)
{
    struct server *s = &v->server;

    serve_reload_init(&v->reload, v->asked, &v->policy, &s->sandbox);
    s->follow = v->options.follow.count > 0 ? &v->policy.follow : NULL;
    if (v->policy.used)
        s->policies = &v->reload.policies;
    if (v->hooks || reads_again(v)) {
        s->hang_up = hang_up;
        s->hung_up = is_reading_again;
        s->hang_up_owner = v;
    }
    if (v->hooks) {
        s->ready = v->hooks->ready;
        s->ready_owner = v->hooks->owner;
        s->allow = v->hooks->allow;
    }
}

/* A disk that hangs shall not hang us. */
static _Noreturn void end_at_once(const struct serving *v, enum exit_code code)
{
    _exit(v->hooks ? v->hooks->end(v->hooks->owner, code) : (int)code);
}

static enum exit_code serve_opened(struct serving *v, const struct operands *operands)
{
    struct operands listed = { v->policy.endpoints, v->policy.endpoint_count };
    struct server *s = &v->server;
    enum exit_code code;

    go_by_policy(v);
    code = server_open(s, &v->options);
    if (code == EXIT_OK)
        code = server_listen(s, operands->count > 0 ? operands : &listed);
    if (code == EXIT_OK)
        code = server_run(s);
    if (!server_close(s) || !serve_reload_close(&v->reload))
        end_at_once(v, code);
    server_free(s);
    return code;
}

enum exit_code serve_by(const struct serve_options *asked,
                        const struct operands *endpoints, const struct serve_hooks *hooks)
{
    struct serving *v = calloc(1, sizeof *v);
    enum exit_code code;

    if (!v) {
        fputs("kedge serve: no memory\n", stderr);
        return EXIT_SYSTEM;
    }
    v->asked = asked;
    v->hooks = hooks;
    v->options = *v->asked;
    code = serve_policy_open(&v->policy, "serve", &v->options);
    if (code == EXIT_OK && !v->options.check)
        code = serve_opened(v, endpoints);
    serve_policy_close(&v->policy);
    free(v);
    return code;
}

static enum exit_code serve_run(const void *options, const struct operands *operands)
{
    const struct serve_options *o = options;

    if (o->dnsmasq)
        return convert_dnsmasq(o->dnsmasq);
    if (o->atftpd)
        return convert_atftpd(o->atftpd);
    return serve_by(o, operands, NULL);
}

const struct verb verb_serve = {
    .name = "serve",
    .operands = "[ENDPOINT...]",
    .summary = "serve files by TFTP, and echo and reply services",
    .notes =
        "Without an ENDPOINT it serves tftp on port 6969, echo on 7007 (TCP and UDP) "
        "and\n"
        "reply on 20001, on 127.0.0.1 and [::1]. With any it serves only those:\n"
        "tftp://HOST:PORT,\n"
        "echo://, echo+tcp://, echo+udp://, echo+unix:///PATH, echo+unix-dgram:///PATH,\n"
        "echo+unix-seqpacket:///PATH, reply+udp://HOST:PORT. Port 0 takes any\nfree "
        "port.\n",
    .args = serve_args,
    .arg_count = SERVE_ARGS,
    .operands_max = CACHE_FILES_MAX,
    .defaults = &serve_usual,
    .options_size = sizeof serve_usual,
    .given_into = offsetof(struct serve_options, given),
    .run = serve_run,
};
