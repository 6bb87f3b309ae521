/* SPDX-License-Identifier: MIT */
/* Tests of cmd/args.h. */
#include "cmd/args.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define COUNT(array) (sizeof(array) / sizeof *(array))

struct options {
    bool quiet, four, six;
    uint64_t count, blksize, size, mode;
    kedge_nanos interval;
    uint32_t form;
    struct arg_range ports;
    const char *out;
    struct arg_list tags;
};

#define ROW(field) .into = offsetof(struct options, field)

static const struct arg rows[] = {
    { .name = "quiet", .letter = 'q', .kind = ARG_FLAG, ROW(quiet), .help = "say less" },
    { .letter = '4', .kind = ARG_FLAG, ROW(four), .not_with = "6", .help = "IPv4" },
    { .letter = '6', .kind = ARG_FLAG, ROW(six), .help = "IPv6" },
    { .name = "count",
      .letter = 'c',
      .kind = ARG_NUMBER,
      .value = "N",
      ROW(count),
      .low = 1,
      .high = 1000,
      .help = "how many" },
    { .name = "blksize",
      .kind = ARG_NUMBER,
      .value = "N|mtu",
      .words = "mtu",
      ROW(blksize),
      .low = 8,
      .high = 65464,
      .not_with = "quiet|size",
      .help = "bytes" },
    { .name = "size", .kind = ARG_SIZE, .value = "SIZE", ROW(size), .help = "bytes" },
    { .name = "mode",
      .kind = ARG_OCTAL,
      .value = "OCTAL",
      ROW(mode),
      .high = 0777,
      .help = "of a new file" },
    { .name = "interval",
      .letter = 'i',
      .kind = ARG_TIME,
      .value = "TIME",
      ROW(interval),
      .low = KEDGE_MSEC,
      .help = "between two" },
    { .name = "log",
      .kind = ARG_ENUM,
      .value = "text|json",
      .words = "text|json",
      ROW(form),
      .help = "its form" },
    { .name = "port-range",
      .kind = ARG_RANGE,
      .value = "LOW-HIGH",
      ROW(ports),
      .low = 1,
      .high = 65535,
      .help = "ports" },
    { .name = "output",
      .letter = 'o',
      .kind = ARG_TEXT,
      .value = "FILE",
      ROW(out),
      .help = "where to" },
    { .name = "tag", .kind = ARG_TEXTS, .value = "TEXT", ROW(tags), .help = "any" },
};

static const struct options defaults = { .count = 7 };

static const struct verb verb = {
    .name = "test",
    .operands = "ENDPOINT [FILE]",
    .summary = "test the command line",
    .args = rows,
    .arg_count = COUNT(rows),
    .operands_min = 1,
    .operands_max = 2,
    .defaults = &defaults,
    .options_size = sizeof defaults,
};

#define WORDS_MAX 80

struct run {
    const char *items[WORDS_MAX];
    struct operands words;
    struct options o;
    struct args_problem problem;
    enum args_result result;
};

/* The words of a line, taken apart at spaces; '' is an empty word. */
static void parse(struct run *r, char *line)
{
    *r = (struct run){ .o = defaults };
    r->words.items = r->items;
    for (char *word = strtok(line, " "); word; word = strtok(NULL, " "))
        r->items[r->words.count++] = strcmp(word, "''") == 0 ? "" : word;
    r->result = args_parse(&verb, &r->words, &r->o, &r->problem);
}

static void good(struct run *r, char *line)
{
    parse(r, line);
    if (r->result != ARGS_RUN)
        fail_msg("%s", r->problem.text);
}

