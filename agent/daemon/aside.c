/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "agent/daemon/aside.h"

#include "agent/daemon/manager_priv.h"

#include <poll.h>
#include <pthread.h>
#include <sys/eventfd.h>
#include <systemd/sd-daemon.h>
#include <unistd.h>

#define LOOK_MS 200

struct step {
	void (*fn)(void *arg);
	void *arg;
	int done; /* eventfd */
};

static void *run(void *ctx)
{
	const struct step *s = ctx;
	static const uint64_t one = 1;

	s->fn(s->arg);
	(void)!write(s->done, &one, sizeof(one));
	return NULL;
}

static void wait_for(struct manager *m, const struct step *s)
{
	struct pollfd fds[2] = {{.fd = s->done, .events = POLLIN},
				{.fd = m->verdict.pid ? m->verdict.events : -1,
				 .events = POLLIN}};

	do {
		(void)poll(fds, 2, LOOK_MS);
		if (fds[1].revents & POLLIN)
			manager_take_events(m);
		else if (fds[1].revents)
			fds[1].fd = -1; /* it has died: seen to later */
		(void)sd_notify(0, "WATCHDOG=1");
	} while (!(fds[0].revents & POLLIN));
}

void manager_aside(struct manager *m, void (*fn)(void *arg), void *arg)
{
	struct step s = {.fn = fn,
			 .arg = arg,
			 .done = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)};
	pthread_t thread;

	if (s.done < 0 || pthread_create(&thread, NULL, run, &s) != 0) {
		fn(arg);
	} else {
		wait_for(m, &s);
		(void)pthread_join(thread, NULL);
	}
	if (s.done >= 0)
		(void)close(s.done);
}
