#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# The example programs, built with the installed library, under a mounted file system: the
# upper is attached while their standard input is open, they tell what went there, and detach it.
# timeout: 120
# kernel: interposer
# shellcheck source=test/lib/lib.sh
. "$(dirname "$0")/../lib/lib.sh"

mk_ext4 "$PART1" a
mk_upper up "$PART1"
upper=$(dm up)

for program in attach-c attach-cxx; do
	mkfifo input
	"$program" "$upper" "$PART1" < input > output &
	pid=$!
	exec {fd}> input
	wait_for 30 attached up
	equal "$(counter up mode)" remap
	dd if=/dev/zero of=a/file bs=4k count=100 oflag=direct status=none
	dd if=a/file of=/dev/null bs=4k iflag=direct status=none
	reads=$(counter up reads) writes=$(counter up writes)
	(( reads >= 100 && writes >= 100 )) || fail "$program: $reads reads and $writes writes through the upper"

	# a second one is told why not, and the first is not disturbed
	fail_with 'remap start: .*already attached' "$program" "$upper" "$PART1"
	attached up || fail "$program: a start that was refused has detached the upper"

	exec {fd}>&-
	wait "$pid" || fail "$program has failed"
	not attached up
	cat output
	[[ $(< output) =~ ^"$upper: ${PART1#/dev/} reads "([0-9]+)" writes "([0-9]+)$ ]] ||
		fail "$program does not tell it: $(< output)"
	(( BASH_REMATCH[1] >= reads && BASH_REMATCH[2] >= writes )) ||
		fail "$program tells less than $reads reads and $writes writes"
	rm input output

	fail_with 'remap start: .*no such dm device' "$program" "$upper-none" "$PART1"
	fail_with 'remap start: .*no such file or device' "$program" "$upper" "$PART1-none"
	fail_with '^usage: attach UPPER ORIGINAL$' "$program" "$upper"
done

unmount a
fsck_clean "$PART1"
