/* SPDX-License-Identifier: MIT */
/* Tests of file/walk.h: a walk ends where openat2 does, in trees of directories, files and links by
 * chance, and says the same of what is not there. */
#include "tree.h"

#include "file/open_below.h"
#include "refuse.h"

#include "../skip.h"

#include <sys/syscall.h>

enum { TREES = 20, NODES = 40, NAMES = 400, PARTS = 6 };

/* The same in each run. */
struct dice {
    uint32_t state;
};

static unsigned roll(struct dice *d, unsigned sides)
{
    d->state = d->state * 1664525u + 1013904223u;
    return (d->state >> 16) % sides;
}

/* Parts of a name, of one or two letters; some climb, some say nothing, some are absolute. */
static struct path any_name(struct dice *d, bool absolute)
{
    static const char *const parts[] = { "a", "b",  "c",  "d", "e", "a/b",
                                         ".", "..", "..", "",  "f/" };
    struct path p = { "" };
    size_t len = 0;

    if (absolute)
        p.text[len++] = '/';
    for (unsigned i = 0, n = 1 + roll(d, PARTS); i < n; i++)
        len += (size_t)snprintf(p.text + len, sizeof p.text - len, "%s%s", i ? "/" : "",
                                parts[roll(d, COUNT(parts))]);
    return p;
}

/* False where there is something already, or no directory to hold it. */
static bool grow_one(const struct tree *t, struct dice *d)
{
    char node[256];
    int fd;

    (void)snprintf(node, sizeof node, "root/%.200s", any_name(d, false).text);
    switch (roll(d, 4)) {
    case 0:
    case 1:
        return mkdir(at(t, node).text, 0755) == 0;
    case 2:
        return symlink(any_name(d, roll(d, 3) == 0).text, at(t, node).text) == 0;
    default:
        fd = open(at(t, node).text, O_CREAT | O_EXCL | O_WRONLY | O_CLOEXEC, 0644);
        return fd >= 0 && close(fd) == 0;
    }
}

static void grow(const struct tree *t, struct dice *d)
{
    unsigned grown = 0;

    for (unsigned i = 0; i < 20 * NODES && grown < NODES; i++)
        grown += grow_one(t, d);
    assert_true(grown > NODES / 4);
}

/* What is opened by a name. */
struct found {
    dev_t dev;
    ino_t ino;
    int err; /* -errno, or 0 */
};

struct asked {
    const struct tree *t;
    struct path names[NAMES];
    int flags[NAMES];
    struct found found[NAMES]; /* by the kernel */
};

static struct found find(const struct tree *t, const char *name, int flags)
{
    struct found f = { .err = open_below(t->root.fd, name, flags) };
    struct stat st;

    if (f.err < 0)
        return f;
    if (fstat(f.err, &st) == 0)
        f = (struct found){ st.st_dev, st.st_ino, f.err };
    close(f.err);
    f.err = 0;
    return f;
}

/* In a child without openat2. */
static int find_all_again(void *arg)
{
    const struct asked *a = arg;

    for (unsigned i = 0; i < NAMES; i++) {
        struct found f = find(a->t, a->names[i].text, a->flags[i]);

        if (f.err != a->found[i].err || f.ino != a->found[i].ino ||
            f.dev != a->found[i].dev) {
            fprintf(stderr, "%s, flags %x: %d by the kernel, %d by the walk\n",
                    a->names[i].text, (unsigned)a->flags[i], a->found[i].err, f.err);
            return 1;
        }
    }
    return 0;
}

/* How many names were found; they are found again without openat2. */
static unsigned compare(const struct tree *t, struct dice *d)
{
    static const int flags[] = { O_PATH, O_RDONLY, O_PATH | O_DIRECTORY,
                                 O_RDONLY | O_DIRECTORY };
    struct asked *a = calloc(1, sizeof *a);
    unsigned found = 0;
    int told;

    assert_non_null(a);
    a->t = t;
    for (unsigned i = 0; i < NAMES; i++) {
        a->names[i] = any_name(d, false);
        a->flags[i] = flags[roll(d, COUNT(flags))];
        a->found[i] = find(t, a->names[i].text, a->flags[i]);
        found += a->found[i].err == 0;
    }
    told = in_refused_child(SYS_openat2, ENOSYS, find_all_again, a);
    free(a);
    if (told == CANNOT_REFUSE)
        return NAMES + 1;
    assert_int_equal(told, 0);
    return found;
}

/* How many names were found, of a new tree; NAMES + 1: openat2 is missing here, or cannot be
 * refused. */
static unsigned compare_in_new_tree(struct dice *d)
{
    void *state = NULL;
    const struct tree *t;
    unsigned found = NAMES + 1;

    tree_setup(&state);
    t = state;
    if (!t->root.walks) {
        grow(t, d);
        found = compare(t, d);
    }
    tree_teardown(&state);
    return found;
}

static void a_walk_ends_where_the_kernel_does(void **state)
{
    struct dice d = { 1 };
    unsigned all = 0;

    (void)state;
    for (unsigned i = 0; i < TREES; i++) {
        unsigned found = compare_in_new_tree(&d);

        if (found > NAMES)
            skip_because("openat2 is missing here, or may not be refused");
        all += found;
    }
    assert_in_range(all, TREES * NAMES / 10, TREES * NAMES * 9 / 10);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_walk_ends_where_the_kernel_does),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
