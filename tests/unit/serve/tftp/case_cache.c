/* SPDX-License-Identifier: MIT */
/* Tests of serve/tftp/case_cache.h. */
#include "serve/tftp/case_cache.h"

#include "../../folder.h"
#include "base/bytes.h"

#include <setjmp.h>
#include <stdarg.h>
#include <cmocka.h>
#include <dirent.h>
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static struct case_cache cache;
static struct case_found found;

/* In front of the C library's: what vfat, cifs or FUSE may hand over, 700 bytes. */
static bool plants_long_name;

/* So many entries are handed over, and then the disk fails. */
static int fails_after = -1;

struct dirent *readdir(DIR *dir)
{
    enum { FROM = offsetof(struct dirent, d_name), BYTES = 700 };
    static union {
        struct dirent entry;
        char room[FROM + BYTES + 1];
    } planted;
    static struct dirent *(*next)(DIR *);

    if (plants_long_name) {
        plants_long_name = false;
        memset(planted.room + FROM, 'x', BYTES);
        return &planted.entry;
    }
    if (fails_after >= 0 && fails_after-- == 0) {
        errno = EIO;
        return NULL;
    }
    if (!next)
        *(void **)&next = dlsym(RTLD_NEXT, "readdir64");
    return next(dir);
}

static int begin(void **state)
{
    (void)state;
    case_cache_init(&cache);
    return match_locale_open(&cache.letters, "C.UTF-8");
}

static int end(void **state)
{
    (void)state;
    case_cache_free(&cache);
    return 0;
}

static const char *path_of(const char *name)
{
    static char path[512];

    snprintf(path, sizeof path, "%s/%s", folder, name);
    return path;
}

static void put_file(const char *name)
{
    int fd = open(path_of(name), O_WRONLY | O_CREAT | O_CLOEXEC, 0644);

    assert_true(fd >= 0);
    close(fd);
}

static unsigned find_at(const char *directory, const char *part, kedge_nanos now)
{
    int fd = open(path_of(directory), O_RDONLY | O_DIRECTORY | O_CLOEXEC);

    assert_true(fd >= 0);
    assert_int_equal(case_cache_find(&cache, fd, span_of(part), now, &found).error,
                     STORE_OK);
    return found.count;
}

/* Twice, and the second time long after the first. */
static unsigned find(const char *directory, const char *part)
{
    static kedge_nanos now;

    (void)find_at(directory, part, now);
    now += CASE_CACHE_SETTLED;
    return find_at(directory, part, now);
}

/* The clock of the file system goes on by steps: the next change has another time. */
static void wait_for_a_step(const char *directory)
{
    struct stat before, after;

    assert_int_equal(stat(path_of(directory), &before), 0);
    do {
        assert_int_equal(chmod(path_of(directory), 0755), 0);
        assert_int_equal(stat(path_of(directory), &after), 0);
    } while (before.st_ctim.tv_nsec == after.st_ctim.tv_nsec);
}

static void rename_to(const char *old, const char *new)
{
    char from[512];

    snprintf(from, sizeof from, "%s", path_of(old));
    assert_int_equal(rename(from, path_of(new)), 0);
}

static void make_directory(const char *directory)
{
    assert_int_equal(mkdir(path_of(directory), 0755), 0);
}

static void remove_directory(const char *directory)
{
    assert_int_equal(rmdir(path_of(directory)), 0);
}

static enum store_error error_at(const char *directory, kedge_nanos now)
{
    int fd = open(path_of(directory), O_RDONLY | O_DIRECTORY | O_CLOEXEC);

    assert_true(fd >= 0);
    return case_cache_find(&cache, fd, span_of("BOOT"), now, &found).error;
}

/* What was read by then is no answer. */
static void a_directory_that_cannot_be_read_is_looked_at_again(void **state)
{
    const kedge_nanos now = KEDGE_SEC;

    (void)state;
    make_directory("d");
    put_file("d/Boot");
    for (unsigned i = 0; i < 3; i++) {
        fails_after = (int)i;
        assert_int_equal(error_at("d", now + i * CASE_CACHE_FAILED), STORE_BUSY);
        assert_int_equal(fails_after, -1);
        assert_int_equal(found.count, 0);
    }
    assert_int_equal(find_at("d", "BOOT", now + 3 * CASE_CACHE_FAILED), 1);
    assert_int_equal(cache.reads, 4);
    assert_int_equal(unlink(path_of("d/Boot")), 0);
    remove_directory("d");
}

