/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "agent/daemon/bindfile.h"

#include "agent/binding/bindings.h"
#include "agent/limits.h"
#include "policy/base/log.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <unistd.h>

static void path_of(const char *state_dir, char path[PATH_MAX])
{
	(void)snprintf(path, PATH_MAX, "%s/bindings", state_dir);
}

/* An open file of that size with all its blocks: a hole that cannot be filled
 * would kill who writes into it. */
static int open_sized(const char *path, size_t size)
{
	int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
	struct stat st;
	int err;

	if (fd < 0)
		return -1;
	if (fstat(fd, &st) < 0 || !S_ISREG(st.st_mode)) {
		(void)close(fd);
		errno = EINVAL;
		return -1;
	}
	if (st.st_size != (off_t)size && ftruncate(fd, 0) < 0)
		err = errno;
	else
		err = posix_fallocate(fd, 0, (off_t)size);
	if (err) {
		/* What there is of it would take room for nothing. */
		(void)unlink(path);
		(void)close(fd);
		errno = err;
		return -1;
	}
	return fd;
}

static void *map_file(const char *path, size_t size)
{
	int fd = open_sized(path, size);
	void *memory = MAP_FAILED;

	if (fd >= 0) {
		memory = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED,
			      fd, 0);
		(void)close(fd);
	}
	if (memory == MAP_FAILED)
		log_warning("%s: %s: what clients were told of names is "
			    "forgotten when the daemon ends",
			    path, strerror(errno));
	return memory;
}

enum fw_err bindfile_open(const char *state_dir, struct bindfile *out)
{
	size_t size = bindings_size(LIMIT_BINDINGS);
	uint8_t secret[32];
	char path[PATH_MAX];
	void *memory;

	*out = (struct bindfile){0};
	if (getrandom(secret, sizeof(secret), 0) != (ssize_t)sizeof(secret))
		return FW_ERR_IO;
	path_of(state_dir, path);
	memory = map_file(path, size);
	if (memory == MAP_FAILED)
		memory = mmap(NULL, size, PROT_READ | PROT_WRITE,
			      MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (memory == MAP_FAILED)
		return FW_ERR_NOMEM;
	if (!bindings_is_table(memory, size))
		bindings_format(memory, size, secret);
	explicit_bzero(secret, sizeof(secret));
	*out = (struct bindfile){memory, size};
	return FW_OK;
}

void bindfile_close(struct bindfile *f)
{
	if (f->memory)
		(void)munmap(f->memory, f->size);
	*f = (struct bindfile){0};
}

void bindfile_remove(const char *state_dir)
{
	char path[PATH_MAX];

	path_of(state_dir, path);
	(void)unlink(path);
}
