#include "cmd/tracing.h"

#include "cmd/printable.h"
#include "kedge/diagram.h"

#include <errno.h>
#include <string.h>

static const kedge_nanos patience = 3 * KEDGE_SEC; /* with what is closed */

static enum exit_code fail(const struct tracing *t, int err)
{
    if (err == -EINVAL)
        fprintf(stderr, "kedge %s: --trace takes svg:FILE, or nothing\n", t->verb);
    else
        fprintf(stderr, "kedge %s: --trace %s: %s\n", t->verb,
                printable(t->how, PRINTABLE_NAME).text, strerror(-err));
    return err == -EINVAL ? EXIT_USAGE : EXIT_LOCAL_FILE;
}

enum exit_code tracing_open(struct tracing *t, const char *verb, const char *how)
{
    int err;

    *t = (struct tracing){ .verb = verb, .how = how };
    if (!how)
        return EXIT_OK;
    err = kedge_diagram_open(&t->diagram, how);
    if (err)
        return fail(t, err);
    t->trace = kedge_trace_open(kedge_diagram_saw, t->diagram);
    return t->trace ? EXIT_OK : fail(t, -ENOMEM);
}

enum exit_code tracing_close(struct tracing *t, enum exit_code code)
{
    int err;

    kedge_trace_settle(t->trace, patience);
    kedge_trace_free(t->trace);
    fflush(stdout); /* what was answered stands before the diagram */
    err = kedge_diagram_end(t->diagram);
    if (err && code == EXIT_OK)
        code = fail(t, err);
    return code;
}
