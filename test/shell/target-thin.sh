#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# thin with a mounted partition as its external origin: writes go to the pool, and the original is left alone.
# Either they are dropped, by unmounting before stop, or they come home under load: the upper becomes a clone of
# the thin device to the original, and at last linear.
# timeout: 240
# kernel: interposer
# shellcheck source=test/lib/lib.sh
. "$(dirname "$0")/../lib/lib.sh"
# shellcheck source=test/lib/io.sh
. "$(dirname "$0")/../lib/io.sh"

small_part 48M
size=$(sectors "$SMALL")
mk_ext4 "$SMALL" a -b 4096
slice meta 4
slice data 64
slice clone 4
pool=$(dmdev pool)
mk_dm pool "0 $(sectors "$(dmdev data)") thin-pool $(dmdev meta) $(dmdev data) 128 0 1 skip_block_zeroing"
start_writers a -n 4 -b 128

# ID: the whole table
thin() {
	echo "0 $size thin $pool $1 $SMALL noexcl:$SMALL"
}

used_blocks() {
	local used
	used=$(word pool 3)
	echo "${used%/*}"
}

# --- dropped
dmsetup message "$(dm pool)" 0 create_thin 0
mk_dm up "$(thin 0)"
fsfreeze -f "$TESTDIR/a"
sum=$(md5_of "$SMALL")
dmsetup remap start "$(dm up)" "$SMALL"
fsfreeze -u "$TESTDIR/a"
more_ops 200
(( $(used_blocks) > 0 )) || fail "nothing was written to the pool: $(target_says pool)"
refused 'data that .+ has not' dmsetup remap stop "$(dm up)"
stop_writers
check_files a
unmount a
take_down
blockdev --flushbufs "$SMALL"
equal "$(md5_of "$SMALL")" "$sum" "the original after thin"
dmsetup message "$(dm pool)" 0 delete 0
equal "$(used_blocks)" 0 "blocks of the pool"
fsck_ok "$SMALL"

if ! have_target clone; then
	dmsetup remove "$(dm pool)"
	dmsetup remove "$(dm data)"
	exit
fi

# --- home again
mnt "$SMALL" a
start_writers a -n 4 -b 128
dmsetup message "$(dm pool)" 0 create_thin 1
mk_dm up "$(thin 1)"
dmsetup remap start "$(dm up)" "$SMALL"
more_ops 200
mk_dm from "$(thin 1)"
become up "0 $size clone $(dmdev clone) $SMALL $(dmdev from) 32 1 no_discard_passdown 4 hydration_threshold 256 hydration_batch_size 16 noexcl:$SMALL"
hydrated() {
	[[ $(word up 4) =~ ^([0-9]+)/([0-9]+)$ && ${BASH_REMATCH[1]} == "${BASH_REMATCH[2]}" ]]
}
wait_for 100 hydrated
become up "0 $size linear $SMALL 0 noexcl"
dmsetup remove "$(dm from)"
dmsetup remove "$(dm pool)"
dmsetup remove "$(dm data)"
more_ops 100
take_down
more_ops 50
stop_writers
check_fs "$SMALL" a
