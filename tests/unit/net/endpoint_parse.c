/* SPDX-License-Identifier: MIT */
/* Tests of how endpoints are read and written (src/net/endpoint_parse.c and endpoint_print.c):
 * the tables are the grammar. */
#include "kedge/endpoint.h"

#include "net/scheme.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <cmocka.h>
#include <stdlib.h>
#include <string.h>

#define COUNT(array) (sizeof(array) / sizeof *(array))

/* What parses, and how it is printed (NULL: as it was written). */
static const struct {
    const char *text;
    const char *printed;
    enum kedge_service service;
    enum kedge_transport transport;
    const char *host; /* or path */
    uint16_t port;
} good[] = {
    { "tcp://h:80", NULL, KEDGE_SOCKET, KEDGE_TCP, "h", 80 },
    { "TCP://h:80", "tcp://h:80", KEDGE_SOCKET, KEDGE_TCP, "h", 80 },
    { "tcp://h:80/", "tcp://h:80", KEDGE_SOCKET, KEDGE_TCP, "h", 80 },
    { "tcp://h:0", NULL, KEDGE_SOCKET, KEDGE_TCP, "h", 0 },
    { "udp://127.0.0.1:65535", NULL, KEDGE_SOCKET, KEDGE_UDP, "127.0.0.1", 65535 },
    { "udp://:5", "udp://*:5", KEDGE_SOCKET, KEDGE_UDP, "", 5 },
    { "udp://*:5", NULL, KEDGE_SOCKET, KEDGE_UDP, "", 5 },
    { "udp://[::1]:5", NULL, KEDGE_SOCKET, KEDGE_UDP, "::1", 5 },
    { "udp://[fe80::1%eth0]:5", NULL, KEDGE_SOCKET, KEDGE_UDP, "fe80::1%eth0", 5 },
    { "udp://[fe80::1%25eth0]:5", "udp://[fe80::1%eth0]:5", KEDGE_SOCKET, KEDGE_UDP,
      "fe80::1%eth0", 5 },
    { "udp://[fe80::1%2525x]:5", NULL, KEDGE_SOCKET, KEDGE_UDP, "fe80::1%25x", 5 },
    { "udp://[fe80::1%25]:5", NULL, KEDGE_SOCKET, KEDGE_UDP, "fe80::1%25", 5 },
    { "icmp://board-1.lab_2", NULL, KEDGE_SOCKET, KEDGE_ICMP, "board-1.lab_2", 0 },
    { "icmp://[2001:db8::1]", NULL, KEDGE_SOCKET, KEDGE_ICMP, "2001:db8::1", 0 },
    { "unix:///run/x", NULL, KEDGE_SOCKET, KEDGE_UNIX, "/run/x", 0 },
    { "unix://@x", NULL, KEDGE_SOCKET, KEDGE_UNIX, "@x", 0 },
    { "unix-dgram:///x", NULL, KEDGE_SOCKET, KEDGE_UNIX_DGRAM, "/x", 0 },
    { "unix-seqpacket:///x", NULL, KEDGE_SOCKET, KEDGE_UNIX_SEQPACKET, "/x", 0 },
    { "echo://h", "echo://h:7", KEDGE_ECHO, KEDGE_TCP_AND_UDP, "h", 7 },
    { "echo://*:7007", NULL, KEDGE_ECHO, KEDGE_TCP_AND_UDP, "", 7007 },
    { "echo+tcp://h:1", NULL, KEDGE_ECHO, KEDGE_TCP, "h", 1 },
    { "echo+udp://h:1", NULL, KEDGE_ECHO, KEDGE_UDP, "h", 1 },
    { "echo+unix:///x", NULL, KEDGE_ECHO, KEDGE_UNIX, "/x", 0 },
    { "echo+unix-dgram:///x", NULL, KEDGE_ECHO, KEDGE_UNIX_DGRAM, "/x", 0 },
    { "echo+unix-seqpacket:///x", NULL, KEDGE_ECHO, KEDGE_UNIX_SEQPACKET, "/x", 0 },
    { "reply+udp://h", "reply+udp://h:20001", KEDGE_REPLY, KEDGE_UDP, "h", 20001 },
    { "tftp://h", "tftp://h:69", KEDGE_TFTP, KEDGE_UDP, "h", 69 },
    { "tftp://h:6969", NULL, KEDGE_TFTP, KEDGE_UDP, "h", 6969 },
    { "tftp://[::1]/a", "tftp://[::1]:69/a", KEDGE_TFTP, KEDGE_UDP, "::1", 69 },
};

static void good_ones_are_read_and_written(void **state)
{
    char text[KEDGE_ENDPOINT_TEXT];
    struct kedge_endpoint e;
    struct kedge_error error;

    (void)state;
    for (size_t i = 0; i < COUNT(good); i++) {
        const char *printed = good[i].printed ? good[i].printed : good[i].text;

        if (!kedge_endpoint_parse(good[i].text, &e, &error))
            fail_msg("%s", error.text);
        assert_int_equal(e.service, good[i].service);
        assert_int_equal(e.transport, good[i].transport);
        assert_string_equal(*e.path ? e.path : e.host, good[i].host);
        assert_int_equal(e.port, good[i].port);
        assert_string_equal(kedge_endpoint_print(&e, text), printed);
        assert_true(kedge_endpoint_parse(text, &e, NULL));
    }
}

