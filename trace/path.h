#include "report/tcp_way.h"
#define tcp_path way
#define path_add way_add
