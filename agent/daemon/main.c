/* SPDX-License-Identifier: GPL-3.0-or-later */
/* fwagentd: options, then open, then run. */
#include "agent/daemon/manager.h"
#include "policy/base/log.h"

#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define EXIT_USAGE      2
#define EXIT_PERMISSION 8

static const struct option options[] = {
	{"state-dir", required_argument, NULL, 's'},
	{"run-dir", required_argument, NULL, 'r'},
	{"log-dir", required_argument, NULL, 'l'},
	{"user", required_argument, NULL, 'u'},
	{"boot", no_argument, NULL, 'b'},
	{"shared-table", no_argument, NULL, 'S'},
	{"verbose", no_argument, NULL, 'v'},
	{"foreground", no_argument, NULL, 'f'},
	{"version", no_argument, NULL, 'V'},
	{"help", no_argument, NULL, 'h'},
	{NULL, 0, NULL, 0},
};

static void usage(FILE *to)
{
	(void)fprintf(
		to,
		"usage: fwagentd [OPTION]...\n"
		"Puts the stored policy into force, judges what the kernel "
		"queues, writes the log.\n\n"
		"  --state-dir DIR  stored policies (/var/lib/fwagent)\n"
		"  --run-dir DIR    control socket, pid file (/run/fwagent)\n"
		"  --log-dir DIR    eve.json (/var/log/fwagent)\n"
		"  --user NAME      whom the verdict process runs as (fwagent, "
		"else nobody)\n"
		"  --boot           load the last confirmed ruleset and end: "
		"for "
		"the start of the\n"
		"                   system\n"
		"  --shared-table   let others change the table, and undo it "
		"(else, where the\n"
		"                   kernel can, nobody may)\n"
		"  --verbose        say more\n"
		"  --foreground     accepted for habit: it never forks away\n"
		"  --version, --help\n");
}

static int make_directory(const char *path)
{
	if (mkdir(path, 0755) == 0 || errno == EEXIST)
		return 0;
	log_error("%s: %s", path, strerror(errno));
	return -1;
}

int main(int argc, char **argv)
{
	struct manager_options opt = {.state_dir = "/var/lib/fwagent",
				      .run_dir = "/run/fwagent",
				      .log_dir = "/var/log/fwagent",
				      .user = "fwagent"};
	enum log_level level = LOG_LEVEL_INFO;
	struct manager *m;
	bool boot = false;
	enum fw_err err;
	int c;

	while ((c = getopt_long(argc, argv, "hV", options, NULL)) != -1) {
		switch (c) {
		case 's':
			opt.state_dir = optarg;
			break;
		case 'r':
			opt.run_dir = optarg;
			break;
		case 'l':
			opt.log_dir = optarg;
			break;
		case 'u':
			opt.user = optarg;
			break;
		case 'b':
			boot = true;
			break;
		case 'S':
			opt.leave_open = true;
			break;
		case 'v':
			level = LOG_LEVEL_DEBUG;
			break;
		case 'f':
			break;
		case 'V':
			(void)fputs("fwagentd " FWAGENT_VERSION "\n", stdout);
			return 0;
		case 'h':
			usage(stdout);
			return 0;
		default:
			usage(stderr);
			return EXIT_USAGE;
		}
	}
	log_setup(level, getenv("JOURNAL_STREAM") != NULL, "fwagentd");
	if (optind < argc) {
		log_error("it takes no argument: '%s'", argv[optind]);
		return EXIT_USAGE;
	}
	if (geteuid() != 0) {
		log_error("it must be started as root (CAP_NET_ADMIN and "
			  "CAP_NET_RAW; the process that reads packets drops "
			  "all but the first)");
		return EXIT_PERMISSION;
	}
	if (boot)
		return manager_boot(&opt);
	if (make_directory(opt.state_dir) || make_directory(opt.run_dir) ||
	    make_directory(opt.log_dir))
		return 1;
	err = manager_new(&opt, &m);
	if (err)
		return 1;
	manager_run(m);
	manager_free(m);
	return 0;
}
