/* SPDX-License-Identifier: MIT */
/* The policy at work on one request: root and map, the map, letter case, rights. */
#include "policy/policy.h"

#include "policy/glob.h"

#include <string.h>

#define BIT(key) (1u << (key))

static enum policy_todo end_with(struct policy_run *r, enum policy_verdict v,
                                 enum policy_reason why)
{
    r->verdict = v;
    r->reason = why;
    return POLICY_DECIDED;
}

static enum policy_todo policy_refuse(struct policy_run *r, enum policy_reason why)
{
    return end_with(r, POLICY_REFUSED, why);
}

static bool section_matches(const struct policy_run *r, const struct policy_section *s)
{
    if (s->kind == POLICY_CLIENT)
        return policy_client_matches(&s->match, &r->request.client);
    return s->kind != POLICY_FILE || glob_match(s->title, r->name);
}

/* Of the keys in `wanted`, the first section that matches and sets one decides it. */
static void decide(struct policy_run *r, uint32_t wanted)
{
    for (size_t i = 0; i < r->policy->count && wanted; i++) {
        const struct policy_section *s = &r->policy->sections[i];
        uint32_t sets = s->has & wanted;

        if (!sets || !section_matches(r, s))
            continue;
        wanted &= ~sets;
        for (unsigned key = 0; key < POLICY_KEYS; key++)
            if (sets & BIT(key))
                r->keys[key] = (struct policy_choice){ true, s->values[key], s };
    }
}

static bool has_file_sections(const struct policy *p)
{
    for (size_t i = 0; i < p->count; i++)
        if (p->sections[i].kind == POLICY_FILE)
            return true;
    return false;
}

/* What a %-letter of a root stands for. */
static enum policy_reason put_part(struct writer *w, const struct policy_client *c,
                                   uint8_t letter)
{
    if (letter == 'a') {
        put(w, c->text);
    } else if (letter == '%') {
        put_u8(w, '%');
    } else if (letter == 'i') {
        if (c->interface.len == 0)
            return POLICY_NO_INTERFACE;
        put(w, c->interface);
    } else if (letter == 'm') {
        if (c->mac_state != POLICY_MAC_KNOWN)
            return POLICY_NO_MAC;
        policy_mac_put(w, c->mac);
    } else {
        return POLICY_BAD_ROOT;
    }
    return POLICY_NO_REASON;
}

static enum policy_reason fill_root(struct policy_run *r)
{
    struct kedge_span path = r->keys[POLICY_ROOT].value.text;
    struct writer w = { .ptr = r->memory.ptr, .room = POLICY_PATH_ROOM };
    enum policy_reason why = POLICY_NO_REASON;

    for (size_t i = 0; i < path.len && why == POLICY_NO_REASON; i++) {
        if (path.ptr[i] != '%')
            put_u8(&w, path.ptr[i]);
        else
            why = put_part(&w, &r->request.client, ++i < path.len ? path.ptr[i] : 0);
    }
    put_u8(&w, '\0');
    if (w.bad)
        return POLICY_BAD_ROOT;
    r->root = (struct kedge_span){ w.ptr, w.len - 1 };
    return why;
}

/* A name with single slashes, none in front, no `.` as a part. A slash at the end stays:
 * it names no file. */
static enum policy_reason set_name(struct policy_run *r, struct kedge_span from)
{
    struct writer w = { .ptr = r->name_room, .room = r->name_size };
    struct kedge_span left = from;
    bool dots = false;

    while (left.len > 0) {
        bool slash;
        struct kedge_span part = path_part(&left, !r->request.keep_backslash, &slash);

        if (part.len == 0 || path_is_dot(part))
            continue;
        dots = dots || path_is_up(part);
        put(&w, part);
        if (slash)
            put_u8(&w, '/');
    }
    put_u8(&w, '\0');
    if (w.bad)
        return POLICY_LONG_NAME;
    r->name = (struct kedge_span){ w.ptr, w.len - 1 };
    return dots && has_file_sections(r->policy) ? POLICY_DOTS : POLICY_NO_REASON;
}

/* The same by the rules of paths, if there are any. The form stands behind the root. */
static enum policy_reason set_path(struct policy_run *r, struct kedge_span from)
{
    const struct path_rules *rules = r->policy->paths;
    size_t used = r->root.len + 1;
    struct writer w = { .ptr = r->memory.ptr + used, .room = POLICY_PATH_ROOM - used };
    struct kedge_span path;

    if (!rules)
        return set_name(r, from);
    path_put(&w, rules->form, from);
    if (w.bad)
        return POLICY_LONG_NAME;
    path = written(&w);
    r->path_fault = path_validate(rules, path);
    if (r->path_fault != PATH_SOUND)
        return POLICY_BAD_PATH;
    while (rules->validate && path.len > 1 && path.ptr[path.len - 1] == '/')
        path.len--;
    return set_name(r, path);
}

static enum policy_todo policy_judge(struct policy_run *r)
{
    const struct policy_choice *get = &r->keys[POLICY_GET];
    const struct policy_choice *uploads = &r->keys[POLICY_UPLOADS];

    decide(r, BIT(POLICY_KEYS) - 1 - POLICY_CLIENT_KEYS);
    if (!r->request.put && get->set && get->value.number == 0)
        return policy_refuse(r, POLICY_GET_REFUSED);
    if (r->request.put && (!uploads->set || uploads->value.number == 0))
        return policy_refuse(r, POLICY_PUT_REFUSED);
    return end_with(r, POLICY_GRANTED, POLICY_NO_REASON);
}

static enum policy_todo named(struct policy_run *r, struct kedge_span name)
{
    enum policy_reason why = set_path(r, name);

