#!/bin/bash
# SPDX-License-Identifier: GPL-3.0-or-later
# What real networks do must pass: lost packets, packets in another order, twice
# or late, and small ones, at the client's side and at the server's.  All that is
# allowed arrives whole, in bounded time, and nothing of it is refused; what is
# forbidden still never arrives.
B=${1:-${B:-build/release}}
# shellcheck source=tests/functional/lib.sh
. "$(dirname "$0")/lib.sh"

need_agent

# Each link gets a wire between its two ends.
NS_WIRE=$LAB_TAG-wire
LAB_SPACES+=("$NS_WIRE")
FOREIGN_DNS6=2001:db8:1::53
BODY=
sum=
PATIENCE=$((40 * LAB_SLOW))
STEADY="0 0 0 0 0"

wire() {
	ip netns exec "$NS_WIRE" sh -c 'echo 1 >/proc/sys/net/ipv6/conf/default/disable_ipv6' &&
		ip link add "$2" netns "$NS_GATEWAY" type veth peer name "$2" netns "$NS_WIRE" &&
		ip link add eth0 netns "$1" type veth peer name "far-$2" netns "$NS_WIRE" &&
		ip -n "$NS_WIRE" link set "$2" up && ip -n "$NS_WIRE" link set "far-$2" up
}

start_wires() {
	local dev lossy=$LAB_ROOT/tests/functional/lossy.pl

	gateway perl "$lossy" plain lan0 srv0 wan0
	client perl "$lossy" plain eth0
	server_ns perl "$lossy" plain eth0
	outside perl "$lossy" plain eth0
	for dev in lan0 srv0 wan0; do
		echo "$STEADY" >"$LAB/$dev"
		ip netns exec "$NS_WIRE" perl "$lossy" \
			"$dev" "far-$dev" "$LAB/$dev" >"$LAB/log/wire-$dev" 2>&1 </dev/null &
		echo $! >"$LAB/pids/wire-$dev"
	done
	wait_for 10 client ping -c 1 -W 1 10.10.0.1
}

# network LAN WAN: what the two do from now on, in lossy.pl's words.
network() {
	echo "$1" >"$LAB/lan0"
	echo "$2" >"$LAB/wan0"
	kill -HUP "$(cat "$LAB/pids/wire-lan0")" "$(cat "$LAB/pids/wire-wan0")"
}

# body BYTES: what goes up and comes down from now on
body() {
	BODY=$1
	head -c "$BODY" /dev/urandom >"$LAB/body"
	cp "$LAB/body" "$LAB/web/www.example.org/body"
	sum=$(md5sum <"$LAB/body")
	sum=${sum%% *}
}

start_servers() {
	local v address

	start_web && start_dns foreign "$NS_OUTSIDE" "$FOREIGN_DNS4" "$FOREIGN_DNS6" || return 1
	body 2097152
	touch "$LAB/log/requests"
	start_server requests "$NS_OUTSIDE" "tcp/9080@$ECHO4" \
		perl "$LAB_ROOT/tests/functional/requests.pl" 9080 "$LAB/log/requests" \
		"$ECHO4" "$ECHO6" || return 1
	command -v gtlsserver >/dev/null || return 0
	mkdir -p "$LAB/etc/$NS_CLIENT"
	printf '%s localhost\n%s quic4.example.org\n%s quic6.example.org\n' \
		127.0.0.1 "$WEB4" "$WEB6" >"$LAB/etc/$NS_CLIENT/hosts"
	for v in 4 6; do
		address=WEB$v
		start_server "quic-$v" "$NS_OUTSIDE" "udp/443@${!address}" \
			gtlsserver -q -d "$LAB/web/www.example.org" "${!address}" 443 \
			"$LAB/tls/www.example.org.key" "$LAB/tls/www.example.org.pem" || return 1
	done
}

policy() {
	cat <<-END
		version = 1;
		gateway: { name = "lossy"; };
		zones: {
		  lan: { interfaces = ["lan0"]; networks = ["10.10.0.0/16", "fd00:10::/64"]; };
		  servers: { interfaces = ["srv0"]; networks = ["10.20.0.0/16", "fd00:20::/64"]; };
		  wan: { interfaces = ["wan0"]; external = true; };
		};
		egress: (
		  { name = "requests"; from = "lan"; app = "http"; host = "www.example.org";
		    method = ["GET", "PUT"]; path = "/pub/*"; action = "allow"; },
		  { name = "names"; from = "lan"; app = ["tls", "quic"]; host = "*.example.org"; action = "allow"; },
		  { name = "questions"; from = "lan"; app = "dns"; qname = "www.example.org"; action = "allow"; }
		);
	END
}

# --- what is allowed: each says one line, the same in any network ------------------

request() { # ADDRESS CURL-ARGUMENT...
	local address=$1

	shift
	client timeout -k 1 "$PATIENCE" curl -sS -m "$PATIENCE" -w '%header{x-md5} %{num_connects}\n' \
		--connect-to "::$address:9080" "$@"
}

site=http://www.example.org

upload_length() {
	request "$1" -T "$LAB/body" "$site/pub/up" --next -sS -w '%{num_connects}\n' \
		--connect-to "::$1:9080" "$site/pub/after"
}

