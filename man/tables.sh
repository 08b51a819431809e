#!/bin/bash
# SPDX-License-Identifier: GPL-3.0-or-later
# Make the manual pages: each man/NAME.in into OUT/NAME, with a table in place
# of each line "@LIST@" or "@LIST GROUP@".  The lists are the .def files that
# the programs themselves are made from.
#
# usage: tables.sh OUT [NAME.in...]
set -eu

cd "$(dirname "$0")/.."
out=${1:?usage: tables.sh OUT [NAME.in...]}
shift
[ $# -gt 0 ] || set -- man/*.in
mkdir -p "$out"

# The file of a list, and the columns of its rows that are the term, the
# default and the help (0: none), and the one that holds the group.
list() {
	case $1 in
	keywords) echo policy/keywords.def 2 5 6 1 ;;
	apps) echo policy/apps.def 2 0 5 0 ;;
	services) echo policy/services.def 1 0 2 0 ;;
	public-dns) echo policy/public_dns.def 2 0 3 0 ;;
	guards) echo policy/guards.def 2 0 3 0 ;;
	fields) echo policy/fields.def 2 0 6 0 ;;
	reasons) echo agent/verdict/reasons.def 2 3 4 0 ;;
	stats) echo agent/verdict/stats.def 2 0 3 0 ;;
	flow-words) echo agent/fwctl/flow_words.def 2 0 4 0 ;;
	commands) echo agent/fwctl/commands.def 1 2 3 0 ;;
	*)
		echo "tables.sh: no list '$1'" >&2
		return 1
		;;
	esac
}

# table LIST GROUP: as an mdoc list of terms.
table() {
	local file term usual help group

	read -r file term usual help group <<<"$(list "$1")"
	if [ ! -e "$file" ]; then
		echo "tables.sh: there is no $file" >&2
		return
	fi
	awk -v list="$1" -v want="$2" -v term="$term" -v usual="$usual" \
		-v help="$help" -v group="$group" '
	function clean(s) {
		gsub(/^[ \t]+|[ \t]+$/, "", s)
		gsub(/^"|"$/, "", s)
		gsub(/\\"/, "\"", s)
		gsub(/\\/, "\\e", s)
		return s
	}
	# Columns of a row: commas inside quotes do not part them.
	function columns(row,    i, c, n, quoted) {
		split("", column)
		n = 1
		for (i = 1; i <= length(row); i++) {
			c = substr(row, i, 1)
			if (c == "\"" && substr(row, i - 1, 1) != "\\")
				quoted = !quoted
			if (c == "," && !quoted)
				n++
			else
				column[n] = column[n] c
		}
	}
	# A word that could be taken for a macro is no macro.
	function word(s) {
		return s ~ /^[A-Z.'"'"'][a-z]?$/ ? "\\&" s : s
	}
	/^X\(/ {
		row = $0
		sub(/^X\(/, "", row)
		sub(/\)[ \t]*$/, "", row)
		columns(row)
		if (group && clean(column[group]) != want)
			next
		if (!begun++)
			print ".Bl -tag -width Ds"
		note = usual ? clean(column[usual]) : ""
		if (list == "commands") {
			print ".It Ic " clean(column[term]) \
				(note == "" ? "" : " " note)
			print clean(column[help])
			next
		}
		print ".It Ic " word(clean(column[term]))
		print clean(column[help])
		if (note == "")
			next
		print ".br"
		if (list == "reasons")
			print "ATT&CK: " note
		else if (note == "required")
			print "It must be given."
		else
			print "Default: " note
	}
	END {
		if (begun)
			print ".El"
	}' "$file"
}

for page; do
	name=$(basename "$page" .in)
	while IFS= read -r line; do
		case $line in
		@*@)
			line=${line//@/}
			table "${line%% *}" "${line#* }"
			;;
		*)
			printf '%s\n' "$line"
			;;
		esac
	done <"man/$name.in" >"$out/$name.new"
	mv "$out/$name.new" "$out/$name"
done
