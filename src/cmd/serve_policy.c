/* SPDX-License-Identifier: MIT */
/* Puts together what a policy file, a map file and a command line say. */
#include "cmd/serve_policy.h"

#include "cmd/policy_file.h"
#include "cmd/printable.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#define BIT(key) (1u << (key))

enum { COMPLAINTS = 16384 };

struct loading {
    struct serve_policy *policy;
    struct serve_options *options;
    const struct store_follow
        *follow; /* where links may lead, already; NULL: to be read */
};

static bool given(const struct serve_options *o, const char *name)
{
    return o->given & serve_given_bit(name);
}

static bool is_directory(const char *path)
{
    struct stat st;

    return stat(path, &st) == 0 && S_ISDIR(st.st_mode);
}

static bool is_of_command_line(const char *name)
{
    static const char *const names[] = { "config", "check", "dnsmasq", "atftpd" };

    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        if (strcmp(names[i], name) == 0)
            return true;
    return false;
}

/* The command line wins; what it hides is checked all the same. */
static bool set_option(void *owner, const struct arg *a, const char *value,
                       struct args_problem *problem)
{
    struct loading *l = owner;
    struct serve_options unused = *l->options;

    if (is_of_command_line(a->name)) {
        snprintf(problem->text, sizeof problem->text, "is for the command line only");
        return false;
    }
    if (strcmp(a->name, "follow") == 0 && !is_directory(value)) {
        snprintf(problem->text, sizeof problem->text,
                 "takes a directory that is there, not '%.80s'",
                 printable(value, PRINTABLE_WORD).text);
        return false;
    }
    return args_set(a, value, given(l->options, a->name) ? &unused : l->options, problem);
}

static bool add_endpoint(void *owner, const char *item, struct args_problem *problem)
{
    struct serve_policy *p = ((struct loading *)owner)->policy;

    if (p->endpoint_count == CACHE_FILES_MAX) {
        snprintf(problem->text, sizeof problem->text, "has more than %d endpoints",
                 CACHE_FILES_MAX);
        return false;
    }
    p->endpoints[p->endpoint_count++] = item;
    return true;
}

static bool load_file(struct loading *l, struct writer *complaints)
{
    struct policy_file_top top = { .args = serve_args,
                                   .arg_count = SERVE_ARGS,
                                   .set = set_option,
                                   .owner = l,
                                   .list = "listen",
                                   .add = add_endpoint };

    return policy_file_load(&l->policy->set, l->options->config, &top, complaints);
}

static void set_number(struct policy_section *s, enum policy_key key, uint64_t number)
{
    s->has |= BIT(key);
    s->values[key].number = number;
}

/* --map, which stands before the maps of all sections. */
static bool add_map(struct loading *l, struct policy_section *s,
                    struct writer *complaints)
{
    uint64_t map = policy_set_map(&l->policy->set, l->options->map, complaints);

    set_number(s, POLICY_MAP, map);
    return map > 0;
}

/* What was given on the command line stands before all that the file says. */
static bool add_flags(struct loading *l, struct writer *complaints)
{
    const struct serve_options *o = l->options;
    struct policy_section *s = policy_set_add(&l->policy->set);

    if (!s)
        return false;
    s->kind = POLICY_FLAGS;
    if (given(o, "root"))
        s->has |= BIT(POLICY_ROOT); /* an empty text: the server's own */
    if (given(o, "uploads"))
        set_number(s, POLICY_UPLOADS, o->uploads);
    if (given(o, "max-upload"))
        set_number(s, POLICY_MAX_UPLOAD, o->max_upload);
    if (given(o, "upload-mode"))
        set_number(s, POLICY_MODE, o->upload_mode);
    if (given(o, "ignore-case"))
        set_number(s, POLICY_IGNORE_CASE, 1);
    if (given(o, "windowsize-max"))
        set_number(s, POLICY_WINDOWSIZE_MAX, o->windowsize_max);
    if (given(o, "timeout"))
        set_number(s, POLICY_TIMEOUT, o->timeout);
    if (given(o, "blksize-max"))
        set_number(s, POLICY_BLKSIZE_MAX,
                   o->blksize_max == ARG_WORD ? 0 : o->blksize_max);
    return !given(o, "map") || add_map(l, s, complaints);
}

