#!/bin/bash
# SPDX-License-Identifier: GPL-3.0-or-later
# The boot unit's program loads the last confirmed ruleset without a daemon;
# panic lets nothing pass but who manages the gateway, with a daemon and without.
B=${1:-${B:-build/release}}
# shellcheck source=tests/functional/lib.sh
. "$(dirname "$0")/lib.sh"

need_agent
lab_up
start_echo >/dev/null 2>&1 || { not_ok servers "no server"; finish; }

policy() {
	cat >"$LAB/$1.conf" <<-END
		version = 1;
		gateway: { name = "$1"; };
		zones: {
		  lan: { interfaces = ["lan0"]; networks = ["10.10.0.0/16", "fd00:10::/64"]; };
		  wan: { interfaces = ["wan0"]; external = true; };
		};
		segment: ( { name = "shells"; from = "lan"; to = "self"; service = ["tcp/22", "tcp/2222"]; action = "allow"; } );
		egress: ( { name = "echo"; from = "lan"; to = "wan"; service = "$2"; action = "allow"; } );
		management: ( { name = "us"; from = ["10.10.0.5", "fd00:10::5"]; service = "tcp/2222"; } );
		application: { connect = "allow"; socks = "allow"; no-sni = "allow"; };
	END
}
policy one tcp/9000
policy two tcp/40001

for port in 22 2222; do
	start_server "shell$port" "$NS_GATEWAY" "tcp/$port@fd00:10::1" \
		perl "$LAB_ROOT/tests/functional/echo.pl" tcp "$port" 10.10.0.1 fd00:10::1 ||
		{ not_ok shells "no server on port $port"; finish; }
done

boot() {
	gateway "$FWAGENTD" --boot --state-dir "$LAB/agent/state" >"$LAB/boot" 2>&1
}

# --- boot ------------------------------------------------------------------------

mkdir -p "$LAB/agent/state"
check boot-without-policy "$(cat "$LAB/boot" 2>/dev/null)" boot
check boot-without-policy-says-so "$(cat "$LAB/boot")" grep -q "nothing is loaded" "$LAB/boot"
check boot-without-policy-loads-nothing "a table" test -z "$(gateway nft list tables)"

agent_or_fail
check apply "refused" fwctl apply "$LAB/one.conf"
check pending "refused" fwctl apply --confirm 1h "$LAB/two.conf"
agent_stop
gateway nft flush ruleset
check boot "$(cat "$LAB/boot")" boot
check boot-loads-the-confirmed "$(cat "$LAB/boot")" grep -q "generation 1, is loaded" "$LAB/boot"
check boot-passes "the confirmed policy does not pass" echoes "$ECHO4" 9000
check boot-refuses "what was pending passes" silent "$ECHO4" 40001
sed -i 's/"boot_id": "[^"]*"/"boot_id": "another"/' "$LAB/agent/state/pending.json"
agent_or_fail
check boot-daemon-goes-on "$(tail -n 3 "$LAB/log/fwagentd")" grep -q "nothing is sent" "$LAB/log/fwagentd"
check boot-daemon-has-the-confirmed "status" is "$(fwctl status --json | jq -r .policy.gateway)" one
check boot-passes-with-daemon "it does not pass" echoes "$ECHO4" 9000

told_of_panic() {
	fwctl status | grep -q '^PANIC '
}

# --- panic -------------------------------------------------------------------------

client perl "$LAB_ROOT/tests/functional/transfer.pl" talk 4 raw 9000 "$ECHO4" - "$LAB/stop" >"$LAB/talk" 2>&1 &
wait_for 10 test -e "$LAB/stop.ready"
# one that types on port 22, which is not declared
check panic-on "refused" gateway env SSH_CONNECTION="10.10.0.5 51000 10.10.0.1 22" \
	"$FWCTL" --socket "$LAB/agent/run/control.sock" panic on
check panic-cuts-off "a flow of the policy passes" silent "$ECHO4" 9000
check panic-management "management does not pass" echoes 10.10.0.1 2222
check panic-management6 "management does not pass" echoes fd00:10::1 2222
check panic-session "the ssh connection does not pass" echoes 10.10.0.1 22
check panic-session-alone "another address passes" silent fd00:10::1 22
check panic-loopback "loopback does not pass" \
	gateway sh -c "ping -c 1 -W 5 127.0.0.1 >/dev/null"
