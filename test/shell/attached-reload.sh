#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# The table of an attached upper can be reloaded under load, and back; a table that start would refuse is
# refused by the load, and the old one stays; it is the resume that fails only where the table was loaded
# before the start.
# timeout: 480
# kernel: interposer
# shellcheck source=test/lib/lib.sh
. "$(dirname "$0")/../lib/lib.sh"
# shellcheck source=test/lib/io.sh
. "$(dirname "$0")/../lib/io.sh"

mk_ext4 "$PART1" a
size=$(sectors "$PART1")
mk_upper up "$PART1"
start_writers a
dmsetup remap start "$(dm up)" "$PART1"

half=$(( size / 2 ))
for (( i = 0; i < 12; i++ )); do
	if (( i % 2 )); then
		reload up "0 $size linear $PART1 0 noexcl"
	else
		reload up "0 $half linear $PART1 0 noexcl" "$half $(( size - half )) linear $PART1 $half noexcl"
	fi
	dmsetup resume "$(dm up)"
	more_ops 30
	attached up
done
# from its own output
dmsetup table "$(dm up)" > "$TESTDIR/table"
dmsetup reload "$(dm up)" "$TESTDIR/table"
dmsetup resume "$(dm up)"
equal "$(dmsetup table "$(dm up)")" "$(cat "$TESTDIR/table")"
# loaded and cleared
reload up "0 $size linear $PART1 0 noexcl"
dmsetup clear "$(dm up)"
more_ops 30

no_load() {
	local text=$1 before
	shift
	before=$(state)
	if printf '%s\n' "$@" | dmsetup reload "$(dm up)" > "$TESTDIR/out" 2>&1; then
		fail "loaded: $text"
	fi
	equal "$(state)" "$before" "state after a refused load: $text"
	attached up || fail "detached by a refused load: $text"
	more_ops 10
}

mk_upper other "$PART1"
mk_linear over "$(dmdev up)" noexcl
no_load "exclusive, and mounted" "0 $size linear $PART1 0"
no_load "an unknown target" "0 $size nonsense"
if native "a load that does not suit is refused (module-reload.sh has what comes instead)"; then
	no_load "one sector less" "0 $(( size - 1 )) linear $PART1 0 noexcl"
	no_load "one sector more" "0 $size linear $PART1 0 noexcl" "$size 1 zero"
	no_load "itself" "0 $size linear $(dmdev up) 0"
	no_load "itself, shared" "0 $size linear $(dmdev up) 0 noexcl"
	no_load "itself by another device" "0 $size linear $(dmdev over) 0"
	no_load "itself by another device, shared" "0 $size linear $(dmdev over) 0 noexcl"
fi
dmsetup remove "$(dm over)"

dmsetup remap stop "$(dm up)"
idle_upper up 30

if native "a resume that does not suit is refused"; then
	# loaded before the attach it was refused by nobody: then it is the resume that refuses it
	reload up "0 64 linear $PART1 0 noexcl"
	dmsetup remap start "$(dm up)" "$PART1"
	fails 'out of range' "$REAL_DMSETUP" resume "$(dm up)"
	"$REAL_DMSETUP" resume "$(dm up)"
	equal "$("$REAL_DMSETUP" table "$(dm up)")" "$(shared_line 0 "$size" "$PART1" 0)" "table after that"
	attached up
	more_ops 30
	dmsetup remap stop "$(dm up)"
fi
# not attached it may have any size
reload up "0 64 linear $PART1 0 noexcl"
dmsetup resume "$(dm up)"
refused 'fewer' dmsetup remap start "$(dm up)" "$PART1"
stop_writers
dmsetup remove "$(dm other)"
dmsetup remove "$(dm up)"
check_fs "$PART1" a
