/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "agent/daemon/evelog.h"

#include "policy/base/log.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

enum fw_err evelog_open(struct evelog *l, const char *path)
{
	*l = (struct evelog){.path = path};
	l->fd = open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0640);
	return l->fd < 0 ? fw_err_of_errno(errno) : FW_OK;
}

void evelog_close(struct evelog *l)
{
	if (l->fd >= 0)
		(void)close(l->fd);
	l->fd = -1;
}

void evelog_reopen(struct evelog *l)
{
	int fd = open(l->path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0640);

	if (fd < 0) {
		log_error("%s: %s; events go on to the old file", l->path,
			  strerror(errno));
		return;
	}
	evelog_close(l);
	l->fd = fd;
}

static uint64_t count_lines(const char *p, size_t len)
{
	uint64_t n = 0;

	for (size_t i = 0; i < len; i++)
		n += p[i] == '\n';
	return n;
}

void evelog_write(struct evelog *l, const char *lines, size_t len)
{
	off_t before = lseek(l->fd, 0, SEEK_END);
	ssize_t n = write(l->fd, lines, len);

	if (n == (ssize_t)len)
		return;
	/* A full disk took a part: take it back up to what was there. */
	if (n > 0 && before >= 0 && ftruncate(l->fd, before) < 0)
		log_error("%s: %s", l->path, strerror(errno));
	if (l->lost == 0)
		log_error("%s: %s; events are lost until it can be written",
			  l->path, n < 0 ? strerror(errno) : "disk full");
	l->lost += count_lines(lines, len);
}
