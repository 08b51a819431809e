/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "agent/kernel/sysenv.h"

#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <time.h>

/* --- what was looked up --------------------------------------------------- */

static const struct sysenv_name *kept(const struct sysenv *s, bool cgroup,
				      const char *name)
{
	for (unsigned i = 0; i < s->n_names; i++)
		if (s->names[i].cgroup == cgroup &&
		    !strcmp(s->names[i].name, name))
			return &s->names[i];
	return NULL;
}

static bool keep(struct sysenv *s, bool cgroup, const char *name,
		 uint64_t number, unsigned level)
{
	struct sysenv_name *n = &s->names[s->n_names];

	if (s->n_names == SYSENV_NAMES || strlen(name) >= sizeof(n->name))
		return false;
	*n = (struct sysenv_name){
		.cgroup = cgroup, .number = number, .level = level};
	memcpy(n->name, name, strlen(name));
	s->n_names++;
	return true;
}

/* --- users -----------------------------------------------------------------
 */

/* /etc/passwd alone: no name service is asked. */
static bool passwd_uid(const char *name, uint32_t *out_uid)
{
	FILE *f = fopen("/etc/passwd", "re");
	const struct passwd *pw;
	bool found = false;

	while (f && !found && (pw = fgetpwent(f)))
		if (!strcmp(pw->pw_name, name)) {
			*out_uid = pw->pw_uid;
			found = true;
		}
	if (f)
		(void)fclose(f);
	return found;
}

static bool find_user(void *ctx, const char *name, uint32_t *out_uid)
{
	struct sysenv *s = ctx;
	const struct sysenv_name *known = kept(s, false, name);

	if (known) {
		*out_uid = (uint32_t)known->number;
		return true;
	}
	return !s->closed && passwd_uid(name, out_uid) &&
	       keep(s, false, name, *out_uid, 0);
}

/* --- cgroups ---------------------------------------------------------------
 */

/* Where the one hierarchy of version 2 is mounted. */
static bool cgroup_root(char *out, size_t room)
{
	FILE *f = fopen("/proc/self/mounts", "re");
	char line[1024];
	bool found = false;

	while (f && !found && fgets(line, sizeof(line), f)) {
		char *path = strchr(line, ' ');
		char *type = path ? strchr(path + 1, ' ') : NULL;

		if (!type || strncmp(type + 1, "cgroup2 ", 8) != 0)
			continue;
		*type = '\0';
		found = snprintf(out, room, "%s", path + 1) < (int)room;
	}
	if (f)
		(void)fclose(f);
	return found;
}

static unsigned level_of(const char *path)
{
	unsigned n = 0;

	for (size_t i = 0; path[i]; i++)
		n += path[i] != '/' && (i == 0 || path[i - 1] == '/');
	return n;
}

/* A cgroup's number is that of its folder's inode. */
static bool cgroup_inode(const char *path, uint64_t *out)
{
	char root[512], full[1024];
	struct stat st;

	if (strstr(path, "..") || !cgroup_root(root, sizeof(root)) ||
	    snprintf(full, sizeof(full), "%s/%s", root, path) >=
		    (int)sizeof(full) ||
	    stat(full, &st) < 0 || !S_ISDIR(st.st_mode))
		return false;
	*out = st.st_ino;
	return true;
}

static bool find_cgroup(void *ctx, const char *path, uint64_t *out_id,
			unsigned *out_level)
{
	struct sysenv *s = ctx;
	const struct sysenv_name *known = kept(s, true, path);

	if (known) {
		*out_id = known->number;
		*out_level = known->level;
		return true;
	}
	if (s->closed || !cgroup_inode(path, out_id))
		return false;
	*out_level = level_of(path);
	return keep(s, true, path, *out_id, *out_level);
}

/* --- all of it -------------------------------------------------------------
 */

int32_t sysenv_utc_offset(int64_t now)
{
	time_t t = (time_t)now;
	struct tm tm;

	tzset();
	return localtime_r(&t, &tm) ? (int32_t)tm.tm_gmtoff : 0;
}

static void point_back(struct sysenv *s)
{
	s->env.user = find_user;
	s->env.cgroup = find_cgroup;
	s->env.ctx = s;
}

void sysenv_init(struct sysenv *s, unsigned generation)
{
	struct timezone tz = {0};
	struct timeval tv = {0};

	memset(s, 0, sizeof(*s));
	(void)gettimeofday(&tv, &tz);
	s->env.generation = generation;
	s->env.now = tv.tv_sec;
	s->env.utc_offset = sysenv_utc_offset(tv.tv_sec);
	s->env.tz_minuteswest = tz.tz_minuteswest;
	point_back(s);
}

bool sysenv_is_stale(const struct sysenv *s)
{
	for (unsigned i = 0; i < s->n_names; i++) {
		const struct sysenv_name *n = &s->names[i];
		uint64_t now = n->number;
		uint32_t uid;

		if (n->cgroup)
			(void)cgroup_inode(n->name, &now);
		else if (passwd_uid(n->name, &uid))
			now = uid;
		if (now != n->number)
			return true;
	}
	return false;
}

void sysenv_pack(const struct sysenv *s, struct strbuf *out)
{
	strbuf_add(out, str_mem(&s->env, sizeof(s->env)));
	strbuf_add(out, str_mem(s->names, s->n_names * sizeof(*s->names)));
}

enum fw_err sysenv_unpack(struct sysenv *s, struct str bytes)
{
	size_t n = bytes.len - sizeof(s->env);

	if (bytes.len < sizeof(s->env) || n % sizeof(*s->names) ||
	    n > sizeof(s->names))
		return FW_ERR_INVAL;
	memset(s, 0, sizeof(*s));
	memcpy(&s->env, bytes.p, sizeof(s->env));
	memcpy(s->names, bytes.p + sizeof(s->env), n);
	s->n_names = (unsigned)(n / sizeof(*s->names));
	s->closed = true;
	point_back(s);
	return FW_OK;
}
