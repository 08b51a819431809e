/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The server of live.sh: whoever connects and says something gets one byte, and
 * what it says from then on is thrown away.  A datagram comes back as an answer
 * of DNS.
 *
 * usage: answer ADDRESS PORT...      TCP and UDP on each; prints "ready"
 */
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#define EVENTS  256
#define BACKLOG 4096
#define BUFFER  (1 << 20)

enum kind { LISTENER, DATAGRAMS, FRESH, SPOKEN };

static int poll_fd;
static char buf[BUFFER];

static uint64_t tag(enum kind kind, int fd)
{
	return (uint64_t)kind << 32 | (uint32_t)fd;
}

static void control(int what, enum kind kind, int fd)
{
	struct epoll_event ev = {.events = EPOLLIN, .data.u64 = tag(kind, fd)};

	(void)epoll_ctl(poll_fd, what, fd, &ev);
}

static void open_port(const char *address, uint16_t port, int type)
{
	struct sockaddr_in self = {.sin_family = AF_INET,
				   .sin_port = htons(port)};
	int fd = socket(AF_INET, type | SOCK_NONBLOCK, 0), on = 1;

	(void)inet_pton(AF_INET, address, &self.sin_addr);
	(void)setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
	if (bind(fd, (struct sockaddr *)&self, sizeof(self)) < 0 ||
	    (type == SOCK_STREAM && listen(fd, BACKLOG) < 0)) {
		perror("answer");
		exit(1);
	}
	control(EPOLL_CTL_ADD, type == SOCK_STREAM ? LISTENER : DATAGRAMS, fd);
}

static void take_connections(int listener)
{
	int fd;

	while ((fd = accept4(listener, NULL, NULL, SOCK_NONBLOCK)) >= 0)
		control(EPOLL_CTL_ADD, FRESH, fd);
}

static void answer_datagrams(int fd)
{
	struct sockaddr_in from;
	socklen_t len = sizeof(from);
	ssize_t n;

	while ((n = recvfrom(fd, buf, sizeof(buf), MSG_DONTWAIT,
			     (struct sockaddr *)&from, &len)) > 2) {
		buf[2] = (char)(buf[2] | 0x80);
		(void)sendto(fd, buf, (size_t)n, 0, (struct sockaddr *)&from,
			     len);
	}
}

static void take_bytes(int fd, enum kind kind)
{
	ssize_t n = recv(fd, buf, sizeof(buf), 0);

	if (n < 0 && errno == EAGAIN)
		return;
	if (n <= 0) {
		(void)close(fd);
		return;
	}
	if (kind == FRESH) {
		(void)send(fd, "+", 1, MSG_NOSIGNAL);
		control(EPOLL_CTL_MOD, SPOKEN, fd);
	}
}

static void serve(uint64_t data)
{
	enum kind kind = (enum kind)(data >> 32);
	int fd = (int)(uint32_t)data;

	if (kind == LISTENER)
		take_connections(fd);
	else if (kind == DATAGRAMS)
		answer_datagrams(fd);
	else
		take_bytes(fd, kind);
}

int main(int argc, char **argv)
{
	struct epoll_event events[EVENTS];

	poll_fd = epoll_create1(0);
	for (int i = 2; i < argc; i++) {
		uint16_t port = (uint16_t)strtoul(argv[i], NULL, 10);

		open_port(argv[1], port, SOCK_STREAM);
		open_port(argv[1], port, SOCK_DGRAM);
	}
	puts("ready");
	(void)fflush(stdout);
	for (;;) {
		int n = epoll_wait(poll_fd, events, EVENTS, -1);

		for (int i = 0; i < n; i++)
			serve(events[i].data.u64);
	}
}
