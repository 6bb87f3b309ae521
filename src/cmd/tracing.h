/* --trace of a verb: its calls on sockets as they come, and a diagram at the end. */
#ifndef CMD_TRACING_H
#define CMD_TRACING_H

#include "cmd/args.h"
#include "net/trace.h"

struct kedge_diagram;

struct tracing {
    const char *verb, *how;
    struct kedge_diagram *diagram;
    struct kedge_trace *trace; /* NULL: off */
};

#define TRACING_ARG(field)                                                               \
    {                                                                                    \
        .name = "trace", .kind = ARG_MAYBE, .value = "svg:FILE", field,                  \
        .help =                                                                          \
            "show each call on a socket, the TCP state it led to, and at the end the "   \
            "state diagram; or draw them in FILE"                                        \
    }

/* how: NULL is off. What does not work is said, and is the exit code. */
KEDGE_MUST_CHECK enum exit_code tracing_open(struct tracing *t, const char *verb,
                                             const char *how);

/* Wait for closed sockets a moment, draw, and end it. The code that was, or why not. */
KEDGE_MUST_CHECK enum exit_code tracing_close(struct tracing *t, enum exit_code code);

#endif
