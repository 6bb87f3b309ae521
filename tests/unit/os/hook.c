/* SPDX-License-Identifier: MIT */
/* Tests of os/hook.h: what a run gets, how many there are, and when each ends. */
#include "os/hook.h"

#include "os/clock.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#define WORDS(text) ((struct kedge_span){ (const uint8_t *)(text), sizeof(text) })
#define GET WORDS("get\0ok\0peer\0file\0KEDGE_BYTES=7")

/* A directory with a program in it; what that writes into `out` is read there. */
struct place {
    char dir[32];
    struct hook hook;
};

static void path_in(const struct place *p, const char *name, char out[64])
{
    (void)snprintf(out, 64, "%s/%s", p->dir, name);
}

static void open_with(struct place *p, const char *script, kedge_nanos patience)
{
    struct hook_config config = { .who = "test", .prefix = "KEDGE_" };
    char program[64];
    FILE *f;

    strcpy(p->dir, "/tmp/kedge-hook-XXXXXX");
    assert_non_null(mkdtemp(p->dir));
    path_in(p, "program", program);
    f = fopen(program, "w");
    assert_non_null(f);
    fprintf(f, "#!/bin/sh\ncd %s\n%s\n", p->dir, script);
    assert_int_equal(fclose(f), 0);
    assert_int_equal(chmod(program, 0755), 0);
    config.program = program;
    config.patience = patience;
    assert_int_equal(hook_open(&p->hook, &config), 0);
}

/* The helper ends by itself. */
static void close_place(struct place *p)
{
    DIR *list = opendir(p->dir);
    const struct dirent *entry;

    hook_close(&p->hook);
    assert_int_equal(waitpid(p->hook.pid, NULL, 0), p->hook.pid);
    assert_non_null(list);
    while ((entry = readdir(list)))
        (void)unlinkat(dirfd(list), entry->d_name, 0); /* but for . and .. */
    closedir(list);
    assert_int_equal(rmdir(p->dir), 0);
}

/* The file's text, once it is there and has an end of line; within ten seconds. */
static void await_text(const struct place *p, const char *name, char out[512])
{
    kedge_nanos end = clock_now() + 10 * KEDGE_SEC;
    char path[64];

    path_in(p, name, path);
    do {
        int fd = open(path, O_RDONLY | O_CLOEXEC);
        ssize_t n = fd < 0 ? 0 : read(fd, out, 511);

        if (fd >= 0)
            close(fd);
        out[n > 0 ? n : 0] = '\0';
        usleep(5000);
    } while (!strchr(out, '\n') && clock_now() < end);
}

static int number(const char *text)
{
    return (int)strtol(text, NULL, 10);
}

static void a_message_becomes_arguments_and_environment(void **state)
{
    struct place p;
    char text[512];

    (void)state;
    open_with(&p, "echo $#,$1,$2,$3,\"$4\",$KEDGE_BYTES,$HOME >new; mv new out",
              HOOK_PATIENCE);
    assert_int_equal(setenv("HOME", "/other", 1), 0); /* of the helper's own past */
    assert_int_equal(hook_tell(&p.hook, WORDS("get\0ok\0peer\0$(id) *\0KEDGE_BYTES=7")),
                     0);
    await_text(&p, "out", text);
    assert_memory_equal(text, "4,get,ok,peer,$(id) *,7,", 24);
    assert_null(strstr(text, "/other"));
    close_place(&p);
}

static void a_run_has_no_descriptor_and_a_group_of_its_own(void **state)
{
    struct place p;
    char text[512], want[64];
    int leak = open("/dev/null", O_RDONLY); /* not even one without O_CLOEXEC */

    (void)state;
    open_with(&p,
              "for fd in 3 4 5 6 7 8 9; do [ ! -e /dev/fd/$fd ] || had=$had$fd; done\n"
              "exec 3<&-; read line && had=${had}in\n"
              "echo \"$had.$(cut -d' ' -f5 /proc/$$/stat).$$\" >new; mv new out",
              HOOK_PATIENCE);
    assert_int_equal(hook_tell(&p.hook, GET), 0);
    await_text(&p, "out", text);
    assert_int_equal(text[0], '.');
    (void)snprintf(want, sizeof want, ".%d.%d\n", number(text + 1), number(text + 1));
    assert_string_equal(text, want);
    close(leak);
    close_place(&p);
}

static void so_many_run_at_once_and_no_more(void **state)
{
    struct place p;
    char text[512];
    int most = 0;

    (void)state;
    open_with(&p,
              "echo x >run.$$; ls run.* | wc -l >>most; sleep 0.3; rm run.$$; echo >>all",
              HOOK_PATIENCE);
    for (int i = 0; i < 20; i++)
        assert_int_equal(hook_tell(&p.hook, GET), 0);
    for (kedge_nanos end = clock_now() + 20 * KEDGE_SEC; clock_now() < end;
         usleep(5000)) {
        await_text(&p, "all", text);
        if (strlen(text) == 20)
            break;
    }
    assert_int_equal(strlen(text), 20);
    await_text(&p, "most", text);
    for (const char *at = text; *at; at = strchr(at, '\n') + 1) {
        assert_in_range(number(at), 1, HOOKS_AT_ONCE);
        most = number(at) > most ? number(at) : most;
    }
    assert_in_range(most, 2, HOOKS_AT_ONCE); /* side by side */
    close_place(&p);
}

