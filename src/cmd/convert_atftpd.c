/* SPDX-License-Identifier: MIT */
/* Reads a command line of atftpd 0.8, as its service's file has it (OPTIONS="..."). */
#include "cmd/convert.h"

#include "net/address.h"

#include <ctype.h>
#include <getopt.h>
#include <stdlib.h>
#include <string.h>

enum { WORDS_MAX = 64, LONG = 256 };

struct atftpd {
    struct conversion c;
    char *words[WORDS_MAX + 2]; /* the program's name in front, NULL behind */
    int count;
    const char *user, *address;
    uint64_t port, max;
    bool daemon, multicast_is_off, no_blksize, no_windowsize;
};

/* An option: its letter, whether it takes a value (as getopt_long has it), and what becomes
 * of it; `note` if that is nothing. */
struct row {
    const char *name;
    char letter;
    int value;
    void (*take)(struct atftpd *a, const char *value);
    const char *note;
};

static void take_max(struct atftpd *a, const char *value)
{
    static const uint64_t within[] = { 1, 1000000 };

    (void)(convert_number(&a->c, "--maxthread", value, within, &a->max) && a->max);
}

static void take_port(struct atftpd *a, const char *value)
{
    static const uint64_t within[] = { 1, 65535 };

    (void)(convert_number(&a->c, "--port", value, within, &a->port) && a->port);
}

static void atftpd_address(struct atftpd *a, const char *value)
{
    struct net_address at;

    if (net_address_parse(value, 0, &at))
        a->address = value;
    else
        convert_fault(&a->c, "--bind-address", "takes an IP address, not '%.80s'", value);
}

/* USER, or USER.GROUP. */
static void take_user(struct atftpd *a, const char *value)
{
    char *user = convert_keep(&a->c, value);
    char *dot = user ? strchr(user, '.') : NULL;

    if (dot) {
        *dot = '\0';
        convert_note(&a->c, "--user", "the group is that of the user, not %.80s",
                     dot + 1);
    }
    if (user && convert_text(&a->c, "--user", user))
        a->user = user;
}

static void take_no_blksize(struct atftpd *a, const char *value)
{
    (void)value;
    a->no_blksize = true;
    convert_note(&a->c, "--no-blksize",
                 "blksize is answered still, by 512 bytes at most");
}

static void take_no_windowsize(struct atftpd *a, const char *value)
{
    (void)value;
    a->no_windowsize = true;
    convert_note(&a->c, "--no-windowsize", "windowsize is answered still, by 1");
}

static void take_no_multicast(struct atftpd *a, const char *value)
{
    (void)value;
    a->multicast_is_off = true;
}

static void take_daemon(struct atftpd *a, const char *value)
{
    (void)value;
    a->daemon = true;
}

static void take_logfile(struct atftpd *a, const char *value)
{
    convert_note(&a->c, "--logfile", "the log is on standard error: 2>> %.200s", value);
}

static void take_pcre(struct atftpd *a, const char *value)
{
    convert_note(&a->c, "--pcre",
                 "%.100s is not read: links, or a map file of tftp-hpa (--map), whose "
                 "expressions are POSIX extended",
                 value);
}

static const struct row rows[] = {
    { "tftpd-timeout", 't', required_argument, NULL,
      "kedge serve runs until it is stopped" },
    { "retry-timeout", 'r', required_argument, NULL,
      "round trips are measured; --timeout is the longest wait" },
    { "maxthread", 'm', required_argument, take_max, NULL },
    { "verbose", 'v', optional_argument, NULL, "each transfer is a line of the log" },
    { "trace", 0, no_argument, NULL, "kedge trace kedge serve ... shows each packet" },
    { "no-timeout", 0, no_argument, NULL, "the option timeout is granted" },
    { "no-tsize", 0, no_argument, NULL, "the option tsize is granted" },
    { "no-blksize", 0, no_argument, take_no_blksize, NULL },
    { "no-windowsize", 0, no_argument, take_no_windowsize, NULL },
    { "no-multicast", 0, no_argument, take_no_multicast, NULL },
    { "logfile", 0, required_argument, take_logfile, NULL },
    { "pidfile", 0, required_argument, NULL, "its service manager knows the process" },
    { "listen-local", 0, no_argument, NULL, "name the addresses: listen" },
    { "daemon", 0, no_argument, take_daemon, NULL },
    { "no-fork", 0, no_argument, NULL, "it is always in the foreground" },
    { "prevent-sas", 0, no_argument, NULL, "it is always so" },
    { "user", 0, required_argument, take_user, NULL },
    { "group", 0, required_argument, NULL, "the group is that of the user" },
    { "port", 0, required_argument, take_port, NULL },
    { "bind-address", 0, required_argument, atftpd_address, NULL },
    { "mcast-ttl", 0, required_argument, NULL, "there is no multicast" },
    { "mcast-addr", 0, required_argument, NULL, "there is no multicast" },
    { "mcast-port", 0, required_argument, NULL, "there is no multicast" },
    { "pcre", 0, required_argument, take_pcre, NULL },
    { "pcre-test", 0, required_argument, NULL,
      "kedge explain shows what becomes of a name" },
    { "mtftp", 0, required_argument, NULL, "there is no mtftp" },
    { "mtftp-port", 0, required_argument, NULL, "there is no mtftp" },
    { "no-source-port-checking", 0, no_argument, NULL,
      "clients behind NAT are served from the request port (--single-port auto)" },
    { "mcast-switch-client", 0, no_argument, NULL, "there is no multicast" },
    { "version", 'V', no_argument, NULL, "atftpd prints it and ends" },
    { "help", 'h', no_argument, NULL, "atftpd prints it and ends" },
};