/* Each request asks for it: the disk is not to be asked as often. */
static void a_directory_that_cannot_be_read_is_left_alone_for_a_while(void **state)
{
    const kedge_nanos now = KEDGE_SEC;

    (void)state;
    make_directory("d");
    put_file("d/Boot");
    fails_after = 0;
    for (unsigned i = 0; i < 1000; i++)
        assert_int_equal(error_at("d", now + i * (CASE_CACHE_FAILED / 1000)), STORE_BUSY);
    assert_int_equal(cache.reads, 1);
    assert_int_equal(cache.names, 0);
    assert_int_equal(cache.directories, 1);
    wait_for_a_step("d");
    assert_int_equal(find_at("d", "BOOT", now + CASE_CACHE_FAILED - 1), 1);
    assert_int_equal(cache.reads, 2);
    assert_int_equal(unlink(path_of("d/Boot")), 0);
    remove_directory("d");
}

static void a_directory_is_read_once(void **state)
{
    (void)state;
    make_directory("d");
    put_file("d/Boot");
    assert_int_equal(find("d", "BOOT"), 1);
    assert_string_equal(found.first, "Boot");
    assert_int_equal(find("d", "boot"), 1);
    assert_int_equal(find("d", "absent"), 0);
    assert_int_equal(cache.reads,
                     2); /* when it was seen first, and once it had settled */
    unlink(path_of("d/Boot"));
    remove_directory("d");
}

/* A further change could have the same time. */
static void one_that_has_just_changed_is_read_again(void **state)
{
    const kedge_nanos now = KEDGE_SEC;

    (void)state;
    make_directory("d");
    assert_int_equal(find_at("d", "x", now), 0);
    assert_int_equal(find_at("d", "x", now + CASE_CACHE_SETTLED - 1), 0);
    assert_int_equal(cache.reads, 2);
    assert_int_equal(find_at("d", "x", now + CASE_CACHE_SETTLED), 0);
    assert_int_equal(find_at("d", "x", now + CASE_CACHE_SETTLED), 0);
    assert_int_equal(cache.reads, 3);
    wait_for_a_step("d");
    assert_int_equal(find_at("d", "x", now + 2 * CASE_CACHE_SETTLED), 0);
    assert_int_equal(find_at("d", "x", now + 2 * CASE_CACHE_SETTLED), 0);
    assert_int_equal(cache.reads, 5);
    remove_directory("d");
}

static void a_change_is_seen_at_once(void **state)
{
    (void)state;
    make_directory("d");
    assert_int_equal(find("d", "BOOT"), 0);
    wait_for_a_step("d");
    put_file("d/Boot");
    assert_int_equal(find("d", "BOOT"), 1);
    wait_for_a_step("d");
    put_file("d/bOOT");
    assert_int_equal(find("d", "BOOT"), 2);
    assert_string_not_equal(found.first, found.second);
    wait_for_a_step("d");
    assert_int_equal(unlink(path_of("d/Boot")), 0);
    assert_int_equal(find("d", "BOOT"), 1);
    assert_string_equal(found.first, "bOOT");
    wait_for_a_step("d");
    rename_to("d/bOOT", "d/Root");
    assert_int_equal(find("d", "BOOT"), 0);
    assert_int_equal(find("d", "ROOT"), 1);
    unlink(path_of("d/Root"));
    remove_directory("d");
}

static void one_that_is_replaced_is_another(void **state)
{
    (void)state;
    make_directory("d");
    make_directory("e");
    put_file("d/Old");
    put_file("e/New");
    assert_int_equal(find("d", "OLD"), 1);
    rename_to("d", "f");
    rename_to("e", "d");
    assert_int_equal(find("d", "OLD"), 0);
    assert_int_equal(find("d", "NEW"), 1);
    unlink(path_of("d/New"));
    unlink(path_of("f/Old"));
    remove_directory("d");
    remove_directory("f");
}

