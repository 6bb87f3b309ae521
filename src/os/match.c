/* SPDX-License-Identifier: MIT */
/* Regular expressions of the C library, in a locale of their own, compiled on trial in a
 * child process. */
#include "os/match.h"

#include "os/clock.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>
#include <wchar.h>
#include <wctype.h>

int match_locale_open(struct match_locale *l, const char *name)
{
    locale_t locale = newlocale(LC_CTYPE_MASK, name, (locale_t)0);

    if (!locale && errno == ENOENT && !*name)
        locale = newlocale(LC_CTYPE_MASK, "C", (locale_t)0);
    if (!locale)
        return -errno;
    l->locale = locale;
    return 0;
}

void match_locale_close(struct match_locale *l)
{
    freelocale(l->locale);
}

int match_compile(struct match_expression *e, const struct match_locale *l,
                  const struct match_pattern *p, char *error, size_t error_size)
{
    int flags = REG_EXTENDED | (p->kinds & MATCH_NOCASE ? REG_ICASE : 0) |
                (p->kinds & MATCH_NO_GROUPS ? REG_NOSUB : 0);
    locale_t before = uselocale(l->locale);
    int code = regcomp(&e->regex, p->text, flags);

    e->locale = l;
    if (code != 0)
        regerror(code, &e->regex, error, error_size);
    uselocale(before);
    return code;
}

void match_free(struct match_expression *e)
{
    regfree(&e->regex);
}

static struct match_group group_of(regmatch_t m)
{
    if (m.rm_so < 0)
        return (struct match_group){ MATCH_NONE, MATCH_NONE };
    return (struct match_group){ (uint32_t)m.rm_so, (uint32_t)m.rm_eo };
}

enum match_result match_run(const struct match_expression *e, const char *text,
                            bool not_at_start, struct match_group *groups)
{
    regmatch_t found[MATCH_GROUPS];
    locale_t before = uselocale(e->locale->locale);
    bool no_memory = false;
    int code = 0;

    memset(found, 0xff, sizeof found);
    errno = 0;
    code = regexec(&e->regex, text, groups ? MATCH_GROUPS : 0, groups ? found : NULL,
                   not_at_start ? REG_NOTBOL : 0);
    no_memory = errno == ENOMEM;
    uselocale(before);
    if (code == 0 && groups)
        for (size_t i = 0; i < MATCH_GROUPS; i++)
            groups[i] = group_of(found[i]);
    if (code == 0)
        return MATCH_YES;
    /* glibc says "no match" for want of memory too; it is malloc() that tells. */
    return code == REG_NOMATCH && !no_memory ? MATCH_NO : MATCH_FAILED;
}

static wint_t fold_letter(wchar_t c, int fold)
{
    if (fold == 0)
        return (wint_t)c;
    return fold > 0 ? towupper((wint_t)c) : towlower((wint_t)c);
}

/* In the thread's locale. */
static struct match_char take_character(struct kedge_span text, int fold)
{
    struct match_char made = { 0 };
    mbstate_t state = { 0 };
    char bytes[MB_LEN_MAX];
    wchar_t c = 0;
    size_t n = mbrtowc(&c, (const char *)text.ptr, text.len, &state);

    _Static_assert(MB_LEN_MAX <= MATCH_CHAR_MAX, "a character fits");
    if (n == 0 || n > text.len)
        return made; /* an error, or the front of a character only */
    made.taken = n;
    memset(&state, 0, sizeof state);
    n = wcrtomb(bytes, (wchar_t)fold_letter(c, fold), &state);
    if (n <= sizeof bytes) {
        made.len = n;
        memcpy(made.out, bytes, n);
    }
    return made;
}

struct match_char match_character(const struct match_locale *l, struct kedge_span text,
                                  int fold)
{
    locale_t before = uselocale(l->locale);
    struct match_char made = take_character(text, fold);

    uselocale(before);
    return made;
}

/* The address space that this process has, to which the child may add. */
static uint64_t own_address_space(void)
{
    uint64_t pages = 0;
    char line[128];
    FILE *f = fopen("/proc/self/statm", "re");

    if (!f)
        return 0;
    if (fgets(line, sizeof line, f))
        pages = strtoull(line, NULL, 10);
    fclose(f);
    return pages * (uint64_t)sysconf(_SC_PAGESIZE);
}

/* The child: compile one by one, and tell before each which it is. */
static _Noreturn void trial_child(const struct match_locale *l, match_nth_fn nth,
                                  const void *owner, int tell, uint64_t space)
{
    struct rlimit cpu = { MATCH_COMPILE_S, MATCH_COMPILE_S };
    struct rlimit memory = { space + MATCH_COMPILE_BYTES, space + MATCH_COMPILE_BYTES };
    const struct rlimit none = { 0, 0 };
    struct match_pattern pattern;

    setrlimit(RLIMIT_CORE, &none);
    setrlimit(RLIMIT_CPU, &cpu);
    if (space > 0)
        setrlimit(RLIMIT_AS, &memory);
    for (size_t i = 0; nth(owner, i, &pattern); i++) {
        struct match_expression e;
        char error[2];
        int code = 0;

        if (write(tell, &i, sizeof i) != (ssize_t)sizeof i)
            _exit(3);
        code = match_compile(&e, l, &pattern, error, sizeof error);
        if (code == REG_ESPACE)
            _exit(2);
        if (code == 0)
            match_free(&e);
    }
    _exit(0);
}

/* What the child said last, until it ends or its time is over. */
static size_t follow_child(int hear)
{
    kedge_nanos until = clock_now() + MATCH_COMPILE_WALL_MS * KEDGE_MSEC;
    kedge_nanos now = clock_now();
    size_t last = 0;
    size_t heard = 0;

    while (now < until) {
        struct pollfd p = { .fd = hear, .events = POLLIN };

        if (poll(&p, 1, (int)((until - now) / KEDGE_MSEC) + 1) > 0) {
            ssize_t n = read(hear, &heard, sizeof heard);

            if (n != (ssize_t)sizeof heard && !(n < 0 && errno == EINTR))
                break;
            last = heard;
        }
        now = clock_now();
    }
    return last;
}

/* The exit code of one that ended by itself stays what it was. */
static int end_child(pid_t child)
{
    int status = 0;

    kill(child, SIGKILL);
    while (waitpid(child, &status, 0) < 0 && errno == EINTR)
        ;
    return status;
}

enum match_trial match_trial(const struct match_locale *l, match_nth_fn nth,
                             const void *owner, size_t *bad)
{
    uint64_t space = own_address_space();
    int ends[2];
    int status = 0;
    pid_t child = -1;

    if (pipe2(ends, O_CLOEXEC) < 0)
        return MATCH_UNTRIED;
    child = fork();
    if (child == 0) {
        close(ends[0]);
        trial_child(l, nth, owner, ends[1], space);
    }
    close(ends[1]);
    if (child > 0)
        *bad = follow_child(ends[0]);
    close(ends[0]);
    if (child < 0)
        return MATCH_UNTRIED;
    status = end_child(child);
    return WIFEXITED(status) && WEXITSTATUS(status) == 0 ? MATCH_FINE : MATCH_TOO_COSTLY;
}
