/* SPDX-License-Identifier: MIT */
/* kedge get: files of a TFTP server to here. */
#include "cmd/client.h"
#include "cmd/verbs.h"

#include <string.h>

struct get_options {
    struct client_options client;
    const char *output;
};

/* The part of the server's name behind its last slash, of either kind. */
static const char *local_name(const struct kedge_endpoint *remote,
                              struct client_file *out)
{
    char *c;

    memcpy(out->path, remote->name, remote->name_len);
    out->path[remote->name_len] = 0;
    for (c = out->path; *c; c++)
        if (*c == '\\')
            *c = '/';
    return client_base(out->path);
}

static bool make_get_file(const struct client *c, size_t number, struct client_file *out)
{
    const char *url = c->operands->items[number];
    struct kedge_endpoint *remote = &out->job.remote;

    if (!client_remote(c, url, remote))
        return false;
    if (remote->name_len == 0)
        return client_report_error(c, url, "names no file");
    out->job.put = false;
    out->job.path = c->output ? c->output : local_name(remote, out);
    if (!*out->job.path)
        return client_report_error(c, url, "has no file name: give one by -o");
    return true;
}

static enum exit_code get_run(const void *options, const struct operands *operands)
{
    const struct get_options *o = options;
    struct client c = { "get",           &o->client, operands,
                        operands->count, o->output,  make_get_file };

    if (o->output && strcmp(o->output, "-") != 0 && operands->count > 1) {
        client_report_error(&c, "-o", "names one file, and there are several");
        return EXIT_USAGE;
    }
    return client_run(&c);
}

static const struct get_options defaults = { .client = { .mode = CLIENT_ANY_MODE } };

static const struct arg args[] = {
    { .name = "output",
      .letter = 'o',
      .kind = ARG_TEXT,
      .value = "FILE",
      .into = offsetof(struct get_options, output),
      .help = "write to FILE, or to standard output (-)" },
#include "cmd/client_args.h"
};

const struct verb verb_get = {
    .name = "get",
    .operands = "tftp://HOST[:PORT]/FILE...",
    .summary = "fetch files from a TFTP server",
    .notes = "A file is renamed into the current directory only when it is complete; an\n"
             "existing file stays unchanged until then, and after any "
             "failure.\n" CLIENT_EXIT_NOTES,
    .args = args,
    .arg_count = sizeof args / sizeof *args,
    .operands_min = 1,
    .operands_max = SIZE_MAX,
    .defaults = &defaults,
    .options_size = sizeof defaults,
    .run = get_run,
};
