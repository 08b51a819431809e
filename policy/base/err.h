/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

/* One list of codes for the whole project; the texts stand in errs.def. */
enum fw_err {
	FW_OK = 0,
#define X(name, value, text) FW_ERR_##name = (value),
#include "policy/base/errs.def"
#undef X
};

#define FW_MUST_CHECK        __attribute__((warn_unused_result))
#define FW_PRINTF(fmt, args) __attribute__((format(printf, fmt, args)))

/* Text of a code, never NULL; static. */
const char *fw_err_text(enum fw_err err);

/* The code for an errno value (positive); FW_ERR_IO for those without one. */
enum fw_err fw_err_of_errno(int errnum);

/* Our own invariants only: no input may make it fail.  On in all builds. */
#define FW_ASSERT(cond) \
	((cond) ? (void)0 : fw_assert_failed(#cond, __FILE__, __LINE__))

_Noreturn void fw_assert_failed(const char *cond, const char *file, int line);
