/* SPDX-License-Identifier: MIT */
/* What the policy says of one request, and of the world that it asks about: serve and
 * explain ask it here, so that they agree. It opens no file and grants no option. */
#ifndef SERVE_TFTP_RULES_H
#define SERVE_TFTP_RULES_H

#include "file/upload.h"
#include "serve/tftp/policy_set.h"
#include "serve/tftp/provider.h"

/* Of a title longer than fits the beginning stands. */
#define RULE_TEXT 72

/* What a server has where the policy says nothing. */
struct rules_base {
    const struct store_root *root;
    struct upload_rules uploads;
    const uint8_t *mac; /* the client's, of POLICY_MAC_BYTES; NULL: the kernel is asked */
    bool quick;         /* end where a match with a back-reference is asked for: `slow` */
};

/* What is to be done with one request. It must not move: result may point into it. */
struct rules {
    const struct store_root *root;
    struct upload_rules uploads;
    uint32_t blksize_max;       /* 0: the policy sets none */
    uint32_t windowsize_max;    /* 0: likewise */
    kedge_nanos timeout;        /* 0: likewise */
    struct policy_choice share; /* max-transfers, if a section sets it */
    struct root_name name;
    struct store_result
        result;           /* not OK: the request is refused, or put off (BUSY, GONE) */
    char why[112];        /* what result.why points to, if the policy refuses */
    char rule[RULE_TEXT]; /* what decided: "get: file *.cfg, line 12"; "": nothing */
    bool mac_pending;     /* the policy asks for the client's MAC, not known yet */
    bool mac_failed;      /* it does, and the kernel could not be asked: there is none */
    bool slow; /* it is not judged: that may take seconds. Nothing else is to be read */
};

/* Each step, for explain; run->map_run.rule and run->name say what was done. */
typedef void (*rules_step_fn)(void *owner, const struct policy_run *run,
                              enum policy_todo step);

struct rules_watcher {
    rules_step_fn step;
    void *owner;
};

/* The kind of a section, as people are told: in front of its title, if it has one. */
const char *rules_kind_text(enum policy_kind kind);

/* Judge. set is closed. watcher is NULL, or hears of each step. It blocks if
 * set->blocks. Any thread. */
void rules_judge(struct policy_set *set, const struct rules_base *base,
                 const struct provider_request *q, const struct rules_watcher *watcher,
                 struct rules *out);

/* Before a client's transfer whose rules were granted begins: it is one of those of its section,
 * or of its network there. BUSY: that has as many as it may have; rules->rule says so. Else
 * rules_leave() follows, once, with the same set and client. Any thread. */
KEDGE_MUST_CHECK struct store_result rules_enter(struct policy_set *set,
                                                 struct rules *rules,
                                                 const struct net_address *client);
void rules_leave(struct policy_set *set, const struct rules *rules,
                 const struct net_address *client);

#endif
