/* SPDX-License-Identifier: MIT */
/* Scenarios: what other people's clients do to a server, each a script that says who comes,
 * what the network does to which datagram, and what must have happened in the end. */
#ifndef TESTS_SIM_SCENES_H
#define TESTS_SIM_SCENES_H

#include "asker.h"
#include "firmware.h"
#include "forger.h"
#include "talker.h"
#include "world.h"

enum { SCENE_CLIENTS = 16 };

struct scene {
    struct world *w;
    struct firmware firmware[SCENE_CLIENTS];
    struct asker asker[SCENE_CLIENTS];
    struct talker talker[SCENE_CLIENTS];
    struct forger forger[SCENE_CLIENTS];
    struct nat nat[SCENE_CLIENTS];
    bool fault;
    unsigned detail;
    unsigned used;
};

struct scenario {
    const char *name;
    void (*play)(struct scene *s);
    uint32_t sockets; /* 0: single-port mode */
    bool auto_port;
    uint32_t request_rate; /* of the request port; 0: no bound */
    bool judges;           /* the first client has the verdict `want`, and not `never`; */
    bool fault;            /* it has its fault; else it is the twin */
    enum verdict want, never;
    unsigned detail;   /* of that fault */
    kedge_nanos late;  /* world_setup */
    unsigned seeds;    /* worlds to play it in; 0: one */
    uint32_t sessions; /* 0: 64 */
};

extern const struct scenario board_scenarios[];
extern const size_t board_scenario_count;
extern const struct scenario loader_scenarios[];
extern const size_t loader_scenario_count;
extern const struct scenario host_scenarios[];
extern const size_t host_scenario_count;
extern const struct scenario link_scenarios[];
extern const size_t link_scenario_count;
extern const struct scenario put_scenarios[];
extern const size_t put_scenario_count;
extern const struct scenario nat_scenarios[];
extern const size_t nat_scenario_count;
extern const struct scenario verdict_scenarios[];
extern const size_t verdict_scenario_count;
extern const struct scenario forged_scenarios[];
extern const size_t forged_scenario_count;
extern const struct scenario late_scenarios[];
extern const size_t late_scenario_count;

/* Somebody who starts at once, 1 ms away, and asks for a file of this size. */
struct actor *scene_get(struct scene *s, const struct traits *traits,
                        struct kedge_span request, uint64_t size);
struct actor *scene_put(struct scene *s, const struct traits *traits,
                        struct kedge_span request, uint64_t size);
struct actor *scene_kedge(struct scene *s, enum kedge_tftp_op op, uint64_t size);

/* What befalls the next so many datagrams of an opcode and number (-1: any). */
void befall(struct link *l, enum kedge_tftp_op op, int number, enum deed deed,
            unsigned times);

/* Play one. False if it failed: `failure` says how. */
KEDGE_MUST_CHECK bool scene_play(const struct scenario *scenario, bool trace,
                                 char failure[FAILURE_MAX]);

/* Whose datagrams an actor's are. */
static inline struct firmware *self(const struct actor *a)
{
    return a->self;
}

#define MS(n) ((n)*KEDGE_MSEC)
#define LITERAL(text) ((struct kedge_span){ (const uint8_t *)(text), sizeof(text) - 1 })
#define EXPECT(s, truth) world_expect((s)->w, truth)
#define IPXE LITERAL("\0\1image\0octet\0blksize\0001432\0tsize\0000\0")

/* A line of a list of scenarios; with four data sockets. */
#define SCENE(scene)                                                                     \
    {                                                                                    \
        .name = #scene, .play = (scene), .sockets = 4                                    \
    }

#endif