upload_chunked() {
	request "$1" -T - "$site/pub/up" <"$LAB/body"
}

many_requests() {
	request "$1" "$site/pub/[1-30]" | awk '{ n += $1 == "GET" || $2 == 0 } END { print n }'
}

download() {
	client curl -sS -m "$PATIENCE" --cacert "$LAB/tls/ca.pem" \
		--connect-to "::$1:443" https://www.example.org/body | md5sum
}

quic() {
	client timeout -k 1 "$PATIENCE" gtlsclient --exit-on-all-streams-close --timeout="${PATIENCE}s" \
		--handshake-timeout="${PATIENCE}s" "$1" 443 "https://$1/index.html" 2>&1 |
		grep -a -o -m 1 ':status: 200'
}

questions() { # SERVER [OPTION]
	local n=0

	for _ in 1 2 3 4 5; do
		# it also tells of each try that got no answer
		client dig +short +time=1 +tries=8 "${@:2}" "@$1" www.example.org A |
			grep -qx "$WEB4" && n=$((n + 1))
	done
	echo "$n"
}

uses() {
	local v server web dns

	for v in 4 6; do
		case $v in
		4) server=$ECHO4 web=$WEB4 dns=$FOREIGN_DNS4 ;;
		6) server="[$ECHO6]" web="[$WEB6]" dns=$FOREIGN_DNS6 ;;
		esac
		printf '%s\n' "length-$v upload_length $server" "chunked-$v upload_chunked $server" \
			"requests-$v many_requests $server" "tls-$v download $web" \
			"dns-udp-$v questions $dns +notcp" "dns-tcp-$v questions $dns +tcp"
		command -v gtlsclient >/dev/null && echo "quic-$v quic quic$v.example.org"
	done
}

expected() {
	case $1 in
	length-*) printf 'PUT /pub/up %s\n%s 1\nGET /pub/after 0\n0' "$BODY" "$sum" ;;
	chunked-*) printf 'PUT /pub/up %s\n%s 1' "$BODY" "$sum" ;;
	requests-*) echo 59 ;;
	tls-*) echo "$sum  -" ;;
	dns-*) echo 5 ;;
	quic-*) echo ":status: 200" ;;
	esac
}

# all_come_through NETWORK: all at once.
all_come_through() {
	local name begin=$SECONDS pids=() command refused

	while read -r name command; do
		# shellcheck disable=SC2086 # words
		{ $command >"$LAB/got-$name" 2>"$LAB/log/$name" && date +%s >"$LAB/log/$name.end"; } &
		pids+=($!)
	done < <(uses)
	wait "${pids[@]}"
	echo "  $1: $((SECONDS - begin)) s"
	while read -r name _; do
		check "$1-$name" "@$LAB/log/$name" is "$(cat "$LAB/got-$name")" "$(expected "$name")"
	done < <(uses)
	if [ -e "$LAB/agent/log/eve.json" ]; then
		refused=$(last_event '.verdict.action == "drop" and .fw.list == "egress"')
		check "$1-nothing-is-refused" "$refused" test -z "$refused"
	fi
}

# --- what is forbidden -------------------------------------------------------------

forbidden() { # NETWORK: on a connection that was allowed so far, and by itself
	local v address arrived

	for v in 4 6; do
		case $v in 4) address=$ECHO4 ;; 6) address="[$ECHO6]" ;; esac
		seen request "$address" "$site/pub/first" "$site/secret"
		check "$1-later-request-is-told-$v" "@$LAB/log/seen" told \
			".verdict.action == \"drop\" and .http.url == \"/secret\" and .dest_ip == \"${address//[][]/}\""
		seen request "$address" -T "$LAB/body" "$site/secret"
	done
	seen client curl -sS -k -m 5 --connect-to "::$WEB4:443" https://evil.example.com/
	check "$1-other-name-is-told" "@$LAB/log/seen" told \
		'.verdict.action == "drop" and .tls.sni == "evil.example.com"'
	arrived=$(grep -c secret "$LAB/log/requests")
	check "$1-forbidden-never-arrives" "$arrived did" is "$arrived" 0
}

# A path whose packets are smaller than the client's link lets it think; QUIC has
# no use for less than 1200 bytes.
small_path() {
	gateway ip route replace 198.51.100.0/24 dev wan0 src 198.51.100.1 mtu 600
	gateway ip route replace 192.0.2.0/24 dev wan0 src 192.0.2.1 mtu 1280
	gateway ip -6 route replace 2001:db8:1::/64 dev wan0 mtu 1280 metric 1
}

bad="5 25 2 8 0"
lab_up
if ! start_wires || ! start_servers; then
	not_ok servers "a wire or a server of the lab does not come up"
	finish
fi
all_come_through control
agent_or_fail
policy >"$LAB/lossy.conf"
check apply "@$LAB/log/seen" seen agent_apply "$LAB/lossy.conf"
network "$bad" "$STEADY"
all_come_through at-the-client
network "$STEADY" "$bad"
all_come_through at-the-server
body 300000
network "$STEADY" "0 0 0 0 200"
all_come_through late
small_path
network "$bad" "$STEADY"
all_come_through small-and-lossy
forbidden small-and-lossy
finish
