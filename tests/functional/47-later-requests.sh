#!/bin/bash
# SPDX-License-Identifier: GPL-3.0-or-later
# Requests of a kept-alive connection: each is judged, bodies of any size pass,
# answers do not come to the queue, and the end of the engine is not theirs.
B=${1:-${B:-build/release}}
# shellcheck source=tests/functional/lib.sh
. "$(dirname "$0")/lib.sh"

need_agent
lab_up
basic_servers
seen=$LAB/log/requests
touch "$seen" "$LAB/log/curl" "$LAB/log/apply"
start_server requests "$NS_OUTSIDE" "tcp/9080@$ECHO4" \
	perl "$LAB_ROOT/tests/functional/requests.pl" 9080 "$seen" "$ECHO4" "$ECHO6" ||
	{ not_ok servers "the server of requests does not come up"; finish; }
agent_or_fail

address() {
	[ "$1" = 4 ] && echo "$ECHO4" || echo "[$ECHO6]"
}

# ask FAMILY CURL-ARGUMENT...: what the server answers, and how often was connected
ask() {
	local family=$1

	shift
	client curl -sS -m $((30 * LAB_SLOW)) -w '%{num_connects}\n' \
		--connect-to "::$(address "$family"):9080" "$@" 2>"$LAB/log/curl"
}

# policy NAME WORDS: what requests may be
policy() {
	cat >"$LAB/requests.conf" <<-END
		version = 1;
		application: { connect = "deny"; };
		zones: {
		  lan: { interfaces = ["lan0"]; networks = ["10.10.0.0/16", "fd00:10::/64"]; };
		  wan: { interfaces = ["wan0"]; external = true; };
		};
		egress: ( { name = "requests"; from = "lan"; service = "tcp/9080"; action = "allow"; $2 } );
	END
	check "apply-$1" "@$LAB/log/apply" apply_requests
}

apply_requests() {
	agent_apply "$LAB/requests.conf" >"$LAB/log/apply" 2>&1
}

site=http://www.example.org
two_allowed=$'GET /pub/1 0\n1\nGET /pub/2 0\n0'

# each phase: without a policy all of it works
for phase in control judged; do
	if [ $phase = judged ]; then
		policy few 'app = "http"; host = "www.example.org"; method = ["GET", "POST", "PUT"]; path = "/pub/*";'
	fi
	for family in 4 6; do
		t=$phase-$family
		check "$t-two-on-one-connection" "@$LAB/log/curl" \
			is "$(ask $family $site/pub/1 $site/pub/2)" "$two_allowed"
		: >"$seen"
		ask $family $site/pub/1 $site/secret >"$LAB/out"
		ask $family $site/pub/1 --next -sS -H 'Host: evil.example.com' \
			--connect-to "::$(address $family):9080" $site/pub/2 >>"$LAB/out"
		ask $family $site/pub/1 --next -sS -X DELETE \
			--connect-to "::$(address $family):9080" $site/pub/2 >>"$LAB/out"
		got=$(awk '{ print $1, $2, $3 }' "$seen" | sort | uniq -c | sed 's/^ *//')
		if [ $phase = control ]; then
			check "$t-others-work" "$got" grep -q "DELETE /pub/2" <<<"$got"
			check "$t-another-path-works" "$got" grep -q "/secret" <<<"$got"
			check "$t-another-host-works" "$got" grep -q "evil" <<<"$got"
		else
			check "$t-others-never-arrive" "$got" is "$got" "3 GET /pub/1 www.example.org"
		fi
	done
done
check each-request-is-told "no such event" \
	told '.verdict.action == "accept" and .http.url == "/pub/2"'
check the-refused-one-is-told "no such event" \
	told '.verdict.action == "drop" and .http.url == "/secret"'
check flows-are-counted-once "$(fwctl status --json | jq -c .counters)" \
	test "$(fwctl status --json | jq .counters.allowed)" -le 8

# bodies
truncate -s 300M "$LAB/body"
for family in 4 6; do
	check "length-$family" "@$LAB/log/curl" is \
		"$(ask $family -T "$LAB/body" $site/pub/up --next -sS -w '%{num_connects}\n' \
			--connect-to "::$(address $family):9080" $site/pub/1)" \
		$'PUT /pub/up 314572800\n1\nGET /pub/1 0\n0'
	check "chunked-$family" "@$LAB/log/curl" is \
		"$(head -c 30M "$LAB/body" | ask $family -T - $site/pub/up)" $'PUT /pub/up 31457280\n1'
done

# the engine ends while a body is on its way
ask 4 -T "$LAB/body" --limit-rate 20M $site/pub/up >"$LAB/out" 2>&1 &
uploading=$!
sleep 1
kill -KILL "$(fwctl status --json | jq .engine.pid)"
wait "$uploading"
check upload-outlives-engine "@$LAB/log/curl" is "$(cat "$LAB/out")" \
	$'PUT /pub/up 314572800\n1'

# WebSocket is a protocol of its own
# RFC 6455 4.1: the client waits for the answer before it sends a frame.
read -r -d '' socket <<'END'
my $s = IO::Socket::INET->new(PeerAddr => $ARGV[0]) or exit 1;
my $got = '';
syswrite $s, join "\r\n", 'GET /pub/ws HTTP/1.1', 'Host: www.example.org', 'Upgrade: websocket',
	'Connection: Upgrade', 'Sec-WebSocket-Protocol: chat', '', '';
until ($got =~ /\r\n\r\n/) { sysread $s, $got, 4096, length $got or exit 1 }
syswrite $s, "\x81\x85\x01\x02\x03\x04igooo";
until ($got =~ /igooo/) { sysread $s, $got, 4096, length $got or exit 1 }
END
says_back() {
	client timeout $((10 * LAB_SLOW)) perl -MIO::Socket::INET -e "$socket" "$ECHO4:9080"
}
refuses_websocket() {
	! says_back
}
check websocket-is-not-http "it was let through" refuses_websocket
websocket_is_told() {
	refuses_websocket && [ -n "$(last_event '.verdict.action == "drop" and
		.fw.layers == ["http", "websocket"] and .websocket.protocol == "chat"')" ]
}
check websocket-is-told "no such event" wait_for 10 websocket_is_told
policy websocket 'app = ["http", "websocket"]; host = "www.example.org";'
check websocket-where-allowed "nothing came back" says_back
finish
