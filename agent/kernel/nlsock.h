/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A netfilter netlink socket: open, send, receive, and what errors mean. */
#pragma once

#include "policy/base/err.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct nlmsghdr;
typedef int (*nlsock_take)(const struct nlmsghdr *nlh, void *data);

/* -1 on failure, with errno. */
int nlsock_open(void);

/* Raise the receive buffer (by force where we may) to `bytes`. */
void nlsock_receive_buffer(int fd, int bytes);

/* Send one message and wait for its acknowledgement (at most `timeout_ms`).
 * Returns 0 or the errno value that the kernel answered. */
int nlsock_request(int fd, struct nlmsghdr *nlh, int timeout_ms);

/* Ask for a list, on a socket of its own: `take` gets each of it, and ends it
 * with MNL_CB_STOP. */
FW_MUST_CHECK enum fw_err nlsock_dump(const struct nlmsghdr *nlh,
				      nlsock_take take, void *data);

/* An error message inside: its errno value and the sequence number it answers;
 * false when `nlh` is no error message. */
bool nlsock_error(const struct nlmsghdr *nlh, int *out_errno,
		  uint32_t *out_seq);
