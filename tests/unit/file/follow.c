/* SPDX-License-Identifier: MIT */
/* Tests of file/follow.h: links lead to the directories that are allowed, and nowhere else,
 * also while somebody swaps what they lead through. */
#include "tree.h"

#include "file/follow.h"

#include <pthread.h>
#include <stdatomic.h>
#include <sys/syscall.h>

#ifndef RENAME_EXCHANGE
#define RENAME_EXCHANGE 2
#endif

struct following {
    struct tree tree; /* first */
    struct store_follow follow;
};

/* Beside `root` are `cache`, to which links may lead, `cache-2`, to which they may not, and
 * `current`, a link to `cache`. */
static int setup(void **state)
{
    struct following *f = calloc(1, sizeof *f);
    struct tree *t = &f->tree;
    const char *dirs[] = { "cache",   "cache/deep", "cache-2",
                           "cache/2", "root/board", "root/own" };

    tree_open(t, &(struct workers_config){ .threads = 1 });
    for (size_t i = 0; i < COUNT(dirs); i++)
        assert_int_equal(mkdir(at(t, dirs[i]).text, 0755), 0);
    put_file(at(t, "secret"), "secret");
    put_file(at(t, "cache-2/file"), "secret");
    put_file(at(t, "cache/2/file"), "another");
    put_file(at(t, "cache/file"), "cached");
    put_file(at(t, "cache/deep/file"), "deep");
    put_file(at(t, "root/own/file"), "own");
    make_link(at(t, "cache").text, at(t, "current"));
    assert_int_equal(follow_add(&f->follow, at(t, "cache").text).error, STORE_OK);
    assert_int_equal(root_follow(&t->root, at(t, "root").text, &f->follow).error,
                     STORE_OK);
    *state = f;
    return 0;
}

static int teardown(void **state)
{
    struct following *f = *state;

    tree_close(&f->tree);
    follow_close(&f->follow);
    free(f);
    return 0;
}

/* What the name opens; "" if nothing. */
static struct path read_name(const struct tree *t, const char *text)
{
    struct root_name name;
    struct path got = { "" };
    struct stat st;
    int fd = -1;

    assert_int_equal(root_name_parse(&t->root, span_of(text), &name).error, STORE_OK);
    if (root_open_file(&t->root, &name, &fd, &st).error != STORE_OK)
        return got;
    assert_true(read(fd, got.text, sizeof got.text - 1) >= 0);
    close(fd);
    return got;
}

/* The kernel's own link to /, which everyone has. */
#define PROC_LINK "/proc/self/root"
#define ROOT "%s/root"

/* A link of root; its target begins below the tree's own directory if there is a %s. */
static const struct {
    const char *link, *target, *name, *want;
} links[] = {
    { "board/zImage", "%s/cache/file", "board/zImage", "cached" },
    { "dir", "%s/cache", "dir/deep/file", "deep" },
    { "dir", "%s/cache/", "dir/./deep//file", "deep" },
    { "climbs", "../cache/file", "climbs", "cached" },
    { "board/climbs", "../../cache/deep/../file", "board/climbs", "cached" },
    { "home", ROOT "/own/file", "home", "own" },
    { "other", "%s/cache-2/file", "other", "" },
    { "secret", "%s/secret", "secret", "" },
    { "over", "%s/cache/../secret", "over", "" },
    { "over", "%s/cache/deep/../../secret", "over", "" },
    { "up", "%s/cache", "up/../secret", "" },
    { "itself", ROOT "/itself", "itself", "" },
    { "passwd", "/etc/passwd", "passwd", "" },
    { "proc", PROC_LINK "/etc/passwd", "proc", "" },
    { "above", "..", "above/cache/file", "cached" },
    { "above", "..", "above/secret", "" },
    { "all", "%s/cache", "all", "" },
    { "slash", "%s/cache/file", "slash/", "" },
    { "absent", "%s/cache/absent", "absent", "" },
    { "root", "/", "root/own/file", "own" },
};

static void links_follow_their_table(void **state)
{
    struct following *f = *state;
    const struct tree *t = &f->tree;

    for (size_t i = 0; i < COUNT(links); i++) {
        struct path link;
        char target[256];

        (void)snprintf(link.text, sizeof link.text, ROOT "/%s", t->path, links[i].link);
        /* The format is of the table above. */
        if (strncmp(links[i].target, "%s", 2) == 0)
            (void)snprintf(target, sizeof target, "%s%s", t->path, links[i].target + 2);
        else
            (void)snprintf(target, sizeof target, "%s", links[i].target);
        make_link(target, link);
        if (strcmp(read_name(t, links[i].name).text, links[i].want) != 0)
            fail_msg("line %zu: %s -> %s: '%s'", i, links[i].link, target,
                     read_name(t, links[i].name).text);
        assert_int_equal(unlink(link.text), 0);
    }
}

