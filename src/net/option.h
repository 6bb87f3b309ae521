/* SPDX-License-Identifier: MIT */
/* What a socket is set to, where that is one number. */
#ifndef NET_OPTION_H
#define NET_OPTION_H

#include "kedge/base.h"

/* 0 or -errno. Some are wishes: who can do without says so by (void). */
int option_set(int fd, int level, int name, int value);

/* The same of an option of IP that has another name in IPv6. */
int option_set_ip(int fd, bool v6, int name, int v6_name, int value);

/* 0; or -errno, and then *value is as it was. */
KEDGE_MUST_CHECK int option_get(int fd, int level, int name, int *value);

/* Let a socket of this family be bound to an address that this host does not have (yet). Of
 * other families than IPv4 and IPv6 there is nothing to do. 0 or -errno. */
KEDGE_MUST_CHECK int option_free_bind(int fd, int family);

/* Let it hear and speak by the interface of that name alone (SO_BINDTODEVICE); NULL: by any. Of
 * other families than IPv4 and IPv6 there is nothing to do. 0 or -errno (ENODEV). */
KEDGE_MUST_CHECK int option_interface(int fd, int family, const char *name);

/* Whether calls on it wait. 0 or -errno. */
KEDGE_MUST_CHECK int option_blocking(int fd, bool blocking);

#endif
