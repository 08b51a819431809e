# SPDX-License-Identifier: GPL-3.0-or-later
# shellcheck shell=bash
#
# The lab: four network namespaces of our own, real servers, real clients.
#
#   client  10.10.0.5   fd00:10::5      zone lan      -- lan0 \
#   server  10.20.0.53  fd00:20::53     zone servers  -- srv0 -- gateway
#   outside 192.0.2.0/24 198.51.100.0/24 2001:db8:1::/64 -- wan0 /
#
# A script sources this file, calls lab_up, starts the servers that it wants
# (start_web, start_dns, ...), agent_start, agent_apply, and judges with
# check.  Everything lies below $LAB and dies with the script, however it ends.
# Names carry the script's pid: any number of labs stand side by side.

set -u

LAB_ROOT=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
B=${B:-$LAB_ROOT/build/release}
case $B in /*) ;; *) B=$LAB_ROOT/$B ;; esac
FWAGENTD=$B/fwagentd
FWCTL=$B/fwctl

LAB=
LAB_TAG=fw$$
NS_CLIENT=$LAB_TAG-client
NS_SERVER=$LAB_TAG-server
NS_GATEWAY=$LAB_TAG-gateway
NS_OUTSIDE=$LAB_TAG-outside
LAB_SPACES=("$NS_CLIENT" "$NS_SERVER" "$NS_GATEWAY" "$NS_OUTSIDE")
LAB_NAMES="www.example.org packages.example.org mirror.example.net evil.example.com"
LAB_SLOW=${LAB_SLOW:-1}
LAB_FAILED=0
LAB_DONE=0
AGENT_PID=

WEB4=192.0.2.80
WEB6=2001:db8:1::80
OTHER_WEB4=192.0.2.81
OTHER_WEB6=2001:db8:1::81
FOREIGN_DNS4=192.0.2.53
PROXY4=198.51.100.10
PROXY6=2001:db8:1::10
SSH4=198.51.100.22
SSH6=2001:db8:1::22
SSH443=198.51.100.23
SOCKS4A=192.0.2.7
ECHO4=198.51.100.7
ECHO6=2001:db8:1::7
CLIENT4=10.10.0.5
CLIENT6=fd00:10::5
RESOLVER4=10.20.0.53
RESOLVER6=fd00:20::53
export WEB4 WEB6 OTHER_WEB4 OTHER_WEB6 FOREIGN_DNS4 PROXY4 PROXY6 SSH4 SSH6 SSH443 SOCKS4A
export ECHO4 ECHO6 CLIENT4 CLIENT6 RESOLVER4 RESOLVER6

# shellcheck source=tests/functional/results.sh
. "$LAB_ROOT/tests/functional/results.sh"

# --- namespaces ----------------------------------------------------------------

# ns_exec NS COMMAND...: in that namespace, with the lab's own resolver
# settings laid over /etc in a private mount namespace.
ns_exec() {
	local ns=$1

	shift
	ip netns exec "$ns" "$LAB/enter" "$ns" "$@"
}

client() {
	ns_exec "$NS_CLIENT" "$@"
}

gateway() {
	ip netns exec "$NS_GATEWAY" "$@"
}

server_ns() {
	ns_exec "$NS_SERVER" "$@"
}

outside() {
	ns_exec "$NS_OUTSIDE" "$@"
}

make_enter() {
	cat >"$LAB/enter" <<-'END'
		#!/bin/bash
		# $1 is the namespace, the rest the command
		lab=$(dirname "$0")
		ns=$1
		shift
		for f in resolv.conf hosts nsswitch.conf shadow passwd; do
			for from in "$lab/etc/$ns/$f" "$lab/etc/$f"; do
				if [ -e "$from" ] && [ -e "/etc/$f" ]; then
					mount --bind "$from" "/etc/$f"
					break
				fi
			done
		done
		exec "$@"
	END
	chmod 755 "$LAB/enter"
	mkdir -p "$LAB/etc/$NS_OUTSIDE" "$LAB/etc/$NS_SERVER" "$LAB/etc/$NS_GATEWAY"
	echo "nameserver $RESOLVER4" >"$LAB/etc/resolv.conf"
	echo "nameserver $FOREIGN_DNS4" >"$LAB/etc/$NS_OUTSIDE/resolv.conf"
	printf '127.0.0.1 localhost\n::1 localhost\n' >"$LAB/etc/hosts"
	echo "hosts: files dns" >"$LAB/etc/nsswitch.conf"
	printf 'root:*:19000:0:99999:7:::\nsshd:*:19000:0:99999:7:::\n' >"$LAB/etc/shadow"
	chmod 600 "$LAB/etc/shadow"
	mkdir -p "$LAB/home"
	sed "s|^root:.*|root:x:0:0:root:$LAB/home:/bin/bash|" /etc/passwd \
		>"$LAB/etc/$NS_OUTSIDE/passwd"
}

# wire NS INTERFACE-ON-THE-GATEWAY: between that and eth0 there
wire() {
	ip link add "$2" netns "$NS_GATEWAY" type veth peer name eth0 netns "$1"
}

# link NS INTERFACE-ON-THE-GATEWAY ADDRESSES-OF-GATEWAY -- ADDRESSES-OF-HOST
link() {
	local ns=$1 dev=$2 side=gateway a

	shift 2
	wire "$ns" "$dev" || return 1
	for a; do
		if [ "$a" = -- ]; then
			side=host
		elif [ "$side" = gateway ]; then
			add_address "$NS_GATEWAY" "$dev" "$a" || return 1
		else
			add_address "$ns" eth0 "$a" || return 1
		fi
	done
	ip -n "$NS_GATEWAY" link set "$dev" up && ip -n "$ns" link set eth0 up
}

add_address() {
	case $3 in
	*:*) ip -n "$1" address add "$3" dev "$2" nodad ;;
	*) ip -n "$1" address add "$3" dev "$2" ;;
	esac
}

lab_namespaces() {
	local ns

	for ns in "${LAB_SPACES[@]}"; do
		ip netns add "$ns" || return 1
		ip -n "$ns" link set lo up || return 1
	done
	ip netns exec "$NS_GATEWAY" sh -c '
		echo 1 >/proc/sys/net/ipv4/ip_forward
		echo 1 >/proc/sys/net/ipv6/conf/all/forwarding' || return 1
	link "$NS_CLIENT" lan0 10.10.0.1/16 fd00:10::1/64 -- \
		"$CLIENT4/16" "$CLIENT6/64" || return 1
	link "$NS_SERVER" srv0 10.20.0.1/16 fd00:20::1/64 -- \
		"$RESOLVER4/16" "$RESOLVER6/64" 10.20.0.80/16 fd00:20::80/64 || return 1
	link "$NS_OUTSIDE" wan0 192.0.2.1/24 198.51.100.1/24 2001:db8:1::1/64 -- \
		"$WEB4/24" "$OTHER_WEB4/24" "$FOREIGN_DNS4/24" "$SOCKS4A/24" \
		"$PROXY4/24" "$SSH4/24" "$SSH443/24" "$ECHO4/24" \
		"$WEB6/64" "$OTHER_WEB6/64" 2001:db8:1::53/64 "$PROXY6/64" \
		"$SSH6/64" "$ECHO6/64" || return 1
	ip -n "$NS_CLIENT" route add default via 10.10.0.1 || return 1
	ip -n "$NS_CLIENT" -6 route add default via fd00:10::1 || return 1
	ip -n "$NS_SERVER" route add default via 10.20.0.1 || return 1
	ip -n "$NS_SERVER" -6 route add default via fd00:20::1 || return 1
	ip -n "$NS_OUTSIDE" route add default via 192.0.2.1 || return 1
	ip -n "$NS_OUTSIDE" -6 route add default via 2001:db8:1::1
}

# lab_up: namespaces and links; from here on every exit cleans up.
lab_up() {
	local name

	name=$(basename "$0" .sh)
	[ "$(id -u)" -eq 0 ] || skip_all "$name" "network namespaces need root"
	command -v ip >/dev/null || skip_all "$name" "no ip command here (iproute2)"
	LAB=$(mktemp -d "${TMPDIR:-/tmp}/fwlab.XXXXXX") || exit 2
	chmod 755 "$LAB"
	mkdir -p "$LAB/pids" "$LAB/log"
	trap lab_down EXIT
	trap 'exit 130' INT
	trap 'exit 143' TERM HUP
	make_enter
	if ! lab_namespaces 2>"$LAB/log/namespaces"; then
		cat "$LAB/log/namespaces"
		skip_all "$name" "this machine refuses network namespaces: $(head -n 1 "$LAB/log/namespaces")"
	fi
}

lab_down() {
	local ns pid pids

	trap '' INT TERM HUP
	exec 2>/dev/null # the shell tells of every job that is killed
	if [ -n "${LAB_KEEP_LOGS:-}" ] && [ -d "$LAB/log" ]; then
		mkdir -p "$LAB_KEEP_LOGS"
		cp -r "$LAB/log" "$LAB/agent" "$LAB_KEEP_LOGS/" 2>/dev/null
	fi
	# every process in a namespace of ours is ours
	for ns in "${LAB_SPACES[@]}"; do
		pids=$(ip netns pids "$ns" 2>/dev/null)
		for pid in $pids; do
			kill -KILL "$pid" 2>/dev/null
		done
		ip netns del "$ns" 2>/dev/null
	done
	for pid in "$LAB"/pids/*; do
		[ -e "$pid" ] && kill -KILL "$(cat "$pid")" 2>/dev/null
	done
	wait 2>/dev/null
	[ -n "$LAB" ] && rm -rf "$LAB"
}

# --- servers -------------------------------------------------------------------

# shellcheck source=tests/functional/servers.sh
. "$LAB_ROOT/tests/functional/servers.sh"

# --- captures ------------------------------------------------------------------

# capture_start NAME NS [FILTER...]: everything that reaches the host in NS.
capture_start() {
	local name=$1 ns=$2

	shift 2
	ip netns exec "$ns" tcpdump -i eth0 -n -U --immediate-mode -s 256 -Z root \
		-w "$LAB/$name.pcap" "$@" >"$LAB/log/capture-$name" 2>&1 </dev/null &
	echo $! >"$LAB/pids/capture-$name"
	wait_for 10 grep -q 'listening on' "$LAB/log/capture-$name"
}

capture_stop() {
	sleep 0.2
	kill -INT "$(cat "$LAB/pids/capture-$1")" 2>/dev/null
	wait "$(cat "$LAB/pids/capture-$1")" 2>/dev/null
	rm -f "$LAB/pids/capture-$1"
}

# payload NAME FILTER: "PACKETS BYTES" of packets with payload in a capture.
payload() {
	tcpdump -q -n -r "$LAB/$1.pcap" "$2" >"$LAB/payload" 2>"$LAB/log/payload" || {
		echo "no answer: $(tail -n 1 "$LAB/log/payload")"
		return 1
	}
	sed -n 's/.*: tcp \([0-9]*\).*/\1/p; s/.*UDP, length \([0-9]*\).*/\1/p' "$LAB/payload" |
		awk '$1 > 0 { n++; b += $1 } END { print n + 0, b + 0 }'
}

