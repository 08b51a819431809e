/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "agent/daemon/author.h"

#include "policy/base/str.h"

#include <pwd.h>
#include <stdio.h>

void author_name(uid_t uid, char *out, size_t room)
{
	FILE *f = fopen("/etc/passwd", "re");
	const struct passwd *pw;

	(void)snprintf(out, room, "uid %u", (unsigned)uid);
	while (f && (pw = fgetpwent(f)))
		if (pw->pw_uid == uid) {
			author_text(pw->pw_name, out, room);
			break;
		}
	if (f)
		(void)fclose(f);
}

void author_text(const char *text, char *out, size_t room)
{
	struct str s = str_of(text ? text : "");
	size_t used = 0;

	while (s.len) {
		size_t n = str_utf8(s), bytes = n ? n : 1;

		if (used + bytes >= room)
			break;
		if (n)
			memcpy(out + used, s.p, n);
		else
			out[used] = '?';
		used += bytes;
		s = str_skip(s, bytes);
	}
	out[used] = '\0';
}
