/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "policy/file.h"

#include "policy/base/vec.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

static const char *why_errno(int errnum)
{
	switch (errnum) {
	case ENOENT:
		return "there is no such file";
	case EACCES:
	case EPERM:
		return "it may not be read (permission denied)";
	case EISDIR:
		return "it is a directory";
	case ENOTDIR:
		return "a part of its path is no directory";
	case ELOOP:
		return "its symbolic links form a loop";
	case ENAMETOOLONG:
		return "its path is too long";
	case ENOMEM:
		return "out of memory";
	case EMFILE:
	case ENFILE:
		return "too many files are open";
	default:
		return "input or output failed";
	}
}

/* All of it: what grows or shrinks meanwhile (and what /proc has, which says
 * that it is empty) would be read by halves, FW_ERR_AGAIN. */
static enum fw_err read_all(int fd, size_t size, char **out_bytes,
			    size_t *out_len)
{
	char *p = malloc(size + 1);
	size_t n = 0;
	ssize_t got = 1;

	if (!p)
		return FW_ERR_NOMEM;
	/* One more byte than there should be tells its end. */
	while (got > 0 && n <= size) {
		got = read(fd, p + n, size + 1 - n);
		if (got < 0 && errno == EINTR)
			got = 1;
		else if (got > 0)
			n += (size_t)got;
	}
	if (got < 0 || n != size) {
		free(p);
		return got < 0 ? FW_ERR_IO : FW_ERR_AGAIN;
	}
	p[n] = '\0';
	*out_bytes = p;
	*out_len = n;
	return FW_OK;
}

static enum fw_err regular(int fd, size_t most, size_t *out_size,
			   const char **out_why)
{
	struct stat st;

	if (fstat(fd, &st)) {
		*out_why = why_errno(errno);
		return FW_ERR_IO;
	}
	if (!S_ISREG(st.st_mode)) {
		*out_why = S_ISDIR(st.st_mode) ? "it is a directory"
					       : "it is no regular file (a "
						 "pipe, socket or device)";
		return FW_ERR_INVAL;
	}
	if ((unsigned long long)st.st_size > most) {
		*out_why = "it is too large";
		return FW_ERR_LIMIT;
	}
	*out_size = (size_t)st.st_size;
	return FW_OK;
}

/* Open a regular file and tell its size; never a wait. */
static enum fw_err open_regular(const char *path, size_t most, int *out_fd,
				size_t *out_size, const char **out_why)
{
	/* O_NONBLOCK: opening a pipe must not wait for its writer. */
	int fd = open(path, O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
	enum fw_err err;

	if (fd < 0) {
		int errnum = errno;

		*out_why = errnum == ENXIO ? "it is no regular file (a "
					     "socket or device)"
					   : why_errno(errnum);
		return fw_err_of_errno(errnum);
	}
	err = regular(fd, most, out_size, out_why);
	if (err)
		(void)close(fd);
	else
		*out_fd = fd;
	return err;
}

enum fw_err file_regular(const char *path, const char **out_why)
{
	size_t size = 0;
	int fd = -1;
	enum fw_err err = open_regular(path, SIZE_MAX, &fd, &size, out_why);

	if (!err)
		(void)close(fd);
	return err;
}

enum fw_err file_read(const char *path, size_t most, char **out_bytes,
		      size_t *out_len, const char **out_why)
{
	size_t size = 0;
	int fd = -1;
	enum fw_err err = open_regular(path, most, &fd, &size, out_why);

	if (err)
		return err;
	err = read_all(fd, size, out_bytes, out_len);
	if (err)
		*out_why = err == FW_ERR_AGAIN ? "it changes while it is read"
					       : fw_err_text(err);
	(void)close(fd);
	return err;
}

static int by_name(const void *pa, const void *pb)
{
	const char *const *a = pa, *const *b = pb;

	return strcmp(*a, *b);
}

static bool is_conf(const char *name)
{
	size_t n = strlen(name);

	return name[0] != '.' && n > 5 && !strcmp(name + n - 5, ".conf");
}

enum fw_err file_list(struct arena *arena, const char *directory,
		      const char ***out_names, size_t *out_n,
		      const char **out_why)
{
	VEC(const char *) names = {0};
	DIR *dir = opendir(directory);
	enum fw_err err = FW_OK;
	struct dirent *e;

	if (!dir) {
		err = fw_err_of_errno(errno);
		*out_why = why_errno(errno);
		return err;
	}
	/* cppcheck-suppress readdirCalled; of one stream it is safe */
	while (!err && (e = readdir(dir))) {
		const char **slot;

		if (!is_conf(e->d_name))
			continue;
		slot = vec_push(arena, &names);
		if (slot)
			*slot = arena_printf(arena, "%s/%s", directory,
					     e->d_name);
		if (!slot || !*slot) {
			err = FW_ERR_NOMEM;
			*out_why = fw_err_text(err);
		}
	}
	(void)closedir(dir);
	if (err)
		return err;
	if (names.n)
		qsort(names.items, names.n, sizeof(*names.items), by_name);
	*out_names = names.items;
	*out_n = names.n;
	return FW_OK;
}
