#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# A mounted partition moves to another disk under load: clone copies it in the background and takes all writes to
# the copy; when that is whole, the upper becomes linear over it. From the switch to clone on the original is left
# alone, and because it is not what the file system is, stop is refused while that is mounted.
# timeout: 240
# kernel: interposer clone
# shellcheck source=test/lib/lib.sh
. "$(dirname "$0")/../lib/lib.sh"
# shellcheck source=test/lib/io.sh
. "$(dirname "$0")/../lib/io.sh"

small_part 48M
size=$(sectors "$SMALL")
mk_ext4 "$SMALL" a -b 4096
slice dest 48
slice meta 4
dest=$(dmdev dest)
start_writers a -n 4 -b 128

mk_upper up "$SMALL"
dmsetup remap start "$(dm up)" "$SMALL"
more_ops 100
fsfreeze -f "$TESTDIR/a"
sum=$(md5_of "$SMALL")
become up "0 $size clone $(dmdev meta) $dest $SMALL 32 0 4 hydration_threshold 256 hydration_batch_size 16 noexcl:$SMALL"
fsfreeze -u "$TESTDIR/a"
more_ops 100
echo "under way: $(target_says up)"
refused 'data that .+ has not' dmsetup remap stop "$(dm up)"

hydrated() {
	[[ $(word up 4) =~ ^([0-9]+)/([0-9]+)$ && ${BASH_REMATCH[1]} == "${BASH_REMATCH[2]}" ]]
}
wait_for 120 hydrated
equal "$(word up 5)" 0 "regions that are being copied"
more_ops 100
refused 'data that .+ has not' dmsetup remap stop "$(dm up)"

# the copy is all that there is now
become up "0 $size linear $dest 0"
dmsetup remove "$(dm meta)"
more_ops 100
refused 'data that .+ has not' dmsetup remap stop "$(dm up)"
stop_writers
unmount a
dmsetup remap stop "$(dm up)"
dmsetup remove "$(dm up)"
blockdev --flushbufs "$SMALL"
equal "$(md5_of "$SMALL")" "$sum" "the original after the switch to clone"
mnt "$dest" a
check_fs "$dest" a
