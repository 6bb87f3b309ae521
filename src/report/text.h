/* SPDX-License-Identifier: MIT */
/* Bytes from elsewhere, for people: file names, peers' messages, reasons. What can
 * move a cursor, hide text or end a line never reaches the terminal or the log as it is.
 * UTF-8 that prints is kept; control characters (C0, DEL, C1), line and paragraph
 * separators, characters that turn the writing direction, and bytes that are not UTF-8
 * appear as \xNN, byte by byte. A backslash is kept: the result is for eyes; what a
 * program must read back is quoted (text_quoted) or JSON. No allocation. */
#ifndef REPORT_TEXT_H
#define REPORT_TEXT_H

#include "base/bytes.h"

/* The length of the UTF-8 character in front of `left` (RFC 3629: no overlong form, no
 * surrogate, at most U+10FFFF), and its code; 0 if there is none. */
size_t text_utf8(struct kedge_span left, uint32_t *code);

/* True for a character that is shown as it is. */
bool text_prints(uint32_t code);

/* Append `bytes` as said above: all of it, or as much as leaves room for "..." within
 * `most` bytes and the writer's room. An escape or a character is never cut in two.
 * Sets bad only where not even "..." fits. */
void text_printable(struct writer *w, struct kedge_span bytes, size_t most);

/* The same between double quotes, with " and \ escaped by a backslash, so that what was
 * not cut can be read back to the byte. */
void text_quoted(struct writer *w, struct kedge_span bytes, size_t most);

/* Append a duration in milliseconds with three digits behind the point: 0.051. */
void text_ms(struct writer *w, kedge_nanos v);

/* Append a number in groups of three digits: 1,472. */
void text_count(struct writer *w, uint64_t v);

/* Append a number of bytes: 9999 B, 9.8 KiB, 123 MiB; at most four digits. A rate is that and
 * "/s". */
void text_size(struct writer *w, uint64_t bytes);

/* Columns on a terminal, taking each character as one. */
size_t text_width(struct kedge_span text);

#endif
