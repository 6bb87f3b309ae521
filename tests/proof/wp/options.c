/* Options are read to the end of any text. */
/* Functions: options_take */
#include "take_one.h"

#include "proto/tftp/options.c"
