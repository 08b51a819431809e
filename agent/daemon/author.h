/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Who asked, in words that are safe to print. */
#pragma once

#include <stddef.h>
#include <sys/types.h>

/* The user's name by /etc/passwd alone (no name service is asked), else
 * "uid N". */
void author_name(uid_t uid, char *out, size_t room);

/* A text that a client gave: what does not print becomes '?', what does not fit
 * is cut. */
void author_text(const char *text, char *out, size_t room);
