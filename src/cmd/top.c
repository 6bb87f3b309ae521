/* SPDX-License-Identifier: MIT */
/* kedge top: the transfers of a running server, drawn in place. It reads, and changes nothing. */
#include "base/number.h"
#include "cmd/interrupt.h"
#include "cmd/printable.h"
#include "cmd/top_draw.h"
#include "cmd/top_read.h"
#include "cmd/verbs.h"
#include "net/connection.h"
#include "os/clock.h"
#include "report/progress.h"
#include "report/terminal.h"

#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <termios.h>
#include <unistd.h>

enum { DOCUMENT_MOST = 2 << 20 };

static const char *const usual_address = "unix:///run/kedge/control";
static const kedge_nanos patience = 3 * KEDGE_SEC;
static const kedge_nanos unasked = KEDGE_SEC; /* a control socket speaks by then */

static const char opening[] = "\x1b[?1049h\x1b[?25l\x1b[?7l"; /* no cursor, no wrapping */
static const char closing[] = "\x1b[?7h\x1b[?25h\x1b[?1049l";

struct top_options {
    uint32_t sort; /* enum top_sort */
    kedge_nanos interval;
    bool once;
};

struct top {
    const struct top_options *options;
    struct kedge_endpoint from;
    enum top_sort sort;
    uint8_t *document; /* DOCUMENT_MOST bytes */
    uint8_t *screen;   /* TOP_SCREEN bytes */
    struct top_state *now, *before;
    bool known; /* now is of the server */
    bool http;  /* it is asked by HTTP */
    char note[256];
    enum exit_code fault; /* of the last try */
    int interrupt;
    struct termios was;
    bool is_raw;
};

/* ---- the document ---- */

static bool fault_is(struct top *t, enum exit_code code, const char *why)
{
    snprintf(t->note, sizeof t->note, "%s", why);
    t->fault = code;
    return false;
}

/* What comes until the end. */
static bool read_status(struct top *t, int fd, size_t *len)
{
    kedge_nanos end = clock_now() + patience;

    for (*len = 0; *len < DOCUMENT_MOST;) {
        struct pollfd ready[2] = { { .fd = fd, .events = POLLIN },
                                   { .fd = t->interrupt, .events = POLLIN } };
        kedge_nanos left = sub_sat(end, clock_now());
        ssize_t n;

        if (poll(ready, 2, (int)(left / KEDGE_MSEC)) <= 0 || ready[1].revents)
            return fault_is(t, EXIT_TIMEOUT, "the server does not answer");
        n = connection_read(fd, t->document + *len, DOCUMENT_MOST - *len);
        if (n == 0 || (n == -ECONNRESET && *len > 0)) /* it did not read what we said */
            return true;
        if (n < 0 && n != -EAGAIN)
            return fault_is(t, exit_code_of_errno((int)-n), strerror((int)-n));
        *len += n > 0 ? (size_t)n : 0;
    }
    return fault_is(t, EXIT_PEER_ERROR, "this is no kedge server: it says too much");
}

static bool ask_http(struct top *t, int fd)
{
    char request[KEDGE_HOST_MAX + 64];
    bool v6 = strchr(t->from.host, ':') != NULL;
    const char *host = t->from.transport == KEDGE_TCP ? t->from.host : "localhost";
    int len =
        snprintf(request, sizeof request, "GET /status HTTP/1.0\r\nHost: %s%s%s\r\n\r\n",
                 v6 ? "[" : "", host, v6 ? "]" : "");

    return connection_write(fd, request, (size_t)len) == len ||
           fault_is(t, EXIT_PEER_ERROR, "the server takes no request");
}

/* A control socket speaks unasked; a path of --metrics waits for a request. */
static bool speaks_first(const struct top *t, int fd)
{
    struct pollfd ready[2] = { { .fd = fd, .events = POLLIN },
                               { .fd = t->interrupt, .events = POLLIN } };

    return poll(ready, 2, (int)(unasked / KEDGE_MSEC)) != 0;
}

static bool is_http(const struct top *t, size_t len)
{
    return len >= 5 && memcmp(t->document, "HTTP/", 5) == 0;
}

/* Behind the header of HTTP, which a control socket has none of. */
static struct kedge_span body_of(const struct top *t, size_t len)
{
    const uint8_t *body = memmem(t->document, len, "\r\n\r\n", 4);

    if (!is_http(t, len) || !body)
        return (struct kedge_span){ t->document, len };
    return (struct kedge_span){ body + 4, len - (size_t)(body + 4 - t->document) };
}

