#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# 25 cycles of start and stop on a mounted ext4 with six verifying writers, of filters that have nothing to do:
# no bad block and no I/O error, neither online nor after umount, fsck and remount; in every cycle the filter sees
# I/O while it is attached. CYCLES sets the number.
# timeout: 900
# kernel: patched
# native: filters
# shellcheck source=test/lib/lib.sh
. "$(dirname "$0")/../lib/lib.sh"
# shellcheck source=test/lib/io.sh
. "$(dirname "$0")/../lib/io.sh"

: "${CYCLES:=25}"

mk_ext4 "$PART1" a
size=$(sectors "$PART1")
tables=(
	"linear $PART1 0"
	"dust $PART1 0 4096"
	"delay $PART1 0 0"
	"delay $PART1 0 5"
	"flakey $PART1 0 10000 0"
	"snapshot-origin $PART1"
)
mk_dm up "0 $size ${tables[0]} noexcl"
start_writers a
for (( i = 1; i <= CYCLES; i++ )); do
	options=()
	(( i % 4 )) || options=(--nolockfs)
	dmsetup filter start "${options[@]}" "$(dm up)" "$PART1"
	more_ops 20
	(( $(counter up reads) + $(counter up writes) > 0 )) || fail "cycle $i: the filter has seen nothing"
	dmsetup filter stop "$(dm up)"
	not attached up
	# the next one, now and then with a table loaded while it is attached
	if (( i % 5 == 0 )); then
		dmsetup filter start "$(dm up)" "$PART1"
	fi
	reload up "0 $size ${tables[i % ${#tables[@]}]} noexcl"
	dmsetup resume "$(dm up)"
	if (( i % 5 == 0 )); then
		more_ops 20
		dmsetup filter stop "$(dm up)"
	fi
done
idle_upper up 100
stop_writers
equal "$(open_count up)" 0
dmsetup remove "$(dm up)"
check_fs "$PART1" a
