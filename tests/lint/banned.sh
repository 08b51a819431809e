#!/bin/bash
# SPDX-License-Identifier: GPL-3.0-or-later
# Words and sizes that are not for this code.  A line may be excused with
# `banned-ok: reason` in a comment on it.
set -u

cd "$(dirname "$0")/../.." || exit 2
bad=0

# sources FOLDER...: the C files there, comments and strings blanked, as
# `file:line:text`.
sources() {
	find "$@" -name '*.[ch]' 2>/dev/null | sort | while read -r file; do
		awk -v file="$file" '
		/banned-ok: / { next }
		{
			line = $0
			gsub(/\\\\/, "", line)
			gsub(/\\"/, "", line)
			gsub(/"[^"]*"/, "\"\"", line)
			if (inside) {
				if (line !~ /\*\//)
					next
				sub(/.*\*\//, "", line)
				inside = 0
			}
			gsub(/\/\*[^*]*\*\//, "", line)
			sub(/\/\/.*/, "", line)
			if (line ~ /\/\*/) {
				sub(/\/\*.*/, "", line)
				inside = 1
			}
			if (line ~ /[^ \t]/)
				print file ":" FNR ":" line
		}' "$file"
	done
}

# refuse WHY REGEX: complain of the lines on standard input that match.
refuse() {
	local line

	while IFS= read -r line; do
		echo "${line%%:*}:$(cut -d: -f2 <<<"$line"): $1: $(cut -d: -f3- <<<"$line")"
		bad=1
	done < <(grep -E -- "^[^:]*:[0-9]*:.*$2")
}

call='(^|[^A-Za-z0-9_])'
all=$(sources policy agent tests/unit tests/fuzz)
code=$(grep -E '^(policy|agent)/' <<<"$all")
quiet=$(grep -vE '^(agent/fwctl/|agent/daemon/main\.c:|[^:]*log[a-z_]*\.[ch]:)' <<<"$code")
pure=$(grep -E '^(policy|agent/(packet|flow|stream|proto|verdict))/|^agent/[a-z_0-9]*\.' <<<"$code")

refuse "banned function" "$call(strcpy|strcat|sprintf|vsprintf|strtok|atoi|atol|atof|gets|alloca|scanf|sscanf|fscanf|system|popen) *\\(" <<<"$all"
refuse "prints to standard output" "$call(printf|vprintf|puts|putchar) *\\(|fprintf *\\( *stdout" <<<"$quiet"
refuse "asks for time, chance or the environment in pure code" \
	"$call(clock_gettime|gettimeofday|time|getenv|secure_getenv|rand|random|getrandom|socket|sendto|recv) *\\(" <<<"$pure"
refuse "structure laid over bytes" "memcpy *\\( *&?[a-z_]*->?(ip|ip6|tcp|udp)hdr" <<<"$code"
refuse "switched off code" '# *if +0' <<<"$all"

while read -r file; do
	lines=$(wc -l <"$file")
	if [ "$lines" -gt 800 ]; then
		echo "$file: $lines lines, 800 are the most"
		bad=1
	fi
done < <(find policy agent -name '*.[ch]' 2>/dev/null)
exit $bad
