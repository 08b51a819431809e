#!/bin/bash
# SPDX-License-Identifier: GPL-3.0-or-later
# HTTP/2 without TLS: begun at once, or by an upgrade of HTTP/1; and calls of gRPC.
# Real clients and servers, on the usual port and on a foreign one, over IPv4 and
# IPv6.  What the policy has passes, another host or path does not, whichever of the
# requests of a connection asks for it.
B=${1:-${B:-build/release}}
# shellcheck source=tests/functional/lib.sh
. "$(dirname "$0")/lib.sh"

need_agent
for tool in nghttp nghttpd nghttpx; do
	command -v "$tool" >/dev/null || skip_all 85-http2 "no $tool here"
done
lab_up
USUAL=80
FOREIGN=9443
CALLS="50051 8081"

# at FAMILY NAME: its address, as in a URL.
at() {
	local address=$2$1

	case $1 in 4) echo "${!address}" ;; 6) echo "[${!address}]" ;; esac
}

# SSH4 and SSH6 have what begins with HTTP/2, PROXY4 and PROXY6 what is upgraded to it.
start_http2() {
	local v on address fronts=()

	mkdir -p "$LAB/http2/pub"
	echo "hello in public" >"$LAB/http2/pub/hello"
	echo "hello in secret" >"$LAB/http2/secret"
	for on in "$USUAL" "$FOREIGN"; do
		for v in 4 6; do
			address=SSH$v
			start_server "nghttpd-$v-$on" "$NS_OUTSIDE" "tcp/$on@${!address}" \
				nghttpd --no-tls -a "${!address}" -d "$LAB/http2" "$on" || return 1
			address=PROXY$v
			fronts+=("--frontend=${!address},$on;no-tls")
		done
	done
	start_server nghttpx "$NS_OUTSIDE" "tcp/$FOREIGN@$PROXY6" nghttpx --conf=/dev/null \
		--workers=1 --pid-file="$LAB/nghttpx.pid" --errorlog-file=/dev/stderr \
		"${fronts[@]}" --backend="$SSH4,$USUAL;;proto=h2"
}

start_calls() {
	local on ends=()

	for on in $CALLS; do
		ends+=("$ECHO4:$on" "[$ECHO6]:$on")
	done
	start_server grpc "$NS_OUTSIDE" "tcp/${CALLS#* }@$ECHO6" \
		/usr/bin/python3 "$LAB_ROOT/tests/functional/grpc_lab.py" serve "${ends[@]}"
}

# --- one use of each -----------------------------------------------------------------

# ask HOW ADDRESS PORT HOST PATH: one request.
ask() {
	local how=$1 to=$2:$3 host=$4 path=$5

	case $how in
	curl-prior) web --http2-prior-knowledge -H "Host: $host" "http://$to$path" ;;
	curl-upgrade) web --http2 -w ' over %{http_version}' -H "Host: $host" "http://$to$path" ;;
	nghttp-prior) get "$host" "http://$to$path" ;;
	nghttp-upgrade) get "$host" -H "host: $host" -u "http://$to$path" ;;
	esac
}

# get HOST OPTION-OR-URL...: one connection for all of them.
get() {
	local host=$1

	shift
	client nghttp -t $((5 * LAB_SLOW)) -H ":authority: $host" "$@" 2>&1
}

call() {
	client timeout $((8 * LAB_SLOW)) /usr/bin/python3 "$LAB_ROOT/tests/functional/grpc_lab.py" \
		call "$@" 2>&1 | grep -a -e heard -e 'details ='
}

# by_hand TARGET HOST TYPE: as gRPC asks, as far as one can tell.
by_hand() {
	client nghttp -t $((5 * LAB_SLOW)) -v -H ":authority: $2" -H ':method: POST' \
		-H "content-type: $3" -H 'te: trailers' -d "$LAB/message" "http://$1" 2>&1 |
		grep -a -o ':status: [0-9]*'
}

requests() {
	local work=www.example.org pub=/pub/hello v on how to

	for v in 4 6; do
		for on in "$USUAL" "$FOREIGN"; do
			for how in curl-prior nghttp-prior curl-upgrade nghttp-upgrade; do
				to=$(at "$v" SSH)
				[ "${how#*-}" = prior ] || to=$(at "$v" PROXY)
				allowed "$how-$v-$on" "hello in public" ask "$how" "$to" "$on" "$work" "$pub"
				refused "$how-other-host-$v-$on" "hello in" ask "$how" "$to" "$on" evil.example.com "$pub"
				refused "$how-other-path-$v-$on" "hello in" ask "$how" "$to" "$on" "$work" /secret
			done
			allowed "upgraded-$v-$on" "over 2" ask curl-upgrade "$(at "$v" PROXY)" "$on" "$work" "$pub"
			later "$v" "$on"
		done
	done
}

