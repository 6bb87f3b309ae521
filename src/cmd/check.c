/* SPDX-License-Identifier: MIT */
/* kedge check: does a TFTP server or client do what the RFCs say? Each rule is played with
 * it. */
#include "check/client.h"
#include "check/command.h"
#include "check/report.h"
#include "cmd/interrupt.h"
#include "cmd/output_file.h"
#include "cmd/printable.h"
#include "cmd/url.h"
#include "cmd/verbs.h"
#include "report/progress.h"
#include "report/terminal.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

struct check_options {
    const char *put_name, *only, *junit, *pcap, *explain, *make_files;
    bool strict, json, list, client, wait, v4, v6;
};

/* A run, and where its results go. */
struct checking {
    const struct check_options *o;
    struct output_file junit;
    struct check_run_config *server; /* or ... */
    struct check_client_config *client;
    bool draws, drawn; /* progress, on a terminal */
    int interrupted;   /* the signal that ended it; 0 */
};

static void clear_line(struct checking *c)
{
    if (c->drawn)
        terminal_draw(2, span_of("\r\033[K"));
    c->drawn = false;
}

static void show_progress(void *owner, uint32_t done, uint32_t total, const char *id)
{
    struct checking *c = owner;
    static const char begin[] = "\r\033[K";
    size_t width = terminal_size(2).columns, room = sizeof begin - 1;
    char line[96];
    size_t n = (size_t)snprintf(line, sizeof line, "%s%u of %u checks, last %.40s", begin,
                                done, total, id);

    if (!c->draws)
        return;
    /* A line that fills the terminal could not be taken away whole. */
    room += width > 0 ? width - 1 : 0;
    terminal_draw(2, (struct kedge_span){ (const uint8_t *)line, n < room ? n : room });
    c->drawn = true;
}

static void show_waiting(void *owner, const struct check_row *row)
{
    struct checking *c = owner;

    clear_line(c);
    fprintf(stderr, "kedge check: ask for a file now (%s)\n", row->id);
}

static void show_result(void *owner, const struct check_play *p)
{
    struct checking *c = owner;

    clear_line(c);
    if (c->o->json)
        check_report_json(stdout, p);
    else
        check_report_line(stdout, p);
    if (c->junit.file.out)
        check_report_junit(c->junit.file.out, p, c->o->strict);
}

static enum exit_code bad_file(const char *name, int err)
{
    fprintf(stderr, "kedge check: %s: %s\n", printable(name, PRINTABLE_NAME).text,
            strerror(-err));
    return EXIT_LOCAL_FILE;
}

static enum exit_code make_files(const char *directory)
{
    const char *what;
    int err = check_files_make(directory, &what);
    char name[256];

    if (err == 0)
        return EXIT_OK;
    snprintf(name, sizeof name, "%.200s%s%.32s", directory,
             *what ? "/" CHECK_FILE_PREFIX : "", what);
    return bad_file(name, err);
}

static enum exit_code list_rows(const char *only)
{
    for (uint32_t i = 0; check_row_at(i); i++)
        if (check_row_chosen(check_row_at(i), only))
            check_report_list(stdout, check_row_at(i));
    return EXIT_OK;
}

static enum exit_code explain(const char *id)
{
    const struct check_row *row = check_row_find(id);

    if (!row) {
        fprintf(stderr,
                "kedge check: no check is called '%s' (see: kedge check --list)\n",
                printable(id, PRINTABLE_WORD).text);
        return EXIT_USAGE;
    }
    check_report_explain(stdout, row);
    return EXIT_OK;
}

static enum exit_code no_server(const struct kedge_error *error)
{
    fprintf(stderr, "kedge check: %s\n", error->text);
    return exit_code_of(error);
}

/* The one address that is asked; a network is never. */
static enum exit_code find_server(const struct check_options *o, struct kedge_endpoint *e,
                                  struct net_address *server)
{
    struct kedge_addresses addresses;
    struct kedge_error error;

