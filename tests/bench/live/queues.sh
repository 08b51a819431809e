# SPDX-License-Identifier: GPL-3.0-or-later
# shellcheck shell=bash
# shellcheck disable=SC2154 # from live.sh
# For live.sh: many clients over two queues against one.  Client, server, daemon
# and both threads share the machine's cores: the CPU of a connection tells
# whether the threads are in each other's way.

MANY=6000

for n in 1 2; do
	bench_policy $n >"$LAB/queues-$n.conf"
done
for _ in $(seq "$rounds"); do
	for n in 1 2; do
		setup ours "$LAB/queues-$n.conf"
		before=$(cpu_ns)
		dial first tls $MANY 64
		note "queues-$n.rate" "$RATE"
		note "queues-$n.cpu" $((($(cpu_ns) - before) / MANY))
	done
done
setup_end
line "two queues, $(nproc) cores in all" "$(median ours.queues-2.rate)" /s "$(median ours.queues-1.rate)" "one" \
	"$(ratio "$(median ours.queues-2.rate)" "$(median ours.queues-1.rate)")" ">=" 1.6
line "  CPU a connection" "$(median ours.queues-2.cpu)" ns "$(median ours.queues-1.cpu)" "one" \
	"$(ratio "$(median ours.queues-2.cpu)" "$(median ours.queues-1.cpu)")" - 0
