/* SPDX-License-Identifier: MIT */
/* What `kedge serve` says on standard output: the endpoints, and at the end the sums. */
#include "cmd/serve_server.h"

#include "base/number.h"
#include "cmd/printable.h"
#include "os/clock.h"
#include "report/table.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

/* A root may have millions of files, and the example is worth no wait. */
enum { SAMPLED_MAX = 4096 };

/* A file that a new user can ask for: the first of the root by name, or among some. */
static void sample_name(const struct server *s, char *out, size_t room)
{
    int fd = openat(s->root.fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    DIR *dir = fd < 0 ? NULL : fdopendir(fd);
    struct dirent *entry;

    snprintf(out, room, "FILE");
    if (!dir) {
        if (fd >= 0)
            close(fd);
        return;
    }
    for (int i = 0; i < SAMPLED_MAX && (entry = readdir(dir)); i++)
        if (entry->d_type == DT_REG && entry->d_name[0] != '.' &&
            (strcmp(out, "FILE") == 0 || strcmp(entry->d_name, out) < 0))
            snprintf(out, room, "%s", entry->d_name);
    closedir(dir);
}

/* The endpoint as a client on this machine would name it. */
static void reachable(const struct served *row, struct kedge_endpoint *out)
{
    *out = row->endpoint;
    if (row->any)
        snprintf(out->host, sizeof out->host, "%s",
                 strchr(row->endpoint.host, ':') ? "::1" : "127.0.0.1");
}

static void get_command(const struct server *s, const struct served *row, char *out,
                        size_t room)
{
    char endpoint[KEDGE_ENDPOINT_TEXT];
    char file[256];
    struct kedge_endpoint e;

    reachable(row, &e);
    sample_name(s, file, sizeof file);
    e.name_len = strlen(file);
    memcpy(e.name, file, e.name_len);
    snprintf(out, room, "%s get '%s' -o -", program_invocation_name,
             kedge_endpoint_print(&e, endpoint));
}

/* The bare socket behind a service takes any message. */
static void send_command(const struct served *row, char *out, size_t room)
{
    char endpoint[KEDGE_ENDPOINT_TEXT];
    struct kedge_endpoint e;

    reachable(row, &e);
    e.service = KEDGE_SOCKET;
    snprintf(out, room, "%s send '%s' hello", program_invocation_name,
             kedge_endpoint_print(&e, endpoint));
}

/* The port is no secret: see tftp/request_rate.h. */
static void print_request_port_rate(const struct server *s)
{
    if (s->options->request_port_rate > 0)
        printf("single port: clients behind routers get %llu bytes/s in all "
               "(--request-port-rate)\n",
               (unsigned long long)s->options->request_port_rate);
}

/* Fewer data ports than a blind attacker should have to try. */
static void print_data_ports(const struct server *s)
{
    uint64_t ports = 0;
    bool by_range = s->options->port_range.high > 0;

    if (!s->tftp)
        return;
    if (serve_port_is(s->options, "always")) {
        print_request_port_rate(s);
        return;
    }
    for (unsigned i = 0; i < s->shard_count; i++)
        ports += tftp_service_data_ports(s->shards[i].tftp);
    if (ports < TFTP_DATA_SOCKETS / 4 * 3) /* a little less is the shards' rounding */
        printf("%llu data ports of %d: forged acknowledgements are worth %.1f times as "
               "much (%s)\n",
               (unsigned long long)ports, TFTP_DATA_SOCKETS,
               (double)TFTP_DATA_SOCKETS / (double)max_u64(ports, 1),
               by_range ? "a wider --port-range helps"
                        : "more descriptors help: ulimit -n");
}

void server_print_table(const struct server *s)
{
    uint8_t cells[CACHE_FILES_MAX * 512];
    struct table t;
    char text[KEDGE_ENDPOINT_TEXT + 512];

    table_init(&t, cells, sizeof cells, 2, 0);
    table_cell(&t, "ENDPOINT");
    table_cell(&t, "TRY IT");
    for (unsigned i = 0; i < s->cache_count; i++) {
        char endpoint[KEDGE_ENDPOINT_TEXT];

        table_cell(&t, kedge_endpoint_print(&s->served[i].endpoint, endpoint));
        if (s->served[i].service)
            send_command(&s->served[i], text, sizeof text);
        else
            get_command(s, &s->served[i], text, sizeof text);
        table_cell(&t, text);
    }
    table_print(&t, stdout, 0);
    if (s->tftp)
        printf("root %s, uploads: %s\n", printable(s->options->root, PRINTABLE_NAME).text,
               serve_upload_word((enum upload_policy)s->options->uploads));
    if (s->tftp && s->options->config)
        printf("policy %s takes precedence\n",
               printable(s->options->config, PRINTABLE_NAME).text);
    print_data_ports(s);
    serve_status_print(s);
    if (s->tftp && s->root.walks)
        puts("openat2 is missing here (Linux 5.6), or a filter forbids it: names are "
             "walked part by part, which is slower");
    printf("sandbox: %s\n", s->sandbox.text);
    puts("Ctrl-C ends it.");
    fflush(stdout);
}

static void print_outcome(const struct tftp_totals *t, enum kedge_tftp_outcome outcome,
                          const char *name)
{
    if (t->outcomes[outcome] > 0)
        printf(", %llu %s", (unsigned long long)t->outcomes[outcome], name);
}

static struct tftp_totals all_totals(const struct server *s)
{
    struct tftp_totals sum = { 0 };

    for (unsigned i = 0; i < s->shard_count; i++) {
        struct tftp_totals t = tftp_service_totals(s->shards[i].tftp);

        tftp_totals_add(&sum, &t);
    }
    return sum;
}

static void print_tftp(const struct server *s)
{
    struct tftp_totals totals = all_totals(s);
    const struct tftp_totals *t = &totals;

    printf("tftp: %llu ok", (unsigned long long)t->outcomes[KEDGE_TFTP_OK]);
    print_outcome(t, KEDGE_TFTP_UNCONFIRMED, "unconfirmed");
    print_outcome(t, KEDGE_TFTP_PROBE, "probes");
    print_outcome(t, KEDGE_TFTP_REFUSED, "refused");
    print_outcome(t, KEDGE_TFTP_ABORTED, "aborted");
    print_outcome(t, KEDGE_TFTP_TIMEOUT, "timed out");
    print_outcome(t, KEDGE_TFTP_GONE, "gone");
    print_outcome(t, KEDGE_TFTP_REPLACED, "replaced");
    print_outcome(t, KEDGE_TFTP_CHANGED, "changed");
    print_outcome(t, KEDGE_TFTP_FAILED, "failed");
    printf(
        "; %llu bytes; %llu datagrams dropped (%llu over budget, %llu no room, %llu over "
        "the limit of uploads), %llu by the socket's queue",
        (unsigned long long)t->bytes, (unsigned long long)t->dropped,
        (unsigned long long)t->over_budget, (unsigned long long)t->full,
        (unsigned long long)t->uploads, (unsigned long long)t->kernel_drops);
    if (t->slowed > 0)
        printf("; %llu transfers slowed by --request-port-rate",
               (unsigned long long)t->slowed);
    puts("");
}

void server_print_summary(const struct server *s)
{
    double seconds = (double)(clock_now() - s->started) / (double)KEDGE_SEC;

    printf("\nserved for %.1f s\n", seconds);
    for (unsigned i = 0; i < s->cache_count; i++) {
        char endpoint[KEDGE_ENDPOINT_TEXT];
        char text[SERVE_SUMMARY];

        if (s->served[i].service)
            printf("%s: %s\n", kedge_endpoint_print(&s->served[i].endpoint, endpoint),
                   service_summary(s->served[i].service, text));
    }
    if (s->tftp)
        print_tftp(s);
    if (atomic_load(&s->exec.lost) > 0)
        printf("--exec: %llu records not handed on: too many refusals, or slow runs\n",
               atomic_load(&s->exec.lost));
    fflush(stdout);
}
