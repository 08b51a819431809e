#!/bin/bash
# SPDX-License-Identifier: GPL-3.0-or-later
# The demonstration: a lab, real servers and clients, the sample policy; what
# was tried, what was expected, what happened, which rule, why.  Every row is
# tried without the agent first: the tools work, so a refusal is the agent's.
#
# usage: demo.sh BUILD_FOLDER      exit status 0: every row came out as expected
B=${1:-${B:-build/release}}
# shellcheck source=tests/functional/lib.sh
. "$(dirname "$0")/lib.sh"

POLICY=$LAB_ROOT/packaging/policies/sample.conf
EVE=
PHASE=
BAD=0
COUNT=0
TABLE=()

step() {
	echo "==> $*"
}

die() {
	echo "demo: $*" >&2
	exit 1
}

# event ADDRESS PORT FROM-LINE: the first decision on a flow there since.
event() {
	tail -n "+$3" "$EVE" 2>/dev/null |
		jq -c --arg a "$1" --argjson p "$2" \
			'select(.verdict and .dest_ip == $a and .dest_port == $p)' 2>/dev/null |
		head -n 1
}

event_is_there() {
	[ -n "$(event "$@")" ]
}

# row EXPECTED ADDRESS PORT TEXT ANSWER COMMAND...: it is allowed if the
# command's output has ANSWER in it.
row() {
	local expected=$1 address=$2 port=$3 text=$4 answer=$5
	local from=1 seen happened=refused rule=- reason=- action=- mark='' line

	shift 5
	if [ "$PHASE" = control ]; then
		seen=$("$@" 2>&1)
		COUNT=$((COUNT + 1))
		case $seen in
		*"$answer"*) echo "    works: $text" ;;
		*) die "without the agent this should work: $text: ${seen:-no answer}" ;;
		esac
		return
	fi
	[ -e "$EVE" ] && from=$(($(wc -l <"$EVE") + 1))
	seen=$("$@" 2>&1)
	case $seen in
	*"$answer"*) happened=allowed ;;
	esac
	if wait_for 3 event_is_there "$address" "$port" "$from"; then
		line=$(event "$address" "$port" "$from")
		rule=$(jq -r '.fw.rule // "-" | if . == "" then "-" else . end' <<<"$line")
		reason=$(jq -r '.fw.reason // "-"' <<<"$line")
		action=$(jq -r '.verdict.action // "-"' <<<"$line")
	fi
	case $expected/$happened/$action in
	allowed/allowed/accept | refused/refused/drop) ;;
	*)
		mark='  <-- NOT AS EXPECTED'
		[ "$action" = - ] && mark="$mark (not in the log)"
		BAD=$((BAD + 1))
		;;
	esac
	printf '    %-8s %s\n' "$happened" "$text"
	TABLE+=("$(printf '%-50s | %-8s | %-8s | %-18s | %s%s' "$text" \
		"$expected" "$happened" "$rule" "$reason" "$mark")")
}

web() {
	client curl -sS -m 8 --cacert "$LAB/tls/ca.pem" "$@"
}

shell() {
	client ssh "${SSH_OPTIONS[@]}" -i "$LAB/ssh/user" "$@" echo logged-in
}

