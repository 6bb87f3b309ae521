/* SPDX-License-Identifier: MIT */
/* What a configuration file of dnsmasq 2.90 says of TFTP, as a policy. What is of DNS and DHCP
 * is passed over. */
#include "cmd/convert_lines.h"

#include "base/bytes.h"
#include "kedge/tftp.h"
#include "net/address.h"
#include "policy/client.h"

#include <arpa/inet.h>
#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <net/if.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

enum {
    NAMES_MAX = 32,       /* interfaces, addresses, or roots of interfaces */
    OWN_ROOTS_MAX = 8192, /* directories of clients */
    OVERHEAD = 32,        /* of IPv4, UDP and TFTP, as tftp-mtu counts */
    OVERHEAD_V6 = 52,
};

struct names {
    const char *items[NAMES_MAX];
    size_t count;
};

struct dnsmasq {
    struct conversion c;
    struct convert_lines lines;
    bool enabled, lowercase, no_blocksize, single_port;
    struct names tftp_interfaces, interfaces, addresses, refused;
    struct names roots, roots_by; /* a directory, and its interface */
    const char *root, *user, *unique;
    uint64_t max, mtu, low, high; /* 0: not said */
    unsigned own_roots;
};

/* An option: what it is called, whether it takes a value ('-' no, '?' maybe, '=' yes), and
 * what becomes of it; `note` if that is nothing. */
struct row {
    const char *name;
    char value;
    void (*take)(struct dnsmasq *d, char *value);
    const char *note;
};

static void add_dnsmasq_name(struct dnsmasq *d, struct names *to, const char *option,
                             const char *name)
{
    if (!convert_text(&d->c, option, name))
        return;
    if (to->count == NAMES_MAX) {
        convert_fault(&d->c, option, "is given more than %d times", NAMES_MAX);
        return;
    }
    to->items[to->count] = convert_keep(&d->c, name);
    to->count += to->items[to->count] != NULL;
}

static void add_all(struct dnsmasq *d, struct names *to, const char *option, char *value)
{
    char *list = value;
    char *item;

    while ((item = convert_next_item(&list)))
        add_dnsmasq_name(d, to, option, item);
}

/* A name with * at its end is any that begins so, which a policy does not have. */
static void add_interfaces(struct dnsmasq *d, struct names *to, const char *option,
                           char *value)
{
    char *list = value;
    char *item;

    while ((item = convert_next_item(&list))) {
        if (strchr(item, '*') || strlen(item) >= IF_NAMESIZE)
            convert_fault(&d->c, option,
                          "takes names of interfaces (kedge has no * there), not '%.40s'",
                          item);
        else
            add_dnsmasq_name(d, to, option, item);
    }
}

static void take_enable(struct dnsmasq *d, char *value)
{
    d->enabled = true;
    if (value)
        add_interfaces(d, &d->tftp_interfaces, "enable-tftp", value);
}

/* A relative one is so from /. */
static const char *dnsmasq_root(struct dnsmasq *d, const char *value)
{
    char path[4200];

    if (!convert_text(&d->c, "tftp-root", value))
        return NULL;
    snprintf(path, sizeof path, "%s%s", value[0] == '/' ? "" : "/", value);
    return convert_keep(&d->c, path);
}

static void take_root(struct dnsmasq *d, char *value)
{
    char *list = value;
    const char *directory = convert_next_item(&list);
    const char *path = directory ? dnsmasq_root(d, directory) : NULL;

    if (!path)
        return;
    if (!list) {
        d->root = path;
        return;
    }
    add_interfaces(d, &d->roots_by, "tftp-root", list);
    if (d->roots.count < d->roots_by.count)
        d->roots.items[d->roots.count++] = path;
}

static void take_unique(struct dnsmasq *d, char *value)
{
    if (value && strcasecmp(value, "ip") != 0 && strcasecmp(value, "mac") != 0)
        convert_fault(&d->c, "tftp-unique-root", "takes ip or mac, not '%.80s'", value);
    else
        d->unique = value && strcasecmp(value, "mac") == 0 ? "mac" : "ip";
}

static void take_lowercase(struct dnsmasq *d, char *value)
{
    (void)value;
    d->lowercase = true;
    convert_note(&d->c, "tftp-lowercase", "names with upper case letters are served too");
}

static void take_max(struct dnsmasq *d, char *value)
{
    static const uint64_t within[] = { 1, 1000000 };

    (void)(convert_number(&d->c, "tftp-max", value, within, &d->max) && d->max);
}

