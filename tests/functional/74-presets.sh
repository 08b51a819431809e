#!/bin/bash
# SPDX-License-Identifier: GPL-3.0-or-later
# The policies of packaging/policies, each in the lab: what its network needs
# passes, what it is there to stop is refused, in both families.
B=${1:-${B:-build/release}}
# shellcheck source=tests/functional/lib.sh
. "$(dirname "$0")/lib.sh"

need_agent
lab_up
basic_servers
start_dns foreign "$NS_OUTSIDE" "$FOREIGN_DNS4" || { not_ok servers "dnsmasq does not come up"; finish; }
start_echo || { not_ok servers "the echo does not come up"; finish; }
start_inside_web 443 || { not_ok servers "the web server inside does not come up"; finish; }
start_server inside-9000 "$NS_SERVER" tcp/9000 \
	perl "$LAB_ROOT/tests/functional/echo.pl" tcp 9000 10.20.0.80 fd00:20::80

# Further hosts: a database among the clients, a mirror among the servers, and
# things, behind an interface of their own.
ip -n "$NS_CLIENT" address add 10.10.64.5/16 dev eth0
ip -n "$NS_SERVER" address add 10.20.0.60/16 dev eth0
ip link add iot0 netns "$NS_GATEWAY" type veth peer name iot0 netns "$NS_CLIENT"
for end in "$NS_GATEWAY 1" "$NS_CLIENT 5"; do
	read -r ns host <<<"$end"
	ip -n "$ns" address add "10.30.0.$host/16" dev iot0
	ip -n "$ns" address add "fd00:30::$host/64" dev iot0 nodad
	ip -n "$ns" link set iot0 up
done
ip -n "$NS_CLIENT" rule add from 10.30.0.5 lookup 30
ip -n "$NS_CLIENT" route add default via 10.30.0.1 table 30
ip -n "$NS_CLIENT" -6 rule add from fd00:30::5 lookup 30
ip -n "$NS_CLIENT" -6 route add default via fd00:30::1 table 30
start_server thing "$NS_CLIENT" tcp/9000 \
	perl "$LAB_ROOT/tests/functional/echo.pl" tcp 9000 10.30.0.5 fd00:30::5

# by_name NS-FUNCTION 4|6 URL CURL-OPTION...: whatever the name, to the lab's web
# server (its certificate is for other names).
by_name() {
	local from=$1 v=$2 url=$3 at=$WEB4

	shift 3
	[ "$v" = 4 ] || at="[$WEB6]"
	"$from" curl -sS -k -m $((3 * LAB_SLOW)) "-$v" --connect-to "::$at:" "$@" "$url"
}

# inside_web 4|6 CURL-OPTION...: the client asks the server inside.
inside_web() {
	local v=$1 at=10.20.0.80

	shift
	[ "$v" = 4 ] || at="[fd00:20::80]"
	client curl -sS -k -m $((3 * LAB_SLOW)) "$@" --connect-to "::$at:" https://www.example.org/
}

preset() { # NAME [SED-SCRIPT]
	sed "${2:-}" "$LAB_ROOT/packaging/policies/$1.conf" >"$LAB/$1.conf"
	fwctl apply "$LAB/$1.conf" >"$LAB/said" 2>&1
	check "$1-apply" "exit status and first line: $(head -n 1 "$LAB/said")" grep -q "^in force" "$LAB/said"
	check "$1-says-nothing-else" "$(head -n 1 "$LAB/said")" is "$(wc -l <"$LAB/said")" 1
}

# What no network here allows.
never() { # NAME 4|6
	local echo=ECHO$2

	refused "$1-raw-on-443-$2" hi say client hi "${!echo}" 443
	refused "$1-raw-on-9000-$2" hi say client hi "${!echo}" 9000
	refused "$1-udp-$2" hi say client hi -u "${!echo}" 9000
	refused "$1-no-name-$2" "hello from" by_name client "$2" \
		"https://$([ "$2" = 4 ] && echo "$WEB4" || echo "[$WEB6]")/"
	refused "$1-from-outside-$2" hi say outside hi \
		"$([ "$2" = 4 ] && echo 10.20.0.80 || echo fd00:20::80)" 9000
}

PHASE=judged
hello="hello from"
agent_or_fail

preset small-office
for v in 4 6; do
	resolver=RESOLVER$v
	allowed "office-https-$v" "$hello" by_name client $v https://any.example.com/
	allowed "office-http-$v" "$hello" by_name client $v http://any.example.com/
	allowed "office-dns-$v" "$WEB4" client dig +short +time=3 +tries=1 "@${!resolver}" www.example.org
	allowed "office-intranet-$v" "$hello inside" inside_web $v
	allowed "office-updates-$v" "$hello" by_name server_ns $v http://debian.packages.example.net/
	refused "office-server-browses-$v" "$hello" by_name server_ns $v http://www.example.org/
	refused "office-other-port-inside-$v" hi say client hi \
		"$([ $v = 4 ] && echo 10.20.0.80 || echo fd00:20::80)" 9000
	never office $v
