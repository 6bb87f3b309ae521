/* Calls on sockets as text: a line a call, and the state diagram with the way taken. */
#ifndef REPORT_TCP_TEXT_H
#define REPORT_TCP_TEXT_H

#include "base/bytes.h"
#include "report/tcp_way.h"

#define TCP_LINE 512      /* bytes of a line, at most, with its newline */
#define TCP_PICTURE 16384 /* bytes of the diagram, at most */

/* The head of the table, and one row; each ends with a newline. */
void tcp_text_head(struct writer *w);
void tcp_text_call(struct writer *w, const struct kedge_call *c);

/* "CLOSED > (SYN-SENT) > ESTABLISHED": the states of one call, those passed in
 * parentheses. */
void tcp_text_states(struct writer *w, const struct kedge_call *c);

/* What came of a call: a number, or the name of an error. */
void tcp_text_result(struct writer *w, const struct kedge_call *c);

/* The diagram: [seen], (passed) and other states; the way in heavy lines; beside it the
 * calls that changed a state, of `count`. */
void tcp_text_picture(struct writer *w, const struct way *way,
                      const struct kedge_call *calls, size_t count);

#endif
