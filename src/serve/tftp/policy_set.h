/* SPDX-License-Identifier: MIT */
/* A policy that is loaded: its sections, the texts and the map files that they name. It is
 * filled section by section, closed once, and its rules do not change from then on, so any number
 * of threads may ask it. It reads no policy file: that is its owner's. */
#ifndef SERVE_TFTP_POLICY_SET_H
#define SERVE_TFTP_POLICY_SET_H

#include "policy/policy.h"
#include "serve/tftp/case_cache.h"
#include "serve/tftp/map_set.h"
#include "serve/tftp/policy_roots.h"
#include "serve/tftp/policy_shares.h"

#define POLICY_MAPS_MAX 64 /* map files of one policy */

/* Memory for one request's policy_run. */
#define POLICY_SET_MEMORY (POLICY_PATH_ROOM + 4 * 4096)

struct policy_text;

struct policy_set {
    struct policy policy;    /* valid once closed */
    struct writer *warnings; /* what is odd, but can be used; NULL: dropped */
    bool by_interface;       /* once closed: it asks where a request came in */
    bool by_mac;             /* once closed: it asks for the client's MAC address */
    bool blocks;             /* once closed: see policy_set_close() */
    bool remembers;          /* once closed: likewise */

    /* Of a policy_slot. */
    uint32_t users;
    uint64_t generation;                   /* no two have the same */
    void (*release)(struct policy_set *s); /* frees it and its owner's; or NULL */

    /* Owned. */
    struct policy_section *sections;
    size_t room;
    struct map_set maps[POLICY_MAPS_MAX];
    const char *map_paths[POLICY_MAPS_MAX];
    struct policy_map policy_maps[POLICY_MAPS_MAX];
    struct policy_text *texts;

    /* What changes once it is closed. */
    struct policy_shares shares; /* it has a lock */
    struct policy_roots roots;   /* it has a lock */
    struct case_cache cases;     /* likewise; once closed it has its letters */
};

/* Empty: nothing is set. From then on it must not move. */
void policy_set_init(struct policy_set *s);
void policy_set_free(struct policy_set *s);

/* A new section, zero, to be filled until the next is added; NULL: no memory, or more than
 * POLICY_SECTIONS_MAX. */
struct policy_section *policy_set_add(struct policy_set *s);

/* A copy that lives as long as the set, with a NUL behind it. Its ptr is NULL if there is
 * no memory. */
struct kedge_span policy_set_text(struct policy_set *s, const char *text);

/* Load the map file path, once. Its number for POLICY_MAP; 0 if it cannot be used, and
 * then complaints says why. Blocks. */
uint64_t policy_set_map(struct policy_set *s, const char *path,
                        struct writer *complaints);

/* All is there: what the command line set comes first, what is the default last. From then
 * on `blocks` says whether a request may have to wait for a disk, for a slow expression or
 * for the kernel's neighbour table: then it is judged on a helper. `remembers` says that what
 * is granted hangs on the client's address, the name and what is asked of it alone, and takes so
 * long to find out that it is worth remembering. */
void policy_set_close(struct policy_set *s);

/* Their links may lead to follow's directories, which outlive the set: before any root is
 * opened. */
void policy_set_follow(struct policy_set *s, const struct store_follow *follow);

/* Before it serves: count the transfers of each section from now on, of which so many may run,
 * and open the roots that are the same for each client, while it is still allowed to. False:
 * complaints says what cannot be, and why. Blocks. */
KEDGE_MUST_CHECK bool policy_set_open_roots(struct policy_set *s, uint32_t transfers,
                                            struct writer *complaints);

/* One more transfer of a client, by the section that chose POLICY_MAX_TRANSFERS
 * (policy_shares.h); the top level's are all transfers, which the server counts. */
KEDGE_MUST_CHECK enum policy_entry policy_set_enter(struct policy_set *s,
                                                    const struct policy_choice *c,
                                                    const struct net_address *client);
void policy_set_leave(struct policy_set *s, const struct policy_choice *c,
                      const struct net_address *client);

/* Does it, or may it, let anyone upload? */
bool policy_set_uploads(const struct policy_set *s);

/* Answer a run's POLICY_NEED_MATCH, and go on: policy_matched(). */
KEDGE_MUST_CHECK enum policy_todo policy_set_match(const struct policy_set *s,
                                                   struct policy_run *r);

#endif
