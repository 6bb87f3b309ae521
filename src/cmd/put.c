/* SPDX-License-Identifier: MIT */
/* kedge put: files from here to a TFTP server. */
#include "cmd/client.h"
#include "cmd/verbs.h"

#include <string.h>

static bool append_name(struct kedge_endpoint *remote, const char *base)
{
    size_t len = strlen(base);

    if (remote->name_len + len > sizeof remote->name)
        return false;
    memcpy(remote->name + remote->name_len, base, len);
    remote->name_len += len;
    return true;
}

/* A URL without a name, or with one that ends in a slash, takes the file's own. */
static bool make_put_file(const struct client *c, size_t number, struct client_file *out)
{
    const char *url = c->operands->items[c->operands->count - 1];
    const char *path = c->operands->items[number];
    struct kedge_endpoint *remote = &out->job.remote;
    bool whole;

    if (!client_remote(c, url, remote))
        return false;
    out->job.put = true;
    out->job.path = path;
    whole = remote->name_len > 0 && remote->name[remote->name_len - 1] != '/';
    if (whole && c->count > 1)
        return client_report_error(c, url, "names one file, and there are several");
    if (whole)
        return true;
    if (strcmp(path, "-") == 0)
        return client_report_error(c, url,
                                   "standard input has no name: give one in the URL");
    if (!*client_base(path))
        return client_report_error(c, path, "is no file name");
    if (!append_name(remote, client_base(path)))
        return client_report_error(c, url, "the name is too long");
    return true;
}

static enum exit_code put_run(const void *options, const struct operands *operands)
{
    struct client c = {
        "put", options, operands, operands->count - 1, NULL, make_put_file
    };

    return client_run(&c);
}

static const struct client_options defaults = { .mode = CLIENT_ANY_MODE };

static const struct arg args[] = {
#include "cmd/client_args.h"
};

const struct verb verb_put = {
    .name = "put",
    .operands = "FILE... tftp://HOST[:PORT]/[NAME]",
    .summary = "send files to a TFTP server",
    .notes = "FILE - is standard input. Without a NAME, or if it ends in /, each file\n"
             "keeps its own name.\n" CLIENT_EXIT_NOTES,
    .args = args,
    .arg_count = sizeof args / sizeof *args,
    .operands_min = 2,
    .operands_max = SIZE_MAX,
    .defaults = &defaults,
    .options_size = sizeof defaults,
    .run = put_run,
};
