/* SPDX-License-Identifier: MIT */
/* Tests of transfer/not_understood.h. */
#include "transfer/not_understood.h"

#include <setjmp.h>
#include <stdarg.h>
#include <cmocka.h>
#include <string.h>

#define COUNT(a) (sizeof(a) / sizeof *(a))

static const struct awaited first_data = { false, 1, 1 };
static const struct awaited first_ack = { false, 0, 1 };

static const char *told(const struct not_understood *n)
{
    static struct kedge_error line;

    line = (struct kedge_error){ .text = "" };
    not_understood_explain(n, &line);
    return line.text;
}

static void each_packet_has_its_words(void **state)
{
    static const struct {
        struct awaited awaited;
        struct kedge_tftp_packet in;
        const char *want;
    } rows[] = {
        { { false, 1, 1 },
          { .op = KEDGE_TFTP_DATA, .number = 256 },
          "; 1 packet not understood, the last: DATA 256, a number in the wrong byte "
          "order" },
        { { false, 1, 1 },
          { .op = KEDGE_TFTP_DATA, .number = 7 },
          "; 1 packet not understood, the last: DATA 7, which is no first answer" },
        { { false, 1, 1 },
          { .op = KEDGE_TFTP_ACK, .number = 1 },
          "; 1 packet not understood, the last: ACK 1, which is no first answer" },
        { { false, 0, 1 },
          { .op = KEDGE_TFTP_OACK },
          "; 1 packet not understood, the last: OACK, which is no first answer" },
        { { true, 2, 1 },
          { .op = KEDGE_TFTP_DATA, .number = 512 },
          "; 1 packet not understood, the last: DATA 512, a number in the wrong byte "
          "order" },
        { { true, 1, 32 },
          { .op = KEDGE_TFTP_ACK, .number = 32 * 256 },
          "; 1 packet not understood, the last: ACK 8192, a number in the wrong byte "
          "order" },
        { { true, 65535 + 2, 1 }, /* wire: 1 */
          { .op = KEDGE_TFTP_DATA, .number = 256 },
          "; 1 packet not understood, the last: DATA 256, a number in the wrong byte "
          "order" },
        /* Those that came twice, or ahead of a lost one, are nothing new. */
        { { true, 2, 1 }, { .op = KEDGE_TFTP_DATA, .number = 1 }, "" },
        { { true, 2, 32 }, { .op = KEDGE_TFTP_DATA, .number = 20 }, "" },
        { { true, 0x0101, 1 }, { .op = KEDGE_TFTP_DATA, .number = 0x0101 }, "" },
        { { true, 1, 4096 }, { .op = KEDGE_TFTP_DATA, .number = 8192 }, "" },
        { { true, 3, 1 }, { .op = KEDGE_TFTP_ERROR, .number = 768 }, "" },
    };

    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct not_understood n = { 0 };

        not_understood_packet(&n, &rows[i].in, &rows[i].awaited);
        assert_string_equal(told(&n), rows[i].want);
    }
}

static void each_datagram_has_its_words(void **state)
{
    static const struct {
        const char bytes[8];
        size_t len;
        const char *want;
    } rows[] = {
        { "\3\0\0\1", 4, "its opcode is in the wrong byte order" },
        { "\6\0", 2, "its opcode is in the wrong byte order" },
        { "\7\0", 2, "no packet of TFTP" },
        { "\0\3\0", 3, "no packet of TFTP" },
        { "hello", 5, "no packet of TFTP" },
        { "\3", 1, "no packet of TFTP" },
        { "", 0, "no packet of TFTP" },
    };

    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct kedge_span datagram = { (const uint8_t *)rows[i].bytes, rows[i].len };
        struct not_understood n = { 0 };

        not_understood_datagram(&n, datagram);
        assert_non_null(strstr(told(&n), rows[i].want));
    }
}

static void all_are_counted_and_the_last_is_told(void **state)
{
    const struct kedge_tftp_packet data = { .op = KEDGE_TFTP_DATA, .number = 2 };
    const struct kedge_tftp_packet ack = { .op = KEDGE_TFTP_ACK, .number = 9 };
    struct not_understood n = { 0 };

    (void)state;
    assert_string_equal(told(&n), "");
    not_understood_packet(&n, &data, &first_data);
    not_understood_packet(&n, &ack, &first_ack);
    not_understood_port(&n, &data, 40123);
    assert_string_equal(told(&n),
                        "; 3 packets not understood, the last: DATA 2 from port "
                        "40123, which is another");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_packet_has_its_words),
        cmocka_unit_test(each_datagram_has_its_words),
        cmocka_unit_test(all_are_counted_and_the_last_is_told),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
