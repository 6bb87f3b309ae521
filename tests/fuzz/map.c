/* SPDX-License-Identifier: MIT */
/* Map files of tftp-hpa: any text is read within its bounds, and any rules run any name to
 * an end, whatever the matcher and the file system answer. */
#include "policy/map.h"

#include "fuzz.h"

#include <string.h>

#define RULES 64
#define NAME_ROOM 300

static struct map_char latin(const void *owner, struct kedge_span text,
                             enum map_fold fold)
{
    struct map_char c = { .taken = text.ptr[0] != 0xff, .len = 1 };

    (void)owner;
    c.out[0] = (uint8_t)(text.ptr[0] ^ (fold == MAP_AS_IS ? 0 : 0x20));
    return c;
}

static bool inside(struct kedge_span part, struct kedge_span whole)
{
    return part.len == 0 ||
           (part.ptr >= whole.ptr && part.ptr + part.len <= whole.ptr + whole.len);
}

static size_t read_rules(struct kedge_span text, struct map_rule *rules)
{
    struct map_lines l = { .left = text };
    struct map_problem why;
    enum map_line found;
    uint32_t line = 0;
    size_t count = 0;

    while (count < RULES && (found = map_next(&l, &rules[count], &why)) != MAP_LINE_END) {
        char said[200];
        struct writer w = { .ptr = (uint8_t *)said, .room = sizeof said };

        if (found == MAP_LINE_BAD) {
            map_problem_text(&w, &why);
            MUST(w.len > 0 && !w.bad && why.line == l.line);
            continue;
        }
        MUST(rules[count].line == l.line && l.line > line);
        MUST(inside(rules[count].regex, text) && inside(rules[count].pattern, text));
        MUST((rules[count].letters & MAP_LABEL) || rules[count].regex.len > 0);
        line = l.line;
        count++;
    }
    return count;
}

/* A match that could be: each group empty, or within the text. */
static void make_groups(struct reader *r, size_t len, struct map_group *groups)
{
    for (size_t i = 0; i < MAP_GROUPS; i++) {
        uint8_t from = take_u8(r);
        uint8_t to = take_u8(r);

        groups[i].from = (uint32_t)(from % (len + 1));
        groups[i].to = groups[i].from + (uint32_t)(to % (len + 1 - groups[i].from));
        if (i > 0 && from == 255)
            groups[i] = (struct map_group){ MAP_NONE, MAP_NONE };
    }
}

static enum map_todo answer(struct reader *r, struct map_run *run, enum map_todo todo)
{
    struct map_group groups[MAP_GROUPS];

    MUST(run->text.ptr[run->text.len] == '\0' && run->text.len < NAME_ROOM);
    if (todo == MAP_REWROTE)
        return map_go(run);
    if (todo == MAP_NEED_FILE)
        return map_file(run, take_u8(r) & 1);
    if (take_u8(r) % 4 == 0)
        return map_matched(run, NULL);
    make_groups(r, run->text.len, groups);
    return map_matched(run, groups);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const uint8_t address[16] = { 0x20, 1, 0x0d, 0xb8 };
    struct map_chars chars = { .take = latin };
    struct map_rule rules[RULES + 1];
    uint8_t text[512];
    uint8_t memory[MAP_TEXTS * NAME_ROOM];
    struct reader r = { .left = { data, size } };
    uint8_t how = take_u8(&r);
    struct map_request q = { .put = how & 1 };
    struct kedge_span raw = take_some(&r, (size_t)take_u8(&r) * 2);
    struct map map = { .rules = rules };
    struct map_run run;
    enum map_todo todo;
    uint32_t turns = 0;

    if (raw.len > 0)
        memcpy(text, raw.ptr, raw.len);
    map.count = read_rules((struct kedge_span){ text, map_clean(text, raw.len) }, rules);
    q.client.address = (struct kedge_span){ address, how & 2 ? 16 : 4 };
    q.client.text = span_of("2001:db8::");
    q.name = take_some(&r, take_u8(&r));
    todo =
        map_start(&run, &map, &q, &chars, (struct map_memory){ memory, sizeof memory });
    while (todo <= MAP_REWROTE) {
        MUST(++turns <= 4 * MAP_STEPS_MAX);
        todo = answer(&r, &run, todo);
    }
    MUST(todo == MAP_FAILED ? map_failure_text(run.failure) != NULL
                            : run.text.len < NAME_ROOM);
    return 0;
}
