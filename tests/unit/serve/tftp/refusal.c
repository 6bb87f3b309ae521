/* SPDX-License-Identifier: MIT */
/* Tests of serve/tftp/refusal.h: codes that firmware understands, and words that fit. */
#include "serve/tftp/refusal.h"

#include <setjmp.h>
#include <stdarg.h>
#include <cmocka.h>
#include <string.h>

#define RRQ KEDGE_TFTP_RRQ
#define WRQ KEDGE_TFTP_WRQ

/* U-Boot takes 1 and 2 as final, and begins again for ever on others. */
static void a_reader_gets_1_or_2_or_nothing(void **state)
{
    (void)state;
    for (enum store_error error = STORE_NOT_FOUND; error <= STORE_IO; error++) {
        int code = refusal_code(RRQ, error);

        if (error == STORE_EXISTS || error == STORE_FULL || error == STORE_TOO_LARGE)
            continue; /* of uploads only */
        assert_true(code == 1 || code == 2 || code == -1);
        assert_int_equal(code == -1, error == STORE_BUSY || error == STORE_GONE);
    }
}

static const struct {
    enum kedge_tftp_op op;
    enum store_error error;
    size_t room;
    const char *want;
} words[] = {
    { RRQ, STORE_NOT_FOUND, 14, "File not found" },
    { RRQ, STORE_NOT_FOUND, 13, "not found" },
    { RRQ, STORE_NOT_FOUND, 9, "not found" },
    { RRQ, STORE_NOT_FOUND, 8, "" },
    { RRQ, STORE_BAD_NAME, 13, "not found" },
    { RRQ, STORE_DENIED, 16, "Access violation" },
    { RRQ, STORE_DENIED, 15, "denied" },
    { RRQ, STORE_IO, 6, "denied" },
    { RRQ, STORE_DENIED, 5, "" },
    { WRQ, STORE_NOT_FOUND, 59, "no directory" },
    { WRQ, STORE_NOT_FOUND, 11, "" },
    { WRQ, STORE_BAD_NAME, 59, "bad file name" },
    { WRQ, STORE_EXISTS, 18, "exists" },
    { WRQ, STORE_FULL, 26, "full" },
    { WRQ, STORE_TOO_LARGE, 27, "Disk full or file too large" },
    { WRQ, STORE_IO, 6, "Failed" },
    { WRQ, STORE_IO, 0, "" },
};

static void words_fit_and_are_never_cut(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof words / sizeof *words; i++)
        assert_string_equal(refusal_words(words[i].op, words[i].error, words[i].room),
                            words[i].want);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_reader_gets_1_or_2_or_nothing),
        cmocka_unit_test(words_fit_and_are_never_cut),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
