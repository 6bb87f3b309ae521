/* SPDX-License-Identifier: MIT */
/* Sockets that listen and dial, for the tests of kedge/endpoint.h. */
#ifndef TESTS_UNIT_NET_LISTENING_H
#define TESTS_UNIT_NET_LISTENING_H

#include "../folder.h"

#include "kedge/endpoint.h"

#include <setjmp.h>
#include <stdarg.h>
#include <cmocka.h>
#include <stdio.h>
#include <string.h>

/* The endpoint where fd is bound, as text to dial. */
static inline const char *where(const char *endpoint, int fd,
                                char out[KEDGE_ENDPOINT_TEXT])
{
    struct kedge_endpoint e;

    assert_true(kedge_endpoint_parse(endpoint, &e, NULL));
    assert_int_equal(kedge_endpoint_bound(&e, fd), 0);
    return kedge_endpoint_print(&e, out);
}

static inline int listening(const char *endpoint, char at[KEDGE_ENDPOINT_TEXT])
{
    struct kedge_error error = { .text = "" };
    int fd = kedge_listen(endpoint, &error);

    if (fd < 0)
        fail_msg("%s", error.text);
    where(endpoint, fd, at);
    return fd;
}

static inline int dialled(const char *endpoint)
{
    struct kedge_error error = { .text = "" };
    int fd = kedge_dial(endpoint, &error);

    if (fd < 0)
        fail_msg("%s", error.text);
    return fd;
}

static inline void in_folder(char out[64], const char *scheme)
{
    snprintf(out, 64, "%s://%s/s", scheme, folder);
}

static inline void fails(int fd, const struct kedge_error *error, enum kedge_cause cause,
                         const char *word)
{
    assert_int_equal(fd, -1);
    if (error->cause != cause || !strstr(error->text, word))
        fail_msg("%d: %s", (int)error->cause, error->text);
}

#endif
