/* SPDX-License-Identifier: MIT */
/* One request that is explained, and how a step of it is said. explain.c looks at the
 * file and concludes; explain_steps.c says which rules decided. */
#ifndef CMD_EXPLAIN_H
#define CMD_EXPLAIN_H

#include "cmd/printable.h"
#include "cmd/serve_policy.h"
#include "report/json.h"
#include "serve/tftp/rules.h"

enum { EXPLAIN_JSON = 1 << 16, EXPLAIN_STEP = 1024 };

struct explaining {
    const struct serve_options *options;
    struct json json;
    uint8_t json_bytes[EXPLAIN_JSON];
    struct serve_policy policy;
    struct store_root root;
    struct net_address peer;
    struct policy_match mac; /* of --mac */
    struct provider_request request;
    struct kedge_tftp_options asked;
    struct kedge_span cookie; /* tftp-hpa's option; empty: it is not asked */
    struct rules rules;
    uint64_t size; /* of the file to send */
};

static inline enum kedge_tftp_op explain_op(const struct explaining *e)
{
    return e->request.writes ? KEDGE_TFTP_WRQ : KEDGE_TFTP_RRQ;
}

/* A step: a word, and what there is to say; a line, or an object of JSON. */
__attribute__((format(printf, 3, 4))) void
explain_say(struct explaining *e, const char *step, const char *format, ...);

/* Text from elsewhere, fit for that. */
struct printable explain_shown(struct kedge_span text);

/* A rules_step_fn: what a map makes of the name, and which rules decided. */
void explain_step(void *explaining, const struct policy_run *run, enum policy_todo step);

#endif
