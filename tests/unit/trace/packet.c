/* SPDX-License-Identifier: MIT */
/* Tests of trace/packet.h: which datagrams are TFTP, and their words, for every length. */
#include "trace/packet.h"

#include <setjmp.h>
#include <stdarg.h>
#include <cmocka.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>

#define SPAN(text) ((struct kedge_span){ (const uint8_t *)(text), sizeof(text) - 1 })

struct bench {
    struct trace_memory *memory;
    struct trace_socket socket;
    struct kedge_address other;
    char words[TRACE_WORDS];
};

static struct kedge_address port(uint16_t number)
{
    struct sockaddr_in in = { .sin_family = AF_INET, .sin_port = htons(number) };
    struct kedge_address a = { .len = sizeof in };

    memcpy(&a.storage, &in, sizeof in);
    return a;
}

static int open_bench(void **state)
{
    struct bench *b = calloc(1, sizeof *b);

    assert_non_null(b);
    b->memory = calloc(1, sizeof *b->memory);
    assert_non_null(b->memory);
    b->other = port(1111);
    *state = b;
    return 0;
}

static int close_bench(void **state)
{
    struct bench *b = *state;

    free(b->memory);
    free(b);
    return 0;
}

/* The words of a datagram that lies just so in the heap; NULL if it is none of TFTP. */
static const char *words(struct bench *b, struct kedge_span datagram)
{
    struct writer w = { .ptr = (uint8_t *)b->words, .room = sizeof b->words - 1 };
    uint8_t *copy = malloc(datagram.len + 1);
    struct packet_seen p = { { copy + 1, datagram.len }, datagram.len, b->other };
    bool tftp;

    assert_non_null(copy);
    memcpy(copy + 1, datagram.ptr, datagram.len);
    tftp = packet_words(b->memory, &b->socket, &p, &w);
    free(copy);
    b->words[w.len] = 0;
    assert_true(tftp == (w.len > 0));
    return tftp ? b->words : NULL;
}

#define RRQ SPAN("\0\1boot/a\0octet\0")
#define DATA                                                                             \
    SPAN("\0\3\xff\xff"                                                                  \
         "abc")

static void only_after_a_request(void **state)
{
    struct bench *b = *state;

    assert_null(words(b, DATA));
    assert_string_equal(words(b, RRQ), "RRQ \"boot/a\" octet");
    assert_string_equal(words(b, DATA), "DATA 65535, 3 bytes");
}

/* A server answers from another socket: the client's address says whose it is. */
static void from_another_port(void **state)
{
    struct bench *b = *state;

    assert_non_null(words(b, RRQ));
    b->socket.tftp = false;
    b->other = port(2222);
    assert_null(words(b, DATA));
    b->other = port(1111);
    assert_non_null(words(b, DATA));
    b->other.len = 0; /* and from now on that socket is known */
    assert_non_null(words(b, DATA));
}

static void each_kind(void **state)
{
    struct bench *b = *state;

    assert_string_equal(words(b, SPAN("\0\2x\0NetASCII\0blksize\0001428\0\x1b[2J\0\n\0")),
                        "WRQ \"x\" NetASCII, blksize 1428, \\x1b[2J \\x0a");
    assert_string_equal(words(b, SPAN("\0\3\0\1x")), "DATA 1, 1 byte");
    assert_string_equal(words(b, SPAN("\0\3\0\2")), "DATA 2, 0 bytes");
    assert_string_equal(words(b, SPAN("\0\4\0\1")), "ACK 1");
    assert_string_equal(words(b, SPAN("\0\5\0\1no\"w\r\0")), "ERROR 1, \"no\\\"w\\x0d\"");
    assert_string_equal(words(b, SPAN("\0\5\0\2")), "ERROR 2, \"\"");
    assert_string_equal(words(b, SPAN("\0\6tsize\0009\0blksize\0008\0")),
                        "OACK tsize 9, blksize 8");
    assert_string_equal(words(b, SPAN("\0\6")), "OACK");
    assert_null(words(b, SPAN("\0\7\0\1")));
    assert_null(words(b, SPAN("\0\1x\0binary\0")));
    assert_null(words(b, SPAN("\0\1\0octet\0")));
}

/* Every prefix, from a block of just its size; a sanitizer sees one byte too far. */
static void every_length(void **state)
{
    static const char *const starts[] = { "\0\1", "\0\3", "\0\5", "\0\6" };
    struct bench *b = *state;
    uint8_t packet[PACKET_HEAD];

    b->socket.tftp = true;
    memset(packet, 0xfe, sizeof packet);
    memcpy(packet + 2, "a\0octet\0b", 9);
    for (unsigned i = 0; i < 4; i++) {
        memcpy(packet, starts[i], 2);
        for (size_t len = 0; len <= sizeof packet; len++)
            (void)words(b, (struct kedge_span){ packet, len });
    }
    for (size_t at = 11; at < sizeof packet; at += 3)
        packet[at] = 0; /* a hundred options, of which some have room */
    packet[1] = 6;
    assert_non_null(words(b, (struct kedge_span){ packet, sizeof packet }));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(only_after_a_request, open_bench, close_bench),
        cmocka_unit_test_setup_teardown(from_another_port, open_bench, close_bench),
        cmocka_unit_test_setup_teardown(each_kind, open_bench, close_bench),
        cmocka_unit_test_setup_teardown(every_length, open_bench, close_bench),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
