#!/bin/bash
# SPDX-License-Identifier: GPL-3.0-or-later
# Parts of the gateway fail, one after another, in closed and in open mode, while
# flows begin, are undecided, and are decided: what leaks and what is lost is
# counted at the server and at the client, and the log tells of it.
B=${1:-${B:-build/release}}
# shellcheck source=tests/functional/lib.sh
. "$(dirname "$0")/lib.sh"

need_agent
lab_up
basic_servers

COUNT=15
PATIENCE=$((12 * LAB_SLOW))
failures="$LAB_ROOT/tests/functional/failures.pl"
port=20000
wave=0

policy() { # MODE
	cat <<-END
		version = 1;
		gateway: { name = "failures"; fail = "$1"; };
		zones: {
		  lan: { interfaces = ["lan0"]; networks = ["10.10.0.0/16", "fd00:10::/64"]; };
		  servers: { interfaces = ["srv0"]; networks = ["10.20.0.0/16", "fd00:20::/64"]; };
		  wan: { interfaces = ["wan0"]; external = true; };
		};
		segment: ( { name = "resolver"; from = "lan"; to = "servers"; service = "dns"; action = "allow"; } );
		egress: (
		  { name = "web"; from = "lan"; service = "http"; app = "http"; host = "www.example.org"; action = "allow"; },
		  { name = "names"; from = "lan"; service = "udp/5353"; app = "dns"; action = "allow"; }
		);
	END
}

status() { # JQ-EXPRESSION
	fwctl status --json 2>/dev/null | jq -r "$1"
}

verdict_pid() {
	status '.engine.pid // 0'
}

is_new_pid() {
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

# wave NAME SECONDS PORT: COUNT requests at once; says how many were answered.
wave() {
	client perl "$failures" many "$WEB4" "$1" "$COUNT" "$3" "$2"
}

# all_answered: new flows of what is allowed.
all_answered() {
	local seen

	port=$((port + 100))
	seen=$(wave www.example.org "$PATIENCE" "$port")
	is "$seen" "$COUNT"
}

# payload_from PORT: packets with payload that the server got from there on
payload_from() {
	payload "$name" "src portrange $1-$(($1 + COUNT - 1))" | cut -d ' ' -f 1
}

since() { # COUNTER: how much it has grown since the fault began
	echo $(($(status ".counters.$1") - ${before[$1]:-0}))
}

# --- the faults: begin_X, end_X ------------------------------------------------------
# what is known of each: does another verdict process come; are new flows served
# meanwhile; what event tells of it

old=
relief=

begin_dead() {
	# nobody starts another one
	kill -STOP "$AGENT_PID"
	kill -KILL "$old"
}
end_dead() {
	kill -CONT "$AGENT_PID"
	wait_for 5 is_new_pid "$old"
}

begin_hung() { kill -STOP "$old"; }
end_hung() { wait_for 10 is_new_pid "$old"; }

begin_slow() {
	(
		for _ in $(seq 300); do
			[ -e "$LAB/enough" ] && break
			kill -STOP "$old" && sleep 0.1
			kill -CONT "$old" && sleep 0.01
		done
	) 2>/dev/null &
	echo $! >"$LAB/pids/slow"
}
end_slow() {
	: >"$LAB/enough"
	wait "$(cat "$LAB/pids/slow")" 2>/dev/null
	rm -f "$LAB/enough" "$LAB/pids/slow"
}

begin_full() {
	kill -STOP "$old"
	client perl "$failures" flood "$FOREIGN_DNS4" 5353 9000 >/dev/null
	# before it counts as hung
	(sleep 1; kill -CONT "$old") &
	relief=$!
}
end_full() { wait "$relief"; }

begin_manager() { kill -STOP "$AGENT_PID"; }
end_manager() { kill -CONT "$AGENT_PID"; }

begin_table() {
	gateway nft delete table inet fwagent >"$LAB/log/nft" 2>&1
	gateway nft flush ruleset >>"$LAB/log/nft" 2>&1
}
end_table() { wait_for 5 table_is_there; }

table_is_there() {
	gateway nft list table inet fwagent 2>/dev/null | grep -q c_backstop
}

# serves FAULT: are new flows judged while it lasts?
serves() {
	case $1 in slow | manager | table) true ;; *) false ;; esac
}

# event_of FAULT: what the log has of it
event_of() {
	case $1 in
	dead) echo agent.died ;;
	hung) echo agent.hung ;;
	esac
}

# --- one cell after another ----------------------------------------------------------

