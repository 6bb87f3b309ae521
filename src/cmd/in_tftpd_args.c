/* SPDX-License-Identifier: MIT */
/* Options of in.tftpd: a table for getopt_long, and what each does. */
#include "cmd/in_tftpd_args.h"

#include "base/number.h"
#include "base/units.h"
#include "cmd/printable.h"
#include "kedge/tftp.h"
#include "serve/tftp/service.h"

#include <ctype.h>
#include <getopt.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

enum {
    BLOCK_MIN = 512,
    BLOCK_MAX = 65464,
    WINDOW_DEFAULT = 256,
    WINDOW_MAX = 32768,
    WINDOW_BYTES = 4 << 20,
    STEPS_DEFAULT = 4096,
    STEPS_MAX = 65536,
    RETRANSMIT_MIN = 10000,
    RETRANSMIT_MAX = 255000000,
    PORT_MAX = 65534, /* as tftp-hpa has it for a range */
};

/* Options without a letter. */
enum {
    OPT_READ_ONLY = 256,
    OPT_MAX_UPLOAD,
    OPT_VALIDATE,
    OPT_PATH_PREFIX,
    OPT_MAP_STEPS,
    OPT_MAP_TEST,
    OPT_NORMALIZE,
    OPT_VERBOSITY,
    OPT_REFUSE_ALL,
    OPT_WINDOW_BYTES,
    OPT_SYSLOG,
    OPT_STDERR,
    OPT_STDOUT,
    OPT_LOGFILE,
    OPT_LOGFORMAT,
    OPT_SYSTEMD,
};

static const char letters[] = ":46lLa:S:csju:U:pP:t:T:m:vr:B:W:R:V";

static const struct option names[] = {
    { "ipv4", no_argument, NULL, '4' },
    { "ipv6", no_argument, NULL, '6' },
    { "listen", no_argument, NULL, 'l' },
    { "foreground", no_argument, NULL, 'L' },
    { "address", required_argument, NULL, 'a' },
    { "service", required_argument, NULL, 'S' },
    { "port", required_argument, NULL, 'S' },
    { "create", no_argument, NULL, 'c' },
    { "ro", no_argument, NULL, OPT_READ_ONLY },
    { "read-only", no_argument, NULL, OPT_READ_ONLY },
    { "max-upload", required_argument, NULL, OPT_MAX_UPLOAD },
    { "max-size", required_argument, NULL, OPT_MAX_UPLOAD },
    { "secure", no_argument, NULL, 's' },
    { "chroot", no_argument, NULL, 's' },
    { "jail", no_argument, NULL, 'j' },
    { "validate", no_argument, NULL, OPT_VALIDATE },
    { "path-prefix", required_argument, NULL, OPT_PATH_PREFIX },
    { "user", required_argument, NULL, 'u' },
    { "umask", required_argument, NULL, 'U' },
    { "permissive", no_argument, NULL, 'p' },
    { "pidfile", required_argument, NULL, 'P' },
    { "timeout", required_argument, NULL, 't' },
    { "retransmit", required_argument, NULL, 'T' },
    { "map-file", required_argument, NULL, 'm' },
    { "map-steps", required_argument, NULL, OPT_MAP_STEPS },
    { "map-test", required_argument, NULL, OPT_MAP_TEST },
    { "normalize", optional_argument, NULL, OPT_NORMALIZE },
    { "verbose", no_argument, NULL, 'v' },
    { "verbosity", required_argument, NULL, OPT_VERBOSITY },
    { "refuse", required_argument, NULL, 'r' },
    { "reject", required_argument, NULL, 'r' },
    { "refuse-all", no_argument, NULL, OPT_REFUSE_ALL },
    { "reject-all", no_argument, NULL, OPT_REFUSE_ALL },
    { "blocksize", required_argument, NULL, 'B' },
    { "windowsize", required_argument, NULL, 'W' },
    { "window-bytes", required_argument, NULL, OPT_WINDOW_BYTES },
    { "port-range", required_argument, NULL, 'R' },
    { "ports", required_argument, NULL, 'R' },
    { "syslog", no_argument, NULL, OPT_SYSLOG },
    { "stderr", optional_argument, NULL, OPT_STDERR },
    { "stdout", optional_argument, NULL, OPT_STDOUT },
    { "logfile", required_argument, NULL, OPT_LOGFILE },
    { "logformat", required_argument, NULL, OPT_LOGFORMAT },
    { "systemd", no_argument, NULL, OPT_SYSTEMD },
    { "version", no_argument, NULL, 'V' },
    { NULL, 0, NULL, 0 },
};

