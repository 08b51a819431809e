#!/bin/bash
# SPDX-License-Identifier: GPL-3.0-or-later
# The result lines of the lab's scripts, and what tells why one is bad; read by
# lib.sh, not to be run.
# shellcheck disable=SC2154 # set by lib.sh

ok() {
	echo "ok $1"
	LAB_DONE=$((LAB_DONE + 1))
}

# not_ok NAME WHY: WHY may be @FILE, which is read only now.
not_ok() {
	local why=$2

	case $why in @*) why=$(tail -c 300 "${why#@}" 2>&1) ;; esac
	echo "not ok $1: $(head -c 300 <<<"${why//$'\n'/ / }")"
	tell_more
	LAB_FAILED=$((LAB_FAILED + 1))
	LAB_DONE=$((LAB_DONE + 1))
}

# seen COMMAND...: its output is kept, for who asks why something is not as it
# should be.
seen() {
	"$@" >"$LAB/log/seen" 2>&1
}

# tell_more: the last that happened in the lab, for a log's reader.
tell_more() {
	local file

	[ -n "$LAB" ] || return 0
	for file in seen curl; do
		[ -s "$LAB/log/$file" ] && tail -n 2 "$LAB/log/$file" | head -c 500 | sed "s/^/  $file: /"
	done
	[ -s "$LAB/agent/log/eve.json" ] || return 0
	tail -n 2 "$LAB/agent/log/eve.json" | head -c 2000 | sed 's/^/  event: /'
	gateway timeout 5 "$FWCTL" --socket "$LAB/agent/run/control.sock" status --json 2>&1 |
		jq -c '[.engine, .counters, .reasons]' 2>&1 | head -c 1500 | sed 's/^/  status: /'
}

skip() {
	echo "SKIP $1: $2"
}

# skip_all NAME REASON: nothing of this script can run here.
skip_all() {
	skip "$1" "$2"
	exit 77
}

# check NAME WHY-NOT COMMAND...: one result line from a command's status.
check() {
	local name=$1 why=$2

	shift 2
	if "$@"; then
		ok "$name"
	else
		not_ok "$name" "$why"
	fi
}

# is A B: for check; says what was seen.
is() {
	[ "$1" = "$2" ] || { echo "  seen '$1', expected '$2'"; return 1; }
}

# finish: the script's last line; its exit status is the result.
finish() {
	[ "$LAB_FAILED" -eq 0 ]
	exit
}

# wait_for SECONDS COMMAND...: true as soon as the command is.
wait_for() {
	local turns=$(($1 * 20 * LAB_SLOW))

	shift
	while ! "$@" >/dev/null 2>&1; do
		turns=$((turns - 1))
		[ "$turns" -gt 0 ] || return 1
		sleep 0.05
	done
}

# last_event JQ-CONDITION: the newest event that fits, as one line.
last_event() {
	jq -c "select($1)" "$LAB/agent/log/eve.json" 2>/dev/null | tail -n 1
}

has_event() {
	[ -n "$(last_event "$1")" ]
}

# told JQ-CONDITION: such an event is there, or comes: they take their own way.
told() {
	wait_for 5 has_event "$1" || { echo "  no such event: $1"; return 1; }
}