    e->family = o->v4 ? KEDGE_IPV4 : o->v6 ? KEDGE_IPV6 : KEDGE_ANY_FAMILY;
    if (e->service != KEDGE_TFTP || e->host[0] == 0) {
        fputs("kedge check: the server is named as tftp://HOST[:PORT]/\n", stderr);
        return EXIT_USAGE;
    }
    if (kedge_resolve(e, &addresses, &error) < 0)
        return no_server(&error);
    if (!net_address_from(&addresses.at[0], server) || net_address_is_multicast(server) ||
        net_address_is_broadcast(server) || net_address_is_any(server)) {
        fputs("kedge check: check one server, not a network\n", stderr);
        return EXIT_USAGE;
    }
    return EXIT_OK;
}

/* "dir/file": the directory goes in front of all names; the file is one of the server's. */
static void split_name(const struct kedge_endpoint *e, char prefix[KEDGE_NAME_MAX + 1],
                       char own[KEDGE_NAME_MAX + 1])
{
    size_t len = e->name_len;

    while (len > 0 && e->name[len - 1] != '/')
        len--;
    memcpy(prefix, e->name, len);
    prefix[len] = 0;
    memcpy(own, e->name, e->name_len);
    own[e->name_len] = 0;
    if (len == e->name_len)
        own[0] = 0;
}

static enum exit_code verdict(const struct check_options *o, enum check_run_end end,
                              const struct check_counts *counts)
{
    uint32_t bad = counts->by[CHECK_FAILS] + (o->strict ? counts->by[CHECK_DEVIATES] : 0);

    if (end == CHECK_RUN_NOBODY) {
        fputs("kedge check: no TFTP server answers there\n", stderr);
        return EXIT_ALL_FAILED;
    }
    if (end == CHECK_RUN_NO_MEMORY) {
        fputs("kedge check: no memory\n", stderr);
        return EXIT_ALL_FAILED;
    }
    if (o->json)
        check_report_json_end(stdout, counts);
    else
        check_report_end(stdout, counts);
    return bad > 0 || counts->died_at[0] ? EXIT_SOME_FAILED : EXIT_OK;
}

/* Either a server or a client is checked. */
static enum check_run_end run_checks(struct checking *c, struct check_counts *counts,
                                     int *err)
{
    *err = 0;
    return c->client ? check_run_client(c->client, counts, err)
                     : check_run_server(c->server, counts);
}

static enum exit_code no_client(const struct checking *c, int err)
{
    if (err < 0)
        fprintf(stderr, "kedge check: %s: %s\n",
                printable(c->client->command_count ? c->client->command[0] : "the port",
                          PRINTABLE_NAME)
                    .text,
                strerror(-err));
    else
        fputs("kedge check: the client asked for nothing\n", stderr);
    return EXIT_ALL_FAILED;
}

static enum exit_code check_peer(struct checking *c)
{
    struct check_counts counts;
    enum check_run_end end;
    int err, fd = interrupt_open();

    if (c->client)
        c->client->stop_fd = fd;
    else
        c->server->stop_fd = fd;
    end = run_checks(c, &counts, &err);
    c->interrupted = fd < 0 ? 0 : interrupt_which(fd);
    if (fd >= 0)
        interrupt_close(fd);
    clear_line(c);
    if (c->interrupted)
        return verdict(c->o, CHECK_RUN_STOPPED, &counts);
    if (c->client && end == CHECK_RUN_NOBODY)
        return no_client(c, err);
    return verdict(c->o, end, &counts);
}

static enum exit_code with_pcap(struct checking *c)
{
    struct output_file f = { .verb = "check", .option = "", .name = c->o->pcap };
    struct check_pcap pcap;
    enum exit_code code, saved;

    if (!f.name)
        return check_peer(c);
    code = output_file_open(&f);
    if (code != EXIT_OK)
        return code;
    check_pcap_begin(&pcap, f.file.out);
    if (c->client)
        c->client->pcap = &pcap;
    else
        c->server->pcap = &pcap;
    code = check_peer(c);
    saved = output_file_commit(&f);
    return saved != EXIT_OK ? saved : code;
}

static enum exit_code with_junit(struct checking *c)
{
    enum exit_code code, saved;

