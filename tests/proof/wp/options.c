/* SPDX-License-Identifier: MIT */
/* Options are read to the end of any text. */
/* Functions: options_take */
#include "take_one.h"

#include "tftp/options.c"
