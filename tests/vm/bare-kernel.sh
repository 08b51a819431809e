#!/bin/bash
# SPDX-License-Identifier: GPL-3.0-or-later
# What a person is told on a kernel without nf_tables, without any way to queue,
# and when the kernel refuses a rule: runs in the VM before the modules are
# loaded.  usage: bare-kernel.sh BUILD_FOLDER KERNEL_FOLDER
set -u

tree=$(cd "$(dirname "$0")/../.." && pwd)
cd "$tree" || exit 2
build=$1
kernel=$2
work=$(mktemp -d) || exit 2
daemon=

ok() {
	echo "ok $1"
}

not_ok() {
	echo "not ok $1: $2"
}

load() {
	local module

	for module; do
		modprobe -d "$kernel" "$module" || echo "no module $module"
	done
}

finish() {
	if [ -n "$daemon" ]; then
		kill "$daemon" 2>/dev/null
		wait "$daemon" 2>/dev/null
	fi
	rm -rf "$work"
}
trap finish EXIT

mkdir "$work/s" "$work/r" "$work/l"
"$build/fwagentd" --state-dir "$work/s" --run-dir "$work/r" --log-dir "$work/l" \
	>"$work/daemon" 2>&1 &
daemon=$!
for _ in $(seq 200); do
	[ -S "$work/r/control.sock" ] && break
	sleep 0.1
done

# refused NAME WORDS...: apply fails with 1 and says all of the words.
refused() {
	local name=$1 word rc
	shift

	timeout 60 "$build/fwctl" --socket "$work/r/control.sock" apply \
		packaging/policies/sample.conf >"$work/said" 2>&1
	rc=$?
	if [ $rc -ne 1 ]; then
		not_ok "$name" "exit status $rc: $(head -n 1 "$work/said")"
		return
	fi
	for word; do
		if ! grep -q -- "$word" "$work/said"; then
			not_ok "$name" "nothing of '$word' in: $(head -n 1 "$work/said")"
			return
		fi
	done
	ok "$name"
}

refused no-nf-tables CONFIG_NF_TABLES "nothing has changed"

load nf_conntrack nf_defrag_ipv6 nf_tables nft_ct nft_reject_inet nfnetlink_log nf_log_syslog nft_log
refused no-queue CONFIG_NFT_QUEUE CONFIG_NETFILTER_XT_TARGET_NFQUEUE "nothing has changed"

load nfnetlink_queue nft_queue
rmmod nft_log 2>/dev/null
refused refused-batch-names-the-rule "rule 'resolver'" "sample.conf:[0-9]*: note" "nothing has changed"
if "$build/fwctl" --socket "$work/r/control.sock" status --json | grep -q '"digest"'; then
	not_ok refused-batch-changes-nothing "a policy is in force"
else
	ok refused-batch-changes-nothing
fi
