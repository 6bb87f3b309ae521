/* SPDX-License-Identifier: MIT */
/* From --address, --systemd or nothing to the sockets of in.tftpd. */
#include "cmd/in_tftpd_sockets.h"

#include "base/number.h"
#include "cmd/printable.h"
#include "cmd/serve_server.h"
#include "net/passed.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <netdb.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sysexits.h>
#include <unistd.h>

#define TFTP_PORT 69

/* What is found, and by which words. */
struct finding {
    struct in_tftpd_sockets *out;
    const struct in_tftpd_args *args;
};

static bool port_of(const char *text, uint16_t *out)
{
    struct servent *service = getservbyname(text, "udp");
    uint64_t n = TFTP_PORT;

    if (service) {
        *out = ntohs((uint16_t)service->s_port);
        return true;
    }
    if (strcmp(text, "tftp") != 0 && !decimal(span_of(text), UINT16_MAX, &n))
        return false;
    *out = (uint16_t)n;
    return true;
}

static void add_endpoint(struct in_tftpd_sockets *s, const char *host, uint16_t port)
{
    char *text = s->texts[s->count];

    (void)snprintf(text, IN_TFTPD_ENDPOINT,
                   strchr(host, ':') ? "tftp://[%s]:%u" : "tftp://%s:%u", host,
                   (unsigned)port);
    s->endpoints[s->count++] = text;
}

/* Every address that this machine may have. */
static void add_everywhere(struct finding *f, uint16_t port)
{
    if (!f->args->v6)
        add_endpoint(f->out, "0.0.0.0", port);
    if (f->args->v6 || (!f->args->v4 && serve_has_ipv6()))
        add_endpoint(f->out, "::", port);
}

/* HOST, HOST:PORT, :PORT, [V6] or [V6]:PORT; a bare address of IPv6 has no port. */
static bool split_address(char *text, const char **host, const char **port)
{
    char *end = text[0] == '[' ? strchr(text, ']') : NULL;
    char *colon = end ? end + 1 : strrchr(text, ':');

    *host = end ? text + 1 : text;
    if (text[0] == '[' && !end)
        return false;
    if (end && *colon != ':' && *colon != '\0')
        return false;
    if (!end && colon && strchr(text, ':') != colon)
        colon = NULL;
    if (end)
        *end = '\0';
    *port = colon && *colon == ':' && colon[1] ? colon + 1 : NULL;
    if (colon && !end)
        *colon = '\0';
    return true;
}

static bool is_address_or_name(const char *host)
{
    struct addrinfo hints = { .ai_socktype = SOCK_DGRAM };
    struct addrinfo *found = NULL;
    int err = getaddrinfo(host, NULL, &hints, &found);

    if (err == 0) {
        freeaddrinfo(found);
        return true;
    }
    in_tftpd_say("--address %s: %s", printable(host, PRINTABLE_NAME).text,
                 gai_strerror(err));
    return false;
}

/* One that cannot be used is said, and the others are served, as tftp-hpa does it. */
static void add_address(struct finding *f, const char *given)
{
    char text[IN_TFTPD_ENDPOINT];
    const char *host = NULL;
    const char *port = NULL;
    uint16_t number = 0;

    if (snprintf(text, sizeof text, "%s", given) >= KEDGE_HOST_MAX ||
        !split_address(text, &host, &port)) {
        in_tftpd_say("--address takes ADDRESS, ADDRESS:PORT or :PORT, not '%s'",
                     printable(given, PRINTABLE_NAME).text);
        return;
    }
    if (!port)
        port = f->args->service ? f->args->service : "tftp";
    if (!port_of(port, &number))
        in_tftpd_say("%s is neither a port nor a service",
                     printable(port, PRINTABLE_WORD).text);
    else if (!*host)
        add_everywhere(f, number);
    else if (is_address_or_name(host))
        add_endpoint(f->out, host, number);
}

static int add_addresses(struct finding *f)
{
    const struct arg_list *list = &f->args->addresses;

    if (list->count == 0)
        add_address(f, ":");
    for (uint32_t i = 0; i < list->count; i++)
        add_address(f, list->items[i]);
    if (f->out->count > 0)
        return EX_OK;
    in_tftpd_say("no address is left to listen at");
    return EX_NOINPUT;
}

static int check_passed(void)
{
    if (passed_is_any())
        return EX_OK;
    in_tftpd_say("--systemd, but no socket was passed: it is for a unit with a .socket");
    return EX_NOINPUT;
}

static bool is_socket(int fd)
{
    struct stat st;

    return fstat(fd, &st) == 0 && S_ISSOCK(st.st_mode);
}

/* Nothing may be written to inetd's socket by output and errors. */
static int take_standard_input(struct in_tftpd_sockets *s)
{
    int null = open("/dev/null", O_RDWR | O_CLOEXEC);
    int fd = fcntl(STDIN_FILENO, F_DUPFD_CLOEXEC, STDERR_FILENO + 1);

    if (!is_socket(STDIN_FILENO) || fd < 0 || null < 0) {
        in_tftpd_say("standard input is no socket: without inetd it takes --listen or "
                     "--foreground");
        return EX_IOERR;
    }
    for (int i = STDIN_FILENO; i <= STDERR_FILENO; i++)
        if (is_socket(i))
            (void)dup2(null, i);
    close(null);
    s->fd = fd;
    return EX_OK;
}

int in_tftpd_sockets_find(struct in_tftpd_sockets *s, const struct in_tftpd_args *args)
{
    struct finding f = { s, args };

    if (args->listens)
        return add_addresses(&f);
    return args->systemd ? check_passed() : take_standard_input(s);
}