static void take_mtu(struct dnsmasq *d, char *value)
{
    static const uint64_t within[] = { OVERHEAD_V6 + KEDGE_TFTP_BLKSIZE_MIN, 65535 };

    (void)(convert_number(&d->c, "tftp-mtu", value, within, &d->mtu) && d->mtu);
}

static void take_no_blocksize(struct dnsmasq *d, char *value)
{
    (void)value;
    d->no_blocksize = true;
    convert_note(&d->c, "tftp-no-blocksize",
                 "blksize is answered still, by 512 bytes at most");
}

/* As dnsmasq has it: the two may stand in either order. */
static void take_ports(struct dnsmasq *d, char *value)
{
    static const uint64_t within[] = { 1, 65535 };
    char *list = value;
    const char *low = convert_next_item(&list);
    uint64_t one = 0;
    uint64_t other = 0;

    if (!low || !list) {
        convert_fault(&d->c, "tftp-port-range", "takes LOW,HIGH, not '%.80s'", value);
        return;
    }
    if (!convert_number(&d->c, "tftp-port-range", low, within, &one) ||
        !convert_number(&d->c, "tftp-port-range", list, within, &other))
        return;
    d->low = one < other ? one : other;
    d->high = one < other ? other : one;
}

static void take_single_port(struct dnsmasq *d, char *value)
{
    (void)value;
    d->single_port = true;
}

static void take_interface(struct dnsmasq *d, char *value)
{
    add_interfaces(d, &d->interfaces, "interface", value);
}

static void take_except(struct dnsmasq *d, char *value)
{
    add_interfaces(d, &d->refused, "except-interface", value);
}

static void take_no_dhcp(struct dnsmasq *d, char *value)
{
    add_interfaces(d, &d->refused, "no-dhcp-interface", value);
}

static void dnsmasq_address(struct dnsmasq *d, char *value)
{
    size_t before = d->addresses.count;
    struct net_address at;

    add_all(d, &d->addresses, "listen-address", value);
    for (size_t i = before; i < d->addresses.count; i++)
        if (!net_address_parse(d->addresses.items[i], 0, &at))
            convert_fault(&d->c, "listen-address", "takes IP addresses, not '%.80s'",
                          d->addresses.items[i]);
}

static void take_user(struct dnsmasq *d, char *value)
{
    if (convert_text(&d->c, "user", value))
        d->user = convert_keep(&d->c, value);
}

static void take_file(struct dnsmasq *d, char *value)
{
    if (convert_text(&d->c, "conf-file", value))
        convert_lines_read(&d->lines, value);
}

static void take_directory(struct dnsmasq *d, char *value)
{
    convert_lines_read_directory(&d->lines, value);
}

static const struct row rows[] = {
    { "enable-tftp", '?', take_enable, NULL },
    { "tftp-root", '=', take_root, NULL },
    { "tftp-unique-root", '?', take_unique, NULL },
    { "tftp-lowercase", '-', take_lowercase, NULL },
    { "tftp-max", '=', take_max, NULL },
    { "tftp-mtu", '=', take_mtu, NULL },
    { "tftp-no-blocksize", '-', take_no_blocksize, NULL },
    { "tftp-port-range", '=', take_ports, NULL },
    { "tftp-single-port", '-', take_single_port, NULL },
    { "tftp-secure", '-', NULL,
      "every file that the serving user may read is served, whoever owns it" },
    { "tftp-no-fail", '-', NULL, "a root that is not there is refused at start" },
    { "quiet-tftp", '-', NULL, "each transfer is a line of the log (2> /dev/null)" },
    { "listen-address", '=', dnsmasq_address, NULL },
    { "interface", '=', take_interface, NULL },
    { "except-interface", '=', take_except, NULL },
    { "no-dhcp-interface", '=', take_no_dhcp, NULL },
    { "user", '=', take_user, NULL },
    { "group", '=', NULL, "the group is that of the user" },
    { "bind-interfaces", '-', NULL, "all addresses are bound unless some are named" },
    { "bind-dynamic", '-', NULL, "all addresses are bound unless some are named" },
    { "dhcp-script", '=', NULL, "no program is run when a transfer is complete" },
    { "log-facility", '=', NULL, "the log is on standard error (2>> FILE)" },
    { "conf-file", '=', take_file, NULL },
    { "conf-dir", '=', take_directory, NULL },
    { "conf-script", '=', NULL, "is not run: what it would print is not in here" },
};