enum { ROWS = sizeof rows / sizeof *rows };

/* The next character of a word, out of its quotes. `quote` is the one that is open, or 0. */
static const char *copy_one(const char *from, char **to, char *quote)
{
    if (*quote ? *from == *quote : *from == '"' || *from == '\'') {
        *quote = *quote ? '\0' : *from;
        return from + 1;
    }
    if (*from == '\\' && *quote != '\'' && from[1])
        from++;
    *(*to)++ = *from;
    return from + 1;
}

/* Words as a shell makes them of ARGS, but for what it would expand. */
static void split(struct atftpd *a, const char *args)
{
    char *to = convert_keep(&a->c, args);
    char quote = '\0';

    a->words[a->count++] = "atftpd";
    while (to && *(args += strspn(args, " \t\n"))) {
        if (a->count > WORDS_MAX) {
            convert_fault(&a->c, "--atftpd", "has more than %d words", WORDS_MAX);
            return;
        }
        a->words[a->count++] = to;
        while (*args && (quote || !isspace((unsigned char)*args)))
            args = copy_one(args, &to, &quote);
        *to++ = '\0';
    }
    if (quote)
        convert_fault(&a->c, "a quote", "is not closed");
}

static void atftpd_option(struct atftpd *a, const struct row *row)
{
    char name[40];

    snprintf(name, sizeof name, "--%s", row->name);
    if (optarg && !convert_text(&a->c, name, optarg))
        return;
    if (row->take)
        row->take(a, optarg);
    else
        convert_note(&a->c, name, "%s", row->note);
}

static const struct row *row_of(int which)
{
    for (size_t i = 0; i < ROWS; i++)
        if (which >= LONG ? i == (size_t)(which - LONG) : rows[i].letter == which)
            return &rows[i];
    return NULL;
}

static void read_words(struct atftpd *a)
{
    struct option names[ROWS + 1] = { { 0 } };
    int which;

    for (size_t i = 0; i < ROWS; i++)
        names[i] = (struct option){ rows[i].name, rows[i].value, NULL, LONG + (int)i };
    optind = 0; /* from the start */
    opterr = 0;
    while ((which = getopt_long(a->count, a->words, ":t:r:m:v::Vh", names, NULL)) != -1) {
        const struct row *row = which == '?' || which == ':' ? NULL : row_of(which);

        if (row)
            atftpd_option(a, row);
        else
            convert_fault(&a->c, a->words[optind - 1], "%s",
                          which == ':' ? "needs a value"
                                       : "is no option of atftpd 0.8, or is ambiguous");
    }
    if (a->count - optind > 1)
        convert_fault(&a->c, a->words[optind + 1], "is one directory too many");
}

static void put_root(struct atftpd *a)
{
    char *root = convert_keep(&a->c, optind < a->count ? a->words[optind] : "/tftpboot");

    if (!root || !convert_text(&a->c, "the directory", root))
        return;
    if (root[0] != '/')
        convert_fault(&a->c, root, "is no path from /");
    for (size_t len = strlen(root); len > 1 && root[len - 1] == '/'; len--)
        root[len - 1] = '\0';
    convert_key(&a->c, "root", "%s", root);
    convert_note_names(&a->c, root);
}

static void put_all(struct atftpd *a)
{
    convert_listen(&a->c, a->address, (unsigned)a->port);
    put_root(a);
    convert_key(&a->c, "uploads", "overwrite");
    convert_key(&a->c, "user", "%s", a->user ? a->user : "nobody");
    if (a->max > 0)
        convert_key(&a->c, "max-transfers", "%llu", (unsigned long long)a->max);
    if (a->no_blksize)
        convert_key(&a->c, "blksize-max", "512");
    if (a->no_windowsize)
        convert_key(&a->c, "windowsize-max", "1");
    if (!a->multicast_is_off)
        convert_note(&a->c, "multicast",
                     "there is none (RFC 2090): clients get files one "
                     "by one");
    if (!a->daemon)
        convert_note(&a->c, "inetd", "kedge serve binds the port itself: it goes there");
}

enum exit_code convert_atftpd(const char *args)
{
    struct atftpd *a = calloc(1, sizeof *a);
    char what[4200];
    enum exit_code code = EXIT_SYSTEM;

    snprintf(what, sizeof what, "atftpd %s", args);
    if (!a || convert_begin(&a->c, what) < 0) {
        fputs("kedge serve: no memory\n", stderr);
    } else {
        split(a, args);
        if (!a->c.bad)
            read_words(a);
        if (!a->c.bad)
            put_all(a);
        code = convert_end(&a->c);
    }
    free(a);
    return code;
}
