#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# An attached upper can be suspended and resumed under load, with and without lockfs: I/O to the original
# waits and goes on. With lockfs it is the original's file system that is frozen, and thawed again. A freeze
# while it is suspended ends once it is resumed.
# timeout: 480
# kernel: interposer
# shellcheck source=test/lib/lib.sh
. "$(dirname "$0")/../lib/lib.sh"
# shellcheck source=test/lib/io.sh
. "$(dirname "$0")/../lib/io.sh"

mk_ext4 "$PART1" a
mk_upper up "$PART1"
start_writers a
dmsetup remap start "$(dm up)" "$PART1"

stalled() {
	local before
	before=$(cat "$TESTDIR/ops")
	sleep 0.3
	[[ $(cat "$TESTDIR/ops") == "$before" ]]
}

for (( i = 0; i < 10; i++ )); do
	options=()
	(( i % 2 )) || options=(--nolockfs)
	more_ops 30
	dmsetup suspend "${options[@]}" "$(dm up)"
	(( i >= 4 )) || wait_for 20 stalled
	(( i >= 4 )) || holds 1 stalled
	attached up
	dmsetup resume "$(dm up)"
	more_ops 30
done

if native "a suspend freezes the file system of the original"; then
	# a second freeze of a frozen file system is EBUSY; if it were not frozen this would wait for the upper
	dmsetup suspend "$(dm up)"
	# shellcheck disable=SC2016	# for the inner shell
	bg bash -c 'fsfreeze -f "$1" 2> "$2"' _ "$TESTDIR/a" "$TESTDIR/err"
	freezing=$BG
	ended() {
		! kill -0 "$freezing" 2> /dev/null
	}
	wait_for 20 ended
	not wait "$freezing"
	grep -i busy "$TESTDIR/err"
	dmsetup resume "$(dm up)"
	more_ops 30
fi
fsfreeze -f "$TESTDIR/a"
fsfreeze -u "$TESTDIR/a"
more_ops 30

dmsetup suspend --nolockfs "$(dm up)"
wait_for 20 stalled
bg fsfreeze -f "$TESTDIR/a"
freezing=$BG
holds 1 kill -0 "$freezing"
dmsetup resume "$(dm up)"
wait "$freezing"
wait_for 20 stalled
fsfreeze -u "$TESTDIR/a"
more_ops 30

dmsetup remap stop "$(dm up)"
idle_upper up 30
# not attached any more, a suspend of it concerns nobody
dmsetup suspend "$(dm up)"
more_ops 30
dmsetup resume "$(dm up)"
stop_writers
dmsetup remove "$(dm up)"
check_fs "$PART1" a
