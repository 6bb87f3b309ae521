/* Ctrl-C and SIGTERM as something to wait for, so that a verb can finish what it was
 * saying. */
#ifndef CMD_INTERRUPT_H
#define CMD_INTERRUPT_H

#include "kedge/base.h"

/* Block both signals in this thread; the descriptor is readable once one came. -errno. */
KEDGE_MUST_CHECK int interrupt_open(void);

/* Let them end the program again. */
void interrupt_close(int fd);

#endif
