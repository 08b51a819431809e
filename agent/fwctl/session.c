/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "agent/fwctl/session.h"

#include "agent/fwctl/commands.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define ENVIRON_MAX   (256 * 1024)
#define ANCESTORS_MAX 64

/* A file of /proc, NUL-terminated; owned, or NULL. */
static char *proc_file(pid_t pid, const char *name, size_t *out_len)
{
	char path[64];
	char *text = malloc(ENVIRON_MAX + 1);
	size_t len = 0;
	ssize_t n = 1;
	int fd;

	(void)snprintf(path, sizeof(path), "/proc/%d/%s", (int)pid, name);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	while (text && fd >= 0 && len < ENVIRON_MAX && n > 0) {
		n = read(fd, text + len, ENVIRON_MAX - len);
		len += n > 0 ? (size_t)n : 0;
	}
	if (fd >= 0)
		(void)close(fd);
	if (text)
		text[len] = '\0';
	*out_len = len;
	return text;
}

static pid_t parent_of(pid_t pid)
{
	size_t len;
	char *text = proc_file(pid, "status", &len);
	const char *at = text ? strstr(text, "\nPPid:") : NULL;
	long parent = at ? strtol(at + 6, NULL, 10) : 0;

	free(text);
	return (pid_t)parent;
}

/* The value of a variable in an environment, or NULL. */
static const char *value_in(const char *env, size_t len, const char *key)
{
	size_t n = strlen(key);

	for (const char *at = env; at < env + len; at += strlen(at) + 1)
		if (!strncmp(at, key, n) && at[n] == '=')
			return at + n + 1;
	return NULL;
}

static bool next_address(const char **at, struct ipaddr *addr, uint16_t *port,
			 char interface[IF_NAMESIZE])
{
	size_t n = strcspn(*at, " ");
	size_t bare = strcspn(*at, " %"); /* fe80::1%eth0 */
	char *end;
	unsigned long number;

	if (bare < n)
		(void)snprintf(interface, IF_NAMESIZE, "%.*s",
			       (int)(n - bare - 1), *at + bare + 1);
	if (ipaddr_parse(str_mem(*at, bare), addr) != FW_OK || !(*at)[n])
		return false;
	number = strtoul(*at + n + 1, &end, 10);
	if (number == 0 || number > UINT16_MAX)
		return false;
	*port = (uint16_t)number;
	*at = *end == ' ' ? end + 1 : end;
	return true;
}

/* "10.10.9.4 51000 10.10.0.1 22" */
static bool take_ssh(struct session *s, const char *value)
{
	return next_address(&value, &s->client, &s->client_port,
			    s->interface) &&
	       next_address(&value, &s->server, &s->server_port, s->interface);
}

static void add_told(struct session *s, const char *what, const char *value)
{
	size_t used = strlen(s->told);

	(void)snprintf(s->told + used, sizeof(s->told) - used, "%s%s %.*s",
		       used ? ", " : "", what, (int)strcspn(value, " "), value);
}

void session_find(struct session *out)
{
	bool sudo = false;
	pid_t pid = getpid();

	*out = (struct session){0};
	for (unsigned i = 0; i < ANCESTORS_MAX && pid > 1 && !out->ssh; i++) {
		size_t len;
		char *env = proc_file(pid, "environ", &len);
		const char *user = value_in(env, env ? len : 0, "SUDO_USER");
		const char *ssh =
			value_in(env, env ? len : 0, "SSH_CONNECTION");

		if (user && !sudo)
			add_told(out, "sudo", user);
		sudo |= user != NULL;
		if (ssh && take_ssh(out, ssh)) {
			out->ssh = true;
			add_told(out, "ssh", ssh);
		}
		free(env);
		pid = parent_of(pid);
	}
}

/* As the daemon reads it: the client's end first. */
static json_t *flow_json(const struct session *s)
{
	char client[IPADDR_TEXT_MAX], server[IPADDR_TEXT_MAX];

	return json_pack("[{s:s, s:s, s:i, s:s, s:i, s:s}]", "what",
			 "the ssh connection you type on", "src",
			 ipaddr_print(&s->client, client), "sport",
			 s->client_port, "dst",
			 ipaddr_print(&s->server, server), "dport",
			 s->server_port, "interface", s->interface);
}

void fwctl_tell_session(json_t *request)
{
	struct session s;

	session_find(&s);
	if (s.told[0])
		json_object_set_new(request, "told", json_string(s.told));
	if (s.ssh)
		json_object_set_new(request, "flows", flow_json(&s));
}