    c->junit = (struct output_file){ .verb = "check", .option = "", .name = c->o->junit };
    if (!c->o->junit)
        return with_pcap(c);
    code = output_file_open(&c->junit);
    if (code != EXIT_OK)
        return code;
    fputs(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuite name=\"kedge check\">\n",
        c->junit.file.out);
    code = with_pcap(c);
    fputs("</testsuite>\n", c->junit.file.out);
    saved = output_file_commit(&c->junit);
    return saved != EXIT_OK ? saved : code;
}

/* A run that a signal ended has its files too: of what was played until then. */
static enum exit_code run_with_files(struct checking *c)
{
    enum exit_code code = with_junit(c);

    if (c->interrupted)
        interrupt_end(c->interrupted);
    return code;
}

static enum exit_code run_server(const struct check_options *o, const char *url)
{
    struct checking c = { .o = o, .draws = terminal_draws(2) && !o->json };
    struct check_run_config config = { .put_name = o->put_name,
                                       .only = o->only,
                                       .owner = &c,
                                       .progress = show_progress,
                                       .result = show_result };
    char prefix[KEDGE_NAME_MAX + 1], own[KEDGE_NAME_MAX + 1];
    struct kedge_endpoint e;
    struct kedge_error error;
    enum exit_code code;

    if (!url_parse(url, &e, &error)) {
        fprintf(stderr, "kedge check: %s\n", error.text);
        return EXIT_USAGE;
    }
    code = find_server(o, &e, &config.server);
    if (code != EXIT_OK)
        return code;
    split_name(&e, prefix, own);
    config.prefix = prefix;
    config.own_file = own[0] ? own : NULL;
    c.server = &config;
    return run_with_files(&c);
}

/* Where kedge serves: loopback for a command, else as the operand says. */
static enum exit_code find_place(const struct check_options *o, const char *url,
                                 struct net_address *at)
{
    struct kedge_endpoint e;
    struct kedge_error error;

    if (!url) {
        const char *host = o->wait ? o->v6 ? "::" : "0.0.0.0"
                           : o->v6 ? "::1"
                                   : "127.0.0.1";

        return net_address_parse(host, o->wait ? 69 : 0, at) ? EXIT_OK : EXIT_USAGE;
    }
    if (!url_parse(url, &e, &error)) {
        fprintf(stderr, "kedge check: %s\n", error.text);
        return EXIT_USAGE;
    }
    if (e.host[0] == 0) {
        if (!net_address_parse(o->v6 ? "::" : "0.0.0.0", e.port, at))
            return EXIT_USAGE;
        return EXIT_OK;
    }
    return find_server(o, &e, at);
}

static enum exit_code run_client(const struct check_options *o,
                                 const struct operands *operands)
{
    struct checking c = { .o = o, .draws = terminal_draws(2) && !o->json && !o->wait };
    struct check_client_config config = { .command = operands->items,
                                          .command_count = o->wait ? 0 : operands->count,
                                          .only = o->only,
                                          .owner = &c,
                                          .progress = show_progress,
                                          .result = show_result,
                                          .waits = show_waiting };
    enum exit_code code;

    if (o->wait && operands->count > 1) {
        fputs("kedge check: --wait takes one operand, tftp://ADDRESS[:PORT]/\n", stderr);
        return EXIT_USAGE;
    }
    if (!o->wait && !check_command_valid(config.command, config.command_count)) {
        fputs("kedge check: --client takes a command with {url} or {port} in it, as in:\n"
              "  kedge check --client -- curl -s -o {local} {url}\n",
              stderr);
        return EXIT_USAGE;
    }
    code =
        find_place(o, o->wait && operands->count ? operands->items[0] : NULL, &config.at);
    if (code != EXIT_OK)
        return code;
    c.client = &config;
    return run_with_files(&c);
}

static enum exit_code check_run_verb(const void *options, const struct operands *operands)
{
    const struct check_options *o = options;
    struct kedge_span unknown = check_only_unknown(o->only);

