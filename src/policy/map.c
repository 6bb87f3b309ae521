/* SPDX-License-Identifier: MIT */
/* The machine that runs a name through the rules of a map file. */
#include "policy/map.h"

#include <string.h>

static enum map_todo fail_with(struct map_run *r, enum map_failure why)
{
    r->failure = why;
    return MAP_FAILED;
}

/* A room that neither the name nor what was made of it stands in. */
static struct writer spare_room(const struct map_run *r)
{
    size_t i = 0;

    while (r->rooms[i] == r->name.ptr || r->rooms[i] == r->made.ptr)
        i++;
    KEDGE_ASSERT(i < MAP_TEXTS);
    return (struct writer){ .ptr = r->rooms[i], .room = r->room };
}

/* Ends a text by a NUL, which its span leaves out. False if it did not fit. */
static bool close_text(struct writer *w, struct kedge_span *out)
{
    put_u8(w, '\0');
    if (w->bad)
        return false;
    *out = (struct kedge_span){ w->ptr, w->len - 1 };
    return true;
}

static enum map_todo ask_match(struct map_run *r, struct kedge_span text, size_t offset)
{
    if (r->rule->letters & MAP_BACKREF && text.len - offset > MAP_BACKREF_MAX)
        return fail_with(r, MAP_UNBOUNDED);
    r->offset = offset;
    r->text = (struct kedge_span){ text.ptr + offset, text.len - offset };
    r->not_at_start = offset > 0;
    return MAP_NEED_MATCH;
}

static enum map_todo next_rule(struct map_run *r)
{
    for (; r->index < r->map.count; r->index++) {
        const struct map_rule *rule = &r->map.rules[r->index];

        if (rule->letters & r->unfit)
            continue;
        r->rule = rule;
        if (r->steps-- == 0)
            return fail_with(r, MAP_LOOPS);
        r->again = false;
        r->made = r->name;
        return ask_match(r, r->name, 0);
    }
    r->text = r->name;
    return MAP_DONE;
}

static enum map_todo pass_over(struct map_run *r)
{
    r->index++;
    return next_rule(r);
}

/* The replacement of the rule at work, alone, into r->text. */
static enum map_todo expand_alone(struct map_run *r, const struct map_group *groups,
                                  enum map_todo then)
{
    struct map_expansion e = { .pattern = r->rule->pattern,
                               .matched = r->name,
                               .client = &r->client,
                               .chars = r->chars };
    struct writer w = spare_room(r);

    memcpy(e.groups, groups, sizeof e.groups);
    if (!map_expand(&w, &e))
        w.len = 0; /* as tftp-hpa: no message, no label */
    return close_text(&w, &r->text) ? then : fail_with(r, MAP_TOO_LONG);
}

static enum map_todo jump(struct map_run *r)
{
    if (r->text.len == 0)
        return fail_with(r, MAP_NO_LABEL);
    for (size_t i = 0; i < r->map.count; i++) {
        const struct map_rule *rule = &r->map.rules[i];

        if (rule->letters & MAP_LABEL && span_equal(rule->pattern, r->text)) {
            r->index = i;
            return next_rule(r);
        }
    }
    return fail_with(r, MAP_UNKNOWN_LABEL);
}

/* The rule's name is settled: where does it go on? */
static enum map_todo go_on(struct map_run *r)
{
    if (r->rule->letters & (MAP_EXIT | MAP_FILE)) {
        r->text = r->name;
        return MAP_DONE;
    }
    if (r->rule->letters & MAP_RESTART) {
        r->index = 0;
        return next_rule(r);
    }
    return pass_over(r);
}

static enum map_todo settle_map(struct map_run *r)
{
    bool rewrote = r->made.ptr != r->name.ptr;

    r->name = r->made;
    r->text = r->name;
    return rewrote ? MAP_REWROTE : go_on(r);
}

/* The rule has matched and made what it makes. */
static enum map_todo made(struct map_run *r)
{
    r->text = r->made;
    return r->rule->letters & MAP_FILE ? MAP_NEED_FILE : settle_map(r);
}

