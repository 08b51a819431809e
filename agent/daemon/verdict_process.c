/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "agent/daemon/verdict_process.h"

#include "agent/daemon/boot.h"
#include "agent/daemon/channel.h"
#include "agent/daemon/worker.h"
#include "agent/daemon/worker_queue.h"

#include <errno.h>
#include <inttypes.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#define READY_MS      60000 /* it may compile a million addresses */
#define EVENTS_BUFFER (8 * 1024 * 1024)

static void set_error(struct verdict_process *v, const char *text)
{
	(void)snprintf(v->error, sizeof(v->error), "%s", text);
}

/* Wait for the answer that is due; its bytes are owned (str_free). */
static enum fw_err expect_text(struct verdict_process *v,
			       enum channel_kind wanted, struct str *out)
{
	enum channel_kind kind;
	struct str text;
	enum fw_err err = channel_receive(v->channel, &kind, &text, READY_MS);

	*out = (struct str){0};
	if (err) {
		set_error(v, err == FW_ERR_TIMEOUT
				     ? "the verdict process does not answer"
				     : "the verdict process ended");
		return err;
	}
	if (kind != wanted) {
		set_error(v, text.p);
		str_free(text);
		return FW_ERR_IO;
	}
	*out = text;
	return FW_OK;
}

static enum fw_err expect(struct verdict_process *v, enum channel_kind wanted)
{
	struct str text;
	enum fw_err err = expect_text(v, wanted, &text);

	str_free(text);
	return err;
}

/* The log, the control socket, the lock: none of them is its business. */
static void close_all_but(const int *keep, size_t n)
{
	unsigned from = STDERR_FILENO + 1;

	for (;;) {
		unsigned next = UINT_MAX;

		for (size_t i = 0; i < n; i++)
			if (keep[i] >= (int)from && (unsigned)keep[i] < next)
				next = (unsigned)keep[i];
		if (next > from)
			(void)close_range(from, next - (next != UINT_MAX), 0);
		if (next == UINT_MAX)
			return;
		from = next + 1;
	}
}

static void child(const struct worker_options *options, pid_t manager)
{
	const struct klog *answers = options->handshakes.log;
	const int keep[] = {options->channel, options->events,
			    answers ? klog_fd(answers) : -1};
	sigset_t none;

	close_all_but(keep, sizeof(keep) / sizeof(*keep));
	(void)sigemptyset(&none);
	(void)sigprocmask(SIG_SETMASK, &none, NULL);
	(void)signal(SIGTERM, SIG_DFL);
	/* The terminal's interrupt is the manager's business. */
	(void)signal(SIGINT, SIG_IGN);
	/* Without a manager there is no log: then rather no decisions. */
	(void)prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (getppid() != manager)
		_exit(0);
	worker_run(options);
}

enum fw_err verdict_process_start(struct verdict_process *v,
				  const struct worker_options *with)
{
	int orders[2], events[2], room = EVENTS_BUFFER;
	struct worker_options options = *with;
	pid_t manager = getpid();
	enum fw_err err;

	*v = (struct verdict_process){.channel = -1, .events = -1};
	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, orders) < 0)
		return fw_err_of_errno(errno);
	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, events) < 0) {
		(void)close(orders[0]);
		(void)close(orders[1]);
		return fw_err_of_errno(errno);
	}
	if (setsockopt(events[1], SOL_SOCKET, SO_SNDBUFFORCE, &room,
		       sizeof(room)) < 0)
		(void)setsockopt(events[1], SOL_SOCKET, SO_SNDBUF, &room,
				 sizeof(room));
	v->channel = orders[0];
	v->events = events[0];
	options.channel = orders[1];
	options.events = events[1];
	v->started_ns = steady_now();
	v->pid = fork();
	if (v->pid == 0)
		child(&options, manager);
	(void)close(orders[1]);
	(void)close(events[1]);
	if (v->pid < 0) {
		set_error(v, strerror(errno));
		v->pid = 0;
		verdict_process_stop(v);
		return FW_ERR_NOMEM;
	}
	err = expect(v, CHANNEL_READY);
	if (err)
		verdict_process_stop(v);
	return err;
}

static enum fw_err send_file(const struct verdict_process *v,
			     const struct policy_file *file, bool known)
{
	struct strbuf name;
	enum fw_err err = FW_ERR_NOMEM;

	strbuf_init(&name, 0);
	strbuf_addf(&name, "%0*" PRIx64 "%s", CHANNEL_HASH_LEN, file->hash,
		    file->name);
	if (!name.failed)
		err = channel_send(v->channel, CHANNEL_FILE_NAME,
				   str_mem(name.p, name.len), READY_MS);
	strbuf_done(&name);
	if (!err && !known)
		err = channel_send(v->channel, CHANNEL_FILE, file->bytes,
				   READY_MS);
	return err;
}

static enum fw_err send_env(const struct verdict_process *v,
			    const struct sysenv *env)
{
	struct strbuf bytes;
	enum fw_err err;

	strbuf_init(&bytes, 0);
	sysenv_pack(env, &bytes);
	err = bytes.failed
		      ? FW_ERR_NOMEM
		      : channel_send(v->channel, CHANNEL_ENV,
				     str_mem(bytes.p, bytes.len), READY_MS);
	strbuf_done(&bytes);
	return err;
}

enum fw_err verdict_process_prepare(struct verdict_process *v,
				    const struct policy *policy,
				    const struct policy *used,
				    const struct sysenv *env)
{
	enum fw_err err = send_env(v, env);

	for (size_t i = 0; i < policy->files.n && !err; i++) {
		const struct policy_file *file = &policy->files.items[i];

		err = send_file(
			v, file,
			lists_known(&used->lists, &policy->lists, file->hash));
	}
	if (!err)
		err = channel_send(
			v->channel, CHANNEL_PREPARE,
			str_mem(policy->canonical.p, policy->canonical.len),
			READY_MS);
	if (err)
		set_error(v, "the verdict process does not take the policy");
	return err ? err : expect(v, CHANNEL_DONE);
}

enum fw_err verdict_process_commit(struct verdict_process *v)
{
	enum fw_err err = channel_send(v->channel, CHANNEL_COMMIT,
				       (struct str){0}, READY_MS);

	if (err)
		set_error(v, "the verdict process does not take the policy");
	return err ? err : expect(v, CHANNEL_DONE);
}

enum fw_err verdict_process_judge(struct verdict_process *v,
				  const struct engine_flow *flows, size_t n,
				  uint8_t *answers)
{
	enum fw_err err =
		channel_send(v->channel, CHANNEL_JUDGE,
			     str_mem(flows, n * sizeof(*flows)), READY_MS);
	struct str text = {0};

	if (err)
		set_error(v, "the verdict process does not take flows");
	else
		err = expect_text(v, CHANNEL_DONE, &text);
	if (!err && text.len == n)
		memcpy(answers, text.p, n);
	str_free(text);
	return err;
}

void verdict_process_stop(struct verdict_process *v)
{
	if (v->pid > 0) {
		(void)kill(v->pid, SIGKILL);
		(void)waitpid(v->pid, NULL, 0);
	}
	if (v->channel >= 0)
		(void)close(v->channel);
	if (v->events >= 0)
		(void)close(v->events);
	v->pid = 0;
	v->channel = v->events = -1;
}
