/* Calls on sockets (kedge/tcp.h) for people: a line each on standard error as they come,
 * and at the end the state diagram of TCP with the way that was taken; or instead of both
 * a drawing in a file (SVG). */
#ifndef KEDGE_DIAGRAM_H
#define KEDGE_DIAGRAM_H

#include "kedge/tcp.h"

#ifdef __cplusplus
extern "C" {
#endif

#define KEDGE_DIAGRAM_CALLS 512 /* kept for the drawing; all count for the way taken */

struct kedge_diagram;

/* how: "" for the terminal, "svg:FILE" for a file, which is made at once. 0 and *out; or
 * -errno: EINVAL where it is neither. */
KEDGE_API KEDGE_MUST_CHECK int kedge_diagram_open(struct kedge_diagram **out,
                                                  const char *how);

/* Take --trace or --trace=svg:FILE out of a command line, and open that. 0, with *out NULL
 * where there is none; or -errno. */
KEDGE_API KEDGE_MUST_CHECK int kedge_diagram_option(struct kedge_diagram **out, int *argc,
                                                    char **argv);

/* One call: what kedge_trace_open takes, the diagram as its owner. */
KEDGE_API void kedge_diagram_saw(void *diagram, const struct kedge_call *call);

/* Draw what was seen so far. 0 or -errno; NULL draws nothing. */
KEDGE_API int kedge_diagram_draw(struct kedge_diagram *d);

/* Draw it, and free it. 0 or -errno; NULL draws nothing. */
KEDGE_API int kedge_diagram_end(struct kedge_diagram *d);

#ifdef __cplusplus
}
#endif

#endif
