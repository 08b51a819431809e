#!/bin/bash
# SPDX-License-Identifier: GPL-3.0-or-later
# Decided flows leave the queue: a download of 1 GiB costs it a few packets.
B=${1:-${B:-build/release}}
# shellcheck source=tests/functional/lib.sh
. "$(dirname "$0")/lib.sh"

need_agent
lab_up
basic_servers
agent_or_fail
check apply "the sample policy was not applied" agent_apply "$LAB_ROOT/packaging/policies/sample.conf"

for url in "-4 http" "-6 https"; do
	read -r family scheme <<<"$url"
	before=$(queue_packets)
	check "$scheme-download" "not 1 GiB arrived" is "$(client curl -sS -m $((60 * LAB_SLOW)) "$family" \
		--cacert "$LAB/tls/ca.pem" -o /dev/null -w '%{size_download}' \
		"$scheme://www.example.org/big.bin")" 1073741824
	used=$(($(queue_packets) - before))
	echo "  $scheme: $used packets through the queue"
	check "$scheme-download-leaves-the-queue" "$used packets went through it" \
		test "$used" -gt 0 -a "$used" -lt 50
done
finish
