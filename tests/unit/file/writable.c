/* SPDX-License-Identifier: MIT */
/* Tests of file/writable.h, as nobody where this is root: what has mode 0555 may be written by
 * neither. */
#include "file/writable.h"

#include "../skip.h"

#include <fcntl.h>
#include <sched.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#define CLOSED 0555
#define OPEN 0777
#define PARTS 5

struct tree {
    const char *title;
    struct part {
        const char
            *name; /* "*": a link to the tree beside it; "@": a mounted file system */
        mode_t mode;
    } parts[PARTS];
    const char *found; /* NULL: nothing */
};

enum { FOUND = 0, DIFFERS = 1, NO_TREE = 2, NO_MOUNT = 3 };

static bool make_part(const struct part *p)
{
    if (p->name[0] == '*')
        return symlink("/tmp", p->name) == 0;
    if (mkdir(p->name, 0755) < 0)
        return false;
    return p->name[0] != '@' || mount("none", p->name, "tmpfs", 0, "mode=555") == 0;
}

static bool has_mount(const struct tree *t)
{
    return t->parts[0].name && t->parts[0].name[0] == '@';
}

/* In a child: modes are set last, from the innermost. */
static int look(const struct tree *t)
{
    char found[64] = "";
    int count = 0;

    if (has_mount(t) && (unshare(CLONE_NEWNS) < 0 ||
                         mount("none", "/", NULL, MS_REC | MS_PRIVATE, NULL) < 0))
        return NO_MOUNT;
    for (; count < PARTS && t->parts[count].name; count++)
        if (!make_part(&t->parts[count]))
            return NO_TREE;
    while (count-- > 0)
        if (t->parts[count].name[0] != '*' && t->parts[count].name[0] != '@' &&
            chmod(t->parts[count].name, t->parts[count].mode) < 0)
            return NO_TREE;
    if (chmod(".", CLOSED) < 0 || (geteuid() == 0 && setresuid(65534, 65534, 65534) < 0))
        return NO_TREE;
    if (!writable_below(AT_FDCWD, found, sizeof found))
        return t->found ? DIFFERS : FOUND;
    return t->found && strcmp(found, t->found) == 0 ? FOUND : DIFFERS;
}

static int look_in_child(const struct tree *t, const char *dir)
{
    int status = 0;
    pid_t child = fork();

    if (child == 0)
        _exit(chdir(dir) == 0 ? look(t) : NO_TREE);
    if (child < 0 || waitpid(child, &status, 0) != child || !WIFEXITED(status))
        return -1;
    return WEXITSTATUS(status);
}

static int look_in_new_directory(const struct tree *t)
{
    char dir[] = "/tmp/kedge-writable-XXXXXX", command[128];
    int result;

    assert_non_null(mkdtemp(dir));
    result = look_in_child(t, dir);
    (void)snprintf(command, sizeof command, "chmod -R u+rwx %s && rm -r %s", dir, dir);
    assert_int_equal(system(command), 0);
    return result;
}

static void the_first_that_may_be_written_is_found(void **state)
{
    static const struct tree trees[] = {
        { "nothing", { { NULL, 0 } }, NULL },
        { "closed", { { "a", CLOSED }, { "a/b", CLOSED } }, NULL },
        { "at once", { { "a", OPEN } }, "a" },
        { "deeper", { { "a", CLOSED }, { "a/b", OPEN } }, "a/b" },
        { "four levels",
          { { "a", CLOSED },
            { "a/b", CLOSED },
            { "a/b/c", CLOSED },
            { "a/b/c/d", OPEN } },
          "a/b/c/d" },
        { "five levels",
          { { "a", CLOSED },
            { "a/b", CLOSED },
            { "a/b/c", CLOSED },
            { "a/b/c/d", CLOSED },
            { "a/b/c/d/e", OPEN } },
          NULL },
        { "not to be read", { { "a", 0333 } }, "a" },
        { "a link", { { "*", 0 } }, NULL },
        { "not to be entered", { { "a", 0666 } }, NULL },
    };

    (void)state;
    for (size_t i = 0; i < sizeof trees / sizeof *trees; i++)
        if (look_in_new_directory(&trees[i]) != FOUND)
            fail_msg("%s", trees[i].title);
}

static void another_file_system_is_not_asked(void **state)
{
    static const struct tree mounted = { "mounted", { { "@", CLOSED } }, "@" };
    int result = look_in_new_directory(&mounted);

    (void)state;
    if (result == NO_MOUNT)
        skip_because("no mount namespace to be had");
    assert_int_equal(result, FOUND);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_first_that_may_be_written_is_found),
        cmocka_unit_test(another_file_system_is_not_asked),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
