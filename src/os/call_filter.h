/* SPDX-License-Identifier: MIT */
/* The system calls that a server makes once it serves, as a filter of the kernel (seccomp). A
 * call that is not known to it fails with ENOSYS, as on an older kernel, so that libraries fall
 * back; one that only an intruder makes (a new program, another process' memory, a mount, a TCP
 * socket, memory that is executable) with EPERM. It knows nothing of files: see os/sandbox.h. */
#ifndef OS_CALL_FILTER_H
#define OS_CALL_FILTER_H

#include "kedge/base.h"

/* From here on, for this thread, and for the threads and children that it makes. Needs
 * no_new_privs. 0 or -errno, and then nothing is filtered. */
KEDGE_MUST_CHECK int call_filter_load(void);

#endif
