/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The commands of fwctl, one file each: cmd_NAME.c. */
#pragma once

#include "policy/policy.h"

#include <jansson.h>

#define X(name, args, help) int cmd_##name(int argc, char **argv);
#include "agent/fwctl/commands.def"
#undef X

/* Exit codes; the same for every command (fwctl(8)). */
enum exit_code {
	EXIT_DONE = 0,
	EXIT_FAILED = 1, /* nothing has changed */
	EXIT_USAGE = 2,
	EXIT_POLICY = 3, /* the policy is invalid */
	EXIT_EXPECTATION = 4,
	EXIT_LOCKOUT = 5,     /* it would cut who asks for it */
	EXIT_ROLLED_BACK = 6, /* not confirmed in time */
	EXIT_UNREACHABLE = 7, /* no daemon answers */
	EXIT_PERMISSION = 8,
};

#define DEFAULT_POLICY     "/etc/fwagent/policy.conf"
#define DEFAULT_POLICY_DIR "/etc/fwagent/policy.d"
#define DEFAULT_SOCKET     "/run/fwagent/control.sock"
#define DEFAULT_STATE_DIR  "/var/lib/fwagent"
#define DEFAULT_LOG        "/var/log/fwagent/eve.json"

/* --socket of the command line. */
extern const char *fwctl_socket;

/* "usage: fwctl NAME ARGS" on standard error; returns EXIT_USAGE. */
int fwctl_usage(const char *command);

/* Compile the policy at `path` ("-": standard input; NULL: the usual place with
 * its policy.d).  What there is to say is printed on standard error.  Returns
 * an exit code; *out_policy is owned and set only with EXIT_DONE. */
int fwctl_compile(const char *path, struct policy **out_policy);

/* Only read it with its files, for the daemon to compile; where something is
 * wrong with that, compile it all the same to say what. */
int fwctl_bundle(const char *path, struct policy **out_policy);

/* The answer to a request without arguments; owned, or NULL. */
json_t *fwctl_ask_quietly(const char *name);

/* Does a daemon answer, at once? */
bool fwctl_daemon_is_there(void);

/* Tell who sits at the terminal (session.h), in a request. */
void fwctl_tell_session(json_t *request);

/* The request and nothing else; complaints and warnings of the daemon are
 * printed too.  Returns its exit code; *out_answer (owned) is set when there
 * was one. */
int fwctl_order(json_t *request, json_t **out_answer);

/* What the daemon warns of in its answer, a line each. */
void fwctl_print_warnings(const json_t *answer);

/* Ask the daemon, with files or NULL; complaints are printed.  Returns an exit
 * code; *out_answer (owned) is set when there was one. */
int fwctl_ask(json_t *request, const struct policy_files *files,
	      json_t **out_answer);
