/* SPDX-License-Identifier: MIT */
/* What the small services have in common. */
#ifndef SERVE_ECHO_SHARED_H
#define SERVE_ECHO_SHARED_H

/* Every service sums up what it did in one line of text, at most so long with its NUL. */
#define SERVE_SUMMARY 512

/* Bytes of the buffer that all echoes of one loop share: they use it one after the
 * other, and leave nothing in it between two calls. */
#define ECHO_BUFFER (256 << 10)

#endif
