#!/bin/bash
# SPDX-License-Identifier: GPL-3.0-or-later
# kill -9 of the verdict process, then of the whole daemon, under traffic, in
# closed and in open mode.  Decided flows go on; what is undecided does not
# leak in closed mode (counted at the server) and passes in open mode; the
# manager restarts its verdict process within a second.
B=${1:-${B:-build/release}}
# shellcheck source=tests/functional/lib.sh
. "$(dirname "$0")/lib.sh"

need_agent
lab_up
basic_servers

verdict_pid() {
	fwctl status --json 2>/dev/null | jq -r '.engine.pid // empty'
}

new_verdict_pid() {
	local now

	now=$(verdict_pid)
	[ -n "$now" ] && [ "$now" != 0 ] && [ "$now" != "$1" ]
}

size() {
	stat -c %s "$LAB/slow" 2>/dev/null || echo 0
}

grows() {
	[ "$(size)" -gt "$1" ]
}

works() {
	client curl -sS -m $((3 * LAB_SLOW)) -4 http://www.example.org/ 2>/dev/null | grep -q hello
}

# Undecided flows with payload, one after another, from ports of their own,
# until the file `stop` appears.
knock() {
	local port=$1 turns=200

	while [ ! -e "$LAB/stop" ] && [ "$turns" -gt 0 ]; do
		client curl -sS -m 1 --local-port "$port-$((port + 4000))" -o /dev/null \
			"http://evil.example.com/" >/dev/null 2>&1
		turns=$((turns - 1))
	done
}

run_mode() {
	local mode=$1 old at begin

	rm -rf "$LAB/agent" "$LAB/stop" "$LAB/slow"
	sed "s/fail = \"closed\"/fail = \"$mode\"/" \
		"$LAB_ROOT/packaging/policies/sample.conf" >"$LAB/$mode.conf"
	agent_start || { not_ok "$mode-start" "fwagentd does not come up"; return; }
	check "$mode-apply" "refused" agent_apply "$LAB/$mode.conf"
	capture_start "$mode" "$NS_OUTSIDE" "tcp dst port 80"
	client curl -sS -m 120 -N --local-port 19000-19100 -o "$LAB/slow" \
		http://www.example.org/slow.bin >/dev/null 2>&1 &
	check "$mode-decided-flow-starts" "no byte arrives" wait_for 5 grows 10000

	knock 20000 &
	knocker=$!
	sleep 0.5
	old=$(verdict_pid)
	begin=${EPOCHREALTIME/./}
	kill -KILL "$old"
	check "$mode-verdict-process-is-back" "no new one" wait_for 2 new_verdict_pid "$old"
	echo "  $mode: a new verdict process after $(((${EPOCHREALTIME/./} - begin) / 1000)) ms"
	check "$mode-new-flows-work" "a new allowed flow does not work" wait_for 5 works
	echo "  $mode: new flows work after $(((${EPOCHREALTIME/./} - begin) / 1000)) ms"
	at=$(size)
	check "$mode-decided-flow-survives-the-engine" "no more bytes" wait_for 5 grows $((at + 100000))
	: >"$LAB/stop"
	wait "$knocker"
	rm -f "$LAB/stop"

	# now all of it
	knock 24000 &
	knocker=$!
	old=$(verdict_pid)
	kill -KILL "$AGENT_PID" "$old" 2>/dev/null
	wait "$AGENT_PID" 2>/dev/null
	sleep 1
	at=$(size)
	check "$mode-decided-flow-survives-the-daemon" "no more bytes" wait_for 5 grows $((at + 100000))
	if [ "$mode" = open ]; then
		check "$mode-undecided-flows-pass-without-daemon" "refused" wait_for 3 works
	else
		check "$mode-undecided-flows-stop-without-daemon" "an undecided flow passed" not works
	fi
	: >"$LAB/stop"
	wait "$knocker"
	capture_stop "$mode"
	if [ "$mode" = closed ]; then
		check "$mode-no-undecided-payload-leaks" "the server saw payload (packets bytes)" is \
			"$(payload "$mode" "src portrange 20000-28999")" "0 0"
	else
		echo "  $mode: $(payload "$mode" "src portrange 20000-28999") packets and bytes passed undecided"
	fi
	agent_start || { not_ok "$mode-restart" "fwagentd does not come up again"; return; }
	check "$mode-works-again" "an allowed flow does not work after a new start" wait_for 10 works
	agent_stop
	gateway nft delete table inet fwagent 2>/dev/null
}

not() {
	! "$@"
}

run_mode closed
run_mode open
finish
