#!/bin/bash
# SPDX-License-Identifier: GPL-3.0-or-later
# Conditions of rules, one policy each: times, limits, Ethernet addresses, users
# and cgroups, rules and guards that only observe, negated words.
B=${1:-${B:-build/release}}
# shellcheck source=tests/functional/lib.sh
. "$(dirname "$0")/lib.sh"

need_agent
lab_up
basic_servers
start_echo || { not_ok servers "the echo does not come up"; finish; }

# A hierarchy of cgroups that is seen in the namespaces too.
cgroups=$(mktemp -d)
group=fw$$-test
cgroups_down() {
	rmdir "$cgroups/$group/in" "$cgroups/$group" 2>/dev/null
	umount "$cgroups" 2>/dev/null
	rmdir "$cgroups" 2>/dev/null
}
trap 'lab_down; cgroups_down' EXIT
mount -t cgroup2 none "$cgroups" 2>/dev/null && mkdir -p "$cgroups/$group/in" 2>/dev/null
agent_or_fail

# policy RULES [MORE]: egress rules, and more of the policy, put into force.
policy() {
	cat >"$LAB/conditions.conf" <<-END
		version = 1;
		gateway: { timezone = "utc"; };
		application: { connect = "allow"; socks = "allow"; no-sni = "allow"; };
		zones: {
		  lan: { interfaces = ["lan0"]; networks = ["10.10.0.0/16", "fd00:10::/64"]; };
		  servers: { interfaces = ["srv0"]; networks = ["10.20.0.0/16", "fd00:20::/64"]; };
		  wan: { interfaces = ["wan0"]; external = true; };
		};
		segment: ( { name = "dns"; from = "lan"; to = ["$RESOLVER4", "$RESOLVER6"]; service = "dns"; action = "allow"; } );
		egress: ( $1 );
		${2:-}
	END
	agent_apply "$LAB/conditions.conf" >"$LAB/log/apply" 2>&1 || {
		not_ok apply "$(tail -n 3 "$LAB/log/apply")"
		return 1
	}
}

# answers FUNCTION ADDRESS [NCAT-ARGUMENT...]: does the echo send back?
answers() {
	[ "$(say "$1" hi "${@:3}" "$2" 9000)" = hi ]
}

refuses() {
	! answers "$@"
}

event() { # NAME CONDITION
	check "$1" "no such event" told "$2"
}

# --- negated words
policy '{ name = "but echo"; from = "lan"; to = ["wan", "!'"$ECHO4"'"]; service = ["tcp", "!tcp/40001"]; action = "allow"; }'
check negated-address "passed" refuses client "$ECHO4"
check other-address "refused" answers client "$ECHO6"
check negated-port "passed" test "$(say client hi "$ECHO6" 40001)" != hi

# --- times: a window around now, and all the rest of the week
now=$(date -u +%s)
from=$(date -u -d "@$((now - 600))" '+%a %H:%M')
to=$(date -u -d "@$((now + 3600))" '+%H:%M')
window=$(echo "${from% *}" | tr '[:upper:]' '[:lower:]')" ${from#* }-$to"
policy '{ name = "now"; from = "lan"; service = "tcp/9000"; time = "'"$window"'"; action = "allow"; }'
check in-time "refused at $window" answers client "$ECHO4"
from=$(date -u -d "@$((now + 7200))" '+%a %H:%M')
window=$(echo "${from% *}" | tr '[:upper:]' '[:lower:]')" ${from#* }-$(date -u -d "@$((now + 10800))" '+%H:%M')"
policy '{ name = "later"; from = "lan"; service = "tcp/9000"; time = "'"$window"'"; action = "allow"; }'
check out-of-time "passed at $window" refuses client "$ECHO4"

# --- limits
policy '{ name = "some"; from = "lan"; service = "tcp/9000"; rate = "1/hour burst 3 per source"; action = "allow"; }'
passed=0
for _ in 1 2 3 4 5 6; do
	answers client "$ECHO4" && passed=$((passed + 1))
done
check rate "$passed of 6 flows passed, not 3" test "$passed" -eq 3
check rate-of-each-source "another source is refused" answers client "$ECHO6"
event rate-is-said '.fw.reason == "rule.limit" and .fw.rule == "some" and .verdict.action == "drop"'
fwctl apply "$LAB/conditions.conf" >/dev/null 2>&1
check rate-outlives-an-apply "counted anew" refuses client "$ECHO4"

policy '{ name = "few"; from = "lan"; service = "tcp/9000"; connections = 2; action = "allow"; }'
hold() {
	sleep $((8 * LAB_SLOW)) | client timeout $((9 * LAB_SLOW)) ncat -n "$ECHO4" 9000 >/dev/null 2>&1 &
}
hold
hold
sleep "$LAB_SLOW"
check connections "a third passed" refuses client "$ECHO4"
wait_for $((20 * LAB_SLOW)) answers client "$ECHO4"
check connections-end "refused for ever" answers client "$ECHO4"

