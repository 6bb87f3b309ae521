/* SPDX-License-Identifier: MIT */
/* Tests of base/deadlines.h: a script, and a naive model beside the heap for many random
 * operations. */
#include "base/deadlines.h"

#include <setjmp.h>
#include <stdarg.h>
#include <cmocka.h>
#include <stdlib.h>

#define COUNT(array) (sizeof(array) / sizeof *(array))
#define NEVER KEDGE_NEVER

enum act { SET, POP };

/* After each step: what is next. For POP, slot is what came out, or NONE. */
#define NONE UINT32_MAX
static const struct {
    enum act act;
    uint32_t slot;
    kedge_nanos at;
    kedge_nanos next;
} script[] = {
    { POP, NONE, NEVER, NEVER }, /* empty */
    { SET, 2, 50, 50 },
    { POP, NONE, 49, 50 }, /* not due yet */
    { SET, 0, 70, 50 },
    { SET, 1, 60, 50 },
    { SET, 2, 80, 60 }, /* later: sinks */
    { SET, 0, 10, 10 }, /* sooner: rises */
    { SET, 3, 0, 0 },   /* the beginning of time is a time */
    { SET, 3, NEVER, 10 },
    { SET, 3, NEVER, 10 }, /* taking out what is not in does nothing */
    { POP, 0, 10, 60 },    /* due at the very moment */
    { POP, NONE, 10, 60 },
    { POP, 1, 1000, 80 },
    { POP, 2, 1000, NEVER },
    { POP, NONE, NEVER, NEVER },
    { SET, 1, NEVER - 1, NEVER - 1 }, /* one before never still comes */
    { POP, NONE, NEVER - 2, NEVER - 1 },
    { POP, 1, NEVER - 1, NEVER },
};

static void heap_follows_script(void **state)
{
    struct deadline_entry heap[4];
    uint32_t place[4] = { 7, 7, 7, 7 };
    struct deadlines d;

    (void)state;
    deadlines_init(&d, heap, place, 4);
    assert_true(deadlines_next(&d) == NEVER);
    for (size_t i = 0; i < COUNT(script); i++) {
        uint32_t out = NONE;

        if (script[i].act == SET)
            deadlines_set(&d, script[i].slot, script[i].at);
        else if (deadlines_pop(&d, script[i].at, &out) != (script[i].slot != NONE))
            fail_msg("line %zu: popped or not", i);
        if (script[i].act == POP && out != script[i].slot)
            fail_msg("line %zu: slot %u", i, out);
        if (deadlines_next(&d) != script[i].next)
            fail_msg("line %zu: next", i);
    }
}

static void no_slots_are_fine(void **state)
{
    struct deadlines d;
    uint32_t out;

    (void)state;
    deadlines_init(&d, NULL, NULL, 0);
    assert_true(deadlines_next(&d) == NEVER);
    assert_false(deadlines_pop(&d, NEVER, &out));
}

/* The model: a deadline a slot, looked through from one end to the other. */
struct model {
    kedge_nanos *at;
    uint32_t room;
};

static kedge_nanos model_next(const struct model *m)
{
    kedge_nanos first = NEVER;

    for (uint32_t i = 0; i < m->room; i++)
        if (m->at[i] < first)
            first = m->at[i];
    return first;
}

static uint32_t model_count(const struct model *m)
{
    uint32_t n = 0;

    for (uint32_t i = 0; i < m->room; i++)
        n += m->at[i] != NEVER;
    return n;
}

/* What the structure says of itself: heap order, and places that point back. */
static void assert_sound(const struct deadlines *d, const struct model *m)
{
    assert_int_equal(d->count, model_count(m));
    for (uint32_t i = 0; i < d->count; i++) {
        assert_int_equal(d->place[d->heap[i].slot], i + 1);
        assert_true(d->heap[i].at == m->at[d->heap[i].slot]);
        assert_true(i == 0 || d->heap[(i - 1) / 2].at <= d->heap[i].at);
    }
    for (uint32_t i = 0; i < d->room; i++)
        assert_int_equal(d->place[i] != 0, m->at[i] != NEVER);
    assert_true(deadlines_next(d) == model_next(m));
}

static uint64_t random_next(uint64_t *seed)
{
    *seed ^= *seed << 13;
    *seed ^= *seed >> 7;
    *seed ^= *seed << 17;
    return *seed;
}

static void step(struct deadlines *d, struct model *m, uint64_t *seed)
{
    uint32_t slot = (uint32_t)(random_next(seed) % m->room);
    kedge_nanos at = random_next(seed) % 64; /* few values: many are equal */
    uint32_t out;

    switch (random_next(seed) % 8) {
    case 0:
        at = NEVER;
        break;
    case 1:
    case 2:
        if (deadlines_pop(d, at, &out)) {
            assert_true(m->at[out] == model_next(m) && m->at[out] <= at);
            m->at[out] = NEVER;
        } else {
            assert_true(model_next(m) > at);
        }
        return;
    default:
        break;
    }
    deadlines_set(d, slot, at);
    m->at[slot] = at;
}

static void run_model(uint32_t room, uint64_t seed, int steps)
{
    struct deadline_entry *heap = malloc(room * sizeof *heap);
    uint32_t *place = malloc(room * sizeof *place);
    struct model m = { malloc(room * sizeof *m.at), room };
    struct deadlines d;
    kedge_nanos last = 0;
    uint32_t out;

    assert_true(heap && place && m.at);
    for (uint32_t i = 0; i < room; i++)
        m.at[i] = NEVER;
    deadlines_init(&d, heap, place, room);
    for (int i = 0; i < steps; i++) {
        step(&d, &m, &seed);
        assert_sound(&d, &m);
    }
    while (deadlines_pop(&d, NEVER, &out)) {
        assert_true(m.at[out] >= last && m.at[out] != NEVER);
        last = m.at[out];
        m.at[out] = NEVER;
    }
    assert_int_equal(model_count(&m), 0);
    free(m.at);
    free(place);
    free(heap);
}

static void heap_agrees_with_the_model(void **state)
{
    static const uint32_t rooms[] = { 1, 2, 3, 4, 7, 8, 33, 100 };

    (void)state;
    for (size_t i = 0; i < COUNT(rooms); i++)
        for (uint64_t seed = 1; seed <= 4; seed++)
            run_model(rooms[i], seed * 0x9e3779b97f4a7c15u, 2000);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(heap_follows_script),
        cmocka_unit_test(no_slots_are_fine),
        cmocka_unit_test(heap_agrees_with_the_model),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
