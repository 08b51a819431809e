/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "tests/agreement/trace.h"

#include <libmnl/libmnl.h>
#include <libnftnl/trace.h>
#include <linux/netfilter.h>
#include <linux/netfilter/nf_tables.h>
#include <linux/netfilter/nfnetlink.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#define WAIT_MS 100
#define TABLE   "fwagent"
#define ROOM    16384
#define BUFFER  (4 << 20)

struct tracer {
	struct mnl_socket *nl;
	struct traced now; /* as far as it is known */
	bool done;
	struct ipaddr src; /* of the packet waited for, */
	bool seen;         /* and whether it has come by: then under */
	uint32_t id;
};

struct tracer *tracer_open(void)
{
	struct tracer *t = calloc(1, sizeof(*t));
	int group = NFNLGRP_NFTRACE, bytes = BUFFER;

	if (!t)
		return NULL;
	t->nl = mnl_socket_open(NETLINK_NETFILTER);
	if (!t->nl || mnl_socket_bind(t->nl, 0, MNL_SOCKET_AUTOPID) < 0 ||
	    mnl_socket_setsockopt(t->nl, NETLINK_ADD_MEMBERSHIP, &group,
				  sizeof(group)) < 0) {
		tracer_close(t);
		return NULL;
	}
	(void)setsockopt(mnl_socket_get_fd(t->nl), SOL_SOCKET, SO_RCVBUFFORCE,
			 &bytes, sizeof(bytes));
	return t;
}

void tracer_close(struct tracer *t)
{
	if (t && t->nl)
		(void)mnl_socket_close(t->nl);
	free(t);
}

static void keep(char *to, size_t room, const char *text)
{
	(void)snprintf(to, room, "%s", text ? text : "");
}

/* Whether a jump or goto leads to a rule of the policy, and that an observed
 * one came back. */
static void follow(struct traced *now, const char *chain, const char *target)
{
	if (!strncmp(chain, "p_", 2))
		now->rule[0] = '\0';
	if (target && !strncmp(target, "r_", 2))
		keep(now->rule, sizeof(now->rule), target);
	now->begins |= !strcmp(chain, "c_begins");
	now->unjudged |= target && !strcmp(chain, "c_known") &&
			 !strcmp(target, "c_pass");
}

static void end(struct tracer *t, enum verdict verdict)
{
	t->now.verdict = verdict;
	t->done = true;
}

/* The backstop comes last at each hook; a drop or queue is the end anywhere. */
static void conclude(struct tracer *t, const char *chain, int verdict)
{
	switch (verdict < 0 ? verdict : verdict & NF_VERDICT_MASK) {
	case NF_DROP:
		end(t, strcmp(chain, "c_refuse") != 0 ? V_DROP : V_REJECT);
		break;
	case NF_QUEUE:
		end(t, V_QUEUE);
		break;
	case NF_ACCEPT:
		if (!strcmp(chain, "c_backstop"))
			end(t, t->now.begins ? V_QUEUE : V_ACCEPT);
		break;
	default:
		break;
	}
}

/* These chains end with what translates, or go on with nothing done. */
static void translation(struct traced *now, const char *chain, int verdict)
{
	if (verdict >= 0 && !strncmp(chain, "d_", 2))
		keep(now->led, sizeof(now->led), chain);
	if (verdict >= 0 && !strncmp(chain, "t_", 2))
		keep(now->sent, sizeof(now->sent), chain);
}

/* A chain's first message has the packet's header, the others its id. What
 * machines say on their own (solicitations, errors) has another source. */
static bool is_ours(struct tracer *t, const struct nftnl_trace *trace)
{
	uint32_t id = nftnl_trace_get_u32(trace, NFTNL_TRACE_ID), len = 0;
	const uint8_t *ip =
		nftnl_trace_get_data(trace, NFTNL_TRACE_NETWORK_HEADER, &len);
	size_t at = t->src.family == IP_V4 ? 12 : 8; /* RFC 791, RFC 8200 */
	size_t n = ipaddr_len(t->src.family);

	if (!t->seen && ip && len >= at + n &&
	    ip[0] >> 4 == (t->src.family == IP_V4 ? 4 : 6) &&
	    !memcmp(ip + at, t->src.bytes, n)) {
		t->seen = true;
		t->id = id;
	}
	return t->seen && id == t->id;
}

static int on_message(const struct nlmsghdr *nlh, void *data)
{
	struct nftnl_trace *trace = nftnl_trace_alloc();
	struct tracer *t = data;
	const char *table, *chain;
	uint32_t type;

	if (!trace || nftnl_trace_nlmsg_parse(nlh, trace) < 0 ||
	    !is_ours(t, trace)) {
		nftnl_trace_free(trace);
		return MNL_CB_OK;
	}
	table = nftnl_trace_get_str(trace, NFTNL_TRACE_TABLE);
	chain = nftnl_trace_get_str(trace, NFTNL_TRACE_CHAIN);
	type = nftnl_trace_get_u32(trace, NFTNL_TRACE_TYPE);
	if (table && chain && !strcmp(table, TABLE))
		translation(
			&t->now, chain,
			(int)nftnl_trace_get_u32(trace, NFTNL_TRACE_VERDICT));
	if (!t->done && table && chain && !strcmp(table, TABLE)) {
		keep(t->now.chain, sizeof(t->now.chain), chain);
		if (type == NFT_TRACETYPE_RULE) {
			follow(&t->now, chain,
			       nftnl_trace_get_str(trace,
						   NFTNL_TRACE_JUMP_TARGET));
			conclude(t, chain,
				 (int)nftnl_trace_get_u32(trace,
							  NFTNL_TRACE_VERDICT));
		} else if (type == NFT_TRACETYPE_POLICY) {
			conclude(t, chain,
				 (int)nftnl_trace_get_u32(trace,
							  NFTNL_TRACE_POLICY));
		}
	}
	nftnl_trace_free(trace);
	return MNL_CB_OK;
}

/* One datagram; false when none comes within the time. */
static bool read_one(struct tracer *t, int wait_ms)
{
	struct pollfd p = {.fd = mnl_socket_get_fd(t->nl), .events = POLLIN};
	char buf[ROOM];
	ssize_t n;

	if (poll(&p, 1, wait_ms) <= 0)
		return false;
	n = mnl_socket_recvfrom(t->nl, buf, sizeof(buf));
	if (n > 0)
		(void)mnl_cb_run(buf, (size_t)n, 0, 0, on_message, t);
	return true;
}

void tracer_expect(struct tracer *t, const struct ipaddr *src)
{
	t->done = true;
	while (read_one(t, 0))
		;
	t->now = (struct traced){0};
	t->done = t->seen = false;
	t->src = *src;
}

bool tracer_read(struct tracer *t, struct traced *out)
{
	while (!t->done)
		if (!read_one(t, WAIT_MS))
			return false;
	*out = t->now;
	return true;
}

void tracer_read_source(struct tracer *t, bool expected, struct traced *out)
{
	while (!t->now.sent[0] && read_one(t, expected ? WAIT_MS : 0))
		;
	*out = t->now;
}