# --- the agent -------------------------------------------------------------------

agent_is_ready() {
	[ -S "$LAB/agent/run/control.sock" ] && fwctl status --json
}

# agent_start: fwagentd in the gateway, ready for commands; with the options
# of AGENT_OPTIONS.
AGENT_OPTIONS=()
agent_start() {
	mkdir -p "$LAB/agent/state" "$LAB/agent/run" "$LAB/agent/log"
	ip netns exec "$NS_GATEWAY" "$FWAGENTD" --foreground \
		--state-dir "$LAB/agent/state" --run-dir "$LAB/agent/run" \
		--log-dir "$LAB/agent/log" "${AGENT_OPTIONS[@]}" >>"$LAB/log/fwagentd" 2>&1 </dev/null &
	AGENT_PID=$!
	if ! wait_for 20 agent_is_ready; then
		echo "  fwagentd is not ready:"
		tail -n 10 "$LAB/log/fwagentd" | sed 's/^/  /'
		return 1
	fi
}

agent_stop() {
	[ -n "$AGENT_PID" ] && kill "$AGENT_PID" 2>/dev/null && wait "$AGENT_PID" 2>/dev/null
	AGENT_PID=
}

# fwctl COMMAND ARGUMENT...: on the gateway, to this lab's daemon.
fwctl() {
	gateway timeout -k 5 60 "$FWCTL" --socket "$LAB/agent/run/control.sock" "$@"
}