# Two requests of one connection.
later() {
	local v=$1 on=$2 first second

	first=http://$(at "$v" SSH):$on/pub/hello
	second=http://$(at "$v" SSH):$on/secret
	allowed "two-$v-$on" $'hello in public\nhello in public' get www.example.org "$first" "$first?again"
	refused "second-other-path-$v-$on" "hello in secret" get www.example.org "$first" "$second"
	second=http://$(at "$v" PROXY):$on/secret
	refused "second-of-upgraded-$v-$on" "hello in secret" \
		get www.example.org -H "host: www.example.org" -u "http://$(at "$v" PROXY):$on/pub/hello" "$second"
}

calls() {
	local v on to

	for v in 4 6; do
		for on in $CALLS; do
			to=$(at "$v" ECHO):$on
			allowed "grpc-$v-$on" "/lab.Greeter/Hello heard you" \
				call "$to" www.example.org /lab.Greeter/Hello you
			refused "grpc-other-host-$v-$on" "heard you" call "$to" evil.example.com /lab.Greeter/Hello you
			refused "grpc-other-service-$v-$on" "heard you" call "$to" www.example.org /lab.Shell/Run you
		done
	done
}

# --- as it is told -------------------------------------------------------------------

policy() {
	cat <<-END
		version = 1;
		gateway: { name = "http2"; };
		zones: {
		  lan: { interfaces = ["lan0"]; networks = ["10.10.0.0/16", "fd00:10::/64"]; };
		  wan: { interfaces = ["wan0"]; external = true; };
		};
		egress: (
		  { name = "pages"; from = "lan"; app = ["http", "http2"]; host = "www.example.org"; path = "/pub/*";
		    action = "allow"; },
		  { name = "calls"; from = "lan"; app = "http2"; host = "www.example.org"; path = "/lab.Greeter/*";
		    action = "allow"; },
		  { name = "the rest"; from = "lan"; action = "reject"; }
		);
	END
}

# tells NAME CONDITION: there is such an event.
tells() {
	check "$1-is-told" "no such event: $(tail -n 1 "$LAB/agent/log/eve.json")" wait_for 5 has_event "$2"
}

has_event() {
	[ -n "$(last_event ".event_type == \"verdict\" and ($1)")" ]
}

events() {
	local v to=

	tells prior '.verdict.action == "accept" and .app_proto == "http2" and .fw.layers == null and .http.hostname == "www.example.org"'
	tells upgrade '.verdict.action == "accept" and .fw.layers == ["http", "http2"]'
	tells other-host '.verdict.action == "drop" and .app_proto == "http2" and .http.hostname == "evil.example.com"'
	tells other-path '.verdict.action == "drop" and .app_proto == "http2" and .http.url == "/secret"'
	[ -z "$GRPC" ] || for v in 4 6; do
		to=ECHO$v
		tells "grpc-$v" ".dest_ip == \"${!to}\" and .verdict.action == \"accept\" and
			.grpc.service == \"lab.Greeter\" and .grpc.method == \"Hello\""
		tells "grpc-other-service-$v" ".dest_ip == \"${!to}\" and .verdict.action == \"drop\" and
			.grpc.service == \"lab.Shell\""
	done
	for v in 4 6; do
		to=SSH$v
		tells "grpc-by-hand-$v" ".dest_ip == \"${!to}\" and .verdict.action == \"drop\" and
			.grpc.service == \"lab.Shell\" and .grpc.method == \"Run\""
	done
}

if ! start_http2; then
	not_ok servers "a server of the lab does not come up"
	finish
fi
printf '\0\0\0\0\0' >"$LAB/message"
mkdir -p "$LAB/tls" && : >"$LAB/tls/ca.pem"
GRPC=
if /usr/bin/python3 -c 'import grpc' 2>/dev/null; then
	GRPC=yes
	start_calls || not_ok servers "the server of gRPC does not come up"
else
	skip grpc "python3 has no grpc here"
fi
requests
[ -z "$GRPC" ] || calls
agent_or_fail
policy >"$LAB/http2.conf"
check apply "the policy was not applied" agent_apply "$LAB/http2.conf"
PHASE=judged
requests
[ -z "$GRPC" ] || calls
for v in 4 6; do
	refused "grpc-by-hand-$v" ":status" by_hand "$(at "$v" SSH):$FOREIGN/lab.Shell/Run" www.example.org application/grpc
done
events
finish