/* Where no section says otherwise, uploads are what the default of serve says. */
static bool add_base(struct loading *l)
{
    struct policy_section *s = policy_set_add(&l->policy->set);

    if (!s)
        return false;
    s->kind = POLICY_TOP;
    set_number(s, POLICY_UPLOADS, l->options->uploads);
    return true;
}

static bool add_followed(struct loading *l, struct writer *complaints)
{
    const struct arg_list *dirs = &l->options->follow;

    if (l->follow) {
        policy_set_follow(&l->policy->set, l->follow->count > 0 ? l->follow : NULL);
        return true;
    }
    for (uint32_t i = 0; i < dirs->count; i++) {
        struct store_result result = follow_add(&l->policy->follow, dirs->items[i]);

        if (result.error == STORE_OK)
            continue;
        put(complaints, span_of("--follow "));
        put(complaints, span_of(printable(dirs->items[i], PRINTABLE_NAME).text));
        put(complaints, span_of(": "));
        put(complaints, span_of(result.why));
        put_u8(complaints, '\n');
        return false;
    }
    if (dirs->count > 0)
        policy_set_follow(&l->policy->set, &l->policy->follow);
    return true;
}

/* What becomes of names. */
static void add_names(struct loading *l)
{
    const struct serve_extra *extra = &l->options->extra;
    struct policy_set *set = &l->policy->set;

    l->policy->paths = extra->paths;
    if (extra->has_paths)
        set->policy.paths = &l->policy->paths;
    for (size_t i = 0; i < set->policy.map_count; i++)
        set->maps[i].map.steps = extra->map_steps;
}

static bool load_policy(struct loading *l, struct writer *complaints)
{
    struct serve_policy *p = l->policy;
    uint32_t transfers = /* each shard's share of them is rounded up */
        (uint32_t)(l->options->max_transfers + l->options->shards);

    if (l->options->config && !load_file(l, complaints))
        return false;
    if (!add_flags(l, complaints) || !add_base(l) || !add_followed(l, complaints))
        return false;
    add_names(l);
    policy_set_close(&p->set);
    return policy_set_open_roots(&p->set, transfers, complaints);
}

/* A line each; what does not fit any more is many faults. */
static void print_complaints(const char *verb, const struct writer *complaints)
{
    const uint8_t *text = complaints->ptr;
    size_t end = 0;

    for (size_t at = 0; at < complaints->len; at = end + 1) {
        const uint8_t *line = memchr(text + at, '\n', complaints->len - at);

        end = line ? (size_t)(line - text) : complaints->len;
        if (end > at)
            fprintf(stderr, "kedge %s: %.*s\n", verb, (int)(end - at),
                    (const char *)text + at);
    }
    if (complaints->bad)
        fprintf(stderr, "kedge %s: and more of that kind\n", verb);
}

static bool read_policy_text(struct loading *l, const char *verb)
{
    uint8_t text[COMPLAINTS] = { 0 };
    struct writer complaints = { .ptr = text, .room = sizeof text };
    const struct serve_options *o = l->options;
    bool good = false;

    *l->policy = (struct serve_policy){ .used = o->config || o->map || o->ignore_case ||
                                                o->extra.has_paths };
    policy_set_init(&l->policy->set);
    l->policy->set.warnings = &complaints;
    good = load_policy(l, &complaints);
    l->policy->set.warnings = NULL;
    print_complaints(verb, &complaints);
    return good;
}

enum exit_code serve_policy_open(struct serve_policy *p, const char *verb,
                                 struct serve_options *options)
{
    struct loading l = { p, options, NULL };

    return read_policy_text(&l, verb) ? EXIT_OK : EXIT_USAGE;
}

void serve_policy_close(struct serve_policy *p)
{
    policy_set_free(&p->set);
    follow_close(&p->follow);
}

static void release_policy(struct policy_set *set)
{
    struct serve_policy *p = JOB_OWNER(set, struct serve_policy, set);

    serve_policy_close(p);
    free(p);
}

struct policy_set *serve_policy_again(const struct serve_policy *first,
                                      const struct serve_options *options)
{
    struct serve_options o = *options;
    struct serve_policy *p = calloc(1, sizeof *p);
    struct loading l = { p, &o, &first->follow };

    if (!p)
        return NULL;
    if (!read_policy_text(&l, "serve")) {
        release_policy(&p->set);
        return NULL;
    }
    p->set.release = release_policy;
    return &p->set;
}
