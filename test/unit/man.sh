#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# The pages are clean for mandoc and groff; skipped, and said so, without these programs.
set -euE -o pipefail

: "${srcdir:=$(dirname "$0")/../..}"
status=0
tried=0

# Prints what CMD... says about $page; anything at all is a fault.
clean() {
	local said

	if ! command -v "$1" > /dev/null; then
		echo "skipped: $1 is not installed: $page was not tried with it"
		return
	fi
	tried=$(( tried + 1 ))
	said=$("$@" "$page" 2>&1 > /dev/null) || status=1
	if [[ $1 == mandoc ]]; then
		# lint goes to standard output
		said=$("$@" "$page" 2>&1) || status=1
	fi
	if [[ -n $said ]]; then
		echo "$said"
		status=1
	fi
}

for page in "$srcdir"/man/*.[1-8]; do
	clean mandoc -T lint
	clean groff -ww -mandoc -Tutf8
done
(( tried > 0 )) || exit 77
exit "$status"
