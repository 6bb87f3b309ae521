/* SPDX-License-Identifier: MIT */
/* Tests of cmd/in_tftpd_args.h. */
#include "cmd/in_tftpd_args.h"

#include "kedge/tftp.h"
#include "serve/tftp/service.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#define COUNT(array) (sizeof(array) / sizeof *(array))
#define WORDS_MAX 24
#define EVERY (0x7f | TFTP_HAS_COOKIE)

/* Words with a blank between them, behind the program's name. They live in *line. */
struct line {
    char text[512];
    char *argv[WORDS_MAX + 1];
    int argc;
    struct in_tftpd_args a;
};

static bool parse(struct line *l, const char *words)
{
    l->argc = 0;
    (void)snprintf(l->text, sizeof l->text, "in.tftpd %s", words);
    for (char *word = strtok(l->text, " "); word; word = strtok(NULL, " "))
        l->argv[l->argc++] = word;
    l->argv[l->argc] = NULL;
    return in_tftpd_args_parse(l->argc, l->argv, &l->a);
}

static void nothing_given_is_what_the_manual_says(void **state)
{
    struct line l;

    (void)state;
    assert_true(parse(&l, "/srv"));
    assert_int_equal(l.a.blksize, 65464);
    assert_int_equal(l.a.window, 256);
    assert_int_equal(l.a.window_bytes, 4194304);
    assert_int_equal(l.a.map_steps, 4096);
    assert_true(l.a.max_upload == UINT64_MAX);
    assert_int_equal(l.a.log, IN_TFTPD_SYSLOG);
    assert_int_equal(l.a.form, PATH_AS_IS);
    assert_int_equal(l.a.refused, 0);
    assert_false(l.a.listens || l.a.creates || l.a.chroots || l.a.jails ||
                 l.a.permissive);
    assert_int_equal(l.a.dir_count, 1);
    assert_string_equal(l.a.dirs[0], "/srv");
}

/* As Debian's and Fedora's units and people's containers have it. */
static void letters_stand_together_and_words_may_be_cut(void **state)
{
    struct line l;

    (void)state;
    assert_true(parse(&l, "-4lcspvvvv -a :69 -Uu22 -u tftp /srv") == false);
    assert_true(parse(&l, "-4lcspvvv -a :69 -U22 -utftp /srv /boot"));
    assert_true(l.a.v4 && l.a.listens && !l.a.stays && l.a.creates && l.a.chroots);
    assert_true(l.a.permissive && l.a.has_umask && l.a.umask == 022);
    assert_string_equal(l.a.user, "tftp");
    assert_string_equal(l.a.addresses.items[0], ":69");
    assert_int_equal(l.a.dir_count, 2);
    assert_true(parse(&l, "/srv --fore --addr 192.0.2.1 --sec -6 --norm /b"));
    assert_true(l.a.listens && l.a.stays && l.a.chroots && l.a.v6 && !l.a.v4);
    assert_int_equal(l.a.form, PATH_FLAT);
    assert_int_equal(l.a.dir_count, 2);
    assert_string_equal(l.a.dirs[0], "/srv");
    assert_true(parse(&l, "-6 -4 -- -x"));
    assert_true(l.a.v4 && !l.a.v6);
    assert_string_equal(l.a.dirs[0], "-x");
}

static void every_option_has_its_effect(void **state)
{
    struct line l;

    (void)state;
    assert_true(parse(&l,
                      "-t 5 -T 20000 -m /m --map-steps 7 -B 1k -W 9 --window-bytes 2m "
                      "-R 4000:4010 --max-upload 3k --ro"));
    assert_true(l.a.has_idle && l.a.idle_s == 5 && l.a.has_retransmit);
    assert_int_equal(l.a.retransmit_us, 20000);
    assert_string_equal(l.a.map, "/m");
    assert_int_equal(l.a.map_steps, 7);
    assert_int_equal(l.a.blksize, 1024);
    assert_int_equal(l.a.window, 9);
    assert_int_equal(l.a.window_bytes, 2097152);
    assert_int_equal(l.a.ports.low, 4000);
    assert_int_equal(l.a.ports.high, 4010);
    assert_int_equal(l.a.max_upload, 3072);
    assert_true(l.a.read_only);
    assert_true(parse(&l, "-B mtu-60 -j --validate --path-prefix /p -P /run/p -S 6969 "
                          "--logfile /l --systemd -W 0 -V -B 1"));
    assert_int_equal(l.a.blksize, 0);
    assert_int_equal(l.a.slack, 60);
    assert_true(l.a.jails && l.a.validates && l.a.systemd && l.a.version);
    assert_string_equal(l.a.prefix, "/p");
    assert_string_equal(l.a.pidfile, "/run/p");
    assert_string_equal(l.a.service, "6969");
    assert_int_equal(l.a.log, IN_TFTPD_FILE);
    assert_string_equal(l.a.logfile, "/l");
    assert_int_equal(l.a.window, 1);
    assert_true(parse(&l, "--stdout=human -W 32768 --normalize=root"));
    assert_int_equal(l.a.log, IN_TFTPD_STDOUT);
    assert_int_equal(l.a.window, 32768);
    assert_int_equal(l.a.form, PATH_ROOTED);
    assert_true(parse(&l, "--stderr --syslog"));
    assert_int_equal(l.a.log, IN_TFTPD_SYSLOG);
    assert_true(parse(&l, "--map-test names -c"));
    assert_string_equal(l.a.map_test, "names");
    assert_int_equal(l.a.log, IN_TFTPD_STDERR);
}

