#!/bin/bash
# SPDX-License-Identifier: GPL-3.0-or-later
# The guard against locking oneself out: the ssh connection one types on, also
# through what clears the environment, and declared management flows.
B=${1:-${B:-build/release}}
# shellcheck source=tests/functional/lib.sh
. "$(dirname "$0")/lib.sh"

need_agent
lab_up
agent_or_fail

# policy FILE RULES-OF-SEGMENT [MORE]
policy() {
	cat >"$1" <<-END
		version = 1;
		gateway: { name = "guarded"; mode = "${MODE:-enforce}"; };
		zones: {
		  lan: { interfaces = ["lan0"]; networks = ["10.10.0.0/16", "fd00:10::/64"]; };
		  servers: { interfaces = ["srv0"]; networks = ["10.20.0.0/16"]; };
		  wan: { interfaces = ["wan0"]; external = true; };
		};
		segment: ( $2
		);
		${3:-}
	END
}
SSH='{ name = "admins"; from = "10.10.0.0/24"; to = "self"; service = "ssh"; app = "ssh"; action = "allow"; }'
policy "$LAB/in.conf" "$SSH"
policy "$LAB/out.conf" '{ name = "no shells"; to = "self"; service = "tcp/20-30"; action = "reject"; }'
policy "$LAB/web.conf" '{ name = "only web"; to = "self"; app = "http"; action = "allow"; }'

# over ADDRESS COMMAND...: as on an ssh connection from there, whose variable
# something like sudo has taken away
over() {
	local from=$1 to=10.10.0.1

	shift
	case $from in
	fe80:*%*) to=fe80::1%${from#*%} ;;
	*:*) to=fd00:10::1 ;;
	esac
	gateway env SSH_CONNECTION="$from 51000 $to 22" SUDO_USER=anna \
		bash -c 'env -i "$@"; exit $?' sh "$@"
}

try() {
	over "$1" "$FWCTL" --socket "$LAB/agent/run/control.sock" "${@:2}" >"$LAB/said" 2>&1
	echo $?
}

check allowed "$(cat "$LAB/said" 2>/dev/null)" is "$(try 10.10.0.5 apply "$LAB/in.conf")" 0
check history-tells-who "$(fwctl history)" grep -q 'root (sudo anna, ssh 10.10.0.5)' <(fwctl history)
check outside-of-the-rule "not 5" is "$(try 10.10.9.5 apply "$LAB/in.conf")" 5
check says-the-default "$(cat "$LAB/said")" grep -q 'would cut the ssh connection you type on, 10.10.9.5 port 22: no rule of segment allows it' "$LAB/said"
check refused-by-a-rule "not 5" is "$(try 10.10.0.5 apply "$LAB/out.conf")" 5
check says-the-rule "$(cat "$LAB/said")" grep -q "rule 'no shells' of segment refuses it" "$LAB/said"
check says-where "$(cat "$LAB/said")" grep -q "out.conf:8: note: rule 'no shells' stands here" "$LAB/said"
check says-nothing-changed "$(cat "$LAB/said")" grep -q "nothing has changed" "$LAB/said"
check refused-by-the-engine "not 5" is "$(try 10.10.0.5 apply "$LAB/web.conf")" 5
check ipv6-too "not 5" is "$(try fd00:10::5 apply "$LAB/in.conf")" 5
check from-the-console "refused" fwctl apply "$LAB/out.conf"
check rollback-is-guarded "not 0" is "$(try 10.10.0.5 rollback 1)" 0
check rollback-is-guarded-too "not 5" is "$(try 10.10.0.5 rollback 2)" 5
check still-in-force "digest" is "$(fwctl status --json | jq .generation.generation)" 1
check force "not 0" is "$(try 10.10.0.5 apply --force "$LAB/out.conf")" 0
MODE=observe policy "$LAB/observe.conf" '{ name = "no shells"; to = "self"; action = "reject"; }'
check observe-locks-nobody-out "not 0" is "$(try 10.10.0.5 apply "$LAB/observe.conf")" 0

# declared flows: asked for at every place where a rule begins or ends
MANAGEMENT='management: ( { name = "us"; from = ["10.10.0.0/24", "10.10.9.0/24"]; },
	{ name = "monitor"; from = "10.20.0.7"; to = "lan"; service = "tcp/9100-9200"; } );'
BOTH='{ name = "admins"; from = ["10.10.0.0/24", "10.10.9.0/24"]; to = "self"; service = "ssh"; action = "allow"; },
	{ name = "monitor them"; from = "servers"; to = "lan"; service = "tcp/9000-9999"; action = "allow"; }'
GUARDS='application: { connect = "allow"; socks = "allow"; no-sni = "allow"; };'
policy "$LAB/both.conf" "$BOTH" "$MANAGEMENT $GUARDS"
check declared "refused" fwctl apply "$LAB/both.conf"
check declared-check-is-quiet "warns" test -z "$(fwctl check "$LAB/both.conf" 2>&1 | grep management)"
policy "$LAB/hole.conf" "{ name = \"not this one\"; from = \"10.10.9.77\"; action = \"deny\"; }, $BOTH" "$MANAGEMENT $GUARDS"
fwctl apply "$LAB/hole.conf" >"$LAB/said" 2>&1
check declared-hole "exit status" is "$?" 5
check declared-hole-is-named "$(cat "$LAB/said")" grep -q "management flow 'us', 10.10.9.77 port 22: rule 'not this one' of segment refuses it" "$LAB/said"
check declared-check-warns "$(fwctl check "$LAB/hole.conf" 2>&1)" grep -q "warning: the policy cuts 'us'" <(fwctl check "$LAB/hole.conf" 2>&1)
policy "$LAB/port.conf" "{ name = \"one port\"; to = \"lan\"; service = \"tcp/9150\"; action = \"reject\"; }, $BOTH" "$MANAGEMENT $GUARDS"
fwctl apply "$LAB/port.conf" >"$LAB/said" 2>&1
check declared-port "$(cat "$LAB/said")" grep -q "'monitor', 10.20.0.7 to .* port 9150: rule 'one port'" "$LAB/said"
# Such an address is only of its interface.
LOCAL='{ name = "next door"; from = "lan"; to = "self"; service = "ssh"; action = "allow"; }'
policy "$LAB/local.conf" "$LOCAL"
check link-local-refused "not 5" is "$(try fe80::5%lan0 apply "$LAB/out.conf")" 5
check link-local-of-another-zone "not 5" is "$(try fe80::5%srv0 apply "$LAB/local.conf")" 5
check link-local-allowed "not 0" is "$(try fe80::5%lan0 apply "$LAB/local.conf")" 0
finish