check panic-status "$(fwctl status)" grep -q '^PANIC ' <(fwctl status)
agent_stop
check panic-without-daemon-stands "a flow passes" silent "$ECHO4" 9000
agent_or_fail
check panic-survives-the-daemon "a flow passes" silent "$ECHO4" 9000
agent_stop
gateway nft flush ruleset
check panic-boot "$(cat "$LAB/boot")" boot
check panic-survives-boot "a flow passes" silent "$ECHO4" 9000
check panic-boot-management "management does not pass" echoes 10.10.0.1 2222
direct() { # within 20 s
	gateway timeout 20 "$FWCTL" --socket "$LAB/agent/run/control.sock" panic "$1" --state-dir "$LAB/agent/state" >"$LAB/said" 2>&1
}
check panic-off-without-daemon "$(cat "$LAB/said" 2>/dev/null)" direct off
check panic-off-passes "it does not pass" echoes "$ECHO4" 9000
check panic-on-without-daemon "$(cat "$LAB/said")" direct on
check panic-on-cuts-off "a flow passes" silent "$ECHO4" 9000
check panic-on-management "management does not pass" echoes 10.10.0.1 2222
agent_or_fail
panicked=$(fwctl status --json | jq -r '.panic.author')
# another who turns it on does not shut out the first
check panic-on-by-another "refused" gateway env SSH_CONNECTION="10.10.0.77 51000 10.10.0.1 22" \
	"$FWCTL" --socket "$LAB/agent/run/control.sock" panic on
check panic-on-by-a-third "refused" gateway env SSH_CONNECTION="10.10.0.5 51000 10.10.0.1 22" \
	"$FWCTL" --socket "$LAB/agent/run/control.sock" panic on
check panic-on-by-all "$(cat "$LAB/agent/state/panic.json")" is \
	"$(jq -c '[.flows[] | select(.lo == 22) | .from] | sort' "$LAB/agent/state/panic.json")" '["10.10.0.5","10.10.0.77"]'
check panic-daemon-knows "status" is "$panicked" "fwctl, without a daemon"
check panic-off "refused" fwctl panic off
check panic-off-again "not 0" fwctl panic off
check panic-off-policy "it does not pass" echoes "$ECHO4" 9000
check panic-off-refuses "what no rule allows passes" silent "$ECHO4" 40001
# a daemon that hangs holds up nothing, and knows of it when it goes on
kill -STOP "$AGENT_PID"
check panic-on-beside-a-hung-daemon "$(cat "$LAB/said")" direct on
check panic-on-hung-is-told "$(cat "$LAB/said")" grep -q "the daemon does not answer" "$LAB/said"
check panic-on-hung-cuts-off "a flow passes" silent "$ECHO4" 9000
kill -CONT "$AGENT_PID"
check panic-on-hung-status "$(fwctl status)" wait_for 3 told_of_panic
check panic-off-after-hanging "refused" fwctl panic off
check panic-off-hung-passes "it does not pass" echoes "$ECHO4" 9000
# neither a store nor a daemon, and nobody is let in: done all the same, and told
agent_stop
gateway nft flush ruleset
mv "$LAB/agent/state" "$LAB/agent/kept"
check panic-nowhere "$(cat "$LAB/said")" direct on
check panic-nowhere-is-told "$(cat "$LAB/said")" grep -q "^warning: .*does not outlive a restart" "$LAB/said"
check panic-nobody-is-told "$(cat "$LAB/said")" grep -q "^warning: no flow is declared as management" "$LAB/said"
check panic-nowhere-stands "a flow passes" silent "$ECHO4" 9000
check panic-nowhere-off "$(cat "$LAB/said")" direct off
mv "$LAB/agent/kept" "$LAB/agent/state"
agent_or_fail
: >"$LAB/stop"
wait_for 130 test -s "$LAB/talk"
check panic-flows-go-on-after "$(cat "$LAB/talk")" grep -q "^4 whole, 0 broken" "$LAB/talk"
finish