rows() {
	local hello="hello from"

	row allowed "$RESOLVER4" 53 "dig www.example.org at our resolver" "$WEB4" \
		client dig +short +time=2 +tries=1 "@$RESOLVER4" www.example.org
	row allowed "$WEB4" 80 "curl -4 http://www.example.org" "$hello" \
		web -4 http://www.example.org/
	row allowed "$WEB6" 80 "curl -6 http://www.example.org" "$hello" \
		web -6 http://www.example.org/
	row allowed "$WEB4" 443 "curl -4 https://packages.example.org" "$hello" \
		web -4 https://packages.example.org/
	row allowed "$WEB6" 443 "curl -6 https://mirror.example.net" "$hello" \
		web -6 https://mirror.example.net/
	row allowed "$SSH4" 22 "ssh to the allowed host, port 22" logged-in \
		shell "root@$SSH4"
	row allowed 10.20.0.80 443 "from outside to our public web service" hi \
		say outside hi 10.20.0.80 443
	row refused "$WEB4" 443 "curl -4 https://evil.example.com, same address" "$hello" \
		web -4 https://evil.example.com/
	row refused "$WEB6" 80 "curl -6 http://evil.example.com, same address" "$hello" \
		web -6 http://evil.example.com/
	row refused "$WEB4" 443 "curl -k https://$WEB4 (no server name)" "$hello" \
		web -k "https://$WEB4/"
	row refused "$PROXY4" 8080 "curl -x proxy:8080" "$hello" \
		web -x "http://$PROXY4:8080" https://www.example.org/
	row refused "$PROXY4" 80 "curl -x proxy:80, CONNECT to an allowed name" "$hello" \
		web -x "http://$PROXY4:80" https://www.example.org/
	row refused "$PROXY4" 80 "curl -x proxy:80, absolute form, other name" "$hello" \
		web -x "http://$PROXY4:80" http://evil.example.com/
	row refused "$PROXY4" 1080 "curl --socks5-hostname proxy:1080" "$hello" \
		web --socks5-hostname "$PROXY4:1080" https://www.example.org/
	row refused "$PROXY4" 443 "curl --socks5-hostname proxy:443" "$hello" \
		web --socks5-hostname "$PROXY4:443" https://www.example.org/
	row refused "$SOCKS4A" 443 "curl --socks4a proxy:443" "$hello" \
		web --socks4a "$SOCKS4A:443" http://www.example.org/
	row refused "$SSH443" 443 "ssh on port 443" logged-in \
		shell -p 443 "root@$SSH443"
	row refused "$SSH6" 443 "ssh on port 443, IPv6" logged-in \
		shell -p 443 "root@$SSH6"
	row refused "$SSH443" 22 "ssh to another host, port 22" logged-in \
		shell "root@$SSH443"
	row refused "$FOREIGN_DNS4" 53 "dig at a foreign resolver" "$WEB4" \
		client dig +short +time=2 +tries=1 "@$FOREIGN_DNS4" www.example.org
	row refused "$ECHO4" 40001 "ncat, raw, port 40001" hi \
		say client hi "$ECHO4" 40001
	row refused "$ECHO6" 443 "ncat, raw, port 443, IPv6" hi \
		say client hi "$ECHO6" 443
	row refused "$ECHO4" 9000 "ncat, raw, UDP port 9000" hi \
		say client hi -u "$ECHO4" 9000
	row refused 10.20.0.80 9000 "from outside to another port inside" hi \
		say outside hi 10.20.0.80 9000
}

if [ ! -x "$FWAGENTD" ] || [ ! -x "$FWCTL" ]; then
	die "no fwagentd and fwctl in $B; run make"
fi

step "the lab: client (lan), server (servers), gateway, outside; IPv4 and IPv6"
[ "$(id -u)" -eq 0 ] || die "network namespaces need root: sudo make demo"
lab_up
step "the servers: nginx, dnsmasq, tinyproxy, microsocks, sshd, an echo"
start_web || die "nginx does not come up"
start_dns resolver "$NS_SERVER" "$RESOLVER4" "$RESOLVER6" || die "dnsmasq does not come up"
start_dns foreign "$NS_OUTSIDE" "$FOREIGN_DNS4" || die "dnsmasq does not come up"
start_proxies || die "a proxy does not come up"
start_ssh || die "sshd does not come up"
start_echo || die "the echo does not come up"
start_inside || die "the inside service does not come up"

step "without the agent: everything works"
PHASE=control
rows

step "fwagentd starts in the gateway"
agent_start || die "fwagentd does not come up"
EVE=$LAB/agent/log/eve.json
step "fwctl apply packaging/policies/sample.conf"
agent_apply "$POLICY" || die "the policy was not applied"

step "the same $COUNT attempts under the policy"
PHASE=judged
rows

echo
printf '%-50s | %-8s | %-8s | %-18s | %s\n' tried expected happened rule reason
printf '%s\n' '---------------------------------------------------+----------+----------+--------------------+------------------'
printf '%s\n' "${TABLE[@]}"
echo
step "fwctl log"
fwctl log --file "$EVE" || BAD=$((BAD + 1))
echo
step "fwctl status"
fwctl status || BAD=$((BAD + 1))
echo
if [ "$BAD" -gt 0 ]; then
	if [ -s "$LAB/log/fwagentd" ]; then
		step "what fwagentd said"
		tail -n 20 "$LAB/log/fwagentd"
	fi
	echo "demo: $BAD of $COUNT came out otherwise"
	exit 1
fi
echo "demo: all $COUNT came out as expected ($SECONDS s)"