policy '{ name = "slow"; from = "lan"; service = "ping"; packets = "1/minute burst 4 per source"; action = "allow"; }'
came=$(client ping -n -c 9 -i 0.2 -W "$LAB_SLOW" "$ECHO4" 2>/dev/null | grep -c 'bytes from')
check packets "$came of 9 pings were answered, not 4" test "$came" -eq 4

# --- who sends
mac=$(ip -n "$NS_CLIENT" -j link show eth0 | jq -r '.[0].address')
policy '{ name = "it"; from = "lan"; service = "tcp/9000"; mac = "'"$mac"'"; action = "allow"; }'
check mac "refused" answers client "$ECHO4"
policy '{ name = "other"; from = "lan"; service = "tcp/9000"; mac = "02:00:00:00:00:77"; action = "allow"; }'
check other-mac "passed" refuses client "$ECHO4"
# The engine must see it too.
policy '{ name = "it"; from = "lan"; service = "https"; mac = "'"$mac"'"; sni = "www.example.org"; action = "allow"; }'
check mac-and-name "refused" test "$(web -4 -o /dev/null -w '%{http_code}' https://www.example.org/)" = 200
policy '{ name = "other"; from = "lan"; service = "https"; mac = "02:00:00:00:00:77"; sni = "www.example.org"; action = "allow"; }'
check other-mac-and-name "passed" test "$(web -4 -o /dev/null -w '%{http_code}' https://www.example.org/ 2>&1)" != 200

as_nobody() {
	gateway setpriv --reuid=65534 --clear-groups "$@"
}
policy '{ name = "root"; from = "self"; service = "tcp/9000"; user = "root"; action = "allow"; }'
check user "refused" answers gateway "$ECHO4"
check other-user "passed" refuses as_nobody "$ECHO4"
policy '{ name = "root"; from = "self"; service = "tcp/9000"; user = "root"; app = "unknown"; action = "allow"; }'
check user-and-app "refused" answers gateway "$ECHO4"

in_group() {
	# shellcheck disable=SC2016
	gateway sh -c 'echo $$ >"$0/in/cgroup.procs"; exec "$@"' "$cgroups/$group" "$@"
}
if [ -d "$cgroups/$group/in" ]; then
	policy '{ name = "group"; from = "self"; service = "tcp/9000"; cgroup = "'"$group"'"; action = "allow"; }'
	check cgroup "refused" answers in_group "$ECHO4"
	check other-cgroup "passed" refuses gateway "$ECHO4"
	policy '{ name = "group"; from = "self"; service = "tcp/9000"; cgroup = ["'"$group"'/in", "'"$group"'"]; app = "unknown"; action = "allow"; }'
	check cgroup-and-app "refused" answers in_group "$ECHO4"
	check other-cgroup-and-app "passed" refuses gateway "$ECHO4"
else
	skip cgroup "no cgroup hierarchy of version 2 to write to"
fi

# --- rules and guards that only observe
policy '{ name = "seen"; from = "lan"; service = "tcp/9000"; observe = true; until = "2099-12-31"; action = "deny"; },
	{ name = "seen by name"; from = "lan"; host = "www.example.org"; observe = true; action = "reject"; },
	{ name = "all"; from = "lan"; action = "allow"; }' \
	'protocol: ( { name = "plain"; service = "tcp/80"; deny = ["http"]; observe = true; } );'
check observed "refused" answers client "$ECHO4"
event observed-is-said '.event_type == "observe" and .fw.rule == "seen" and .fw.would == "deny" and .fw.by == "kernel"'
check observed-name "refused" test "$(web -4 -o /dev/null -w '%{http_code}' https://www.example.org/)" = 200
event observed-name-is-said '.event_type == "observe" and .fw.rule == "seen by name" and .fw.would == "reject" and .fw.by == "engine"'
check observed-guard "refused" test "$(web -4 -o /dev/null -w '%{http_code}' http://www.example.org/)" = 200
event observed-guard-is-said '.event_type == "observe" and .fw.guard == "plain" and .fw.would == "deny"'

# --- guards that do not
policy '{ name = "all"; from = "lan"; action = "allow"; }' \
	'protocol: ( { name = "tls is tls"; service = "tcp/443"; require = ["tls"]; } );'
check guard-fits "refused" test "$(web -4 -o /dev/null -w '%{http_code}' https://www.example.org/)" = 200
check guard-denies "passed" test "$(say client hi "$ECHO4" 443)" != hi
event guard-is-said '.fw.guard == "tls is tls" and .fw.reason == "guard.protocol" and .verdict.action == "drop"'
check guard-is-for-its-service "refused" answers client "$ECHO4"
finish
