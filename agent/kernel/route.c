/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "agent/kernel/route.h"

#include <libmnl/libmnl.h>
#include <linux/rtnetlink.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define ANSWER_MS   1000
#define ANSWER_ROOM 4096

int route_open(void)
{
	return socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_ROUTE);
}

static struct route route_of(const struct nlmsghdr *nlh)
{
	const struct rtmsg *rt = mnl_nlmsg_get_payload(nlh);
	struct route found = {.local = rt->rtm_type == RTN_LOCAL};
	const struct nlattr *attr =
		mnl_nlmsg_get_payload_offset(nlh, sizeof(*rt));
	const char *end = mnl_nlmsg_get_payload_tail(nlh);

	for (; mnl_attr_ok(attr, (int)(end - (const char *)attr));
	     attr = mnl_attr_next(attr))
		if (mnl_attr_get_type(attr) == RTA_OIF)
			found.ifindex = mnl_attr_get_u32(attr);
	return found;
}

struct route route_find(int fd, const struct ipaddr *to)
{
	_Alignas(struct nlmsghdr) char buf[ANSWER_ROOM];
	struct nlmsghdr *nlh = mnl_nlmsg_put_header(buf);
	struct rtmsg *rt = mnl_nlmsg_put_extra_header(nlh, sizeof(*rt));
	struct pollfd p = {.fd = fd, .events = POLLIN};
	ssize_t n;

	nlh->nlmsg_type = RTM_GETROUTE;
	nlh->nlmsg_flags = NLM_F_REQUEST;
	rt->rtm_family = to->family == IP_V4 ? AF_INET : AF_INET6;
	rt->rtm_dst_len = (uint8_t)(ipaddr_len(to->family) * 8);
	mnl_attr_put(nlh, RTA_DST, ipaddr_len(to->family), to->bytes);
	if (fd < 0 || send(fd, nlh, nlh->nlmsg_len, 0) < 0 ||
	    poll(&p, 1, ANSWER_MS) != 1)
		return (struct route){0};
	n = recv(fd, buf, sizeof(buf), 0);
	nlh = (struct nlmsghdr *)buf;
	if (n < 0 || !mnl_nlmsg_ok(nlh, (int)n) ||
	    nlh->nlmsg_type != RTM_NEWROUTE)
		return (struct route){0};
	return route_of(nlh);
}