/* A name does not lead where a link would. */
static void no_name_leads_out_by_itself(void **state)
{
    const struct following *f = *state;

    assert_string_equal(read_name(&f->tree, "../cache/file").text, "");
    assert_string_equal(read_name(&f->tree, "board/../../cache/file").text, "");
}

static void without_the_option_none_leads_out(void **state)
{
    struct following *f = *state;
    struct tree *t = &f->tree;
    struct store_root plain;

    make_link(at(t, "cache/file").text, at(t, "root/link"));
    assert_int_equal(root_open(&plain, at(t, "root").text).error, STORE_OK);
    assert_string_equal(read_name(t, "link").text, "cached");
    root_close(&t->root);
    t->root = plain;
    assert_string_equal(read_name(t, "link").text, "");
}

static void links_within_the_directory_go_on(void **state)
{
    struct following *f = *state;
    const struct tree *t = &f->tree;

    make_link(at(t, "cache/a").text, at(t, "root/link"));
    make_link(at(t, "cache/deep/b").text, at(t, "cache/a"));
    make_link("../file", at(t, "cache/deep/b"));
    assert_string_equal(read_name(t, "link").text, "cached");
    assert_int_equal(unlink(at(t, "cache/a").text), 0);
    make_link(at(t, "secret").text, at(t, "cache/a"));
    assert_string_equal(read_name(t, "link").text, "");
}

static void forty_links_are_the_most(void **state)
{
    struct following *f = *state;
    const struct tree *t = &f->tree;
    char from[32];
    char to[32];

    for (int i = 0; i < 41; i++) {
        (void)snprintf(from, sizeof from, "cache/l%d", i);
        (void)snprintf(to, sizeof to, i == 40 ? "file" : "l%d", i + 1);
        make_link(to, at(t, from));
    }
    make_link(at(t, "cache/l2").text, at(t, "root/forty"));
    make_link(at(t, "cache/l1").text, at(t, "root/more"));
    assert_string_equal(read_name(t, "forty").text, "cached");
    assert_string_equal(read_name(t, "more").text, "");
}

static void a_directory_goes_by_both_its_names(void **state)
{
    struct following *f = *state;
    const struct tree *t = &f->tree;

    make_link(at(t, "current/file").text, at(t, "root/link"));
    assert_string_equal(read_name(t, "link").text, "");
    assert_int_equal(follow_add(&f->follow, at(t, "current/").text).error, STORE_OK);
    assert_string_equal(read_name(t, "link").text, "cached");
}

/* A link's text of nearly PATH_MAX before a name of 500 bytes, and a part of 300. */
static void what_is_too_long_leads_nowhere(void **state)
{
    struct following *f = *state;
    const struct tree *t = &f->tree;
    char text[4090];
    char name[501] = "link";

    memset(text, '/', sizeof text);
    memcpy(text, at(t, "cache").text, strlen(at(t, "cache").text));
    text[sizeof text - 1] = '\0';
    make_link(text, at(t, "root/link"));
    assert_string_equal(read_name(t, "link/file").text, "cached");
    for (size_t i = strlen(name); i + 2 < sizeof name; i += 2)
        memcpy(name + i, "/.", 2);
    memcpy(name + sizeof name - 6, "/file", 6);
    assert_string_equal(read_name(t, name).text, "");
    assert_int_equal(unlink(at(t, "root/link").text), 0);
    memset(text, 'n', sizeof text);
    (void)snprintf(text, sizeof text, "%s/", at(t, "cache").text);
    text[strlen(text)] = 'n';
    text[strlen(at(t, "cache/").text) + 300] = '\0';
    make_link(text, at(t, "root/link"));
    assert_string_equal(read_name(t, "link").text, "");
}

static void what_is_no_directory_is_not_followed(void **state)
{
    struct following *f = *state;
    const struct tree *t = &f->tree;

    assert_int_equal(follow_add(&f->follow, at(t, "secret").text).error, STORE_DENIED);
    assert_int_equal(follow_add(&f->follow, at(t, "absent").text).error, STORE_NOT_FOUND);
    for (int i = 1; i < FOLLOW_DIRS_MAX; i++)
        assert_int_equal(follow_add(&f->follow, at(t, "cache").text).error, STORE_OK);
    assert_int_equal(follow_add(&f->follow, at(t, "cache").text).error, STORE_DENIED);
}

