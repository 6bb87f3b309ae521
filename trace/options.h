/* SPDX-License-Identifier: MIT */
/* Options of sockets by their names: "SO_REUSEADDR 1". */
#ifndef TRACE_OPTIONS_H
#define TRACE_OPTIONS_H

#include <stddef.h>
#include <sys/socket.h>

struct option_set {
    int level, name;
    const void *value; /* NULL: not to be read */
    socklen_t len;
};

/* Its name, and its value where that is a number, a time or a linger; else the name alone,
 * or "setsockopt". What does not fit is cut. */
void option_words(char *out, size_t room, const struct option_set *o);

#endif