# fault NAME: new, undecided and decided flows, before, in and after it
fault() {
	local cell=$mode-$1 bad bad_wave half at answered leaked

	wave=$((wave + 1))
	name=$mode-$wave-$1
	rm -f "$LAB/go" "$LAB/half"
	old=$(verdict_pid)
	declare -A before=([undecided]=$(status .counters.undecided) [engine_starts]=$(status .counters.engine_starts))
	capture_start "$name" "$NS_OUTSIDE" "tcp dst port 80"
	half=$((port += 100))
	client perl "$failures" half "$WEB4" evil.example.com "$half" "$PATIENCE" "$LAB" >"$LAB/said" &
	wait_for 5 test -e "$LAB/half"
	"begin_$1"
	at=$(size)
	bad=$((port += 100))
	wave evil.example.com 2 "$bad" >"$LAB/bad" &
	bad_wave=$!
	port=$((port + 100))
	answered=$(wave www.example.org 2 "$port")
	: >"$LAB/go"
	check "$cell-decided-goes-on" "no more bytes" wait_for 5 grows $((at + 20000))
	if serves "$1"; then
		[ "$answered" = "$COUNT" ] ||
			answered="$answered, later $(wave www.example.org "$PATIENCE" $((port + 50)))"
		check "$cell-new-flows-are-served" "$answered of $COUNT are answered" \
			grep -q "$COUNT\$" <<<"$answered"
	elif [ "$mode" = open ] && [ "$1" = dead ]; then
		check "$cell-new-flows-pass" "$answered of $COUNT are answered" is "$answered" "$COUNT"
	fi
	"end_$1" || not_ok "$cell-recovers" "it does not"
	wait "$bad_wave" 2>/dev/null
	check "$cell-all-is-well-again" "@$LAB/log/seen" seen all_answered
	capture_stop "$name"
	leaked="$(payload_from "$bad") $(payload_from "$half")"
	if [ "$mode" = closed ] || serves "$1"; then
		check "$cell-nothing-leaks" "packets of new and undecided flows: $leaked" is "$leaked" "0 0"
	else
		echo "  $cell: packets that passed of new and undecided flows: $leaked"
	fi
	tells "$1" "$cell"
}

tells() { # FAULT CELL
	local reason

	reason=$(event_of "$1")
	if [ -n "$reason" ]; then
		check "$2-is-told" "no event" told ".event_type == \"agent\" and .fw.reason == \"$reason\""
		check "$2-return-is-told" "no event" told '.event_type == "agent" and .fw.reason == "agent.back"'
		check "$2-is-counted" "$(since engine_starts) starts" is "$(since engine_starts)" 1
	else
		check "$2-engine-is-the-same" "$(verdict_pid), not $old" is "$(verdict_pid)" "$old"
	fi
	case $1 in
	# without a listener the kernel itself drops them, and counts nothing
	dead) [ "$mode" = closed ] || check "$2-undecided-are-counted" "none" test "$(since undecided)" -gt 0 ;;
	full) check "$2-full-queue-is-counted" "$(fwctl status | grep ^queue)" is_full ;;
	esac
}

# What the kernel drops it counts as the queue's; what it lets pass is undecided.
is_full() {
	if [ "$mode" = closed ]; then
		[ "$(status '[.queue.queues[].dropped] | add')" -gt 0 ]
	else
		gateway nft list counter inet fwagent n_undecided | grep -q 'packets [1-9]'
	fi
}

run_mode() {
	mode=$1
	rm -rf "$LAB/agent" "$LAB/slow"
	policy "$mode" >"$LAB/$mode.conf"
	agent_start || { not_ok "$mode-start" "fwagentd does not come up"; return; }
	check "$mode-apply" "@$LAB/log/seen" seen agent_apply "$LAB/$mode.conf"
	client curl -sS -m 300 -N --local-port 19000-19100 -o "$LAB/slow" \
		http://www.example.org/slow.bin >/dev/null 2>&1 &
	check "$mode-decided-flow-starts" "no byte arrives" wait_for 5 grows 10000
	for f in dead hung slow full manager table; do
		fault "$f"
	done
	agent_stop
	gateway nft delete table inet fwagent 2>/dev/null
}

# A log that cannot be written stops neither decisions nor commands, nor the end.
stuck_log() {
	rm -rf "$LAB/agent"
	mkdir -p "$LAB/agent/log"
	mkfifo "$LAB/agent/log/eve.json"
	sleep 60 <>"$LAB/agent/log/eve.json" &
	echo $! >"$LAB/pids/reader"
	agent_start || { not_ok stuck-start "fwagentd does not come up"; return; }
	check stuck-apply "@$LAB/log/seen" seen agent_apply "$LAB/closed.conf"
	for _ in 1 2 3 4; do
		port=$((port + 100))
		wave evil.example.com 1 "$port" >/dev/null
	done
	# the pipe has no more room from here on
	dd if=/dev/zero of="$LAB/agent/log/eve.json" bs=4096 count=100 oflag=nonblock 2>/dev/null
	port=$((port + 100))
	wave evil.example.com 1 "$port" >"$LAB/bad"
	check stuck-refuses "$(cat "$LAB/bad") are answered" is "$(cat "$LAB/bad")" 0
	check stuck-serves "@$LAB/log/seen" seen all_answered
	check stuck-answers "@$LAB/log/seen" seen fwctl status
	kill "$AGENT_PID"
	check stuck-ends "it does not end" wait_for 10 ends
	AGENT_PID=
	stop_server reader
	gateway nft delete table inet fwagent 2>/dev/null
}

ends() {
	! kill -0 "$AGENT_PID" 2>/dev/null
}

# A verdict process that hangs dies with its manager: the next one has the queue.
hung_and_alone() {
	rm -rf "$LAB/agent"
	agent_start || { not_ok alone-start "fwagentd does not come up"; return; }
	check alone-apply "@$LAB/log/seen" seen agent_apply "$LAB/closed.conf"
	kill -STOP "$(verdict_pid)"
	kill -KILL "$AGENT_PID"
	wait "$AGENT_PID" 2>/dev/null
	agent_start || { not_ok alone-restart "fwagentd does not come up again"; return; }
	check alone-works-again "@$LAB/log/seen" wait_for 10 seen all_answered
	agent_stop
}

run_mode closed
run_mode open
stuck_log
hung_and_alone
finish