/* With its first line, as far as it has one. */
static bool is_unknown(struct top *t, size_t len)
{
    char why[128] = "this is no kedge server";
    size_t line = 0;

    while (line < min_u64(len, 80) && t->document[line] >= ' ')
        line++;
    if (line > 0)
        snprintf(why, sizeof why, "%s: %.*s",
                 is_http(t, len) ? "the server gives no state"
                                 : "this is no kedge server",
                 (int)line, (const char *)t->document);
    t->known = false;
    return fault_is(t, EXIT_PEER_ERROR, why);
}

static bool fetch(struct top *t, int fd)
{
    struct top_state *old = t->before;
    size_t len = 0;

    if (connection_nonblocking(fd) < 0)
        return false;
    if ((t->http || !speaks_first(t, fd)) && !ask_http(t, fd))
        return false;
    if (!read_status(t, fd, &len))
        return false;
    t->before = t->now;
    t->now = old;
    if (!top_read(body_of(t, len), t->now))
        return is_unknown(t, len);
    t->http = is_http(t, len);
    if (t->known)
        top_rates(t->now, t->before);
    t->known = true;
    t->note[0] = '\0';
    return true;
}

static bool update(struct top *t)
{
    struct kedge_error error;
    int fd = kedge_endpoint_dial(&t->from, patience, &error);
    bool good;

    if (fd < 0)
        return fault_is(t, exit_code_of(&error),
                        error.cause == KEDGE_SYSTEM ? strerror(error.code) : error.text);
    good = fetch(t, fd);
    close(fd);
    return good;
}

/* ---- the terminal ---- */

/* Keys come one by one, and are not shown. */
static void open_terminal(struct top *t)
{
    struct termios raw;

    t->is_raw = tcgetattr(STDIN_FILENO, &t->was) == 0;
    if (t->is_raw) {
        raw = t->was;
        raw.c_lflag &= ~(tcflag_t)(ICANON | ECHO);
        (void)tcsetattr(STDIN_FILENO, TCSANOW, &raw);
    }
    terminal_draw(STDOUT_FILENO, span_of(opening));
}

static void close_terminal(const struct top *t)
{
    terminal_draw(STDOUT_FILENO, span_of(closing));
    if (t->is_raw)
        (void)tcsetattr(STDIN_FILENO, TCSANOW, &t->was);
}

/* Line by line over what was there, in one piece: nothing is blank in between. */
static void draw_screen(struct top *t)
{
    struct terminal_size size = terminal_size(STDOUT_FILENO);
    struct writer w = { .ptr = t->screen, .room = TOP_SCREEN };
    struct top_look look = { size.columns - 1, size.rows - 1, t->sort, t->note };

    put(&w, span_of("\x1b[H"));
    top_sort(t->now, t->sort);
    top_draw(&w, t->now, &look, "\x1b[K\r\n");
    put(&w, span_of("\x1b[J"));
    terminal_draw(STDOUT_FILENO, written(&w));
}

static void press(struct top *t, char key, bool *quit)
{
    static const struct {
        char key;
        enum top_sort sort;
    } sorts[] = { { 'a', TOP_BY_AGE },
                  { 'r', TOP_BY_RATE },
                  { 'b', TOP_BY_BYTES },
                  { 'l', TOP_BY_LOSSES },
                  { 'c', TOP_BY_CLIENT } };

    *quit = *quit || key == 'q';
    for (size_t i = 0; i < sizeof sorts / sizeof *sorts; i++)
        if (sorts[i].key == key)
            t->sort = sorts[i].sort;
}

/* False: it is to end. */
static bool take_keys(struct top *t)
{
    bool quit = false;
    char keys[32];
    ssize_t n = read(STDIN_FILENO, keys, sizeof keys);

    for (ssize_t i = 0; i < n; i++)
        press(t, keys[i], &quit);
    return n > 0 && !quit;
}

/* Until the next document is wanted. False: it is to end. */
static bool wait_for(struct top *t, kedge_nanos until)
{
    for (kedge_nanos now = clock_now(); now < until; now = clock_now()) {
        struct pollfd ready[2] = { { .fd = STDIN_FILENO, .events = POLLIN },
                                   { .fd = t->interrupt, .events = POLLIN } };

        if (poll(ready, 2, (int)((until - now) / KEDGE_MSEC) + 1) < 0 && errno != EINTR)
            return false;
        if (ready[1].revents || (ready[0].revents && !take_keys(t)))
            return false;
        draw_screen(t);
    }
    return true;
}

