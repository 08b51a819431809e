/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "policy/base/err.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

const char *fw_err_text(enum fw_err err)
{
	switch (err) {
	case FW_OK:
		return "done";
#define X(name, value, text) \
	case FW_ERR_##name:  \
		return text;
#include "policy/base/errs.def"
#undef X
	}
	return "unknown error";
}

enum fw_err fw_err_of_errno(int errnum)
{
	switch (errnum) {
	case 0:
		return FW_OK;
	case ENOMEM:
		return FW_ERR_NOMEM;
	case ENOENT:
		return FW_ERR_NOENT;
	case EEXIST:
	case EADDRINUSE:
		return FW_ERR_EXIST;
	case EPERM:
	case EACCES:
		return FW_ERR_PERM;
	case EAGAIN:
	case EINTR:
	case EBUSY:
		return FW_ERR_AGAIN;
	case EOPNOTSUPP:
	case ENOSYS:
	case EPROTONOSUPPORT:
	case EAFNOSUPPORT:
		return FW_ERR_UNSUPPORTED;
	case ETIMEDOUT:
		return FW_ERR_TIMEOUT;
	case ECONNREFUSED:
		return FW_ERR_UNREACHABLE;
	default:
		return FW_ERR_IO;
	}
}

void fw_assert_failed(const char *cond, const char *file, int line)
{
	/* The one place below main that prints: nothing else can be trusted. */
	(void)fprintf(stderr, "%s:%d: internal error: '%s' does not hold\n",
		      file, line, cond);
	abort();
}