/* One replacement. Sets r->offset behind it. */
static bool map_replace(struct map_run *r, const struct map_group *groups)
{
    struct kedge_span whole = r->made;
    struct kedge_span from = { whole.ptr + r->offset, whole.len - r->offset };
    struct map_expansion e = { .pattern = r->rule->pattern,
                               .matched = from,
                               .client = &r->client,
                               .chars = r->chars };
    struct writer w = spare_room(r);

    memcpy(e.groups, groups, sizeof e.groups);
    KEDGE_ASSERT(groups[0].from <= groups[0].to && groups[0].to <= from.len);
    put(&w, (struct kedge_span){ whole.ptr, r->offset + groups[0].from });
    r->failure = MAP_NOT_TEXT;
    if (!map_expand(&w, &e))
        return false;
    r->offset = w.len;
    put(&w, (struct kedge_span){ from.ptr + groups[0].to, from.len - groups[0].to });
    r->failure = MAP_TOO_LONG;
    return close_text(&w, &r->made);
}

static enum map_todo rewrite(struct map_run *r, const struct map_group *groups)
{
    if (r->again && r->steps-- == 0)
        return fail_with(r, MAP_LOOPS);
    if (!map_replace(r, groups))
        return MAP_FAILED;
    if (!(r->rule->letters & MAP_GLOBAL))
        return made(r);
    if (!(r->rule->letters & MAP_ONWARDS))
        r->offset = 0;
    else if (r->offset >= r->made.len)
        return made(r);
    r->again = true;
    return ask_match(r, r->made, r->offset);
}

static enum map_todo map_act(struct map_run *r, const struct map_group *groups)
{
    uint32_t letters = r->rule->letters;
    enum map_todo todo;

    if (letters & MAP_REWRITE)
        return rewrite(r, groups);
    if (letters & MAP_ABORT)
        return expand_alone(r, groups, MAP_REFUSED);
    if (!(letters & MAP_JUMP) || letters & MAP_RESTART)
        return made(r);
    todo = expand_alone(r, groups, MAP_DONE);
    return todo == MAP_DONE ? jump(r) : todo;
}

enum map_todo map_matched(struct map_run *r, const struct map_group groups[MAP_GROUPS])
{
    struct map_group none[MAP_GROUPS];

    if (r->rule->letters & MAP_INVERSE) {
        memset(none, 0xff, sizeof none); /* MAP_NONE each */
        return groups ? pass_over(r) : map_act(r, none);
    }
    if (groups)
        return map_act(r, groups);
    return r->again ? made(r) : pass_over(r);
}

enum map_todo map_unmatched(struct map_run *r)
{
    return fail_with(r, MAP_UNMATCHED);
}

enum map_todo map_file(struct map_run *r, bool can)
{
    return can ? settle_map(r) : pass_over(r);
}

enum map_todo map_go(struct map_run *r)
{
    return go_on(r);
}

static uint32_t unfit_for(const struct map_request *q)
{
    return MAP_LABEL | (q->put ? MAP_GET : MAP_PUT) |
           (q->client.address.len == 4 ? MAP_IPV6 : MAP_IPV4);
}

enum map_todo map_start(struct map_run *r, const struct map *m,
                        const struct map_request *q, const struct map_chars *chars,
                        struct map_memory memory)
{
    struct writer w;

    *r = (struct map_run){ .map = *m,
                           .chars = chars,
                           .client = q->client,
                           .unfit = unfit_for(q),
                           .steps = m->steps ? m->steps : MAP_STEPS_MAX,
                           .room = memory.size / MAP_TEXTS };
    for (size_t i = 0; i < MAP_TEXTS; i++)
        r->rooms[i] = memory.ptr + i * r->room;
    w = (struct writer){ .ptr = r->rooms[0], .room = r->room };
    put(&w, q->name);
    if (!close_text(&w, &r->name))
        return fail_with(r, MAP_TOO_LONG);
    return next_rule(r);
}

const char *map_failure_text(enum map_failure f)
{
    static const char *const texts[] = {
        [MAP_LOOPS] = "the map does not end: too many rules executed",
        [MAP_NO_LABEL] = "a jump has an empty label",
        [MAP_UNKNOWN_LABEL] = "a jump goes to a label that the map does not have",
        [MAP_NOT_TEXT] = "a replacement is not valid text in this character set",
        [MAP_TOO_LONG] = "the name became too long",
        [MAP_UNMATCHED] = "no memory to find out whether a rule of the map matches",
        [MAP_UNBOUNDED] = "a rule with a back-reference takes at most 128 bytes",
    };

    return texts[f];
}