static void watch_server(struct top *t)
{
    kedge_nanos next = clock_now();

    open_terminal(t);
    do {
        next = max_u64(next, clock_now()) + t->options->interval;
        (void)update(t); /* what went wrong stands at the bottom */
        draw_screen(t);
    } while (wait_for(t, next));
    close_terminal(t);
}

/* ---- the verb ---- */

static enum exit_code top_complain(const struct top *t, const char *address)
{
    fprintf(stderr, "kedge top: %s: %s\n", printable(address, PRINTABLE_NAME).text,
            printable(t->note, PRINTABLE_NAME).text);
    return t->fault;
}

static void print_screen(struct top *t)
{
    struct writer w = { .ptr = t->screen, .room = TOP_SCREEN };
    struct top_look look = { terminal_size(STDOUT_FILENO).columns, TOP_SCREEN_ROWS,
                             t->sort, NULL };

    top_sort(t->now, t->sort);
    top_draw(&w, t->now, &look, "\n");
    fwrite(w.ptr, 1, w.len, stdout);
}

static enum exit_code run_top(struct top *t, const char *address)
{
    if (!update(t))
        return top_complain(t, address);
    if (t->options->once || !terminal_draws(STDOUT_FILENO))
        print_screen(t);
    else
        watch_server(t);
    return EXIT_OK;
}

static bool is_fit(const char *address, struct kedge_endpoint *e, struct top *t)
{
    struct kedge_error error;

    if (!kedge_endpoint_parse(address, e, &error))
        return fault_is(t, EXIT_USAGE, error.text);
    if (e->service == KEDGE_SOCKET &&
        (e->transport == KEDGE_TCP || e->transport == KEDGE_UNIX))
        return true;
    return fault_is(t, EXIT_USAGE,
                    "takes unix:///PATH (--control or --metrics of serve) or "
                    "tcp://HOST:PORT (--metrics)");
}

static enum exit_code top_run(const void *options, const struct operands *operands)
{
    const char *address = operands->count > 0 ? operands->items[0] : usual_address;
    struct top t = { .options = options };
    enum exit_code code = EXIT_SYSTEM;

    t.sort = (enum top_sort)t.options->sort;
    if (!is_fit(address, &t.from, &t))
        return top_complain(&t, address);
    t.http = t.from.transport == KEDGE_TCP;
    t.document = malloc(DOCUMENT_MOST);
    t.screen = malloc(TOP_SCREEN);
    t.now = calloc(1, sizeof *t.now);
    t.before = calloc(1, sizeof *t.before);
    t.interrupt = interrupt_open();
    if (t.document && t.screen && t.now && t.before && t.interrupt >= 0)
        code = run_top(&t, address);
    else
        fputs("kedge top: no memory\n", stderr);
    if (t.interrupt >= 0)
        interrupt_close(t.interrupt);
    free(t.document);
    free(t.screen);
    free(t.now);
    free(t.before);
    return code;
}

#define ROW(field) .into = offsetof(struct top_options, field)

static const struct arg args[] = {
    { .name = "sort",
      .kind = ARG_ENUM,
      .value = "age|rate|bytes|losses|client",
      .words = "age|rate|bytes|losses|client",
      ROW(sort),
      .help = "order of the rows (default age)" },
    { .name = "interval",
      .letter = 'i',
      .kind = ARG_TIME,
      .value = "TIME",
      ROW(interval),
      .low = 300 * KEDGE_MSEC,
      .high = 3600 * KEDGE_SEC,
      .help = "time between two screens (default 1s)" },
    { .name = "once",
      .kind = ARG_FLAG,
      ROW(once),
      .help = "print one screen and exit, as where there is no terminal" },
};

static const struct top_options usual = { .sort = TOP_BY_AGE, .interval = KEDGE_SEC };

const struct verb verb_top = {
    .name = "top",
    .operands = "[ADDRESS]",
    .summary = "show the transfers of a running server",
    .notes = "ADDRESS is what --control of serve names (default "
             "unix:///run/kedge/control), or\n"
             "tcp://HOST:PORT of its --metrics. It only reads.\n",
    .args = args,
    .arg_count = sizeof args / sizeof *args,
    .operands_max = 1,
    .defaults = &usual,
    .options_size = sizeof usual,
    .run = top_run,
};
