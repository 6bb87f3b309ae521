/* SPDX-License-Identifier: MIT */
/* Policy files: any text is read to sections that hold together, or is complained of with
 * its name; and any name is judged by them. */
#include "cmd/policy_file.h"

#include "fuzz.h"

#include <string.h>

#define BIT(key) (1u << (key))
#define TEXT_MAX 4096

struct options {
    uint64_t shards;
    bool everywhere;
    struct arg_list follow;
};

static const struct arg rows[] = {
    { .name = "shards",
      .kind = ARG_NUMBER,
      .high = 8,
      .into = offsetof(struct options, shards) },
    { .name = "public", .kind = ARG_FLAG, .into = offsetof(struct options, everywhere) },
    { .name = "follow", .kind = ARG_TEXTS, .into = offsetof(struct options, follow) },
};

static bool set(void *owner, const struct arg *a, const char *value,
                struct args_problem *problem)
{
    return args_set(a, value, owner, problem);
}

static void check_section(const struct policy_section *s)
{
    MUST(s->kind == POLICY_CLIENT || s->kind == POLICY_FILE || s->title.len == 0);
    MUST(s->kind != POLICY_FILE || (s->has & POLICY_CLIENT_KEYS) == 0);
    MUST(s->kind != POLICY_CLIENT || s->match.mac_bytes <= POLICY_MAC_BYTES);
    MUST(s->kind != POLICY_CLIENT || s->match.bits <= 8 * s->match.address_bytes);
    for (unsigned key = 0; key < POLICY_KEYS; key++)
        MUST(!(s->has & BIT(key)) || s->values[key].line > 0);
    MUST(s->values[POLICY_UPLOADS].number <= 3 && s->values[POLICY_MODE].number <= 0777);
}

static void judge(const struct policy *p, struct kedge_span name)
{
    static const uint8_t address[4] = { 10, 0, 0, 1 };
    uint8_t memory[POLICY_PATH_ROOM + 4 * 300];
    struct policy_request q = { .client = { .address = { address, 4 },
                                            .text = span_of("10.0.0.1"),
                                            .interface = span_of("eth0") },
                                .name = name };
    struct policy_run r;
    enum policy_todo todo =
        policy_start(&r, p, &q, (struct map_memory){ memory, sizeof memory });

    if (todo == POLICY_NEED_CASE)
        todo = policy_case(&r, &r.name, name);
    MUST(todo == POLICY_DECIDED && policy_reason_text(&r) != NULL);
    MUST(r.verdict != POLICY_GRANTED || r.keys[POLICY_GET].value.number == 1 ||
         !r.keys[POLICY_GET].set);
    for (unsigned key = 0; key < POLICY_KEYS; key++)
        MUST(!r.keys[key].set || (r.keys[key].by->has & BIT(key)));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct options o = { 0 };
    struct policy_file_top top = { .args = rows,
                                   .arg_count = sizeof rows / sizeof *rows,
                                   .without = BIT(POLICY_ROOT) | BIT(POLICY_MAP),
                                   .set = set,
                                   .owner = &o };
    struct reader r = { .left = { data, size } };
    struct kedge_span name = take_some(&r, take_u8(&r));
    struct kedge_span body = take_some(&r, TEXT_MAX);
    char text[TEXT_MAX + sizeof POLICY_FILE_END];
    uint8_t said[2048];
    struct writer complaints = { .ptr = said, .room = sizeof said };
    struct policy_source from = { "policy", text };
    struct policy_set s;
    bool good = false;

    if (body.len > 0)
        memcpy(text, body.ptr, body.len);
    memcpy(text + body.len, POLICY_FILE_END, sizeof POLICY_FILE_END);
    policy_set_init(&s);
    good = policy_file_parse(&s, &from, &top, &complaints);
    MUST(good || (complaints.len > 7 && memcmp(said, "policy:", 7) == 0));
    policy_set_close(&s);
    for (size_t i = 0; good && i < s.policy.count; i++)
        check_section(&s.policy.sections[i]);
    if (good && !(name.len > 0 && memchr(name.ptr, '\0', name.len)))
        judge(&s.policy, name);
    policy_set_free(&s);
    return 0;
}