/* What -r takes. */
static const struct {
    const char *name;
    unsigned bit;
} tftp_options[] = {
    { "blksize", KEDGE_TFTP_HAS_BLKSIZE },   { "blksize2", KEDGE_TFTP_HAS_BLKSIZE2 },
    { "tsize", KEDGE_TFTP_HAS_TSIZE },       { "timeout", KEDGE_TFTP_HAS_TIMEOUT },
    { "utimeout", KEDGE_TFTP_HAS_UTIMEOUT }, { "windowsize", KEDGE_TFTP_HAS_WINDOWSIZE },
    { "rollover", KEDGE_TFTP_HAS_ROLLOVER }, { "cookie", TFTP_HAS_COOKIE },
};

void in_tftpd_say(const char *format, ...)
{
    char text[512];
    va_list ap;

    va_start(ap, format);
    (void)vsnprintf(text, sizeof text, format, ap);
    va_end(ap);
    fprintf(stderr, "in.tftpd: %s\n", text);
}

static bool bad(const char *option, const char *allowed, const char *value)
{
    in_tftpd_say("--%s takes %s, not '%s'", option, allowed,
                 printable(value, PRINTABLE_WORD).text);
    return false;
}

/* As strtoul() reads it: white space and a plus in front. */
static const char *unsigned_digits(const char *text)
{
    while (isspace((unsigned char)*text))
        text++;
    return text + (*text == '+');
}

/* Digits, and k, m, g, t, p or e behind them for powers of 1024. */
static bool parse_number(const char *text, struct arg_range within, uint64_t *out)
{
    static const char units[] = "kmgtpe";
    struct kedge_span s = span_of(unsigned_digits(text));
    uint64_t v;
    const char *unit = NULL;

    if (s.len > 0 && (s.ptr[s.len - 1] | 0x20) >= 'a') {
        unit = strchr(units, s.ptr[s.len - 1] | 0x20);
        s.len -= unit && *unit;
    }
    if (!decimal(s, UINT64_MAX, &v))
        return false;
    for (const char *u = units; unit && u <= unit; u++) {
        if (v > UINT64_MAX / 1024)
            return false;
        v *= 1024;
    }
    if (v < within.low || v > within.high)
        return false;
    *out = v;
    return true;
}

static bool in_tftpd_block(struct in_tftpd_args *a, const char *text)
{
    if (strncasecmp(text, "mtu", 3) == 0) {
        a->blksize = 0;
        a->slack = 0;
        if (text[3] == '\0' ||
            (text[3] == '-' &&
             parse_number(text + 4, (struct arg_range){ 0, UINT32_MAX }, &a->slack)))
            return true;
    } else if (parse_number(text, (struct arg_range){ BLOCK_MIN, BLOCK_MAX },
                            &a->blksize)) {
        return true;
    }
    return bad("blocksize", "512 to 65464, mtu or mtu-BYTES", text);
}

/* 0 is 1, as in tftp-hpa. */
static bool take_window(struct in_tftpd_args *a, const char *text)
{
    if (!parse_number(text, (struct arg_range){ 0, WINDOW_MAX }, &a->window))
        return bad("windowsize", "1 to 32768", text);
    a->window = max_u64(a->window, 1);
    return true;
}

/* What begins with digits, and what follows them. */
static bool leading_port(const char *text, uint64_t *out, const char **rest)
{
    const char *digits = unsigned_digits(text);
    size_t len = strspn(digits, "0123456789");

    *rest = digits + len;
    return decimal((struct kedge_span){ (const uint8_t *)digits, len }, PORT_MAX, out);
}

/* What stands behind the second number counts for nothing. */
static bool take_ports(struct in_tftpd_args *a, const char *text)
{
    const char *rest = NULL;

    if (leading_port(text, &a->ports.low, &rest) && *rest == ':' &&
        leading_port(rest + 1, &a->ports.high, &rest) && a->ports.low > 0 &&
        a->ports.low <= a->ports.high)
        return true;
    return bad("port-range", "LOW:HIGH of 1 to 65534", text);
}

