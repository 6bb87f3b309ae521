/* SPDX-License-Identifier: MIT */
/* What the tests of files share: a directory of their own with a root below it, helpers,
 * and short words for making and reading files. */
#ifndef TESTS_UNIT_FILE_TREE_H
#define TESTS_UNIT_FILE_TREE_H

#include "base/bytes.h"
#include "file/root.h"
#include "os/workers.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <cmocka.h>
#include <dirent.h>
#include <fcntl.h>
#include <ftw.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define COUNT(array) (sizeof(array) / sizeof *(array))

struct tree {
    char path[64]; /* its `root` directory is served; beside it is what must not be */
    struct store_root root;
    struct workers workers;
};

struct path {
    char text[1024];
};

static inline struct path at(const struct tree *t, const char *below)
{
    struct path p;

    (void)snprintf(p.text, sizeof p.text, "%s/%s", t->path, below);
    return p;
}

static inline void tree_open(struct tree *t, const struct workers_config *config)
{
    (void)snprintf(t->path, sizeof t->path, "/tmp/kedge-store-XXXXXX");
    assert_non_null(mkdtemp(t->path));
    assert_int_equal(mkdir(at(t, "root").text, 0755), 0);
    assert_int_equal(root_open(&t->root, at(t, "root").text).error, STORE_OK);
    assert_int_equal(workers_open(&t->workers, config), 0);
}

static inline int remove_one(const char *path, const struct stat *st, int kind,
                             struct FTW *where)
{
    (void)st;
    (void)kind;
    (void)where;
    return remove(path);
}

static inline void tree_close(struct tree *t)
{
    workers_close(&t->workers);
    root_close(&t->root);
    assert_int_equal(nftw(t->path, remove_one, 16, FTW_DEPTH | FTW_PHYS), 0);
}

static inline int tree_setup(void **state)
{
    struct tree *t = calloc(1, sizeof *t);

    tree_open(t, &(struct workers_config){ .threads = 2 });
    *state = t;
    return 0;
}

static inline int tree_teardown(void **state)
{
    tree_close(*state);
    free(*state);
    return 0;
}

/* Call done() of what is finished until *flag is set; 10 s at most. */
static inline void collect_until(struct workers *w, const int *flag)
{
    struct pollfd event = { .fd = workers_fd(w), .events = POLLIN };

    while (!*flag) {
        assert_int_equal(poll(&event, 1, 10000), 1);
        (void)workers_collect(w);
    }
}

static inline void collect_all(struct workers *w)
{
    while (workers_pending(w) > 0)
        (void)workers_collect(w);
}

static inline void put_file(struct path p, const char *text)
{
    int fd = open(p.text, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);

    assert_true(fd >= 0);
    assert_int_equal(write(fd, text, strlen(text)), strlen(text));
    assert_int_equal(close(fd), 0);
}

static inline void assert_file(struct path p, const char *text)
{
    char got[4096] = "";
    int fd = open(p.text, O_RDONLY | O_CLOEXEC);

    assert_true(fd >= 0);
    assert_int_equal(read(fd, got, sizeof got - 1), strlen(text));
    assert_string_equal(got, text);
    close(fd);
}

static inline void make_link(const char *to, struct path p)
{
    assert_int_equal(symlink(to, p.text), 0);
}

static inline mode_t mode_of(struct path p)
{
    struct stat st;

    assert_int_equal(lstat(p.text, &st), 0);
    return st.st_mode;
}

/* How many entries a directory has, `.` and `..` aside. */
static inline int entries(struct path p)
{
    DIR *list = opendir(p.text);
    int n = 0;

    assert_non_null(list);
    while (readdir(list))
        n++;
    closedir(list);
    return n - 2;
}

/* The name of the first temporary file in a directory, or "". */
static inline struct path temporary_in(struct path p)
{
    DIR *list = opendir(p.text);
    const struct dirent *entry;
    struct path found = { "" };

    assert_non_null(list);
    while ((entry = readdir(list)))
        if (strncmp(entry->d_name, ".kedge-", 7) == 0)
            (void)snprintf(found.text, sizeof found.text, "%s", entry->d_name);
    closedir(list);
    return found;
}

static inline struct root_name name_of(const struct tree *t, const char *text)
{
    struct root_name name;

    assert_int_equal(root_name_parse(&t->root, span_of(text), &name).error, STORE_OK);
    return name;
}

#endif
