/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Send small UDP packets as fast as they go and say how many a second of its
 * own processor time; over veth that is what forwarding takes, however busy the
 * machine is.
 *
 * usage: blast SOURCE DESTINATION PORT COUNT FLOWS
 *
 * FLOWS 1: all of one flow; else each packet is the first of another, from that
 * many source ports of as many addresses behind SOURCE as are needed.
 */
#include <arpa/inet.h>
#include <netinet/ip.h>
#include <netinet/udp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>

#define PORTS 60000U

struct datagram {
	struct iphdr ip;
	struct udphdr udp;
	char payload[18];
};

static double now(void)
{
	struct timespec t;

	(void)clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static unsigned number(const char *text)
{
	return (unsigned)strtoul(text, NULL, 10);
}

int main(int argc, char **argv)
{
	struct sockaddr_in to = {.sin_family = AF_INET};
	struct datagram d = {
		.ip = {.version = 4,
		       .ihl = 5,
		       .ttl = 64,
		       .protocol = IPPROTO_UDP,
		       .tot_len = htons(sizeof(d))},
		.udp = {.len = htons(sizeof(d.udp) + sizeof(d.payload))}};
	int fd = socket(AF_INET, SOCK_RAW, IPPROTO_RAW);
	unsigned count, flows, failed = 0;
	uint32_t source;
	double since;

	if (argc != 6 || fd < 0 ||
	    inet_pton(AF_INET, argv[1], &d.ip.saddr) != 1 ||
	    inet_pton(AF_INET, argv[2], &to.sin_addr) != 1) {
		fputs("usage: blast SOURCE DESTINATION PORT COUNT FLOWS\n",
		      stderr);
		return 2;
	}
	d.ip.daddr = to.sin_addr.s_addr;
	d.udp.dest = htons((uint16_t)number(argv[3]));
	count = number(argv[4]);
	flows = number(argv[5]);
	source = ntohl(d.ip.saddr);
	since = now();
	for (unsigned i = 0; i < count; i++) {
		unsigned flow = i % flows;

		d.udp.source = htons((uint16_t)(1024 + flow % PORTS));
		d.ip.saddr = htonl(source + flow / PORTS);
		failed += sendto(fd, &d, sizeof(d), 0, (struct sockaddr *)&to,
				 sizeof(to)) < 0;
	}
	printf("%.0f\n", count / (now() - since));
	return failed > count / 100;
}