done
refused office-foreign-dns "$WEB4" client dig +short +time=1 +tries=1 "@$FOREIGN_DNS4" www.example.org
allowed office-web-site "$hello inside" outside_web www.example.org 192.0.2.1 443
refused office-web-site-other-name "$hello inside" outside_web other.example.org 192.0.2.1 443 -k
allowed office-web-site-6 "$hello inside" outside_web www.example.org fd00:20::80 443
refused office-web-site-6-other-name "$hello inside" outside_web other.example.org fd00:20::80 443 -k

preset datacentre-egress
for v in 4 6; do
	resolver=RESOLVER$v
	allowed "dc-partner-$v" "$hello" by_name client $v https://api.stripe.com/
	allowed "dc-storage-$v" "$hello" by_name client $v https://backups.s3.eu-central-1.amazonaws.com/
	refused "dc-other-bucket-$v" "$hello" by_name client $v https://evil.s3.eu-central-1.amazonaws.com/
	refused "dc-partner-in-the-clear-$v" "$hello" by_name client $v http://api.stripe.com/
	refused "dc-other-name-$v" "$hello" by_name client $v https://www.example.org/
	allowed "dc-dns-$v" "$WEB4" client dig +short +time=3 +tries=1 "@${!resolver}" www.example.org
	never dc $v
done
refused dc-database "$hello" by_name client 4 https://api.stripe.com/ --interface 10.10.64.5
allowed dc-mirror "$hello" by_name server_ns 4 http://debian.packages.example.net/ --interface 10.20.0.60
refused dc-not-the-mirror "$hello" by_name server_ns 4 http://debian.packages.example.net/ --interface 10.20.0.80

preset ci-farm
for v in 4 6; do
	allowed "ci-packages-$v" "$hello" by_name client $v https://files.python.example.net/
	allowed "ci-debian-$v" "$hello" by_name client $v http://debian.packages.example.net/
	allowed "ci-code-$v" "$hello" by_name client $v https://code.example.net/
	allowed "ci-artefacts-$v" "$hello inside" inside_web $v
	refused "ci-other-name-$v" "$hello" by_name client $v https://pastebin.example.com/
	refused "ci-near-name-$v" "$hello" by_name client $v https://python.example.net.example.com/
	refused "ci-other-port-inside-$v" hi say client hi \
		"$([ $v = 4 ] && echo 10.20.0.80 || echo fd00:20::80)" 9000
	never ci $v
done

preset sandbox
for v in 4 6; do
	allowed "sandbox-needed-$v" "$hello" by_name client $v https://python.example.net/
	allowed "sandbox-results-$v" "$hello inside" inside_web $v
	refused "sandbox-other-name-$v" "$hello" by_name client $v https://code.example.net/
	refused "sandbox-in-the-clear-$v" "$hello" by_name client $v http://python.example.net/
	never sandbox $v
done
often() { # more than the rule's burst and rate
	local n
	for n in $(seq 25); do
		by_name client 4 https://python.example.net/ >/dev/null 2>&1 || echo "held back"
	done
}
check sandbox-goes-slowly "25 flows at once were all let out" grep -q "held back" <(often)

preset guest-iot 's/time = "[^"]*";//'
for v in 4 6; do
	case $v in 4) thing=10.30.0.5 guest=$CLIENT4 ;; 6) thing=fd00:30::5 guest=$CLIENT6 ;; esac
	resolver=RESOLVER$v
	allowed "guests-https-$v" "$hello" by_name client $v https://any.example.com/ --interface "$guest"
	allowed "guests-dns-$v" "$WEB4" client dig +short +time=3 +tries=1 -b "$guest" "@${!resolver}" www.example.org
	refused "guests-see-no-house-$v" "$hello" inside_web $v --interface "$guest"
	allowed "things-maker-$v" "$hello" by_name client $v https://api.shelly.cloud/ --interface "$thing"
	refused "things-other-name-$v" "$hello" by_name client $v https://www.example.org/ --interface "$thing"
	refused "things-see-no-house-$v" "$hello" inside_web $v --interface "$thing"
	allowed "house-uses-things-$v" hi say server_ns hi "$thing" 9000
	allowed "house-browses-$v" "$hello" by_name server_ns $v https://any.example.com/
	never guests $v
done
# Leases, of a server that answers by the ways of the kernel.
start_leases() {
	gateway dnsmasq -k --log-facility=- -p 0 -C /dev/null -l "$LAB/leases" -i lan0 --bind-dynamic --no-ping \
		--dhcp-range=10.10.0.100,10.10.0.110 --dhcp-range=fd00:10::100,fd00:10::110,64 \
		>"$LAB/log/leases" 2>&1 </dev/null &
	echo $! >"$LAB/pids/leases"
	wait_for 10 grep -q 'DHCPv6, IP range' "$LAB/log/leases"
}
check leases "dnsmasq does not come up: $(cat "$LAB/log/leases" 2>/dev/null)" start_leases
allowed guests-lease "lease of 10.10.0.1" \
	client busybox udhcpc -f -n -q -i eth0 -s /bin/true -t 3 -T 1
allowed guests-lease-6 fd00:10:: client perl "$LAB_ROOT/tests/functional/lease6.pl" eth0
# Some hours that are not now.
later=20:00-22:00
[ "$(date -u +%H)" -lt 12 ] || later=02:00-04:00
preset guest-iot "s/time = \"[^\"]*\"/time = \"$later utc\"/"
refused guests-at-night "$hello" by_name client 4 https://any.example.com/ --interface "$CLIENT4"
finish