static void letters_fold_as_unicode_says(void **state)
{
    static const struct {
        const char *there, *asked;
        unsigned count;
    } names[] = {
        { "\xc3\x9c"
          "ber",
          "\xc3\xbc"
          "BER",
          1 },
        { "\xce\xa3\xce\xb1\xcf\x82", "\xcf\x83\xce\x91\xce\xa3", 1 }, /* both sigmas */
        { "Ma\xc5\xbf"
          "e",
          "MASE", 1 },                     /* the long s */
        { "\xe2\x84\xaa", "k", 1 },        /* the sign of Kelvin */
        { "\xc8\xba", "\xe2\xb1\xa5", 1 }, /* two bytes to three */
        { "\xc4\xb1", "i", 0 },            /* of Turkish: not folded */
        { "\xc4\xb0", "i", 0 },
        { "\xff\xfeX", "\xff\xfex", 1 }, /* no UTF-8 */
        { "stra\xc3\x9f"
          "e",
          "STRASSE", 0 }, /* simple folding keeps the length */
    };

    (void)state;
    make_directory("d");
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        char path[64];

        snprintf(path, sizeof path, "d/%s", names[i].there);
        put_file(path);
        wait_for_a_step("d");
        if (find("d", names[i].asked) != names[i].count)
            fail_msg("name %zu", i);
        unlink(path_of(path));
    }
    remove_directory("d");
}

static void the_one_searched_longest_ago_is_forgotten(void **state)
{
    char name[32];

    (void)state;
    for (int i = 0; i <= CASE_CACHE_DIRECTORIES; i++) {
        snprintf(name, sizeof name, "d%d", i);
        make_directory(name);
        assert_int_equal(find(name, "x"), 0);
        assert_int_equal(find("d0", "x"), 0);
    }
    assert_int_equal(cache.directories, CASE_CACHE_DIRECTORIES);
    assert_int_equal(cache.reads, 2 * (CASE_CACHE_DIRECTORIES + 1));
    assert_int_equal(find("d1", "x"), 0);
    assert_int_equal(cache.reads, 2 * (CASE_CACHE_DIRECTORIES + 2));
    for (int i = 0; i <= CASE_CACHE_DIRECTORIES; i++) {
        snprintf(name, sizeof name, "d%d", i);
        remove_directory(name);
    }
}

static void a_name_that_is_too_long_for_a_path_is_passed_over(void **state)
{
    (void)state;
    put_file("Name");
    plants_long_name = true;
    assert_int_equal(find(".", "nAME"), 1);
    assert_false(plants_long_name);
    assert_int_equal(unlink(path_of("Name")), 0);
}

static void so_many_names_are_remembered(void **state)
{
    (void)state;
    make_directory("d");
    make_directory("e");
    assert_int_equal(find("d", "x"), 0);
    assert_int_equal(cache.names, 2); /* . and .. */
    cache.names = CASE_CACHE_NAMES - 2;
    assert_int_equal(find("e", "x"), 0);
    assert_int_equal(cache.directories, 2);
    wait_for_a_step("e");
    put_file("e/more");
    assert_int_equal(find("e", "x"), 0);
    assert_int_equal(cache.directories, 1);
    assert_int_equal(cache.names, CASE_CACHE_NAMES - 1);
    unlink(path_of("e/more"));
    remove_directory("d");
    remove_directory("e");
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, begin, end)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_directory_that_cannot_be_read_is_looked_at_again),
        TEST(a_directory_that_cannot_be_read_is_left_alone_for_a_while),
        TEST(a_directory_is_read_once),
        TEST(one_that_has_just_changed_is_read_again),
        TEST(a_change_is_seen_at_once),
        TEST(one_that_is_replaced_is_another),
        TEST(letters_fold_as_unicode_says),
        TEST(the_one_searched_longest_ago_is_forgotten),
        TEST(a_name_that_is_too_long_for_a_path_is_passed_over),
        TEST(so_many_names_are_remembered),
    };

    return cmocka_run_group_tests(tests, make_folder, remove_folder);
}
