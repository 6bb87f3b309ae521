/* SPDX-License-Identifier: MIT */
/* The proof of src/tftp/options.c. */
/* With: base/bytes.c base/number.c */
#include "contracts.h"
#include "proof.h"
#include "tftp/options.h"

#include "take_one.h"

#include "tftp/options.c"

enum { TEXT = 24, ROOM = 4, SETS = 128 };

static struct kedge_tftp_options any_options(size_t has)
{
    bool sized = has & (KEDGE_TFTP_HAS_BLKSIZE | KEDGE_TFTP_HAS_BLKSIZE2);
    bool windowed = has & KEDGE_TFTP_HAS_WINDOWSIZE;
    struct kedge_tftp_options o = { .has = (unsigned)has,
                                    .blksize =
                                        (uint32_t)any_from_to(sized ? 8 : 0, 65464),
                                    .windowsize = (uint32_t)any_from_to(windowed, 65535),
                                    .timeout_s = (uint32_t)any_u64(),
                                    .utimeout_us = (uint32_t)any_u64(),
                                    .rollover = (uint32_t)any_below(2),
                                    .tsize = any_u64() };

    return o;
}

/* It passes the bytes on and reads none of them itself. */
/* Spec: span_equal_nocase, decimal. Shows: take_one. */
void prove_take_one(void)
{
    static uint8_t text[TEXT];
    struct kedge_span name = { text, any_from_to(0, TEXT) };
    struct kedge_span value = { text, any_from_to(0, TEXT) };
    EACH(has, SETS - 1);
    struct kedge_tftp_options o = any_options(has);

    (void)take_one(name, value, &o);
}

/* Spec: put_string, put_u8. Shows: options_put. */
void prove_options_put(void)
{
    EACH(small, ROOM);
    size_t room = any_bool() ? small : KEDGE_TFTP_CONTROL_MAX;
    ANY_BYTES(bytes, room);
    struct writer w = { bytes, 0, room, any_bool() };
    struct kedge_tftp_options o = any_options(any_below(SETS));

    options_put(&w, &o);
    //@ assert within: w.len <= w.room;
}

/* Spec: put, put_u8. */
void prove_options_list(void)
{
    EACH(small, ROOM);
    size_t room = any_bool() ? small : KEDGE_TFTP_CONTROL_MAX;
    ANY_BYTES(bytes, room);
    struct writer w = { bytes, 0, room, any_bool() };
    struct kedge_tftp_options o = any_options(any_below(SETS));

    options_list(&w, &o);
}
