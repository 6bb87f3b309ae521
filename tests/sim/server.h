/* SPDX-License-Identifier: MIT */
/* The server of the simulated world: what serve/tftp is to real sockets and files. What it
 * decides is decided by the sessions and machines that ship; here are only queues, turns,
 * and a store that may be slow or full. */
#ifndef TESTS_SIM_SERVER_H
#define TESTS_SIM_SERVER_H

#include "tftp/sessions.h"
#include "world.h"

struct server;

struct server *server_open(const struct world_setup *setup);
void server_close(struct server *s);

/* A datagram has come to one of its sockets: it is looked at when its turn comes. */
void server_arrive(struct world *w, const struct datagram *d);

/* When it next has something to do; and do all that is due. */
kedge_nanos server_next(struct world *w);
void server_act(struct world *w);

/* The world is over: all is given back. */
void server_check(struct world *w);

/* The table itself, for scenarios to look at. */
const struct tftp_sessions *server_sessions(const struct server *s);

#endif