static void values_land_in_their_fields(void **state)
{
    char line[] = "-q4 --count=12 a -i 10ms --size 4K --mode 644 --log=json -ofile "
                  "--port-range 5000-5100 --tag x --tag=y --tag '' -";
    struct run r;

    (void)state;
    good(&r, line);
    assert_true(r.o.quiet && r.o.four && !r.o.six);
    assert_int_equal(r.o.count, 12);
    assert_int_equal(r.o.interval, 10 * KEDGE_MSEC);
    assert_int_equal(r.o.size, 4096);
    assert_int_equal(r.o.mode, 0644);
    assert_int_equal(r.o.form, 1);
    assert_int_equal(r.o.ports.low, 5000);
    assert_int_equal(r.o.ports.high, 5100);
    assert_string_equal(r.o.out, "file");
    assert_int_equal(r.o.tags.count, 3);
    assert_string_equal(r.o.tags.items[1], "y");
    assert_string_equal(r.o.tags.items[2], "");
    assert_int_equal(r.words.count, 2);
    assert_string_equal(r.words.items[0], "a");
    assert_string_equal(r.words.items[1], "-");
}

static void what_is_not_given_keeps_its_default(void **state)
{
    char line[] = "a";
    struct run r;

    (void)state;
    good(&r, line);
    assert_memory_equal(&r.o, &defaults, sizeof defaults);
}

static void a_word_may_stand_for_a_number(void **state)
{
    char word[] = "--blksize mtu a", number[] = "--blksize 8 a";
    struct run r;

    (void)state;
    good(&r, word);
    assert_true(r.o.blksize == ARG_WORD);
    good(&r, number);
    assert_int_equal(r.o.blksize, 8);
}

static void two_dashes_end_the_options(void **state)
{
    char line[] = "-q -- --count -x";
    struct run r;

    (void)state;
    good(&r, line);
    assert_int_equal(r.words.count, 2);
    assert_string_equal(r.words.items[0], "--count");
    assert_string_equal(r.words.items[1], "-x");
}

static void a_value_may_begin_with_a_dash(void **state)
{
    char line[] = "-o - --output-is-not-an-option";
    struct run r;

    (void)state;
    parse(&r, line);
    assert_int_equal(r.result, ARGS_BAD);
    assert_string_equal(r.o.out, "-");
}

static void help_comes_before_what_is_wrong_behind_it(void **state)
{
    char line[] = "--help --nonsense", letter[] = "-h";
    struct run r;

    (void)state;
    parse(&r, line);
    assert_int_equal(r.result, ARGS_HELP);
    parse(&r, letter);
    assert_int_equal(r.result, ARGS_HELP);
}

static const struct {
    const char *line;
    const char *problem;
} faults[] = {
    { "", "missing operand: ENDPOINT [FILE]" },
    { "a b c", "unexpected operand 'c'" },
    { "a --nonsense", "unknown option --nonsense" },
    { "a --nonsense=\x1b[2J", "unknown option --nonsense=\\x1b[2J" },
    { "a --coun 5", "unknown option --coun, did you mean --count?" },
    { "a -x", "unknown option -x" },
    { "a -qx", "unknown option -x" },
    { "a --quiet=yes", "--quiet takes no value" },
    { "a --count", "--count needs a value" },
    { "a -c", "-c needs a value" },
    { "a --count=", "--count takes a number, 1 to 1000, not ''" },
    { "a -c 0", "--count takes a number, 1 to 1000, not '0'" },
    { "a -c1001", "--count takes a number, 1 to 1000, not '1001'" },
    { "a -c 5x", "--count takes a number, 1 to 1000, not '5x'" },
    { "a -c 18446744073709551615", "--count takes a number, 1 to 1000, not "
                                   "'18446744073709551615'" },
    { "a -c 1 --count 2", "--count is given twice" },
    { "a --blksize 7", "--blksize takes a number, 8 to 65464, or mtu, not '7'" },
    { "a --blksize MTU", "--blksize takes a number, 8 to 65464, or mtu, not 'MTU'" },
    { "a --interval 5x",
      "--interval takes a time such as 10ms or 2s, at least 1ms, not '5x'" },
    { "a --interval 1us", "--interval takes a time such as 10ms or 2s, at least 1ms, "
                          "not '1us'" },
    { "a --size 4T", "--size takes a size such as 512, 4K or 1M, not '4T'" },
    { "a --mode 1000", "--mode takes an octal number, 0 to 777, not '1000'" },
    { "a --mode 8", "--mode takes an octal number, 0 to 777, not '8'" },
    { "a --log xml", "--log takes one of text|json, not 'xml'" },
    { "a --log text|json", "--log takes one of text|json, not 'text|json'" },
    { "a --log=", "--log takes one of text|json, not ''" },
    { "a --port-range 0-5", "--port-range takes LOW-HIGH, 1 to 65535, not '0-5'" },
    { "a --port-range 9-5", "--port-range takes LOW-HIGH, 1 to 65535, not '9-5'" },
    { "a --port-range 5-", "--port-range takes LOW-HIGH, 1 to 65535, not '5-'" },
    { "a --port-range 5-65536",
      "--port-range takes LOW-HIGH, 1 to 65535, not '5-65536'" },
    { "-4 -6 a", "-4 and -6 contradict each other" },
    { "-6 -4 a", "-4 and -6 contradict each other" },
    { "a --size 5 --blksize 8", "--blksize and --size contradict each other" },
    { "a -q --blksize 8", "--blksize and --quiet contradict each other" },
};

