/* SPDX-License-Identifier: MIT */
/* kedge serve: from its command line to its server. */
#include "cmd/serve_server.h"

#include "cmd/serve_policy.h"

#include <stdlib.h>

static enum exit_code serve_by(const struct serve_options *o, struct serve_policy *policy,
                               const struct operands *operands)
{
    struct operands listed = { policy->endpoints, policy->endpoint_count };
    struct server *s = calloc(1, sizeof *s);
    enum exit_code code;

    if (!s) {
        fputs("kedge serve: no memory\n", stderr);
        return EXIT_SYSTEM;
    }
    s->policy = policy->used ? &policy->set : NULL;
    s->follow = o->follow.count > 0 ? &policy->follow : NULL;
    code = server_open(s, o);
    if (code == EXIT_OK)
        code = server_listen(s, operands->count > 0 ? operands : &listed);
    if (code == EXIT_OK)
        code = server_run(s);
    server_close(s);
    free(s);
    return code;
}

static enum exit_code serve_run(const void *options, const struct operands *operands)
{
    struct serve_options o = *(const struct serve_options *)options;
    struct serve_policy *policy = calloc(1, sizeof *policy);
    enum exit_code code;

    if (!policy) {
        fputs("kedge serve: no memory\n", stderr);
        return EXIT_SYSTEM;
    }
    code = serve_policy_open(policy, "serve", &o);
    if (code == EXIT_OK && !o.check)
        code = serve_by(&o, policy, operands);
    serve_policy_close(policy);
    free(policy);
    return code;
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
