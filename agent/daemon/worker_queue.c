/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "agent/daemon/worker_queue.h"

#include "agent/daemon/boot.h"
#include "agent/daemon/worker_tell.h"
#include "agent/engine.h"
#include "agent/kernel/ifname.h"
#include "agent/kernel/nfqueue.h"
#include "agent/verdict/rollup.h"
#include "policy/base/log.h"

#include <errno.h>
#include <netinet/in.h>

#include <linux/netfilter.h>
#include <poll.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/random.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

/* Packets that the kernel keeps waiting for us; more than an engine may hold,
 * so that held ones do not fill the queue. */
#define QUEUE_LENGTH 8192
/* Marks of packets in hand, by id; more than can wait at once. */
#define MARKS      16384
#define IDLE_MS    500
#define INTERFACES 64

/* log.deny = "all" or "first": hardly more than the first of a kind. */
#define ROLLUP_ALL_NS   (10ULL * 1000000000)
#define ROLLUP_FIRST_NS (3600ULL * 1000000000)

struct zone_cache {
	uint32_t ifindex;
	int zone;
	char name[IFNAMSIZ];
	uint64_t until;
};

struct worker_queue {
	struct worker_shared *shared;
	const struct policy *policy;
	struct engine *engine;
	struct rollup *rollup;
	struct worker_tell *tell;
	struct nfqueue *nfq;
	pthread_t thread;
	unsigned index; /* from 0 */
	uint64_t now;
	uint32_t marks[MARKS];
	struct zone_cache zones[INTERFACES];

	/* Hand-over of a policy, or of flows to be judged again. */
	pthread_mutex_t lock;
	pthread_cond_t taken;
	const struct policy *next;
	const struct engine_flow *flows;
	uint8_t *answers;
	size_t n_flows;
	int wake; /* eventfd */
};

uint64_t worker_now(void)
{
	struct timespec ts;

	(void)clock_gettime(CLOCK_REALTIME, &ts);
	return (uint64_t)ts.tv_sec * 1000000000 + (uint64_t)ts.tv_nsec;
}

uint64_t worker_rollup_window(const struct policy *policy)
{
	return policy->ir.log_deny == IR_LOG_ALL ? ROLLUP_ALL_NS
						 : ROLLUP_FIRST_NS;
}

/* What costs a stranger one packet must not cost the log one line each: faulty
 * packets, and flows without a handshake. */
static void queue_event(void *ctx, const struct event *ev)
{
	struct worker_queue *q = ctx;
	bool cheap = ev->flow_id == 0 || ev->facts->l4 != IPPROTO_TCP;

	if (cheap && ev->outcome->kind != DECISION_ALLOW)
		rollup_event(q->rollup, ev, worker_tell, q->tell);
	else
		worker_tell(q->tell, ev);
}

int worker_zone(const struct worker_shared *shared, const struct ir *ir,
		uint32_t ifindex)
{
	char name[IFNAMSIZ];

	if (!ifname_get(shared->ifnames, ifindex, name))
		return -1;
	return ir_zone_by_interface(ir, name);
}

/* An interface's zone, asked of the kernel once a second at most. */
static const struct zone_cache *cached_zone(struct worker_queue *q,
					    uint32_t ifindex)
{
	struct zone_cache *c = &q->zones[ifindex % INTERFACES];

	if (c->ifindex == ifindex && q->now < c->until)
		return c;
	*c = (struct zone_cache){
		.ifindex = ifindex, .zone = -1, .until = q->now + 1000000000};
	if (ifname_get(q->shared->ifnames, ifindex, c->name))
		c->zone = ir_zone_by_interface(&q->policy->ir, c->name);
	return c;
}

