/* SPDX-License-Identifier: MIT */
/* The command line of tftp-hpa 7.3's in.tftpd, read as it reads it: getopt_long, so letters
 * may stand together, and long names may be cut short. It looks at no file, user or address;
 * what is read points into argv. */
#ifndef CMD_IN_TFTPD_ARGS_H
#define CMD_IN_TFTPD_ARGS_H

#include "cmd/args.h"
#include "policy/path.h"

enum in_tftpd_log { IN_TFTPD_SYSLOG, IN_TFTPD_STDERR, IN_TFTPD_STDOUT, IN_TFTPD_FILE };

struct in_tftpd_args {
    bool v4, v6;         /* at most one */
    bool listens, stays; /* -l; -L */
    bool systemd;
    bool creates, read_only;
    bool chroots, jails, validates, permissive;
    bool version;
    struct arg_list addresses;
    const char *service;                                            /* NULL: tftp */
    const char *prefix, *user, *pidfile, *map, *map_test, *logfile; /* NULL: not given */
    enum in_tftpd_log log;
    bool tags; /* in front of each line, <N> as for a service manager */
    enum path_form form;
    bool has_umask, has_idle, has_retransmit;
    uint64_t umask;
    uint64_t idle_s;
    uint64_t retransmit_us;
    uint64_t max_upload; /* UINT64_MAX: no limit */
    uint64_t blksize;    /* 0: mtu, less slack */
    uint64_t slack;
    uint64_t window, window_bytes;
    struct arg_range ports; /* high 0: any */
    uint64_t map_steps;
    unsigned refused; /* KEDGE_TFTP_HAS_... */
    const char *const *dirs;
    size_t dir_count;
};

/* False: a line on standard error says what is wrong, and that is a fault of usage. */
KEDGE_MUST_CHECK bool in_tftpd_args_parse(int argc, char **argv,
                                          struct in_tftpd_args *out);

/* "in.tftpd: " and the rest, as a line on standard error. */
__attribute__((format(printf, 1, 2))) void in_tftpd_say(const char *format, ...);

#endif
