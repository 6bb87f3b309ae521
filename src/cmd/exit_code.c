/* SPDX-License-Identifier: MIT */
/* The exit status for each way in which a transfer ends. */
#include "cmd/exit_code.h"

#include <errno.h>

enum exit_code exit_code_of_errno(int code)
{
    switch (code) {
    case ECONNREFUSED:
    case ENOENT: /* a unix socket that is not there */
        return EXIT_NO_LISTENER;
    case ETIMEDOUT:
        return EXIT_TIMEOUT;
    case EACCES:
    case EPERM:
        return EXIT_NO_PERMISSION;
    default:
        return EXIT_ALL_FAILED;
    }
}

enum exit_code exit_code_of_setup(int err, enum exit_code other)
{
    switch (-err) {
    case ENOMEM:
    case EAGAIN: /* of a thread */
    case EMFILE:
    case ENFILE:
    case ENOSYS:
        return EXIT_SYSTEM;
    case EACCES:
    case EPERM:
        return EXIT_NO_PERMISSION;
    default:
        return other;
    }
}

enum exit_code exit_code_of(const struct kedge_error *error)
{
    switch (error->cause) {
    case KEDGE_BAD_ENDPOINT:
        return EXIT_USAGE;
    case KEDGE_NOT_RESOLVED:
        return EXIT_NO_NAME;
    default:
        return exit_code_of_errno(error->code);
    }
}