static uint32_t verdict_of(enum output_kind kind, enum mark_state *out_state)
{
	switch (kind) {
	case OUTPUT_PASS:
		*out_state = MARK_PASSED;
		return NF_ACCEPT;
	case OUTPUT_ALLOW:
		*out_state = MARK_ALLOWED;
		return NF_ACCEPT;
	case OUTPUT_WATCH:
		*out_state = MARK_WATCHED;
		return NF_ACCEPT;
	case OUTPUT_LISTEN:
		*out_state = MARK_LISTENED;
		return NF_ACCEPT;
	case OUTPUT_PEND:
		*out_state = MARK_PENDING;
		return NF_ACCEPT;
	case OUTPUT_REFUSE:
		*out_state = MARK_DENIED;
		return NF_REPEAT;
	case OUTPUT_REFUSE_SILENT:
		*out_state = MARK_DROPPED;
		return NF_REPEAT;
	case OUTPUT_DROP:
	case OUTPUT_SEGMENT:
		break;
	}
	*out_state = MARK_NEW;
	return NF_DROP;
}

static void carry_out(struct worker_queue *q)
{
	struct engine_output o;

	while (engine_output_take(q->engine, &o)) {
		enum mark_state state;
		uint32_t verdict, mark;

		if (o.kind == OUTPUT_SEGMENT) {
			uint8_t buf[SEGMENT_ROOM];
			size_t len = segment_build(&o.segment, buf);

			/* In the order in which the engine said it. */
			nfqueue_flush(q->nfq);
			(void)inject_send(&q->shared->inject, &o.segment.dst,
					  buf, len);
			continue;
		}
		verdict = verdict_of(o.kind, &state);
		mark = mark_with(q->policy->ir.marks, q->marks[o.id % MARKS],
				 state, q->policy->ir.generation);
		if (o.bytes.left)
			nfqueue_verdict_with(q->nfq, o.id, verdict, mark,
					     o.bytes);
		else
			nfqueue_verdict(q->nfq, o.id, verdict, mark);
	}
}

static void take_packet(void *ctx, const struct nfqueue_packet *pkt)
{
	struct worker_queue *q = ctx;
	const struct zone_cache *in = cached_zone(q, pkt->indev);
	struct engine_input input = {
		.raw = pkt->payload,
		.id = pkt->id,
		.mark = mark_state_of(q->policy->ir.marks, pkt->mark),
		.checksum_unset = pkt->checksum_unset,
		.in_iface = pkt->indev ? in->name : NULL,
		.has_mac = pkt->has_mac,
		.has_uid = pkt->has_uid,
		.uid = pkt->uid,
		.zone_src = pkt->hook == NF_INET_LOCAL_OUT ? IR_ZONE_SELF
							   : in->zone,
		.zone_dst = IR_ZONE_SELF,
	};

	if (pkt->hook == NF_INET_LOCAL_OUT && input.mark == MARK_NEW)
		input.cgroup = mark_number_of(q->policy->ir.marks, pkt->mark);
	memcpy(input.mac.bytes, pkt->mac, sizeof(pkt->mac));
	if (pkt->hook != NF_INET_LOCAL_IN)
		input.zone_dst = cached_zone(q, pkt->outdev)->zone;
	q->marks[pkt->id % MARKS] = pkt->mark;
	engine_packet(q->engine, &input, q->now);
	carry_out(q);
}

static void judge_flows(struct worker_queue *q)
{
	for (size_t i = 0; i < q->n_flows; i++)
		if (q->answers[i] == ENGINE_AGAIN_UNKNOWN)
			q->answers[i] = (uint8_t)engine_judge_again(
				q->engine, &q->flows[i], q->now);
	q->flows = NULL;
}

static void take_order(struct worker_queue *q)
{
	uint64_t n;

	(void)!read(q->wake, &n, sizeof(n));
	(void)pthread_mutex_lock(&q->lock);
	if (q->next) {
		/* What is kept points into the old policy. */
		rollup_tick(q->rollup, UINT64_MAX, worker_tell, q->tell);
		worker_tell_all(q->tell);
		rollup_set_window(q->rollup, worker_rollup_window(q->next));
		engine_set_policy(q->engine, q->next);
		q->policy = q->next;
		carry_out(q);
		q->next = NULL;
		memset(q->zones, 0, sizeof(q->zones));
	}
	if (q->flows)
		judge_flows(q);
	(void)pthread_cond_signal(&q->taken);
	(void)pthread_mutex_unlock(&q->lock);
}

