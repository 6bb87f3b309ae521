/* SPDX-License-Identifier: MIT */
/* libmicrohttpd, loaded when it is wanted: with what it needs itself (GnuTLS and its like) it
 * takes 6 MB of address space and a third of the time that a short command runs, and most runs
 * have no use for it. */
#ifndef SERVE_STATUS_MICROHTTPD_H
#define SERVE_STATUS_MICROHTTPD_H

#include "kedge/base.h"

#include <microhttpd.h>

#define MICROHTTPD_LIBRARY "libmicrohttpd.so.12"

#define MICROHTTPD_CALLS(X)                                                              \
    X(start_daemon)                                                                      \
    X(stop_daemon)                                                                       \
    X(get_daemon_info)                                                                   \
    X(run)                                                                               \
    X(get_timeout)                                                                       \
    X(add_connection)                                                                    \
    X(get_connection_info)                                                               \
    X(get_connection_values)                                                             \
    X(lookup_connection_value)                                                           \
    X(suspend_connection)                                                                \
    X(resume_connection)                                                                 \
    X(create_response_from_buffer)                                                       \
    X(add_response_header)                                                               \
    X(queue_response)                                                                    \
    X(destroy_response)

/* A name is declared. NOLINTNEXTLINE(bugprone-macro-parentheses) */
#define MICROHTTPD_POINTER(name) __typeof__(MHD_##name) *name;
struct microhttpd {
    void *library;
    MICROHTTPD_CALLS(MICROHTTPD_POINTER)
};
#undef MICROHTTPD_POINTER

/* 0; or -ENOENT: this system has none, or one that lacks a call. Before the process is confined;
 * it stays until the process ends. */
KEDGE_MUST_CHECK int microhttpd_load(struct microhttpd *m);

#endif