static void options_of_clients_can_be_refused(void **state)
{
    struct line l;

    (void)state;
    assert_true(parse(&l, "-r BLKSIZE --reject tsize --refuse cookie"));
    assert_int_equal(l.a.refused,
                     KEDGE_TFTP_HAS_BLKSIZE | KEDGE_TFTP_HAS_TSIZE | TFTP_HAS_COOKIE);
    assert_true(parse(&l, "--refuse-all"));
    assert_int_equal(l.a.refused, EVERY);
}

static const char *const bad[] = {
    "-B 511",
    "-B 65465",
    "-B mtu-x",
    "-B mtux",
    "-B 1mtu",
    "-W x",
    "-W -1",
    "-W 32769",
    "-W 5000000000",
    "-U 10000",
    "-R 5",
    "-R 6:5",
    "-R 0:5",
    "-R 5:65535",
    "-R 5-6",
    "-R :",
    "-U 9",
    "-r foo",
    "-T 9999",
    "-T 255000001",
    "--max-upload x",
    "--max-upload 1kB",
    "--max-upload 99999999999999999999",
    "--max-upload 99999999e",
    "--max-upload 1.5k",
    "--max-upload 18446744073709551615",
    "--map-steps 0",
    "-m a -m b",
    "--normalize=x",
    "--logformat x",
    "--window-bytes -1",
};

/* Taken by tftp-hpa, so that a server starts; some of it with a word. */
static const char *const odd[] = {
    "-R 5:6x",
    "-U 1000",
    "-t x",
    "-t -1",
    "--map-steps 65537",
    "--logformat tag",
    "--stderr=tag",
    "--verbosity x",
    "--zzz",
    "-z",
    "-4z",
    "--ipv4=x",
    "--verb",
    "--address",
    "-a",
    "-U",
    "--window-bytes 4294967296",
    "-B mtu-70000",
    "-U 1777",
    "--normalize=",
    "--map-steps 99999",
    "--verbosity -1",
};

static void what_is_odd_is_taken(void **state)
{
    struct line l;

    (void)state;
    for (size_t i = 0; i < COUNT(odd); i++)
        if (!parse(&l, odd[i]))
            fail_msg("%s", odd[i]);
    assert_true(
        parse(&l, "-R 5:6x -U 1777 -t x --map-steps 99999 --logformat tag -B +512"));
    assert_true(l.a.ports.low == 5 && l.a.ports.high == 6 && l.a.umask == 0777);
    assert_true(l.a.has_idle && l.a.idle_s == 0 && l.a.tags);
    assert_int_equal(l.a.map_steps, 65536);
    assert_int_equal(l.a.blksize, 512);
    assert_true(
        parse(&l, "-t 99999999999 --window-bytes 5g --stderr=tag --stderr=human"));
    assert_int_equal(l.a.idle_s, UINT32_MAX);
    assert_int_equal(l.a.window_bytes, UINT32_MAX);
    assert_false(l.a.tags);
}

static void what_is_wrong_is_refused(void **state)
{
    struct line l;

    (void)state;
    for (size_t i = 0; i < COUNT(bad); i++)
        if (parse(&l, bad[i]))
            fail_msg("%s", bad[i]);
    assert_true(parse(&l, "-a a -a b -a c -a d -a e -a f"));
    assert_int_equal(l.a.addresses.count, 6);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(nothing_given_is_what_the_manual_says),
        cmocka_unit_test(letters_stand_together_and_words_may_be_cut),
        cmocka_unit_test(every_option_has_its_effect),
        cmocka_unit_test(options_of_clients_can_be_refused),
        cmocka_unit_test(what_is_odd_is_taken),
        cmocka_unit_test(what_is_wrong_is_refused),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
