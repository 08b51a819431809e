/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "agent/daemon/worker_tell.h"

#include "agent/verdict/event_copy.h"

#include <stdlib.h>
#include <sys/socket.h>

/* As many as a round of reading can bring; beyond, they are told at once. */
#define KEPT_MOST 64
/* Of a message; a line may be longer. */
#define LINES_ROOM 65536
/* Bytes of values that a kept event's memory is used again for; a stranger's
 * large one is given back. */
#define VALUES_MOST 4096

struct worker_tell {
	int fd;
	struct stats *stats;
	unsigned n_kept;
	struct event_copy kept[KEPT_MOST];
	unsigned n_lines;
	size_t len; /* bytes in `lines` */
	char lines[LINES_ROOM];
};

struct worker_tell *worker_tell_new(int fd, struct stats *stats)
{
	struct worker_tell *t = calloc(1, sizeof(*t));

	if (t) {
		t->fd = fd;
		t->stats = stats;
	}
	return t;
}

void worker_tell_free(struct worker_tell *t)
{
	for (unsigned i = 0; t && i < KEPT_MOST; i++)
		event_copy_done(&t->kept[i]);
	free(t);
}

static void send_lines(const struct worker_tell *t, const char *lines,
		       size_t len, unsigned n)
{
	bool sent = send(t->fd, lines, len, MSG_DONTWAIT | MSG_NOSIGNAL) >= 0;

	stats_add(t->stats, sent ? STAT_EVENTS : STAT_EVENTS_LOST, n);
}

static void send_all(struct worker_tell *t)
{
	if (t->n_lines)
		send_lines(t, t->lines, t->len, t->n_lines);
	t->n_lines = 0;
	t->len = 0;
}

/* One that is longer than all the room there is. */
static void send_long(const struct worker_tell *t, const struct event *ev,
		      size_t len)
{
	char *line = malloc(len);

	if (line && event_write(ev, line, len) == len)
		send_lines(t, line, len, 1);
	else
		stats_add(t->stats, STAT_EVENTS_LOST, 1);
	free(line);
}

static void write_line(struct worker_tell *t, const struct event *ev)
{
	size_t len = event_write(ev, t->lines + t->len, LINES_ROOM - t->len);

	if (len > LINES_ROOM - t->len) {
		send_all(t);
		len = event_write(ev, t->lines, LINES_ROOM);
	}
	if (len > LINES_ROOM) {
		send_long(t, ev, len);
		return;
	}
	if (len == 0) {
		stats_add(t->stats, STAT_EVENTS_LOST, 1);
		return;
	}
	t->len += len;
	t->n_lines++;
}

void worker_tell(void *ctx, const struct event *ev)
{
	struct worker_tell *t = ctx;

	if (!event_is_wanted(ev))
		return;
	if (t->n_kept == KEPT_MOST)
		worker_tell_all(t);
	event_copy_take(&t->kept[t->n_kept++], ev);
}

void worker_tell_all(struct worker_tell *t)
{
	for (unsigned i = 0; i < t->n_kept; i++) {
		write_line(t, &t->kept[i].event);
		if (t->kept[i].room > VALUES_MOST)
			event_copy_done(&t->kept[i]);
	}
	t->n_kept = 0;
	send_all(t);
}