# agent_or_fail: start the agent; without it the script has failed and ends.
agent_or_fail() {
	if ! agent_start; then
		not_ok start "fwagentd does not come up"
		finish
	fi
}

agent_apply() {
	fwctl apply "$1"
}

# need_agent: skip the script when the programs were not built.
need_agent() {
	if [ ! -x "$FWAGENTD" ] || [ ! -x "$FWCTL" ]; then
		skip_all "$(basename "$0" .sh)" "$B has no fwagentd and fwctl"
	fi
}

# queue_packets: how many packets the kernel has handed to the engine's queues.
queue_packets() {
	gateway cat /proc/net/netfilter/nfnetlink_queue 2>/dev/null |
		awk '{ n += $8 } END { print n + 0 }'
}

# Every case is tried twice: without the agent, where all must work, and under a
# policy (PHASE=judged).
PHASE=control
port=0

# judge allowed|refused NAME ANSWER COMMAND...
judge() {
	local expected=$1 name=$2 answer=$3 seen happened=refused

	shift 3
	port=$((port + 10))
	seen=$("$@" 2>&1)
	case $seen in
	*"$answer"*) happened=allowed ;;
	esac
	if [ "$PHASE" = control ]; then
		[ "$happened" = allowed ] ||
			not_ok "control-$name" "does not work without the agent: ${seen:-no answer}"
	elif [ "$happened" = "$expected" ]; then
		ok "$name"
	else
		not_ok "$name" "$happened: ${seen:-no answer}"
	fi
}

