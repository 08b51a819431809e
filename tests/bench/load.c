/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Load a policy's ruleset into the kernel and say what each part took, for
 * load.sh.
 *
 * usage: load POLICY [CHANGED...]
 *
 * Prints lines "WHAT SECONDS", and the batch's bytes.  Each CHANGED is loaded
 * as a change of what was loaded before.
 */
#include "agent/kernel/nftapply.h"
#include "policy/policy.h"

#include <stdio.h>
#include <sys/resource.h>
#include <time.h>

static double now(void)
{
	struct timespec t;

	(void)clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static void say(const char *name, const char *what, double since)
{
	printf("%s %s %.4f\n", name, what, now() - since);
}

static struct policy *load(const struct nft *nft, const char *path,
			   const struct policy *loaded, enum queue_target queue,
			   const char *name)
{
	struct policy_input in = {.path = path, .before = loaded};
	struct nft_errors errors;
	struct nl_batch batch;
	struct policy *p;
	double since = now();

	if (policy_compile(&in, &p) != FW_OK) {
		fprintf(stderr, "%s is no policy\n", path);
		return NULL;
	}
	say(name, "compile", since);
	since = now();
	if (backend_nl(loaded ? &loaded->ruleset : NULL, &p->ruleset, queue, 0,
		       &p->arena, &batch) != FW_OK)
		return NULL;
	say(name, "batch", since);
	printf("%s bytes %zu\n", name, batch.len);
	since = now();
	if (nft_send(nft, &batch, &errors) != FW_OK) {
		fprintf(stderr, "the kernel refuses %s: %s\n", path,
			errors.n ? nft_error_text(errors.items[0].errnum)
				 : "no memory");
		return NULL;
	}
	say(name, "send", since);
	nl_batch_done(&batch);
	return p;
}

int main(int argc, char **argv)
{
	enum queue_target queue = QUEUE_XT;
	struct policy *loaded = NULL;
	struct rusage usage;
	struct nft nft;

	if (nft_open(&nft) != FW_OK) {
		perror("load: netlink");
		return 1;
	}
	(void)!nft_probe_queue(&nft, &queue);
	for (int i = 1; i < argc; i++) {
		struct policy *p = load(&nft, argv[i], loaded, queue,
					i > 1 ? "change" : "first");

		if (!p)
			return 1;
		policy_free(loaded);
		loaded = p;
		(void)getrusage(RUSAGE_SELF, &usage);
		printf("%s rss %ld\n", i > 1 ? "change" : "first",
		       usage.ru_maxrss);
	}
	policy_free(loaded);
	nft_close(&nft);
	return argc < 2;
}
