#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# 25 cycles of start and stop on a mounted ext4 with six verifying writers, buffered and O_DIRECT, 4 to
# 64 KiB: no bad block and no I/O error, neither online nor after umount, fsck and remount; in every cycle
# I/O goes through the upper while it is attached and none does afterwards. CYCLES sets the number.
# timeout: 900
# kernel: interposer
# shellcheck source=test/lib/lib.sh
. "$(dirname "$0")/../lib/lib.sh"
# shellcheck source=test/lib/io.sh
. "$(dirname "$0")/../lib/io.sh"

: "${CYCLES:=25}"

mk_ext4 "$PART1" a
mk_upper up "$PART1"
start_writers a
for (( i = 1; i <= CYCLES; i++ )); do
	options=()
	(( i % 4 )) || options=(--nolockfs)
	dmsetup remap start "${options[@]}" "$(dm up)" "$PART1"
	more_ops 30
	(( $(counter up reads) + $(counter up writes) > 0 )) || fail "cycle $i: nothing went through the upper"
	dmsetup remap stop "$(dm up)"
	idle_upper up 10
done
stop_writers
equal "$(open_count up)" 0
dmsetup remove "$(dm up)"
check_fs "$PART1" a
