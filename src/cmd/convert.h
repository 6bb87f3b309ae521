/* SPDX-License-Identifier: MIT */
/* From another server's configuration to a policy file of kedge serve, as text on standard
 * output: keys, sections, and as comments the command line, and what has no counterpart.
 * convert_dnsmasq.c and convert_atftpd.c read; convert.c writes. Nothing is served. */
#ifndef CMD_CONVERT_H
#define CMD_CONVERT_H

#include "cmd/exit_code.h"
#include "kedge/base.h"

#include <stdint.h>
#include <stdio.h>

/* What was read from so far. */
struct conversion {
    const char *what; /* for its first line: "dnsmasq by /etc/dnsmasq.conf" */
    const char *file; /* of the line that is read; NULL: a command line */
    unsigned line;
    FILE *listen, *keys, *flags, *sections, *notes; /* texts in memory */
    char *texts[5];
    size_t sizes[5];
    struct convert_kept *kept;
    bool bad; /* a fault was found: nothing is to be printed */
};

/* 0, or -ENOMEM. */
KEDGE_MUST_CHECK int convert_begin(struct conversion *c, const char *what);

/* Print it all, unless a fault was found, and free it: EXIT_OK or EXIT_USAGE. */
KEDGE_MUST_CHECK enum exit_code convert_end(struct conversion *c);

/* A fault of the line that is read, to standard error with the option's name. */
__attribute__((format(printf, 3, 4))) void
convert_fault(struct conversion *c, const char *option, const char *format, ...);

/* What has no counterpart, by its name. */
__attribute__((format(printf, 3, 4))) void
convert_note(struct conversion *c, const char *option, const char *format, ...);

/* What becomes of names with .., and of those with the root in front, which these servers take:
 * the line of a map file that does it. */
void convert_note_names(struct conversion *c, const char *root);

/* An option of kedge serve, at the top of the file and on the command line. */
__attribute__((format(printf, 3, 4))) void
convert_key(struct conversion *c, const char *key, const char *format, ...);

/* An option without a value. */
void convert_flag(struct conversion *c, const char *key);

/* One endpoint. host is an address, or NULL for every one; port 0 is that of TFTP. */
void convert_listen(struct conversion *c, const char *host, unsigned port);

/* A section "client", of a key or two; a title or value that is NULL: "default", no key. */
struct convert_pair {
    const char *key, *value;
};
void convert_section(struct conversion *c, const char *title, struct convert_pair one,
                     struct convert_pair other);

/* A copy that lives as long as the conversion; NULL: no memory, and then c is bad. */
char *convert_keep(struct conversion *c, const char *text);

/* A whole number within low and high; else a fault. */
KEDGE_MUST_CHECK bool convert_number(struct conversion *c, const char *option,
                                     const char *text, const uint64_t within[2],
                                     uint64_t *out);

/* Fit for a quoted value, and so for a path or name: else a fault. */
KEDGE_MUST_CHECK bool convert_text(struct conversion *c, const char *option,
                                   const char *text);

/* kedge serve --dnsmasq FILE, --atftpd ARGS: faults go to standard error, and then it is
 * EXIT_USAGE. */
enum exit_code convert_dnsmasq(const char *file);
enum exit_code convert_atftpd(const char *args);

#endif
