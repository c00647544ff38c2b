#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# A second start of an attached upper is EBUSY with its sentence, on the same original and on another; the
# first attachment goes on.
# timeout: 180
# kernel: interposer
# shellcheck source=test/lib/lib.sh
. "$(dirname "$0")/../lib/lib.sh"
# shellcheck source=test/lib/io.sh
. "$(dirname "$0")/../lib/io.sh"

mk_upper up "$PART1"
dmsetup remap start "$(dm up)" "$PART1"
rawio write "$PART1" 0 128 1
refused "$(dm up): is already attached to $(basename "$PART1") \($(devno "$PART1")\)" \
	dmsetup remap start "$(dm up)" "$PART1"
refused "$(dm up): is already attached to $(basename "$PART1")" dmsetup remap start "$(dm up)" "$PART2"
fails '[Bb]usy' "$REAL_DMSETUP" message "$(dm up)" 0 @interpose_start remap "$(devno "$PART1")"
fails '[Bb]usy' "$REAL_DMSETUP" message "$(dm up)" 0 @interpose_start remap "$(devno "$PART2")"
equal "$(counter up writes)" 1
reads=$(counter up reads)
rawio check "$PART1" 0 128 1
equal "$(counter up reads)" $(( reads + 1 )) "reads of the first attachment"
dmsetup remap stop "$(dm up)"
refused "$(dm up): is not attached" dmsetup remap stop "$(dm up)"
dmsetup remap start "$(dm up)" "$PART1"
dmsetup remap stop "$(dm up)"
