/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The client of live.sh.
 *
 * usage: dial first|refused|dns|up SOURCE SOURCES ADDRESS PORT FILE COUNT
 * AT-ONCE
 *
 *   first    COUNT connections, AT-ONCE of them open: connect, say what FILE
 *            holds, wait for the first byte, close
 *   refused  the same, where each is to be refused once it has spoken
 *   dns      COUNT datagrams of FILE, from AT-ONCE sockets, each answered
 *            before its socket says the next
 *   up       say FILE, and then zeros for COUNT milliseconds
 *
 * Connections come from SOURCES addresses from SOURCE on, one after the other.
 * Prints "RATE MEDIAN LOST": a second (up: MB a second), microseconds from
 * connect (refused: from what was said) to the end, and those that came to
 * another end or none.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#define EVENTS     256
#define SAID_ROOM  65536
#define ZEROS      262144
#define PATIENCE_S 5

struct connection {
	uint64_t since;
	int fd;
	bool spoken;
};

static struct {
	struct sockaddr_in to;
	uint32_t source;
	unsigned sources, count, at_once;
	char said[SAID_ROOM];
	size_t n_said;
	bool refused, datagrams;
} o;

static struct connection *open_ones;
static uint32_t *took;
static unsigned begun, ended, n_took;
static int poll_fd;

static uint64_t now(void)
{
	struct timespec t;

	(void)clock_gettime(CLOCK_MONOTONIC, &t);
	return (uint64_t)t.tv_sec * 1000000000 + (uint64_t)t.tv_nsec;
}

static int open_socket(void)
{
	struct sockaddr_in from = {.sin_family = AF_INET,
				   .sin_addr.s_addr =
					   htonl(o.source + begun % o.sources)};
	int fd = socket(
		AF_INET,
		(o.datagrams ? SOCK_DGRAM : SOCK_STREAM) | SOCK_NONBLOCK, 0);
	int on = 1;

	if (fd < 0 ||
	    setsockopt(fd, IPPROTO_IP, IP_BIND_ADDRESS_NO_PORT, &on,
		       sizeof(on)) < 0 ||
	    bind(fd, (struct sockaddr *)&from, sizeof(from)) < 0 ||
	    (connect(fd, (struct sockaddr *)&o.to, sizeof(o.to)) < 0 &&
	     errno != EINPROGRESS)) {
		perror("dial");
		exit(1);
	}
	return fd;
}

static void begin(struct connection *c)
{
	struct epoll_event ev = {.events = EPOLLOUT, .data.ptr = c};

	*c = (struct connection){.since = now()};
	c->fd = open_socket();
	begun++;
	(void)epoll_ctl(poll_fd, EPOLL_CTL_ADD, c->fd, &ev);
}

static void end(struct connection *c, bool good)
{
	if (good)
		took[n_took++] = (uint32_t)((now() - c->since) / 100);
	ended++;
	if (o.datagrams && begun < o.count) {
		begun++;
		c->since = now();
		(void)send(c->fd, o.said, o.n_said, 0);
		return;
	}
	(void)close(c->fd);
	c->fd = -1;
	if (begun < o.count)
		begin(c);
}

static void speak(struct connection *c)
{
	struct epoll_event ev = {.events = EPOLLIN, .data.ptr = c};

	c->spoken = true;
	if (o.refused)
		c->since = now();
	(void)epoll_ctl(poll_fd, EPOLL_CTL_MOD, c->fd, &ev);
	if (send(c->fd, o.said, o.n_said, MSG_NOSIGNAL) < 0)
		end(c, false);
}

static void happens(struct connection *c)
{
	char byte[512];
	ssize_t n;

	if (!c->spoken) {
		speak(c);
		return;
	}
	n = recv(c->fd, byte, sizeof(byte), 0);
	if (n < 0 && errno == EAGAIN)
		return;
	end(c, o.refused ? n <= 0 : n > 0);
}

static int by_size(const void *a, const void *b)
{
	uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;

	return (x > y) - (x < y);
}

static void run(void)
{
	struct epoll_event events[EVENTS];
	uint64_t since = now(), at;

	open_ones = calloc(o.at_once, sizeof(*open_ones));
	took = calloc(o.count + 1, sizeof(*took));
	poll_fd = epoll_create1(0);
	if (!open_ones || !took || poll_fd < 0)
		exit(1);
	for (unsigned i = 0; i < o.at_once && begun < o.count; i++)
		begin(&open_ones[i]);
	while (ended < o.count) {
		int n = epoll_wait(poll_fd, events, EVENTS, PATIENCE_S * 1000);

		if (n == 0)
			break;
		for (int i = 0; i < n; i++)
			happens(events[i].data.ptr);
	}
	at = now();
	qsort(took, n_took, sizeof(*took), by_size);
	printf("%.0f %.1f %u\n", n_took * 1e9 / (double)(at - since),
	       n_took ? took[n_took / 2] / 10.0 : 0, o.count - n_took);
}

static void up(void)
{
	static const char zeros[ZEROS];
	uint64_t since, until, bytes = 0;
	char byte;
	int fd;

	fd = open_socket();
	while (send(fd, o.said, o.n_said, MSG_NOSIGNAL) < 0 && errno == EAGAIN)
		(void)usleep(100);
	while (recv(fd, &byte, 1, 0) < 0 && errno == EAGAIN)
		(void)usleep(100);
	since = now();
	until = since + o.count * UINT64_C(1000000);
	while (now() < until) {
		ssize_t n = send(fd, zeros, sizeof(zeros), MSG_NOSIGNAL);

		if (n < 0 && errno != EAGAIN)
			break;
		if (n < 0)
			(void)usleep(50);
		else
			bytes += (uint64_t)n;
	}
	printf("%.1f 0 %d\n", (double)bytes * 1e3 / (double)(now() - since),
	       now() < until);
}

static unsigned number(const char *text)
{
	return (unsigned)strtoul(text, NULL, 10);
}

int main(int argc, char **argv)
{
	struct in_addr source;
	FILE *file = argc == 9 ? fopen(argv[6], "rb") : NULL;

	if (!file || inet_pton(AF_INET, argv[2], &source) != 1 ||
	    inet_pton(AF_INET, argv[4], &o.to.sin_addr) != 1) {
		fputs("usage: dial first|refused|dns|up SOURCE SOURCES ADDRESS "
		      "PORT FILE COUNT AT-ONCE\n",
		      stderr);
		return 2;
	}
	o.n_said = fread(o.said, 1, sizeof(o.said), file);
	(void)fclose(file);
	o.source = ntohl(source.s_addr);
	o.sources = number(argv[3]);
	o.to.sin_family = AF_INET;
	o.to.sin_port = htons((uint16_t)number(argv[5]));
	o.count = number(argv[7]);
	o.at_once = number(argv[8]);
	o.refused = !strcmp(argv[1], "refused");
	o.datagrams = !strcmp(argv[1], "dns");
	if (!strcmp(argv[1], "up"))
		up();
	else
		run();
	return 0;
}
