#!/bin/bash
# SPDX-License-Identifier: GPL-3.0-or-later
# Hellos of TLS as no library says them: whatever a server makes of one, the
# name that is not allowed is never served; and the same with the allowed name
# is, where a client or a network could have made it so.
B=${1:-${B:-build/release}}
# shellcheck source=tests/functional/lib.sh
. "$(dirname "$0")/lib.sh"

need_agent
lab_up

# Unknown protocols are allowed: what hides a hello must not make it one.
tls_policy() {
	lab_policy '{ name = "by name"; from = "lan"; app = "tls"; host = "www.example.org"; action = "allow"; },
		{ name = "unknown"; from = "lan"; app = "unknown"; action = "allow"; }'
}

# Two servers that do not look at a first byte as nginx does.  They end with their
# input.
start_others() {
	local dir=$LAB/tls

	# shellcheck disable=SC2016 # for the inner shell
	start_server openssl "$NS_OUTSIDE" "tcp/8443@$WEB4" \
		bash -c 'exec openssl s_server -quiet -accept "$1" -cert "$2.pem" -key "$2.key" \
			-servername evil.example.com -cert2 "$3.pem" -key2 "$3.key" < <(sleep 400)' \
		openssl "$WEB4:8443" "$dir/www.example.org" "$dir/evil.example.com" || return 1
	start_server gnutls "$NS_OUTSIDE" "tcp/9443" gnutls-serv --echo -q -p 9443 --disable-client-cert \
		--x509certfile "$dir/www.example.org.pem" --x509keyfile "$dir/www.example.org.key" \
		--x509certfile "$dir/evil.example.com.pem" --x509keyfile "$dir/evil.example.com.key"
}

hello_to() {
	client /usr/bin/python3 "$LAB_ROOT/tests/functional/tricks_tls.py" "$2" "$3" "$WEB4" "$1"
}

to_nginx() {
	hello_to 443 "$@"
}

to_openssl() {
	hello_to 8443 "$@"
}

to_gnutls() {
	hello_to 9443 "$@"
}

# What a lenient server might pass over: nothing is `real` there.
FIRSTS='odd plain
odd alert-first
odd alerts-first
odd alert-first-apart
odd alert-in-two-records
odd ccs-first
odd empty-record-first
odd data-first
odd version-of-record-9
odd sslv2-shape'

all_tricks() {
	tricks_run to_nginx "$TRICKS"
	tricks_run to_gnutls "${TRICKS//real/odd}"
	# one connection at a time
	tricks_run to_openssl "$FIRSTS" 1
}

# A trick, and what of it there is in life: `real` where a server takes it (and
# the allowed twin must pass), `odd` where it need not.
TRICKS='
real plain
real records-of-one-byte
real records-and-segments-of-one-byte
real segments-of-one-byte
real cut-in-the-header
real cut-in-the-name
real record-cut-in-the-name
odd empty-records
odd empty-record-first
real hello-of-12000
odd hello-of-20000
odd ccs-first
odd ccs-between
odd alert-first
odd alerts-first
odd alert-first-apart
odd alert-in-two-records
odd alert-between
odd data-first
odd two-hellos
odd two-hellos-other-first
odd two-hellos-in-records
odd hello-request-first
odd sslv2-shape
real name-last
odd name-twice
odd other-name-then-name
odd name-then-other-name
odd names-in-one-list
odd names-in-one-list-turned
odd other-kind-of-name
real trailing-dot
odd two-trailing-dots
real upper-case
odd nul-behind-other-name
odd nul-behind-name
odd space-behind
odd tab-before
odd wide-dots
odd bytes-above-127
odd name-too-long
odd label-below-other-name
odd without-name
odd empty-name
odd bytes-behind-the-list
real version-of-record-3
odd version-of-record-0
odd version-of-record-9
odd versions-of-records-differ
real long-session
odd late-first-bytes
odd late-rest
'

if ! start_web || ! start_others; then
	not_ok servers "a server of the lab does not come up"
	finish
fi
all_tricks
agent_or_fail
tls_policy >"$LAB/tls.conf"
check apply "the policy was not applied" agent_apply "$LAB/tls.conf"
PHASE=judged
all_tricks
finish
