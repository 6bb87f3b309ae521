/* SPDX-License-Identifier: MIT */
/* The size of a terminal, and whether its locale is UTF-8. */
#include "report/terminal.h"

#include <langinfo.h>
#include <locale.h>
#include <string.h>
#include <sys/ioctl.h>

struct terminal_size terminal_size(int fd)
{
    struct winsize size = { 0 };

    if (ioctl(fd, TIOCGWINSZ, &size) < 0 || size.ws_col < 20 || size.ws_row < 3)
        return (struct terminal_size){ 80, 24 };
    return (struct terminal_size){ size.ws_col, size.ws_row };
}

/* The program's own locale stays "C": what it prints is not to depend on it. */
bool terminal_utf8(void)
{
    locale_t environment = newlocale(LC_CTYPE_MASK, "", (locale_t)0);
    bool utf8;

    if (!environment)
        return false;
    utf8 = strcmp(nl_langinfo_l(CODESET, environment), "UTF-8") == 0;
    freelocale(environment);
    return utf8;
}