/* The name in a tftp:// endpoint on host h. */
static const struct {
    const char *text, *name;
    bool netascii;
    const char *printed;
} names[] = {
    { "tftp://h/a", "a", false, "tftp://h:69/a" },
    { "tftp://h//a", "/a", false, "tftp://h:69//a" },
    { "tftp://h/", "", false, "tftp://h:69" },
    { "tftp://h/a/b.c", "a/b.c", false, "tftp://h:69/a/b.c" },
    { "tftp://h/a%20b%2Fc%ff", "a b/c\xff", false, "tftp://h:69/a%20b/c%FF" },
    { "tftp://h/\xc3\xa9", "\xc3\xa9", false, "tftp://h:69/%C3%A9" },
    { "tftp://h/a;mode=netascii", "a", true, "tftp://h:69/a;mode=netascii" },
    { "tftp://h/a;MODE=NetASCII", "a", true, "tftp://h:69/a;mode=netascii" },
    { "tftp://h/a;mode=octet", "a", false, "tftp://h:69/a" },
    { "tftp://h/a;b", "a;b", false, "tftp://h:69/a%3Bb" },
    { "tftp://h/a;mod", "a;mod", false, "tftp://h:69/a%3Bmod" },
    { "tftp://h/a%3Bmode=netascii", "a;mode=netascii", false,
      "tftp://h:69/a%3Bmode=netascii" },
    { "tftp://h/a?b#c", "a?b#c", false, "tftp://h:69/a%3Fb%23c" },
    { "tftp://h/%25", "%", false, "tftp://h:69/%25" },
    { "tftp://h/'$(id)'", "'$(id)'", false, "tftp://h:69/%27$(id)%27" },
    { "tftp://h/a:1@2[3]", "a:1@2[3]", false, "tftp://h:69/a:1@2%5B3%5D" },
};

static void names_are_bytes(void **state)
{
    char text[KEDGE_ENDPOINT_TEXT];
    struct kedge_endpoint e, again;
    struct kedge_error error;

    (void)state;
    for (size_t i = 0; i < COUNT(names); i++) {
        if (!kedge_endpoint_parse(names[i].text, &e, &error))
            fail_msg("%s", error.text);
        assert_int_equal(e.name_len, strlen(names[i].name));
        assert_memory_equal(e.name, names[i].name, e.name_len);
        assert_int_equal(e.netascii, names[i].netascii);
        assert_string_equal(kedge_endpoint_print(&e, text), names[i].printed);
        assert_true(kedge_endpoint_parse(text, &again, NULL));
        assert_int_equal(again.name_len, e.name_len);
        assert_memory_equal(again.name, e.name, e.name_len);
    }
}

/* What does not parse, and a word that its error must say. */
static const struct {
    const char *text, *word;
} bad[] = {
    { "", "scheme" },
    { "tcp", "scheme" },
    { "tcp:/h:1", "scheme" },
    { "127.0.0.1:80", "scheme" },
    { "http://h", "no such scheme" },
    { "tcp://h", "port is missing" },
    { "tcp://h:", "not a number" },
    { "tcp://h:x", "not a number" },
    { "tcp://h:65536", "65535" },
    { "tcp://h:-1", "not a number" },
    { "tcp://h:80:81", "brackets" },
    { "tcp://::1:80", "brackets" },
    { "tcp://[::1", "not closed" },
    { "tcp://[::1]", "port is missing" },
    { "tcp://[::1]80", "only :PORT" },
    { "tcp://[]:80", "not an IPv6" },
    { "tcp://[127.0.0.1]:80", "not an IPv6" },
    { "tcp://[1:2]:80", "not an IPv6" },
    { "tcp://[fe80::1%]:80", "scope" },
    { "tcp://[fe80::1%a/b]:80", "path" },
    { "tcp://[fe80::1%a b]:80", "scope" },
    { "tcp://[fe80::1%eth0123456789abcdef]:80", "scope" },
    { "tcp://h:80/x", "path" },
    { "tcp://a b:80", "character" },
    { "tcp://user@h:80", "character" },
    { "tcp://h\n:80", "character" },
    { "icmp://h:7", "no ports" },
    { "unix://run/x", "absolute" },
    { "unix:///", "missing" },
    { "unix:///a\x1b[2J", "control" },
    { "unix://@a\x7f", "control" },
    { "unix://@", "missing" },
    { "unix://", "absolute" },
    { "tipc://1", "TYPE:INSTANCE" },
    { "tipc://1:", "TYPE:INSTANCE" },
    { "tipc://4294967296:1", "TYPE:INSTANCE" },
    { "tftp://h/%", "hexadecimal" },
    { "tftp://h/%4", "hexadecimal" },
    { "tftp://h/%4x", "hexadecimal" },
    { "tftp://h/a%00b", "NUL" },
    { "tftp://h/a;mode=mail", "neither" },
    { "tftp://h/a;mode=", "neither" },
};