static bool take_refused(struct in_tftpd_args *a, const char *text)
{
    for (size_t i = 0; i < sizeof tftp_options / sizeof *tftp_options; i++)
        if (strcasecmp(text, tftp_options[i].name) == 0) {
            a->refused |= tftp_options[i].bit;
            return true;
        }
    return bad("refuse", "the name of a TFTP option that is known", text);
}

static void refuse_all(struct in_tftpd_args *a)
{
    for (size_t i = 0; i < sizeof tftp_options / sizeof *tftp_options; i++)
        a->refused |= tftp_options[i].bit;
}

static bool take_form(struct in_tftpd_args *a, const char *text)
{
    if (!text || !*text || strcmp(text, "path") == 0)
        a->form = PATH_FLAT;
    else if (strcmp(text, "root") == 0)
        a->form = PATH_ROOTED;
    else if (strcmp(text, "none") == 0)
        a->form = PATH_AS_IS;
    else
        return bad("normalize", "none, root or path", text);
    return true;
}

static bool take_log_format(struct in_tftpd_args *a, const char *text)
{
    if (text && strcmp(text, "human") != 0 && strcmp(text, "tag") != 0)
        return bad("logformat", "human or tag", text);
    a->tags = text ? strcmp(text, "tag") == 0 : a->tags;
    return true;
}

static bool take_log(struct in_tftpd_args *a, enum in_tftpd_log log, const char *format)
{
    a->log = log;
    return take_log_format(a, format);
}

static bool in_tftpd_address(struct in_tftpd_args *a, const char *text)
{
    a->listens = true;
    if (a->addresses.count == ARG_LIST_MAX) {
        in_tftpd_say("--address may be given %d times", ARG_LIST_MAX);
        return false;
    }
    a->addresses.items[a->addresses.count++] = text;
    return true;
}

static bool take_map(struct in_tftpd_args *a, const char *text)
{
    if (a->map) {
        in_tftpd_say("--map-file may be given once");
        return false;
    }
    a->map = text;
    return true;
}

/* What is no number is none, as in tftp-hpa, but not without a word. */
static bool take_idle(struct in_tftpd_args *a, const char *text)
{
    a->has_idle = true;
    if (parse_number(text, (struct arg_range){ 0, UINT64_MAX }, &a->idle_s)) {
        a->idle_s = min_u64(a->idle_s, UINT32_MAX);
        return true;
    }
    a->idle_s = 0;
    in_tftpd_say("--timeout takes seconds, not '%s': it waits for ever",
                 printable(text, PRINTABLE_WORD).text);
    return true;
}

static bool take_umask(struct in_tftpd_args *a, const char *text)
{
    a->has_umask = true;
    if (!units_octal(span_of(text), 07777, &a->umask))
        return bad("umask", "an octal number up to 7777", text);
    a->umask &= 0777;
    return true;
}

/* A longer run would hold up every client. */
static bool take_steps(struct in_tftpd_args *a, const char *text)
{
    if (!parse_number(text, (struct arg_range){ 1, UINT64_MAX }, &a->map_steps))
        return bad("map-steps", "1 to 65536", text);
    if (a->map_steps > STEPS_MAX)
        in_tftpd_say("--map-steps %s is larger than 65536, which it is now",
                     printable(text, PRINTABLE_WORD).text);
    a->map_steps = min_u64(a->map_steps, STEPS_MAX);
    return true;
}

static bool take_window_bytes(struct in_tftpd_args *a, const char *text)
{
    if (!parse_number(text, (struct arg_range){ 0, UINT64_MAX }, &a->window_bytes))
        return bad("window-bytes", "a size", text);
    a->window_bytes = min_u64(a->window_bytes, UINT32_MAX);
    return true;
}

/* name: of an option that needs one; NULL: an empty value is one too. */
static bool take_text(const char **out, const char *name, const char *text)
{
    if (name && !*text) {
        in_tftpd_say("--%s needs a value", name);
        return false;
    }
    *out = text;
    return true;
}

/* Those without a value. */
static bool take_flag(struct in_tftpd_args *a, int which)
{
    switch (which) {
    case '4':
    case '6':
        a->v4 = which == '4';
        a->v6 = which == '6';
        return true;
    case 'l':
    case 'L':
        a->listens = true;
        a->stays = a->stays || which == 'L';
        return true;
    case 'c':
        return a->creates = true;
    case 's':
        return a->chroots = true;
    case 'j':
        return a->jails = true;
    case 'p':
        return a->permissive = true;
    case 'v': /* the log says every transfer in any case */
        return true;
    case 'V':
        return a->version = true;
    case OPT_READ_ONLY:
        return a->read_only = true;
    case OPT_VALIDATE:
        return a->validates = true;
    case OPT_SYSTEMD:
        return a->systemd = true;
    case OPT_SYSLOG:
        return take_log(a, IN_TFTPD_SYSLOG, NULL);
    case OPT_REFUSE_ALL:
        refuse_all(a);
        return true;
    default:
        return false;
    }
}