/* Where an upload to this name would put its file: the whole path; "" if nowhere. */
static struct path target_of(const struct tree *t, const char *text)
{
    struct root_name name;
    struct path got = { "" };
    const char *last = NULL;
    char link[64];
    int dir = -1;
    ssize_t len = 0;

    assert_int_equal(root_name_parse(&t->root, span_of(text), &name).error, STORE_OK);
    if (root_open_target(&t->root, &name, &dir, &last).error != STORE_OK)
        return got;
    (void)snprintf(link, sizeof link, "/proc/self/fd/%d", dir);
    len = readlink(link, got.text, sizeof got.text - NAME_MAX - 2);
    assert_true(len > 0);
    (void)snprintf(got.text + len, NAME_MAX + 2, "/%s", last);
    close(dir);
    return got;
}

/* As above; and where an upload goes, below the tree's own directory. */
static const struct {
    const char *link, *target, *name, *want;
} targets[] = {
    { "board/zImage", "%s/cache/file", "board/zImage", "cache/file" },
    { "board/zImage", "%s/cache/new", "board/zImage", "cache/new" },
    { "board/zImage", "../../cache/deep/new", "board/zImage", "cache/deep/new" },
    { "dir", "%s/cache", "dir/new", "cache/new" },
    { "dir", "%s/cache/", "dir/deep/file", "cache/deep/file" },
    { "own/link", "/own/file", "own/link", "root/own/file" },
    { "own/link", "/own/new", "own/link", "root/own/new" },
    { "own/link", ROOT "/own/new", "own/link", "root/own/new" },
    { "dir", "%s/cache", "dir", "" },
    { "dir", "%s/cache/deep", "dir", "" },
    { "dir", "%s/cache/absent", "dir/new", "" },
    { "other", "%s/cache-2/file", "other", "" },
    { "other", "%s/cache-2", "other/file", "" },
    { "other", "%s/cache-2/new", "other", "" },
    { "secret", "%s/secret", "secret", "" },
    { "climbs", "../secret", "climbs", "root/secret" }, /* `..` stops at the root */
    { "new", "%s/new", "new", "" },
    { "over", "%s/cache/../secret", "over", "" },
    { "over", "%s/cache/deep/../../secret", "over", "" },
    { "itself", ROOT "/itself", "itself", "" },
    { "passwd", "/etc/passwd", "passwd", "" },
    { "proc", PROC_LINK "/etc/passwd", "proc", "" },
    { "proc", PROC_LINK "/tmp/new", "proc", "" },
    { "slash", "%s/cache/new/", "slash", "" },
    { "kept", "%s/cache/.kedge-0123456789abcdef", "kept", "" },
};

static void uploads_follow_their_table(void **state)
{
    struct following *f = *state;
    const struct tree *t = &f->tree;

    for (size_t i = 0; i < COUNT(targets); i++) {
        struct path link;
        struct path got;
        char target[256];
        size_t front = strlen(t->path) + 1;

        (void)snprintf(link.text, sizeof link.text, ROOT "/%s", t->path, targets[i].link);
        if (strncmp(targets[i].target, "%s", 2) == 0)
            (void)snprintf(target, sizeof target, "%s%s", t->path, targets[i].target + 2);
        else
            (void)snprintf(target, sizeof target, "%s", targets[i].target);
        make_link(target, link);
        got = target_of(t, targets[i].name);
        if (got.text[0] && strncmp(got.text, at(t, "").text, front) == 0)
            memmove(got.text, got.text + front, strlen(got.text + front) + 1);
        if (strcmp(got.text, targets[i].want) != 0)
            fail_msg("line %zu: %s -> %s: '%s'", i, targets[i].link, target, got.text);
        assert_int_equal(unlink(link.text), 0);
    }
}

/* Where all may be followed, `/` is no file's place. */
static void no_upload_goes_to_the_slash(void **state)
{
    const char *slashes[] = { "/", "/.", "/tmp/..", "/../." };
    struct following *f = *state;
    const struct tree *t = &f->tree;
    struct path root = at(t, "root");
    struct walk_dir home = { t->root.fd, root.text };
    struct store_follow all = { 0 };

    assert_int_equal(follow_add(&all, "/").error, STORE_OK);
    for (size_t i = 0; i < COUNT(slashes); i++) {
        struct follow_target target;

        memset(&target, 'x', sizeof target);
        make_link(slashes[i], at(t, "root/slash"));
        assert_true(follow_open_parent(&all, home, "slash", &target) < 0);
        assert_int_equal(unlink(at(t, "root/slash").text), 0);
    }
    follow_close(&all);
}

