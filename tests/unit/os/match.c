/* SPDX-License-Identifier: MIT */
/* Tests of regular expressions and characters of a locale (os/match.h). */
#include "os/match.h"

#include <setjmp.h>
#include <stdarg.h>
#include <cmocka.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define assert_matches(run) assert_int_equal(run, MATCH_YES)
#define assert_no_match(run) assert_int_equal(run, MATCH_NO)

static struct match_locale utf8;

static int open_utf8(void **state)
{
    (void)state;
    return match_locale_open(&utf8, "C.UTF-8");
}

static int close_utf8(void **state)
{
    (void)state;
    match_locale_close(&utf8);
    return 0;
}

static int compile(struct match_expression *e, const struct match_locale *l,
                   const char *text, unsigned kinds)
{
    struct match_pattern p = { text, kinds };
    char error[80] = "";
    int code = match_compile(e, l, &p, error, sizeof error);

    assert_int_equal(code != 0, strlen(error) > 0);
    return code;
}

static void groups_are_told(void **state)
{
    struct match_expression e;
    struct match_group g[MATCH_GROUPS];

    (void)state;
    assert_int_equal(compile(&e, &utf8, "b(c)(d)?", 0), 0);
    assert_matches(match_run(&e, "abcx", false, g));
    assert_int_equal(g[0].from, 1);
    assert_int_equal(g[0].to, 3);
    assert_int_equal(g[1].from, 2);
    assert_int_equal(g[2].from, MATCH_NONE);
    assert_int_equal(g[9].from, MATCH_NONE);
    assert_no_match(match_run(&e, "ABCX", false, g));
    match_free(&e);
    assert_int_equal(compile(&e, &utf8, "^BC", MATCH_NOCASE), 0);
    assert_matches(match_run(&e, "bc", false, NULL));
    assert_no_match(match_run(&e, "bc", true, NULL));
    match_free(&e);
}

static void a_wrong_expression_says_why(void **state)
{
    struct match_expression e;

    (void)state;
    assert_int_not_equal(compile(&e, &utf8, "(a", 0), 0);
}

/* Its own locale decides, not the program's. */
static void letters_are_those_of_the_locale(void **state)
{
    struct match_expression e;
    struct match_locale c;

    (void)state;
    assert_int_equal(compile(&e, &utf8, "^.$", 0), 0);
    assert_matches(match_run(&e, "\xc3\xa9", false, NULL));
    match_free(&e);
    assert_int_equal(match_locale_open(&c, "C"), 0);
    assert_int_equal(compile(&e, &c, "^.$", 0), 0);
    assert_no_match(match_run(&e, "\xc3\xa9", false, NULL));
    match_free(&e);
    match_locale_close(&c);
    assert_int_equal(match_locale_open(&c, "xx_XX.none"), -ENOENT);
}

static struct kedge_span bytes(const char *text)
{
    return (struct kedge_span){ (const uint8_t *)text, strlen(text) };
}

static void characters_are_folded(void **state)
{
    struct match_char c = match_character(&utf8, bytes("\xc3\xa9z"), 1);

    (void)state;
    assert_int_equal(c.taken, 2);
    assert_int_equal(c.len, 2);
    assert_memory_equal(c.out, "\xc3\x89", 2);
    c = match_character(&utf8, bytes("Zz"), -1);
    assert_int_equal(c.taken, 1);
    assert_memory_equal(c.out, "z", 1);
    c = match_character(&utf8, bytes("Z"), 0);
    assert_int_equal(c.taken, 1);
    assert_memory_equal(c.out, "Z", 1);
    assert_int_equal(match_character(&utf8, bytes("\xc3"), 0).taken, 0);
    assert_int_equal(match_character(&utf8, bytes("\xff\xff"), 0).taken, 0);
}

static bool nth(const void *owner, size_t n, struct match_pattern *out)
{
    *out = (struct match_pattern){ .text = ((const char *const *)owner)[n] };
    return out->text != NULL;
}

static void what_costs_too_much_is_found_on_trial(void **state)
{
    static const char *const fine[] = { "^a", "(b", "[0-9]{1,3}", NULL };
    static const char *const none[] = { NULL };
    static const char *const costly[] = { "^a", "b", "^(((a{1,99}){1,99}){1,9})c", "d",
                                          NULL };
    struct timespec begin;
    struct timespec end;
    size_t bad = 77;

    (void)state;
    assert_int_equal(match_trial(&utf8, nth, none, &bad), MATCH_FINE);
    assert_int_equal(match_trial(&utf8, nth, fine, &bad), MATCH_FINE);
    clock_gettime(CLOCK_MONOTONIC, &begin);
    assert_int_equal(match_trial(&utf8, nth, costly, &bad), MATCH_TOO_COSTLY);
    clock_gettime(CLOCK_MONOTONIC, &end);
    assert_int_equal(bad, 2);
    assert_true(end.tv_sec - begin.tv_sec < 20); /* unbounded, it would take all memory */
}

/* On a busy machine, and where it waits: what counts is what it uses. */
static bool nth_after_a_while(const void *owner, size_t n, struct match_pattern *out)
{
    struct timespec wait = { .tv_sec = MATCH_COMPILE_S, .tv_nsec = 200000000 };

    if (n == 1)
        (void)nanosleep(&wait, NULL);
    return nth(owner, n, out);
}

static void a_trial_may_wait(void **state)
{
    static const char *const fine[] = { "^a", "(b", NULL };
    size_t bad = 77;

    (void)state;
    assert_int_equal(match_trial(&utf8, nth_after_a_while, fine, &bad), MATCH_FINE);
}

enum { LONG = 1 << 24 };

/* In a process that gets no more memory: its answer. */
static enum match_result match_without_memory(const struct match_expression *e,
                                              const char *text)
{
    struct match_group g[MATCH_GROUPS];
    struct rlimit memory = { 1 << 20, 1 << 20 };
    pid_t child = fork();
    int status = 0;

    assert_true(child >= 0);
    if (child == 0)
        _exit(setrlimit(RLIMIT_AS, &memory) < 0 ? 99 : (int)match_run(e, text, false, g));
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_true(WIFEXITED(status));
    return (enum match_result)WEXITSTATUS(status);
}

/* "No match" would let a rule that refuses be passed over. */
static void without_memory_nobody_knows(void **state)
{
    struct match_expression e;
    char *text = malloc(LONG + 1);

    (void)state;
    assert_non_null(text);
    memset(text, 'a', LONG);
    text[LONG] = '\0';
    assert_int_equal(compile(&e, &utf8, "^(a|aa)*$", 0), 0);
    assert_int_equal(match_without_memory(&e, text), MATCH_FAILED);
    match_free(&e);
    free(text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(groups_are_told),
        cmocka_unit_test(a_wrong_expression_says_why),
        cmocka_unit_test(letters_are_those_of_the_locale),
        cmocka_unit_test(characters_are_folded),
        cmocka_unit_test(what_costs_too_much_is_found_on_trial),
        cmocka_unit_test(a_trial_may_wait),
        cmocka_unit_test(without_memory_nobody_knows),
    };

    return cmocka_run_group_tests(tests, open_utf8, close_utf8);
}
