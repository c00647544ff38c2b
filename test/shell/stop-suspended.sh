#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# Stop of a suspended upper is EBUSY and says to resume it first; nothing changes, and after the resume stop
# works. A start of a suspended upper likewise, and of another one over a suspended one.
# timeout: 240
# kernel: interposer
# shellcheck source=test/lib/lib.sh
. "$(dirname "$0")/../lib/lib.sh"
# shellcheck source=test/lib/io.sh
. "$(dirname "$0")/../lib/io.sh"

mk_ext4 "$PART1" a
mk_upper up "$PART1"
dmsetup suspend "$(dm up)"
refused "$(dm up): is suspended: resume it first" dmsetup remap start "$(dm up)" "$PART1"
fails '[Bb]usy' "$REAL_DMSETUP" message "$(dm up)" 0 @interpose_start remap "$(devno "$PART1")"
dmsetup resume "$(dm up)"

mk_upper other "$PART1"
start_writers a
dmsetup remap start "$(dm up)" "$PART1"
for options in "" --nolockfs; do
	more_ops 30
	# shellcheck disable=SC2086	# none or one
	dmsetup suspend $options "$(dm up)"
	refused "$(dm up): is suspended: resume it first" dmsetup remap stop "$(dm up)"
	fails '[Bb]usy' "$REAL_DMSETUP" message "$(dm up)" 0 @interpose_stop
	# without writing out the file system first, which waits for the resume
	refused "$PART1: $(dm up) is already attached to it" dmsetup remap start "$(dm other)" "$PART1"
	dmsetup resume "$(dm up)"
done
more_ops 30
quiet dmsetup remap stop "$(dm up)"
idle_upper up 30
stop_writers
dmsetup remove "$(dm up)"
check_fs "$PART1" a