static void dnsmasq_option(void *owner, const char *name, char *value)
{
    struct dnsmasq *d = owner;
    const struct row *found = NULL;

    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        if (strcmp(rows[i].name, name) == 0)
            found = &rows[i];
    if (!found && strncmp(name, "tftp-", 5) == 0)
        convert_fault(&d->c, name, "is no option of dnsmasq 2.90");
    if (!found)
        return;
    if (found->value == '-' && value)
        convert_fault(&d->c, name, "takes no value");
    else if (found->value == '=' && (!value || !*value))
        convert_fault(&d->c, name, "needs a value");
    else if (found->take)
        found->take(d, value);
    else
        convert_note(&d->c, name, "%s", found->note);
}

/* The title of a client's section for a directory that is named after it; NULL: it is not. */
static const char *owner_of(const struct dnsmasq *d, const char *name)
{
    struct policy_match mac;
    struct net_address at;

    if (strcmp(d->unique, "mac") == 0)
        return policy_mac_parse(span_of(name), &mac) &&
                       mac.mac_bytes == POLICY_MAC_BYTES && strchr(name, '-')
                   ? name
                   : NULL;
    return net_address_parse(name, 0, &at) && !strchr(name, '%') ? name : NULL;
}

/* A client whose directory is there has it as its root, any other the root itself. */
static void put_own_roots(struct dnsmasq *d, const char *root)
{
    struct dirent **found = NULL;
    int count = scandir(root, &found, NULL, alphasort);
    const char *slash = root[strlen(root) - 1] == '/' ? "" : "/";

    if (count < 0)
        convert_fault(&d->c, "tftp-unique-root", "cannot read %.200s: %s", root,
                      strerror(errno));
    for (int i = 0; i < count; i++) {
        const char *client = owner_of(d, found[i]->d_name);
        char path[4500];
        struct stat st;

        snprintf(path, sizeof path, "%.4096s%s%s", root, slash, found[i]->d_name);
        if (client && stat(path, &st) == 0 && S_ISDIR(st.st_mode) &&
            d->own_roots++ < OWN_ROOTS_MAX)
            convert_section(&d->c, client, (struct convert_pair){ "root", path },
                            (struct convert_pair){ 0 });
        free(found[i]);
    }
    free(found);
    convert_note(
        &d->c, "tftp-unique-root",
        "directories that come to %.100s later: convert again. Where each client "
        "has one: root = \"%.60s%s%%%c\"",
        root, root, slash, d->unique[0] == 'm' ? 'm' : 'a');
}

static const char *root_by(const struct dnsmasq *d, const char *interface)
{
    const char *root = NULL;

    for (size_t i = 0; i < d->roots.count; i++)
        if (strcmp(d->roots_by.items[i], interface) == 0)
            root = d->roots.items[i];
    return root;
}

static bool has(const struct names *names, const char *name, size_t before)
{
    for (size_t i = 0; i < names->count && i < before; i++)
        if (strcmp(names->items[i], name) == 0)
            return true;
    return false;
}

static void put_interface(struct dnsmasq *d, const char *name, const char *get)
{
    char title[IF_NAMESIZE + 16];

    snprintf(title, sizeof title, "interface %s", name);
    convert_section(&d->c, title, (struct convert_pair){ "root", root_by(d, name) },
                    (struct convert_pair){ "get", get });
}

/* Those that requests are taken from; none: all of them. */
static const struct names *allowed_interfaces(struct dnsmasq *d)
{
    if (d->tftp_interfaces.count > 0)
        return &d->tftp_interfaces;
    if (d->interfaces.count > 0 && !has(&d->interfaces, "lo", NAMES_MAX) &&
        d->interfaces.count < NAMES_MAX)
        d->interfaces.items[d->interfaces.count++] = "lo"; /* dnsmasq adds it */
    return &d->interfaces;
}