static void bad_ones_are_named(void **state)
{
    struct kedge_endpoint e;
    struct kedge_error error;

    (void)state;
    for (size_t i = 0; i < COUNT(bad); i++) {
        if (kedge_endpoint_parse(bad[i].text, &e, &error))
            fail_msg("parsed: %s", bad[i].text);
        if (!strstr(error.text, bad[i].word))
            fail_msg("%s: says %s", bad[i].text, error.text);
        assert_int_equal(error.cause, KEDGE_BAD_ENDPOINT);
        assert_null(strchr(error.text, '\n'));
    }
}

static void long_parts_are_bounded(void **state)
{
    static const struct {
        const char *before, *after;
        size_t most;
    } parts[] = {
        { "tcp://", ":1", KEDGE_HOST_MAX - 1 },
        { "unix:///", "", KEDGE_PATH_MAX - 2 },
        { "tftp://h/", "", KEDGE_NAME_MAX },
        { "tftp://h/%00", "", 0 },
    };
    char text[4096], printed[KEDGE_ENDPOINT_TEXT];
    struct kedge_endpoint e;
    struct kedge_error error;

    (void)state;
    for (size_t i = 0; i < COUNT(parts); i++) {
        for (size_t n = parts[i].most; n <= parts[i].most + 1; n++) {
            size_t len = strlen(parts[i].before);
            bool fits = n <= parts[i].most && n > 0;

            memcpy(text, parts[i].before, len);
            memset(text + len, '3', n);
            strcpy(text + len + n, parts[i].after);
            assert_int_equal(kedge_endpoint_parse(text, &e, &error), fits);
            if (fits)
                assert_true(strlen(kedge_endpoint_print(&e, printed)) >= n);
        }
    }
}

/* Every byte of the longest name is printed as %XX, and fits. */
static void longest_name_prints(void **state)
{
    char printed[KEDGE_ENDPOINT_TEXT];
    struct kedge_endpoint e = { .service = KEDGE_TFTP,
                                .transport = KEDGE_UDP,
                                .port = 65535,
                                .name_len = KEDGE_NAME_MAX,
                                .netascii = true };
    struct kedge_endpoint again;

    (void)state;
    memset(e.host, 'h', KEDGE_HOST_MAX - 1);
    memset(e.name, 0xfe, KEDGE_NAME_MAX);
    kedge_endpoint_print(&e, printed);
    assert_true(kedge_endpoint_parse(printed, &again, NULL));
    assert_memory_equal(&e, &again, sizeof e);
}

/* Every prefix of every text, from a heap block of just its size: a sanitizer sees a
 * single byte too far. */
static void every_prefix_is_safe(void **state)
{
    struct kedge_endpoint e;
    struct kedge_error error;
    size_t parsed = 0;

    (void)state;
    for (size_t i = 0; i < COUNT(good) + COUNT(names) + COUNT(bad); i++) {
        const char *text = i < COUNT(good) ? good[i].text
                           : i < COUNT(good) + COUNT(names)
                               ? names[i - COUNT(good)].text
                               : bad[i - COUNT(good) - COUNT(names)].text;

        for (size_t len = 0; len <= strlen(text); len++) {
            char *cut = malloc(len + 1);

            assert_non_null(cut);
            memcpy(cut, text, len);
            cut[len] = 0;
            parsed += kedge_endpoint_parse(cut, &e, &error);
            free(cut);
        }
    }
    assert_true(parsed >= COUNT(good) + COUNT(names));
}

static void error_is_one_readable_line(void **state)
{
    char text[2000];
    struct kedge_endpoint e;
    struct kedge_error error;

    (void)state;
    memset(text, '\n', sizeof text);
    text[sizeof text - 1] = 0;
    assert_false(kedge_endpoint_parse(text, &e, &error));
    assert_non_null(strstr(error.text, "\\x0a"));
    assert_non_null(strstr(error.text, "..."));
    for (size_t i = 0; i < strlen(error.text); i++)
        assert_in_range(error.text[i], 0x20, 0x7e);
}

static void an_unknown_scheme_is_told_all_there_are(void **state)
{
    struct kedge_endpoint e;
    struct kedge_error error;

    (void)state;
    assert_false(kedge_endpoint_parse("http://h", &e, &error));
    for (size_t i = 0; scheme_at(i); i++) {
        char one[64];

        snprintf(one, sizeof one, " %s%s", scheme_at(i)->name,
                 scheme_at(i + 1) ? "," : "");
        assert_non_null(strstr(error.text, one));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_unknown_scheme_is_told_all_there_are),
        cmocka_unit_test(good_ones_are_read_and_written),
        cmocka_unit_test(names_are_bytes),
        cmocka_unit_test(bad_ones_are_named),
        cmocka_unit_test(long_parts_are_bounded),
        cmocka_unit_test(longest_name_prints),
        cmocka_unit_test(every_prefix_is_safe),
        cmocka_unit_test(error_is_one_readable_line),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
