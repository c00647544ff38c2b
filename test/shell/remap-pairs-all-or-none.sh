#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# Several pairs in one start are all attached or none: when the last one does not fit, the first ones are
# as they were, and their file systems are not frozen.
# timeout: 300
# kernel: interposer
# shellcheck source=test/lib/lib.sh
. "$(dirname "$0")/../lib/lib.sh"
# shellcheck source=test/lib/io.sh
. "$(dirname "$0")/../lib/io.sh"

mk_ext4 "$PART1" a
mk_ext4 "$PART2" b
start_writers a
mk_upper up1 "$PART1"
mk_upper up2 "$PART2"
mk_zero small 64
refused 'fewer' dmsetup remap start "$(dm up1)" "$PART1" "$(dm small)" "$PART2"
dmsetup suspend "$(dm up2)"
refused 'is suspended: resume it first' dmsetup remap start "$(dm up1)" "$PART1" "$(dm up2)" "$PART2"
dmsetup resume "$(dm up2)"
refused 'is given twice' dmsetup remap start "$(dm up1)" "$PART1" "$(dm up1)" "$PART2"
refused 'is given twice' dmsetup remap start "$(dm up1)" "$PART1" "$(dm up2)" "$PART1"
refused 'given twice' dmsetup remap start "$(dm up1)" "$PART1" "$(dm up1)" "$PART1"
# straight to the kernel, where the tool would have refused by itself
for words in "and $(devno "$(dmdev small)") $(devno "$PART2")" \
		"and $(devno "$(dmdev up1)") $(devno "$PART2")" \
		"and $(devno "$(dmdev up2)") $(devno "$PART1")" \
		"and $(devno "$(dmdev up2)")" "and" "and 1:1 1:1" \
		"and $(devno "$(dmdev up2)") $(devno "$PART2") and"; do
	before=$(state)
	# shellcheck disable=SC2086	# words
	not "$REAL_DMSETUP" message "$(dm up1)" 0 @interpose_start remap "$(devno "$PART1")" $words
	equal "$(state)" "$before" "after: $words"
done
more_ops 100
echo alive > "$TESTDIR/b/file"
sync -f "$TESTDIR/b/file"

dmsetup remap start "$(dm up1)" "$PART1" "$(dm up2)" "$PART2"
refused 'already attached' dmsetup remap start "$(dm up1)" "$PART1" "$(dm up2)" "$PART2"
more_ops 100
dmsetup remap stop "$(dm up2)" "$(dm up1)"
stop_writers
check_fs "$PART1" a
unmount b
fsck_ok "$PART2"