static void each_fault_is_one_line_that_names_it(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(faults); i++) {
        char line[128];
        struct run r;

        strcpy(line, faults[i].line);
        parse(&r, line);
        assert_int_equal(r.result, ARGS_BAD);
        assert_string_equal(r.problem.text, faults[i].problem);
    }
}

static void repeats_have_a_bound(void **state)
{
    const char *items[ARG_LIST_MAX + 2] = { "a" };
    struct operands words = { items, ARG_LIST_MAX + 1 };
    struct options o = defaults;
    struct args_problem problem;

    (void)state;
    for (size_t i = 1; i < COUNT(items); i++)
        items[i] = "--tag=x";
    assert_int_equal(args_parse(&verb, &words, &o, &problem), ARGS_RUN);
    assert_int_equal(o.tags.count, ARG_LIST_MAX);
    words = (struct operands){ items, ARG_LIST_MAX + 2 };
    items[0] = "a";
    for (size_t i = 1; i < COUNT(items); i++)
        items[i] = "--tag=x";
    o = defaults;
    assert_int_equal(args_parse(&verb, &words, &o, &problem), ARGS_BAD);
    assert_string_equal(problem.text, "--tag is given more than 32 times");
}

static void help_begins_with_the_synopsis_and_names_every_option(void **state)
{
    char *text = NULL;
    size_t len = 0;
    FILE *f = open_memstream(&text, &len);

    (void)state;
    args_help(&verb, f);
    fclose(f);
    assert_int_equal(strncmp(text, "usage: kedge test [OPTION...] ENDPOINT [FILE]\n", 46),
                     0);
    for (size_t i = 0; i < COUNT(rows); i++) {
        assert_non_null(strstr(text, rows[i].help));
        if (rows[i].name)
            assert_non_null(strstr(text, rows[i].name));
    }
    assert_non_null(strstr(text, "  -c, --count N               how many\n"));
    assert_non_null(strstr(text, "  -4                          IPv4\n"));
    free(text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(values_land_in_their_fields),
        cmocka_unit_test(what_is_not_given_keeps_its_default),
        cmocka_unit_test(a_word_may_stand_for_a_number),
        cmocka_unit_test(two_dashes_end_the_options),
        cmocka_unit_test(a_value_may_begin_with_a_dash),
        cmocka_unit_test(help_comes_before_what_is_wrong_behind_it),
        cmocka_unit_test(each_fault_is_one_line_that_names_it),
        cmocka_unit_test(repeats_have_a_bound),
        cmocka_unit_test(help_begins_with_the_synopsis_and_names_every_option),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
