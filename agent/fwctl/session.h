/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Who sits at the terminal: the ssh connection one types on, and what sudo
 * says. */
#pragma once

#include "policy/base/ipaddr.h"

#include <net/if.h>
#include <stdbool.h>
#include <stdint.h>

struct session {
	bool ssh;
	struct ipaddr client, server; /* of the ssh connection */
	uint16_t client_port, server_port;
	char interface[IF_NAMESIZE]; /* of a link-local client, or "" */
	char told[160]; /* for the history: "sudo anna, ssh 10.10.9.4" */
};

/* Look into our own environment and, since sudo clears it, into that of the
 * processes we descend from. */
void session_find(struct session *out);
