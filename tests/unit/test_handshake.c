/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Captures whose packets do not stand in the order in which they were sent. */
#include "agent/packet/packet.h"
#include "tests/unit/lab.h"

static const char policy[] =
	"version = 1;"
	"zones: { lan: { interfaces = [\"lan0\"]; networks = "
	"[\"10.10.0.0/16\"]; }; wan: { interfaces = [\"wan0\"]; external = "
	"true; }; };"
	"egress: ( { name = \"all\"; app = \"http\"; action = \"allow\"; } );";

/* Flows after a handshake in this order: the answer first, or the SYN. */
static uint64_t flows_of(bool answer_first, uint32_t acks)
{
	const struct engine_options options = {.read_on = true};
	const struct reader none = reader_of("", 0);
	struct lab *l = lab_new(policy, &options);
	uint64_t n;

	/* As where no kernel has said that it is new. */
	l->mark = MARK_ALLOWED;
	if (!answer_first)
		(void)lab_send(l, DIR_CLIENT, TCP_SYN, 0, 0, none);
	(void)lab_send(l, DIR_SERVER, TCP_SYN | TCP_ACK, 0, acks, none);
	if (answer_first)
		(void)lab_send(l, DIR_CLIENT, TCP_SYN, 0, 0, none);
	(void)lab_send(l, DIR_CLIENT, TCP_ACK, 1, 1, none);
	n = l->stats.counters[STAT_FLOWS];
	lab_free(l);
	return n;
}

START_TEST(an_answer_before_its_syn_is_of_the_same_flow)
{
	ck_assert_uint_eq(flows_of(false, 1), 1);
	ck_assert_uint_eq(flows_of(true, 1), 1);
	/* of another SYN */
	ck_assert_uint_eq(flows_of(true, 77), 2);
}
END_TEST

static void add(TCase *tc)
{
	tcase_add_test(tc, an_answer_before_its_syn_is_of_the_same_flow);
}

int main(void)
{
	return run_suite("handshake", add);
}