    if (unknown.len > 0) {
        fprintf(stderr, "kedge check: --only: no check or group is called '%.*s'\n",
                (int)(unknown.len < 60 ? unknown.len : 60), (const char *)unknown.ptr);
        return EXIT_USAGE;
    }
    if (o->list)
        return list_rows(o->only);
    if (o->explain)
        return explain(o->explain);
    if (o->make_files)
        return make_files(o->make_files);
    if (o->client)
        return run_client(o, operands);
    if (o->wait || operands->count != 1) {
        fputs("kedge check: name the server, as tftp://HOST/ (see: kedge help check)\n",
              stderr);
        return EXIT_USAGE;
    }
    return run_server(o, operands->items[0]);
}

static const struct check_options defaults = { 0 };

#define FIELD(name) .into = offsetof(struct check_options, name)

static const struct arg args[] = {
    { .letter = '4', .kind = ARG_FLAG, FIELD(v4), .not_with = "6", .help = "IPv4 only" },
    { .letter = '6', .kind = ARG_FLAG, FIELD(v6), .not_with = "4", .help = "IPv6 only" },
    { .name = "put-name",
      .kind = ARG_TEXT,
      .value = "NAME",
      FIELD(put_name),
      .help = "also test uploads, to names that begin with NAME" },
    { .name = "client",
      .kind = ARG_FLAG,
      FIELD(client),
      .not_with = "put-name|make-files",
      .help = "test a client: serve, and start COMMAND for each check" },
    { .name = "wait",
      .kind = ARG_FLAG,
      FIELD(wait),
      .help = "with --client: wait for a client that you start" },
    { .name = "only",
      .kind = ARG_TEXT,
      .value = "ID",
      FIELD(only),
      .help = "run only these checks: ids and groups, separated by commas" },
    { .name = "strict",
      .kind = ARG_FLAG,
      FIELD(strict),
      .help = "count deviations as failures" },
    { .name = "json",
      .kind = ARG_FLAG,
      FIELD(json),
      .help = "print one JSON line per check, and one at the end" },
    { .name = "junit",
      .kind = ARG_TEXT,
      .value = "FILE",
      FIELD(junit),
      .help = "also write the results as JUnit XML" },
    { .name = "pcap",
      .kind = ARG_TEXT,
      .value = "FILE",
      FIELD(pcap),
      .help = "write all packets for Wireshark" },
    { .name = "list",
      .kind = ARG_FLAG,
      FIELD(list),
      .help = "list the checks, with level and section; send nothing" },
    { .name = "explain",
      .kind = ARG_TEXT,
      .value = "ID",
      FIELD(explain),
      .help = "explain one check, with a diagram; send nothing" },
    { .name = "make-files",
      .kind = ARG_TEXT,
      .value = "DIR",
      FIELD(make_files),
      .help = "create the test files in DIR, the server's root" },
};

const struct verb verb_check = {
    .name = "check",
    .operands = "[tftp://HOST[:PORT]/[NAME]] [-- COMMAND [ARG...]]",
    .summary = "test a TFTP server or client against the RFCs",
    .notes =
        "Each check prints a line: id, verdict (pass, deviates, FAILS or not tried) and\n"
        "section of the RFC. Below a failure come the packets, the wrong one in hex, "
        "and\n"
        "what to do. The server's root needs the files of --make-files (68 MB); without\n"
        "them name a file of at least 1537 bytes, or allow small uploads by --put-name.\n"
        "Nothing is uploaded without --put-name. A DIR/ in the URL precedes all names.\n"
        "COMMAND may contain {url} {host} {port} {remote} {local}; {local} is the file "
        "to\n"
        "write, or to read for an upload. --wait serves at tftp://*:69, or as named.\n"
        "Exit status: 0 no check failed, 1 one failed, 2 no server answers, 9 a file\n"
        "cannot be written, 64 usage.\n",
    .args = args,
    .arg_count = sizeof args / sizeof *args,
    .operands_min = 0,
    .operands_max = CHECK_COMMAND_WORDS,
    .defaults = &defaults,
    .options_size = sizeof defaults,
    .run = check_run_verb,
};
