/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "agent/kernel/nftlisten.h"

#include <dirent.h>
#include <linux/netfilter/nfnetlink.h>
#include <linux/netlink.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

/* Beyond these nobody is looked for. */
#define PROCESSES_MOST  10000
#define NAMESPACES_MOST 64

struct looking {
	ino_t own;
	struct nft_listener *out;
	size_t n, room;
	ino_t namespaces[NAMESPACES_MOST]; /* [0] is ours */
	size_t n_namespaces;
};

static ino_t namespace_of(const char *pid)
{
	char path[300];
	struct stat st;

	(void)snprintf(path, sizeof(path), "/proc/%s/ns/net", pid);
	return stat(path, &st) ? 0 : st.st_ino;
}

/* A socket's address is most often the number of its process. */
static void name_program(struct nft_listener *l, const char *pid, ino_t ns)
{
	char path[64];
	FILE *f;

	(void)snprintf(l->program, sizeof(l->program), "a program");
	if (namespace_of(pid) != ns)
		return;
	(void)snprintf(path, sizeof(path), "/proc/%s/comm", pid);
	f = fopen(path, "re");
	if (f && fgets(l->program, sizeof(l->program), f))
		l->program[strcspn(l->program, "\n")] = '\0';
	if (f)
		(void)fclose(f);
}

/* Columns of /proc/net/netlink. */
enum { COLUMN_PROTOCOL = 1, COLUMN_PORT, COLUMN_GROUPS, COLUMN_INODE = 9 };

static void take_line(struct looking *l, char *line, ino_t ns)
{
	const char *words[COLUMN_INODE + 1];
	char *rest = line;

	for (size_t i = 0; i <= COLUMN_INODE; i++) {
		words[i] = strtok_r(i ? NULL : line, " \n", &rest);
		if (!words[i])
			return;
	}
	if (strtoul(words[COLUMN_PROTOCOL], NULL, 10) != NETLINK_NETFILTER ||
	    !(strtoul(words[COLUMN_GROUPS], NULL, 16) &
	      1U << (NFNLGRP_NFTABLES - 1)) ||
	    strtoull(words[COLUMN_INODE], NULL, 10) == l->own ||
	    l->n == l->room)
		return;
	l->out[l->n].elsewhere = ns != l->namespaces[0];
	name_program(&l->out[l->n++], words[COLUMN_PORT], ns);
}

static void look_at_namespace(struct looking *l, const char *pid, ino_t ns)
{
	char path[300], line[256];
	FILE *f;

	(void)snprintf(path, sizeof(path), "/proc/%s/net/netlink", pid);
	f = fopen(path, "re");
	while (f && fgets(line, sizeof(line), f))
		take_line(l, line, ns);
	if (f)
		(void)fclose(f);
}

static bool is_new(struct looking *l, ino_t ns)
{
	for (size_t i = 0; i < l->n_namespaces; i++)
		if (l->namespaces[i] == ns)
			return false;
	if (!ns || l->n_namespaces == NAMESPACES_MOST)
		return false;
	l->namespaces[l->n_namespaces++] = ns;
	return true;
}

size_t nft_listeners(ino_t own, struct nft_listener *out, size_t room)
{
	struct looking l = {.own = own, .out = out, .room = room};
	DIR *d = opendir("/proc");
	const struct dirent *e;
	ino_t ns = namespace_of("self");

	if (is_new(&l, ns))
		look_at_namespace(&l, "self", ns);
	for (unsigned i = 0; d && i < PROCESSES_MOST && (e = readdir(d)); i++) {
		if (e->d_name[0] < '1' || e->d_name[0] > '9')
			continue;
		ns = namespace_of(e->d_name);
		if (is_new(&l, ns))
			look_at_namespace(&l, e->d_name, ns);
	}
	if (d)
		(void)closedir(d);
	return l.n;
}