static bool take_number(struct in_tftpd_args *a, int which, const char *text)
{
    switch (which) {
    case 't':
        return take_idle(a, text);
    case 'T':
        a->has_retransmit = true;
        return parse_number(text, (struct arg_range){ RETRANSMIT_MIN, RETRANSMIT_MAX },
                            &a->retransmit_us) ||
               bad("retransmit", "10000 to 255000000 microseconds", text);
    case 'U':
        return take_umask(a, text);
    case OPT_MAX_UPLOAD:
        return parse_number(text, (struct arg_range){ 0, UINT64_MAX - 1 },
                            &a->max_upload) ||
               bad("max-upload", "a size", text);
    case OPT_MAP_STEPS:
        return take_steps(a, text);
    case OPT_WINDOW_BYTES:
        return take_window_bytes(a, text);
    case OPT_VERBOSITY: /* the log says every transfer in any case */
        return true;
    default:
        return false;
    }
}

static bool take_value(struct in_tftpd_args *a, int which, const char *text)
{
    switch (which) {
    case 'a':
        return in_tftpd_address(a, text);
    case 'S':
        return take_text(&a->service, "service", text);
    case 'u':
        return take_text(&a->user, NULL, text);
    case 'P':
        return take_text(&a->pidfile, NULL, text);
    case 'm':
        return take_map(a, text);
    case 'r':
        return take_refused(a, text);
    case 'B':
        return in_tftpd_block(a, text);
    case 'W':
        return take_window(a, text);
    case 'R':
        return take_ports(a, text);
    case OPT_PATH_PREFIX:
        return take_text(&a->prefix, NULL, text);
    case OPT_MAP_TEST:
        a->log = IN_TFTPD_STDERR;
        return take_text(&a->map_test, "map-test", text);
    case OPT_LOGFILE:
        a->log = IN_TFTPD_FILE;
        return take_text(&a->logfile, "logfile", text);
    case OPT_LOGFORMAT:
        return take_log_format(a, text);
    default:
        return take_number(a, which, text);
    }
}

static bool in_tftpd_option(struct in_tftpd_args *a, int which)
{
    switch (which) {
    case OPT_NORMALIZE:
        return take_form(a, optarg);
    case OPT_STDERR:
        return take_log(a, IN_TFTPD_STDERR, optarg);
    case OPT_STDOUT:
        return take_log(a, IN_TFTPD_STDOUT, optarg);
    default:
        return optarg ? take_value(a, which, optarg) : take_flag(a, which);
    }
}

/* It serves all the same, as tftp-hpa does. Of a long option getopt_long knows no letter: the
 * word is the one before. */
static void say_unknown(char **argv, bool lacks_value)
{
    char letter[3] = { '-', (char)optopt, '\0' };
    bool is_long = optopt == 0 || optopt > 255 || strncmp(argv[optind - 1], "--", 2) == 0;

    in_tftpd_say("%s %s, and counts for nothing (see in.tftpd(8))",
                 printable(is_long ? argv[optind - 1] : letter, PRINTABLE_WORD).text,
                 lacks_value ? "needs a value" : "is not an option, or is ambiguous");
}

bool in_tftpd_args_parse(int argc, char **argv, struct in_tftpd_args *out)
{
    int which;

    *out = (struct in_tftpd_args){ .max_upload = UINT64_MAX,
                                   .blksize = BLOCK_MAX,
                                   .window = WINDOW_DEFAULT,
                                   .window_bytes = WINDOW_BYTES,
                                   .map_steps = STEPS_DEFAULT };
    optind = 0; /* from the start, also of a second command line */
    while (!out->version && (which = getopt_long(argc, argv, letters, names, NULL)) != -1)
        if (which == '?' || which == ':')
            say_unknown(argv, which == ':');
        else if (!in_tftpd_option(out, which))
            return false;
    out->dirs = (const char *const *)argv + optind;
    out->dir_count = (size_t)(argc - optind);
    return true;
}
