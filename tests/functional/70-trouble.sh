#!/bin/bash
# SPDX-License-Identifier: GPL-3.0-or-later
# What fwctl says when something of the way to a policy and back is broken: the
# truth, and what to do.
B=${1:-${B:-build/release}}
# shellcheck source=tests/functional/lib.sh
. "$(dirname "$0")/lib.sh"

need_agent
lab_up
: >"$LAB/status"
: >"$LAB/said"

# policy NAME [RULE]: one that is known by its gateway's name
policy() {
	cat >"$LAB/$1.conf" <<-END
		version = 1;
		gateway: { name = "$1"; };
		zones: {
		  lan: { interfaces = ["lan0"]; networks = ["10.10.0.0/16"]; };
		  wan: { interfaces = ["wan0"]; external = true; };
		};
		segment: ( ${2:-} { name = "rest"; from = "lan"; to = "self"; service = "tcp/7"; action = "allow"; } );
		application: { connect = "allow"; socks = "allow"; no-sni = "allow"; };
	END
}
policy closed
policy shell '{ name = "shell"; from = "lan"; to = "self"; service = "ssh"; action = "allow"; },'

# status [PATTERN]: what it prints, or whether that is among it
status() {
	fwctl status >"$LAB/status" 2>&1
	grep -q -- "$1" "$LAB/status"
}

in_force() {
	fwctl status --json | jq -r '.policy.gateway // "none"'
}

is_in_force() {
	[ "$(in_force)" = "$1" ]
}

# typing WORD...: fwctl of somebody who is there by ssh
typing() {
	gateway env SSH_CONNECTION="10.10.0.5 51000 10.10.0.1 22" \
		"$FWCTL" --socket "$LAB/agent/run/control.sock" "$@" >"$LAB/said" 2>&1
}

stored() {
	echo "$LAB/agent/state/generations/$(printf %06d "$1")/policy.conf"
}

agent_or_fail
check none "$(cat "$LAB/status")" status "^policy   none in force: everything passes"

# --- usage ------------------------------------------------------------------------

fwctl apply --wait "$LAB/closed.conf" >"$LAB/said" 2>&1
check wait-alone-is-wrong-use "exit status" is "$?" 2
check wait-alone-says-why "$(cat "$LAB/said")" grep -q -- "--wait waits for the confirmation that --confirm asks for" "$LAB/said"

# --- the way back and the lock-out guard --------------------------------------------

check closed "refused" fwctl apply "$LAB/closed.conf"
check pending "refused" typing apply --confirm 60 "$LAB/shell.conf"
check way-back-is-open "$(cat "$LAB/said")" typing rollback
check way-back-in-force "in force" is "$(in_force)" closed
check shell "$(cat "$LAB/said")" typing apply "$LAB/shell.conf"
typing rollback
check rollback-is-guarded "exit status" is "$?" 5
check rollback-guard-says-why "$(cat "$LAB/said")" grep -q "it would cut the ssh connection" "$LAB/said"

# --- a way back that is broken ----------------------------------------------------------

for generation in 1 2 3; do
	cp "$(stored $generation)" "$LAB/whole-$generation"
	echo "nonsense;" >"$(stored $generation)"
done
fwctl rollback 1 >"$LAB/said" 2>&1
check broken-exit "exit status" is "$?" 3
check broken-is-named "$(cat "$LAB/said")" grep -q "generation 1:1: error" "$LAB/said"
check overdue-apply "refused" fwctl apply --confirm 1s "$LAB/closed.conf"
check overdue-is-told "$(cat "$LAB/status")" wait_for 10 status \
	"^PENDING  back to generation 3: overdue, trying again: generation .:1: "
check overdue-in-history "$(fwctl history)" grep -q "pending, overdue" <(fwctl history)
cp "$LAB/whole-3" "$(stored 3)"
check overdue-goes-back "$(cat "$LAB/status")" wait_for 10 is_in_force shell

# --- the folder is lost -------------------------------------------------------------------

kept=$(readlink "$LAB/agent/state/current")
rm -rf "$LAB/agent/state/generations"
check lost-is-told "$(cat "$LAB/status")" status "^WARNING  it is not stored: it will be gone after a restart"
check lost-in-history "$(fwctl history)" grep -q "^\* .*  not stored " <(fwctl history)
# no folder can be made there; the way back is lost as well
: >"$LAB/agent/state/generations"
fwctl apply --confirm 60 "$LAB/closed.conf" >"$LAB/said" 2>&1
check lost-no-promise "$(cat "$LAB/said")" grep -q "so nothing could take it back in time" "$LAB/said"
check unstored "refused" fwctl apply --comment "kept nowhere" "$LAB/closed.conf"
check unstored-in-force "in force" is "$(in_force)" closed
check unstored-is-told "$(cat "$LAB/status")" status "^applied  without a number by root.*: kept nowhere"
check unstored-in-history "$(fwctl history)" grep -q "^\*    -  .*  not stored .* kept nowhere" <(fwctl history)
check unstored-json "json" is "$(fwctl history --json | jq -c '.generations[] | [.generation, .state]')" '[0,"not stored"]'
rm "$LAB/agent/state/generations"
fwctl apply --confirm 60 "$LAB/closed.conf" >"$LAB/said" 2>&1
check lost-way-back "$(cat "$LAB/said")" grep -q "so nothing could take it back in time" "$LAB/said"
check stored-again "refused" fwctl apply "$LAB/closed.conf"
check stored-again-is-told "$(cat "$LAB/status")" status "^applied  generation 1 by root"
check lost-way-back-is-back "refused" fwctl apply --confirm 60 "$LAB/shell.conf"

agent_stop
rm -rf "$LAB/agent/state"
agent_or_fail
check state-lost-table-stands "$(cat "$LAB/status")" status \
	"^policy   none that the daemon knows, but table inet fwagent .* stands"
check state-lost-apply "refused" fwctl apply "$LAB/shell.conf"
check state-lost-in-force "in force" is "$(in_force)" shell
check state-lost-stored "state" is "$(fwctl history --json | jq -r '.generations[0].state')" confirmed
echo "  (before: $kept)"
finish