    if (why != POLICY_NO_REASON)
        return policy_refuse(r, why);
    return r->keys[POLICY_IGNORE_CASE].value.number ? POLICY_NEED_CASE : policy_judge(r);
}

static enum policy_todo mapped(struct policy_run *r, enum map_todo todo)
{
    switch (todo) {
    case MAP_NEED_MATCH:
        return POLICY_NEED_MATCH;
    case MAP_NEED_FILE:
        if (set_path(r, r->map_run.text) == POLICY_NO_REASON)
            return POLICY_NEED_FILE;
        return mapped(r, map_file(&r->map_run, false));
    case MAP_REWROTE:
        r->name = r->map_run.text;
        return POLICY_REWROTE;
    case MAP_DONE:
        return named(r, r->map_run.text);
    case MAP_REFUSED:
        r->text = r->map_run.text;
        return policy_refuse(r, POLICY_MAP_REFUSED);
    case MAP_FAILED:
        break;
    }
    if (r->map_run.failure == MAP_UNMATCHED)
        return end_with(r, POLICY_LATER, POLICY_MAP_FAILED);
    return policy_refuse(r, POLICY_MAP_FAILED);
}

static enum policy_todo start_map(struct policy_run *r)
{
    const struct policy_map *m = NULL;
    struct map_request q = { .name = r->request.name,
                             .put = r->request.put,
                             .client = { r->request.client.text,
                                         r->request.client.address } };
    struct map_memory memory = { r->name_room + r->name_size, 3 * r->name_size };

    KEDGE_ASSERT(r->keys[POLICY_MAP].value.number <= r->policy->map_count);
    m = &r->policy->maps[r->keys[POLICY_MAP].value.number - 1];
    return mapped(r, map_start(&r->map_run, &m->map, &q, &m->chars, memory));
}

enum policy_todo policy_start(struct policy_run *r, const struct policy *p,
                              const struct policy_request *q, struct map_memory memory)
{
    enum policy_reason why = POLICY_NO_REASON;

    KEDGE_ASSERT(memory.size > POLICY_PATH_ROOM);
    *r = (struct policy_run){ .policy = p,
                              .request = *q,
                              .memory = memory,
                              .name_room = memory.ptr + POLICY_PATH_ROOM,
                              .name_size = (memory.size - POLICY_PATH_ROOM) / 4 };
    decide(r, POLICY_CLIENT_KEYS);
    why = fill_root(r);
    if (why == POLICY_NO_MAC && q->client.mac_state == POLICY_MAC_PENDING)
        return end_with(r, POLICY_LATER, why);
    if (why != POLICY_NO_REASON)
        return policy_refuse(r, why);
    return r->keys[POLICY_MAP].value.number ? start_map(r) : named(r, q->name);
}

enum policy_todo policy_go(struct policy_run *r)
{
    return mapped(r, map_go(&r->map_run));
}

enum policy_todo policy_matched(struct policy_run *r,
                                const struct map_group groups[MAP_GROUPS])
{
    return mapped(r, map_matched(&r->map_run, groups));
}

enum policy_todo policy_unmatched(struct policy_run *r)
{
    return mapped(r, map_unmatched(&r->map_run));
}

enum policy_todo policy_file(struct policy_run *r, bool can)
{
    return mapped(r, map_file(&r->map_run, can));
}

enum policy_todo policy_case(struct policy_run *r, const struct kedge_span *found,
                             struct kedge_span twice)
{
    struct writer w = { .ptr = r->name_room, .room = r->name_size };

    r->text = twice;
    if (!found)
        return policy_refuse(r, POLICY_CASE_TWICE);
    if (found->ptr == r->name.ptr)
        return policy_judge(r);
    put(&w, *found);
    put_u8(&w, '\0');
    if (w.bad)
        return policy_refuse(r, POLICY_LONG_NAME);
    r->name = (struct kedge_span){ w.ptr, w.len - 1 };
    return policy_judge(r);
}

const char *policy_key_name(enum policy_key key)
{
    static const char *const names[POLICY_KEYS] = {
        [POLICY_GET] = "get",
        [POLICY_UPLOADS] = "uploads",
        [POLICY_MAX_UPLOAD] = "max-upload",
        [POLICY_MODE] = "mode",
        [POLICY_CREATE_DIRECTORIES] = "create-directories",
        [POLICY_ROOT] = "root",
        [POLICY_MAP] = "map",
        [POLICY_IGNORE_CASE] = "ignore-case",
        [POLICY_BLKSIZE_MAX] = "blksize-max",
        [POLICY_WINDOWSIZE_MAX] = "windowsize-max",
        [POLICY_TIMEOUT] = "timeout",
        [POLICY_MAX_TRANSFERS] = "max-transfers",
    };

    return names[key];
}

const char *policy_reason_text(const struct policy_run *r)
{
    static const char *const texts[] = {
        [POLICY_NO_REASON] = "no rule refuses it",
        [POLICY_GET_REFUSED] = "this file is not read here",
        [POLICY_PUT_REFUSED] = "this client may not upload this file",
        [POLICY_MAP_REFUSED] = "a rule of the map refuses it",
        [POLICY_CASE_TWICE] = "two names differ in letter case only",
        [POLICY_NO_MAC] = "the root needs the client's MAC address, which is not known",
        [POLICY_NO_INTERFACE] = "the root needs an interface, which is not known",
        [POLICY_BAD_ROOT] = "the root is too long, or has a % that stands for nothing",
        [POLICY_DOTS] = "rules of files cannot judge a name with ..",
        [POLICY_LONG_NAME] = "the name is too long",
    };

    if (r->reason == POLICY_BAD_PATH)
        return path_fault_text(r->path_fault);
    return r->reason == POLICY_MAP_FAILED ? map_failure_text(r->map_run.failure)
                                          : texts[r->reason];
}