allowed() {
	judge allowed "$@"
}

refused() {
	judge refused "$@"
}

web() {
	client curl -sS -m $((10 * LAB_SLOW)) --cacert "$LAB/tls/ca.pem" "$@"
}

# lab_policy RULES: the lab's zones, and these rules for what goes out.
lab_policy() {
	cat <<-END
		version = 1;
		gateway: { name = "lab"; };
		zones: {
		  lan: { interfaces = ["lan0"]; networks = ["10.10.0.0/16", "fd00:10::/64"]; };
		  servers: { interfaces = ["srv0"]; networks = ["10.20.0.0/16", "fd00:20::/64"]; };
		  wan: { interfaces = ["wan0"]; external = true; };
		};
		egress: ( $1 );
	END
}

# tricks_run CLIENT TABLE [AT-ONCE]: each line of the table is KIND TRICK.  CLIENT
# TRICK NAME prints "served NAME" when the server was made to serve that name.  Of
# all tricks evil.example.com must never be served; of the `real` ones
# www.example.org must, and without the agent both.  Many at once, as most of the
# time is waiting.
tricks_run() {
	local client=$1 most=${3:-16} kind trick name

	mkdir -p "$LAB/tricks"
	while read -r kind trick; do
		[ "$kind" = real ] || [ "$PHASE$kind" = judgedodd ] || continue
		for name in www.example.org evil.example.com; do
			"$client" "$trick" "$name" >"$LAB/tricks/$PHASE-$client-$trick-$name" 2>&1 </dev/null &
			TRICK_PIDS+=("$!")
			if [ "${#TRICK_PIDS[@]}" -ge "$most" ]; then
				wait "${TRICK_PIDS[@]}"
				TRICK_PIDS=()
			fi
		done
	done <<<"$2"
	[ "${#TRICK_PIDS[@]}" -eq 0 ] || wait "${TRICK_PIDS[@]}"
	TRICK_PIDS=()
	while read -r kind trick; do
		[ "$kind" = real ] || [ "$PHASE$kind" = judgedodd ] || continue
		trick_judge "$kind" "$client-$trick"
	done <<<"$2"
}
TRICK_PIDS=()

trick_said() {
	tail -n 1 "$LAB/tricks/$PHASE-$1"
}

# trick_judge KIND CLIENT-TRICK
trick_judge() {
	local good evil name=${2#to_}

	good=$(trick_said "$2-www.example.org")
	evil=$(trick_said "$2-evil.example.com")
	if [ "$PHASE" = control ]; then
		[ "$1" != real ] || [ "$good/$evil" = "served www.example.org/served evil.example.com" ] ||
			not_ok "control-$name" "does not work without the agent: $good; $evil"
		return
	fi
	[ "$1" != real ] || check "$name" "$good" is "$good" "served www.example.org"
	check "$name-other-name" "it was served" is "${evil//*served evil*/served}" "${evil//*served evil*/}"
}
