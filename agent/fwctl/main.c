/* SPDX-License-Identifier: GPL-3.0-or-later */
/* fwctl: one table of commands; everything else is in cmd_*.c. */
#include "agent/control/client.h"
#include "agent/fwctl/commands.h"
#include "agent/kernel/sysenv.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define ANSWER_MS 300000 /* a million addresses take their time */
#define STDIN_MAX (16UL * 1024 * 1024)

static const struct {
	const char *name;
	int (*run)(int argc, char **argv);
	const char *args, *help;
} commands[] = {
#define X(name, args, help) {#name, cmd_##name, args, help},
#include "agent/fwctl/commands.def"
#undef X
};

#define N_COMMANDS (sizeof(commands) / sizeof(*commands))

const char *fwctl_socket = DEFAULT_SOCKET;

static void print_help(FILE *to)
{
	(void)fputs("usage: fwctl [--socket PATH] COMMAND [ARGUMENT]...\n\n",
		    to);
	for (size_t i = 0; i < N_COMMANDS; i++)
		(void)fprintf(to, "  %-8s %s\n", commands[i].name,
			      commands[i].help);
	(void)fputs("\nPOLICY is " DEFAULT_POLICY
		    " (and policy.d beside it) when not given, '-' is standard "
		    "input.\n'fwctl COMMAND --help' says more; fwctl(8) says "
		    "all.\n",
		    to);
}

int fwctl_usage(const char *command)
{
	for (size_t i = 0; i < N_COMMANDS; i++)
		if (!strcmp(commands[i].name, command))
			(void)fprintf(stderr, "usage: fwctl %s %s\n", command,
				      commands[i].args);
	return EXIT_USAGE;
}

static int wrong_word(const char *word)
{
	(void)fprintf(stderr, "fwctl: no command '%s'; there are:", word);
	for (size_t i = 0; i < N_COMMANDS; i++)
		(void)fprintf(stderr, " %s", commands[i].name);
	(void)fputs("\n", stderr);
	return EXIT_USAGE;
}

/* All of standard input, up to what a policy may be long. */
static struct str read_stdin(void)
{
	char *text = malloc(STDIN_MAX + 1);
	size_t n = text ? fread(text, 1, STDIN_MAX + 1, stdin) : 0;

	return str_mem(text, n);
}

int fwctl_compile(const char *path, struct policy **out_policy)
{
	struct policy_input in = {.path = path ? path : DEFAULT_POLICY,
				  .directory =
					  path ? NULL : DEFAULT_POLICY_DIR};
	static struct sysenv env;
	struct policy *p;
	struct str text = {0};
	struct strbuf said;
	enum fw_err err;

	if (path && !strcmp(path, "-")) {
		text = read_stdin();
		in = (struct policy_input){.text = text, .text_name = "stdin"};
	}
	sysenv_init(&env, 0);
	in.env = &env.env;
	err = policy_compile(&in, &p);
	str_free(text);
	if (p) {
		strbuf_init(&said, 0);
		diag_print(&p->diags, &said);
		(void)fputs(strbuf_text(&said), stderr);
		strbuf_done(&said);
	}
	if (!err) {
		*out_policy = p;
		return EXIT_DONE;
	}
	if (err != FW_ERR_POLICY)
		(void)fprintf(stderr, "fwctl: %s: %s\n",
			      in.path ? in.path : "stdin", fw_err_text(err));
	policy_free(p);
	return err == FW_ERR_POLICY ? EXIT_POLICY : EXIT_FAILED;
}

int fwctl_ask(json_t *request, const struct policy_files *files,
	      json_t **out_answer)
{
	enum fw_err err =
		client_ask(fwctl_socket, request, files, out_answer, ANSWER_MS);

	json_decref(request);
	if (err == FW_OK)
		return EXIT_DONE;
	if (err == FW_ERR_PERM) {
		(void)fprintf(stderr,
			      "fwctl: %s: not permitted; run it as root\n",
			      fwctl_socket);
		return EXIT_PERMISSION;
	}
	(void)fprintf(stderr, "fwctl: no daemon answers at %s: %s\n",
		      fwctl_socket,
		      err == FW_ERR_UNREACHABLE
			      ? "is fwagentd running? (systemctl status "
				"fwagentd)"
			      : fw_err_text(err));
	return EXIT_UNREACHABLE;
}

json_t *fwctl_ask_quietly(const char *name)
{
	json_t *request = json_pack("{s:s}", "request", name);
	json_t *answer = NULL;

	if (client_ask(fwctl_socket, request, NULL, &answer, ANSWER_MS) !=
	    FW_OK)
		answer = NULL;
	json_decref(request);
	return answer;
}

bool fwctl_daemon_is_there(void)
{
	json_t *answer = fwctl_ask_quietly("history");
	bool there = answer != NULL;

	json_decref(answer);
	return there;
}

void fwctl_print_warnings(const json_t *answer)
{
	const char *text =
		json_string_value(json_object_get(answer, "warning"));

	while (text && *text) {
		size_t n = strcspn(text, "\n");

		(void)fprintf(stderr, "warning: %.*s\n", (int)n, text);
		text += n + (text[n] == '\n');
	}
}

int fwctl_order(json_t *request, json_t **out_answer)
{
	int status = fwctl_ask(request, NULL, out_answer);
	const char *text;

	if (status != EXIT_DONE)
		return status;
	status = (int)json_integer_value(json_object_get(*out_answer, "exit"));
	text = json_string_value(json_object_get(*out_answer, "error"));
	if (status)
		(void)fprintf(stderr, "fwctl: %s",
			      text ? text : "the daemon refuses it\n");
	fwctl_print_warnings(*out_answer);
	return status;
}

static int run(int argc, char **argv)
{
	int i = 1;

	while (i + 1 < argc && !strcmp(argv[i], "--socket")) {
		fwctl_socket = argv[i + 1];
		i += 2;
	}
	if (i >= argc) {
		print_help(stderr);
		return EXIT_USAGE;
	}
	if (!strcmp(argv[i], "--help") || !strcmp(argv[i], "help") ||
	    !strcmp(argv[i], "-h")) {
		print_help(stdout);
		return EXIT_DONE;
	}
	if (!strcmp(argv[i], "--socket")) {
		(void)fputs("fwctl: --socket needs a path\n", stderr);
		return EXIT_USAGE;
	}
	if (!strcmp(argv[i], "--version")) {
		(void)puts("fwctl " FWAGENT_VERSION);
		return EXIT_DONE;
	}
	for (size_t c = 0; c < N_COMMANDS; c++) {
		if (strcmp(argv[i], commands[c].name) != 0)
			continue;
		if (i + 1 < argc && !strcmp(argv[i + 1], "--help")) {
			(void)printf("usage: fwctl %s %s\n%s\n",
				     commands[c].name, commands[c].args,
				     commands[c].help);
			return EXIT_DONE;
		}
		return commands[c].run(argc - i, argv + i);
	}
	return wrong_word(argv[i]);
}

/* What could not be written was not done. */
int main(int argc, char **argv)
{
	int status = run(argc, argv);

	if (fflush(stdout) == 0 && !ferror(stdout))
		return status;
	(void)fputs("fwctl: cannot write to standard output\n", stderr);
	return status == EXIT_DONE ? EXIT_FAILED : status;
}
