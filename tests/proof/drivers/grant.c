/* SPDX-License-Identifier: MIT */
/* The proof of src/tftp/grant.c. */
/* With: base/bytes.c base/number.c tftp/options.c */
#include "power_below.h"
#include "proof.h"

#include "tftp/grant.c"

enum { BODY = 40 };

/* A request may ask for nothing, and then the value is 0; and no value is above its bound. */
static struct kedge_tftp_options any_options(size_t has)
{
    struct kedge_tftp_options o = { .has = (unsigned)has,
                                    .blksize = (uint32_t)any_from_to(0, 65464),
                                    .windowsize = (uint32_t)any_from_to(0, 65535),
                                    .timeout_s = (uint32_t)any_u64(),
                                    .utimeout_us = (uint32_t)any_u64(),
                                    .rollover = (uint32_t)any_below(2),
                                    .tsize = any_u64() };

    return o;
}

static struct kedge_tftp_terms checked(const struct kedge_tftp_options *granted)
{
    struct kedge_tftp_terms t = kedge_tftp_terms_of(granted);

    //@ assert blksize: 8 <= t.blksize <= 65464;
    //@ assert rollover: t.rollover <= 1;
    return t;
}

/* Spec: power_below. */
void prove_grant(void)
{
    EACH(has, 127);
    EACH(mode, KEDGE_TFTP_OTHER_MODE);
    struct kedge_tftp_request q = { .op = any_bool() ? KEDGE_TFTP_RRQ : KEDGE_TFTP_WRQ,
                                    .mode = (enum kedge_tftp_mode)mode,
                                    .options = any_options(has) };
    struct kedge_tftp_limits limits = { (uint32_t)any_from_to(8, 65464),
                                        (uint32_t)any_from_to(1, UINT32_MAX), any_bool(),
                                        any_u64(), (uint32_t)any_u64() };
    struct kedge_tftp_options granted = kedge_tftp_grant(&q, &limits);

    (void)checked(&granted);
}

/* What a client accepts is sound_options(), as options_take leaves it. */
void prove_terms(void)
{
    EACH(has, 127);
    struct kedge_tftp_options o = any_options(has);

    if (has & (KEDGE_TFTP_HAS_BLKSIZE | KEDGE_TFTP_HAS_BLKSIZE2))
        o.blksize = (uint32_t)any_from_to(KEDGE_TFTP_BLKSIZE_MIN, KEDGE_TFTP_BLKSIZE_MAX);
    if (has & KEDGE_TFTP_HAS_WINDOWSIZE)
        o.windowsize = (uint32_t)any_from_to(1, KEDGE_TFTP_WINDOW_MAX);
    struct kedge_tftp_terms t = checked(&o);

    //@ assert window: 1 <= t.window <= 65535;
}

/* Spec: options_take */
void prove_accept(void)
{
    EACH(len, BODY);
    ANY_BYTES(body, len);
    struct kedge_tftp_options asked = any_options(any_below(128));
    struct kedge_tftp_options granted;

    if (kedge_tftp_accept(&asked, (struct kedge_span){ body, len }, &granted))
        (void)kedge_tftp_terms_of(&granted);
}
