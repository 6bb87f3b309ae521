/* SPDX-License-Identifier: MIT */
/* Runs each line of a file through a map file and prints what becomes of it. */
#include "cmd/map_test.h"

#include "serve/tftp/map_set.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define NAME_MAX_BYTES 65464 /* a longer line is passed over, as tftp-hpa does */
#define MEMORY (3 * (2 * NAME_MAX_BYTES))

/* Addresses that documents may use, the same as tftp-hpa's. */
static struct map_client map_test_client(const struct map_test *t)
{
    static const uint8_t v4[] = { 192, 0, 2, 34 };
    static const uint8_t v6[] = { 0x20, 0x01, 0x0d, 0xb8, 0,    0,    0,    0,
                                  0xfe, 0xed, 0xfa, 0xce, 0xde, 0xad, 0xbe, 0xef };

    if (t->ipv6)
        return (struct map_client){ span_of("2001:db8::feed:face:dead:beef"),
                                    { v6, sizeof v6 } };
    return (struct map_client){ span_of("192.0.2.34"), { v4, sizeof v4 } };
}

static void print_mapped(struct kedge_span text, FILE *out)
{
    fwrite(text.ptr, 1, text.len, out);
    putc('\n', out);
}

static void print_name(const struct map_test *t, struct kedge_span name, FILE *out)
{
    uint8_t formed[2 * NAME_MAX_BYTES + 2];
    struct writer w = { .ptr = formed, .room = sizeof formed };

    path_put(&w, t->form, name);
    print_mapped(written(&w), out);
}

static void complain_of_run(const struct map_test *t, const struct map_run *r)
{
    fprintf(stderr, "%s:%u: %s\n", t->map, r->rule ? (unsigned)r->rule->line : 0,
            map_failure_text(r->failure));
}

static void run_name(const struct map_test *t, const struct map_set *set,
                     struct kedge_span name, uint8_t *memory, FILE *out)
{
    struct map_request q = { .name = name, .put = t->put, .client = map_test_client(t) };
    struct map_run r;
    enum map_todo todo =
        map_start(&r, &set->map, &q, &set->chars, (struct map_memory){ memory, MEMORY });

    while (todo == MAP_NEED_MATCH || todo == MAP_NEED_FILE || todo == MAP_REWROTE) {
        if (todo == MAP_NEED_MATCH)
            todo = map_set_match(set, &r);
        else
            todo = todo == MAP_NEED_FILE ? map_file(&r, false) : map_go(&r);
    }
    if (todo == MAP_FAILED)
        complain_of_run(t, &r);
    if (todo == MAP_DONE) {
        print_name(t, r.text, out);
        return;
    }
    fputs("ERROR: ", out);
    if (todo == MAP_FAILED)
        r.text = span_of("Remap table failure"); /* the words of tftp-hpa */
    else if (todo == MAP_REFUSED && r.text.len == 0)
        r.text = span_of("Access violation");
    print_mapped(r.text, out);
}

/* A line that ends with the file, or has a NUL, is passed over, as tftp-hpa does. */
static void run_lines(const struct map_test *t, const struct map_set *set, FILE *names,
                      uint8_t *memory, FILE *out)
{
    char *line = (char *)memory + MEMORY;

    while (fgets(line, NAME_MAX_BYTES + 1, names)) {
        char *end = strchr(line, '\n');

        if (end)
            run_name(t, set, (struct kedge_span){ (uint8_t *)line, (size_t)(end - line) },
                     memory, out);
    }
}

static enum exit_code run_names(const struct map_test *t, const struct map_set *set,
                                FILE *out)
{
    FILE *names = fopen(t->names, "re");
    uint8_t *memory = malloc(MEMORY + NAME_MAX_BYTES + 1);
    enum exit_code code = EXIT_LOCAL_FILE;

    if (!names || !memory) {
        fprintf(stderr, "%s: %s\n", t->names, strerror(errno));
    } else {
        run_lines(t, set, names, memory, out);
        code = ferror(names) || fflush(out) != 0 ? EXIT_LOCAL_FILE : EXIT_OK;
    }
    free(memory);
    if (names)
        fclose(names);
    return code;
}

enum exit_code map_test_run(const struct map_test *t, FILE *out)
{
    struct map_set set = { 0 };
    uint8_t text[4096] = { 0 };
    struct writer complaints = { .ptr = text, .room = sizeof text };
    bool good = !t->map || map_set_load(&set, t->map, &complaints);
    enum exit_code code = EXIT_USAGE;

    fwrite(text, 1, complaints.len, stderr);
    set.map.steps = t->steps;
    if (good)
        code = run_names(t, &set, out);
    map_set_free(&set);
    return code;
}