static void a_link_in_the_directory_is_followed_on(void **state)
{
    struct following *f = *state;
    const struct tree *t = &f->tree;

    make_link(at(t, "cache/a").text, at(t, "root/link"));
    make_link("deep/new", at(t, "cache/a"));
    assert_string_equal(target_of(t, "link").text, at(t, "cache/deep/new").text);
    assert_int_equal(unlink(at(t, "cache/a").text), 0);
    make_link(at(t, "secret").text, at(t, "cache/a"));
    assert_string_equal(target_of(t, "link").text, "");
}

struct swapping {
    const struct tree *tree;
    atomic_bool over;
    unsigned long swaps;
};

/* A directory of the cache and a link that leads out of it change places, for ever. */
static void *swap(void *owner)
{
    struct swapping *s = owner;
    struct path dir = at(s->tree, "cache/d");
    struct path link = at(s->tree, "cache/e");

    while (!atomic_load(&s->over))
        s->swaps += syscall(SYS_renameat2, AT_FDCWD, dir.text, AT_FDCWD, link.text,
                            RENAME_EXCHANGE) == 0;
    return NULL;
}

/* Each is opened until both outcomes were seen often, 20 s at most. */
static void a_race_leads_nowhere(void **state)
{
    struct following *f = *state;
    const struct tree *t = &f->tree;
    struct swapping s = { .tree = t };
    unsigned found = 0;
    unsigned missed = 0;
    pthread_t thread;
    time_t end = time(NULL) + 20;

    assert_int_equal(mkdir(at(t, "cache/d").text, 0755), 0);
    put_file(at(t, "cache/d/file"), "cached");
    make_link(at(t, "cache-2").text, at(t, "cache/e"));
    make_link(at(t, "cache/d/file").text, at(t, "root/link"));
    assert_int_equal(pthread_create(&thread, NULL, swap, &s), 0);
    while ((found < 500 || missed < 500) && time(NULL) < end) {
        struct path got = read_name(t, "link");

        found += strcmp(got.text, "cached") == 0;
        missed += got.text[0] == '\0';
        assert_string_not_equal(got.text, "secret");
    }
    atomic_store(&s.over, true);
    pthread_join(thread, NULL);
    assert_true(found > 0 && missed > 0 && s.swaps > 100);
}

/* What is opened for the upload lies in the cache, whatever its name leads to by now. */
static void a_race_of_uploads_leads_nowhere(void **state)
{
    struct following *f = *state;
    const struct tree *t = &f->tree;
    struct swapping s = { .tree = t };
    struct stat evil;
    unsigned found = 0;
    unsigned missed = 0;
    pthread_t thread;
    time_t end = time(NULL) + 20;

    assert_int_equal(mkdir(at(t, "cache/d").text, 0755), 0);
    make_link(at(t, "cache-2").text, at(t, "cache/e"));
    make_link(at(t, "cache/d/new").text, at(t, "root/link"));
    assert_int_equal(stat(at(t, "cache-2").text, &evil), 0);
    assert_int_equal(pthread_create(&thread, NULL, swap, &s), 0);
    while ((found < 500 || missed < 500) && time(NULL) < end) {
        struct root_name name = { "link" };
        const char *last = NULL;
        struct stat st;
        int dir = -1;

        if (root_open_target(&t->root, &name, &dir, &last).error != STORE_OK) {
            missed++;
            continue;
        }
        found++;
        assert_int_equal(fstat(dir, &st), 0);
        assert_false(st.st_ino == evil.st_ino && st.st_dev == evil.st_dev);
        close(dir);
    }
    atomic_store(&s.over, true);
    pthread_join(thread, NULL);
    assert_true(found > 0 && missed > 0 && s.swaps > 100);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(links_follow_their_table),
        TEST(no_name_leads_out_by_itself),
        TEST(without_the_option_none_leads_out),
        TEST(links_within_the_directory_go_on),
        TEST(forty_links_are_the_most),
        TEST(a_directory_goes_by_both_its_names),
        TEST(what_is_too_long_leads_nowhere),
        TEST(what_is_no_directory_is_not_followed),
        TEST(uploads_follow_their_table),
        TEST(no_upload_goes_to_the_slash),
        TEST(a_link_in_the_directory_is_followed_on),
        TEST(a_race_leads_nowhere),
        TEST(a_race_of_uploads_leads_nowhere),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