static void put_interfaces(struct dnsmasq *d)
{
    const struct names *allowed = allowed_interfaces(d);
    const struct names *refused = &d->refused;

    for (size_t i = 0; i < refused->count && !d->tftp_interfaces.count; i++)
        if (!has(refused, refused->items[i], i))
            put_interface(d, refused->items[i], "refuse");
    for (size_t i = 0; i < allowed->count; i++)
        if (!has(allowed, allowed->items[i], i) &&
            (d->tftp_interfaces.count || !has(refused, allowed->items[i], NAMES_MAX)))
            put_interface(d, allowed->items[i], "allow");
    for (size_t i = 0; i < d->roots.count && allowed->count == 0; i++)
        if (!has(&d->roots_by, d->roots_by.items[i], i) &&
            !has(refused, d->roots_by.items[i], NAMES_MAX))
            put_interface(d, d->roots_by.items[i], NULL);
    if (allowed->count > 0)
        convert_section(&d->c, NULL, (struct convert_pair){ "get", "refuse" },
                        (struct convert_pair){ 0 });
    if (allowed->count > 0 || refused->count > 0)
        convert_note(&d->c, "interfaces",
                     "who comes by another is answered by an ERROR, not by silence");
}

static void put_endpoints(struct dnsmasq *d)
{
    bool by_address = d->interfaces.count == 0 && d->tftp_interfaces.count == 0;

    for (size_t i = 0; i < d->addresses.count && by_address; i++)
        if (!has(&d->addresses, d->addresses.items[i], i))
            convert_listen(&d->c, d->addresses.items[i], 0);
    if (d->addresses.count == 0 || !by_address)
        convert_listen(&d->c, NULL, 0);
    if (d->addresses.count > 0 && !by_address)
        convert_note(&d->c, "listen-address",
                     "interfaces are named too, and they alone decide here");
}

/* The largest block is what is left of an MTU; IPv6 leaves less. */
static void put_blocks(struct dnsmasq *d)
{
    char six[16];

    if (d->no_blocksize) {
        convert_key(&d->c, "blksize-max", "512");
        return;
    }
    if (d->mtu == 0)
        return;
    convert_key(&d->c, "blksize-max", "%llu", (unsigned long long)d->mtu - OVERHEAD);
    snprintf(six, sizeof six, "%llu", (unsigned long long)d->mtu - OVERHEAD_V6);
    convert_section(&d->c, "::/0", (struct convert_pair){ "blksize-max", six },
                    (struct convert_pair){ 0 });
}

static void put_root(struct dnsmasq *d)
{
    convert_key(&d->c, "root", "%s", d->root ? d->root : "/");
    if (!d->root)
        convert_note(&d->c, "tftp-root",
                     "there is none for all: every file of this host that the user may "
                     "read is served");
    else
        convert_note_names(&d->c, d->root);
    if (d->unique && !d->root)
        convert_note(&d->c, "tftp-unique-root",
                     "there is no tftp-root that it could be of");
    if (d->unique && d->root)
        put_own_roots(d, d->root);
    for (size_t i = 0; i < d->roots.count && d->unique; i++)
        convert_note(&d->c, "tftp-unique-root",
                     "not for the root of an interface: %.100s", d->roots.items[i]);
    if (d->own_roots > OWN_ROOTS_MAX)
        convert_fault(&d->c, "tftp-unique-root", "has more than %d directories",
                      OWN_ROOTS_MAX);
}

static void put_all(struct dnsmasq *d)
{
    put_endpoints(d);
    put_root(d);
    put_interfaces(d);
    put_blocks(d);
    if (d->lowercase)
        convert_flag(&d->c, "ignore-case");
    if (d->max > 0)
        convert_key(&d->c, "max-transfers", "%llu", (unsigned long long)d->max);
    if (d->low > 0 && !d->single_port)
        convert_key(&d->c, "port-range", "%llu-%llu", (unsigned long long)d->low,
                    (unsigned long long)d->high);
    if (d->single_port)
        convert_key(&d->c, "single-port", "always");
    if (d->user)
        convert_key(&d->c, "user", "%s", d->user);
}

enum exit_code convert_dnsmasq(const char *file)
{
    struct dnsmasq *d = calloc(1, sizeof *d);
    char what[4200];
    enum exit_code code = EXIT_SYSTEM;

    snprintf(what, sizeof what, "dnsmasq by %s", file);
    if (!d || convert_begin(&d->c, what) < 0) {
        fputs("kedge serve: no memory\n", stderr);
    } else {
        d->lines =
            (struct convert_lines){ .c = &d->c, .option = dnsmasq_option, .owner = d };
        convert_lines_read(&d->lines, file);
        if (!d->enabled && !d->c.bad)
            convert_fault(&d->c, file,
                          "has no enable-tftp: dnsmasq serves no TFTP by it");
        if (!d->c.bad)
            put_all(d);
        code = convert_end(&d->c);
    }
    free(d);
    return code;
}