static int timeout_ms(const struct worker_queue *q)
{
	uint64_t deadline = engine_next_deadline(q->engine);
	uint64_t now = worker_now();

	if (!deadline || deadline > now + IDLE_MS * 1000000ULL)
		return IDLE_MS;
	return deadline <= now ? 0 : (int)((deadline - now) / 1000000) + 1;
}

static void *run(void *arg)
{
	struct worker_queue *q = arg;
	struct pollfd fds[2] = {{.fd = nfqueue_fd(q->nfq), .events = POLLIN},
				{.fd = q->wake, .events = POLLIN}};

	for (;;) {
		unsigned lost = 0;

		(void)poll(fds, 2, timeout_ms(q));
		q->now = worker_now();
		stats_alive(q->shared->stats, q->index, steady_now());
		if (fds[1].revents)
			take_order(q);
		if (nfqueue_read(q->nfq, take_packet, q, &lost) != FW_OK) {
			log_error("the queue's socket failed: %s",
				  strerror(errno));
			_exit(1); /* the manager starts another */
		}
		stats_add(q->shared->stats, STAT_QUEUE_LOST, lost);
		engine_tick(q->engine, q->now);
		carry_out(q);
		nfqueue_flush(q->nfq);
		rollup_tick(q->rollup, q->now, worker_tell, q->tell);
		worker_tell_all(q->tell);
	}
	return NULL;
}

enum fw_err worker_queue_open(struct worker_shared *shared,
			      const struct policy *policy, unsigned index,
			      struct worker_queue **out_queue)
{
	struct worker_queue *q = calloc(1, sizeof(*q));
	const struct nfqueue_options options = {
		.number = (uint16_t)(policy->ir.queue + index),
		.length = QUEUE_LENGTH,
		.fail_open = policy->ir.fail_open};
	struct engine_options engine = {.verify_checksums = true,
					.stats = shared->stats,
					.bindings = shared->bindings,
					.event = queue_event,
					.event_ctx = q};
	enum fw_err err;

	if (!q)
		return FW_ERR_NOMEM;
	if (getrandom(engine.key, sizeof(engine.key), 0) !=
	    (ssize_t)sizeof(engine.key)) {
		free(q);
		return FW_ERR_IO;
	}
	q->shared = shared;
	q->index = index;
	q->policy = policy;
	q->engine = engine_new(&engine);
	q->rollup = rollup_new(worker_rollup_window(policy));
	q->tell = worker_tell_new(shared->events, shared->stats);
	q->wake = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	(void)pthread_mutex_init(&q->lock, NULL);
	(void)pthread_cond_init(&q->taken, NULL);
	err = q->engine && q->rollup && q->tell && q->wake >= 0
		      ? nfqueue_open(&options, &q->nfq)
		      : FW_ERR_NOMEM;
	if (err) {
		engine_free(q->engine);
		rollup_free(q->rollup);
		worker_tell_free(q->tell);
		free(q);
		return err;
	}
	engine_set_policy(q->engine, policy);
	*out_queue = q;
	return FW_OK;
}

enum fw_err worker_queue_start(struct worker_queue *q)
{
	stats_alive(q->shared->stats, q->index, steady_now());
	return fw_err_of_errno(pthread_create(&q->thread, NULL, run, q));
}

/* What was handed over is taken when this returns; the lock is held. */
static void wait_taken(struct worker_queue *q)
{
	static const uint64_t one = 1;

	(void)!write(q->wake, &one, sizeof(one));
	while (q->next || q->flows)
		(void)pthread_cond_wait(&q->taken, &q->lock);
}

void worker_queue_set_policy(struct worker_queue *q,
			     const struct policy *policy)
{
	(void)pthread_mutex_lock(&q->lock);
	q->next = policy;
	wait_taken(q);
	(void)pthread_mutex_unlock(&q->lock);
}

void worker_queue_judge(struct worker_queue *q, const struct engine_flow *flows,
			uint8_t *answers, size_t n)
{
	(void)pthread_mutex_lock(&q->lock);
	q->flows = flows;
	q->answers = answers;
	q->n_flows = n;
	wait_taken(q);
	(void)pthread_mutex_unlock(&q->lock);
}