/* Where nobody reaps it, it stays as a zombie. */
static bool is_dead(int pid)
{
    char path[64], text[512] = "";
    int fd;

    (void)snprintf(path, sizeof path, "/proc/%d/stat", pid);
    fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return true;
    (void)!read(fd, text, sizeof text - 1);
    close(fd);
    return strstr(text, ") Z ") != NULL;
}

static void a_run_that_hangs_is_killed_with_what_it_started(void **state)
{
    struct place p;
    char text[512];

    (void)state;
    open_with(&p, "sleep 1000 & echo $! >pid; wait", 3 * KEDGE_SEC);
    assert_int_equal(hook_tell(&p.hook, GET), 0);
    await_text(&p, "pid", text);
    assert_true(number(text) > 1);
    for (kedge_nanos end = clock_now() + 20 * KEDGE_SEC; clock_now() < end; usleep(5000))
        if (is_dead(number(text)))
            break;
    assert_true(is_dead(number(text)));
    close_place(&p);
}

/* Nor may whoever has taken the caller over have a library loaded. */
static void a_message_has_no_variable_but_ours(void **state)
{
    const struct kedge_span wrong[] = {
        WORDS("get\0ok\0peer\0file\0LD_PRELOAD=/tmp/x.so"),
        WORDS("get\0ok\0peer\0file\0KEDGE_A=1\0PATH=/tmp"),
        WORDS("get\0ok\0peer\0file\0KEDGE_a=1"),
        WORDS("get\0ok\0peer\0file\0KEDGE_=1"),
        WORDS("get\0ok\0peer\0file\0KEDGE_A"),
        WORDS("get\0ok\0peer"),
    };
    struct place p;
    char text[512];

    (void)state;
    assert_int_equal(setenv("KEDGE_OTHER", "inherited", 1), 0);
    open_with(&p, "echo \"$4$KEDGE_OTHER\" >>out", HOOK_PATIENCE);
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++)
        assert_int_equal(hook_tell(&p.hook, wrong[i]), 0);
    assert_int_equal(hook_tell(&p.hook, WORDS("get\0ok\0peer\0right\0KEDGE_A=1")), 0);
    await_text(&p, "out", text);
    assert_string_equal(text, "right\n");
    assert_int_equal(unsetenv("KEDGE_OTHER"), 0);
    close_place(&p);
}

static void who_floods_is_told(void **state)
{
    struct place p;
    int told = 0;

    (void)state;
    open_with(&p, "sleep 1000", 200 * KEDGE_MSEC);
    for (int i = 0; i < 100000 && told == 0; i++)
        told = hook_tell(&p.hook, GET);
    assert_int_equal(told, -EAGAIN);
    assert_int_equal(hook_tell(&p.hook, (struct kedge_span){ (const uint8_t *)"",
                                                             HOOK_MESSAGE_MAX + 1 }),
                     -EMSGSIZE);
    close_place(&p); /* and the messages that wait are no reason to stay */
}

/* So who may be left out leaves as many places to others. */
static void half_of_the_queue_is_known(void **state)
{
    struct place p;
    int low = 0, high = 0;

    (void)state;
    open_with(&p, "sleep 1000", 200 * KEDGE_MSEC);
    assert_int_equal(kill(p.hook.pid, SIGSTOP), 0);
    assert_false(hook_is_half_full(&p.hook));
    while (low < 100000 && !hook_is_half_full(&p.hook) && hook_tell(&p.hook, GET) == 0)
        low++;
    assert_true(hook_is_half_full(&p.hook));
    while (high < 100000 && hook_tell(&p.hook, GET) == 0)
        high++;
    assert_in_range(high, low * 3 / 4, low * 5 / 4);
    assert_int_equal(kill(p.hook.pid, SIGCONT), 0);
    close_place(&p);
}

static void a_helper_that_was_killed_is_known(void **state)
{
    struct place p;

    (void)state;
    open_with(&p, "true", HOOK_PATIENCE);
    assert_int_equal(kill(p.hook.pid, SIGKILL), 0);
    for (kedge_nanos end = clock_now() + 10 * KEDGE_SEC; clock_now() < end; usleep(5000))
        if (hook_tell(&p.hook, GET) == -EPIPE)
            break;
    assert_int_equal(hook_tell(&p.hook, GET), -EPIPE);
    close_place(&p);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_message_becomes_arguments_and_environment),
        cmocka_unit_test(a_run_has_no_descriptor_and_a_group_of_its_own),
        cmocka_unit_test(so_many_run_at_once_and_no_more),
        cmocka_unit_test(a_run_that_hangs_is_killed_with_what_it_started),
        cmocka_unit_test(a_message_has_no_variable_but_ours),
        cmocka_unit_test(who_floods_is_told),
        cmocka_unit_test(half_of_the_queue_is_known),
        cmocka_unit_test(a_helper_that_was_killed_is_known),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
