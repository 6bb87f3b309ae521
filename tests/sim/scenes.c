/* SPDX-License-Identifier: MIT */
/* The words in which scenarios are written, and the player of one scenario. */
#include "scenes.h"

#include <stdlib.h>
#include <string.h>

static struct actor *enter(struct scene *s, const struct actor_kind *kind, void *self,
                           uint64_t size)
{
    struct actor *a = world_add(s->w, kind, self, s->w->now);

    a->up.params.delay = a->down.params.delay = KEDGE_MSEC;
    a->file.size = size;
    return a;
}

static struct actor *add(struct scene *s, const struct actor_kind *kind,
                         const struct traits *traits, struct kedge_span request)
{
    struct firmware *f = &s->firmware[s->used++];

    f->traits = traits;
    f->request = request;
    return enter(s, kind, f, 0);
}

struct actor *scene_get(struct scene *s, const struct traits *traits,
                        struct kedge_span request, uint64_t size)
{
    struct actor *a = add(s, &firmware_get, traits, request);

    a->file.size = size;
    return a;
}

struct actor *scene_put(struct scene *s, const struct traits *traits,
                        struct kedge_span request, uint64_t size)
{
    struct actor *a = add(s, &firmware_put, traits, request);

    a->file.size = size;
    return a;
}

struct actor *scene_kedge(struct scene *s, enum kedge_tftp_op op, uint64_t size)
{
    struct asker *k = &s->asker[s->used++];

    *k = (struct asker){ .op = op, .name = "image", .full_at = UINT64_MAX };
    k->resets_at = KEDGE_NEVER;
    k->asked = (struct kedge_tftp_options){
        .has = KEDGE_TFTP_HAS_BLKSIZE | KEDGE_TFTP_HAS_TSIZE | KEDGE_TFTP_HAS_WINDOWSIZE,
        .blksize = 1468,
        .windowsize = 32,
    };
    return enter(s, &asker_kind, k, size);
}

void befall(struct link *l, enum kedge_tftp_op op, int number, enum deed deed,
            unsigned times)
{
    l->rule[l->rules++] =
        (struct rule){ .op = op, .number = number, .deed = deed, .times = times };
}

static void judge(struct scene *s, const struct scenario *scenario)
{
    const unsigned *verdicts = s->w->actors[0].verdicts;

    if (verdicts[scenario->want] > 0 &&
        (scenario->fault || verdicts[scenario->never] == 0))
        return;
    for (unsigned v = 0; v < VERDICTS; v++)
        if (verdicts[v] > 0)
            world_fail(s->w, "its verdict is %s, and not %s", verdict_id((enum verdict)v),
                       verdict_id(scenario->want));
    world_fail(s->w, "it has no verdict");
}

static bool play(const struct scenario *scenario, uint64_t seed, bool trace,
                 char failure[FAILURE_MAX])
{
    const struct world_setup setup = { .seed = seed,
                                       .actors = SCENE_CLIENTS,
                                       .sessions =
                                           scenario->sessions ? scenario->sessions : 64,
                                       .sockets = scenario->sockets,
                                       .auto_port = scenario->auto_port,
                                       .request_rate = scenario->request_rate,
                                       .unvalidated_max = 1024,
                                       .window_max = 64,
                                       .blksize_max = 65464,
                                       .turn = 50 * KEDGE_USEC,
                                       .late = scenario->late };
    struct scene *s = calloc(1, sizeof *s);

    s->w = world_open(&setup);
    s->w->trace = trace;
    s->w->end = 3600 * KEDGE_SEC;
    s->fault = scenario->fault;
    s->detail = scenario->detail;
    scenario->play(s);
    if (scenario->judges)
        judge(s, scenario);
    memcpy(failure, s->w->failure, FAILURE_MAX);
    world_close(s->w);
    free(s);
    return !failure[0];
}

bool scene_play(const struct scenario *scenario, bool trace, char failure[FAILURE_MAX])
{
    uint64_t seed = 1;

    while (play(scenario, seed, trace, failure))
        if (seed++ >= scenario->seeds)
            return true;
    return false;
}
