#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# The two commands of the README, under a mounted, busy ext4: I/O goes through the upper from the moment
# start returns until stop returns, and neither before nor afterwards; the file system notices nothing.
# timeout: 480
# kernel: interposer
# shellcheck source=test/lib/lib.sh
. "$(dirname "$0")/../lib/lib.sh"
# shellcheck source=test/lib/io.sh
. "$(dirname "$0")/../lib/io.sh"

mk_ext4 "$PART1" a
start_writers a

echo "0 $(blockdev --getsz "$PART1") linear $PART1 0 noexcl" | dmsetup create "$(dm noexcl)"
equal "$("$REAL_DMSETUP" table "$(dm noexcl)")" "$(shared_line 0 "$(sectors "$PART1")" "$PART1" 0)"
kernel_is module || equal "$(cat "/sys/block/$(dm_node noexcl)/dm/noexcl")" 1
equal "$(in_use_by "$PART1")" "$(dm_node noexcl)" "holders of the original"
lsblk -nro NAME "$PART1" | grep -xF "$(dm noexcl)" > /dev/null || fail "lsblk does not show the upper"
idle_upper noexcl 200
not attached noexcl

quiet dmsetup remap start "$(dm noexcl)" "$PART1"
attached noexcl || fail "start succeeded, and nothing is attached"
equal "$(counter noexcl mode)" remap
equal "$(counter noexcl original)" "$(devno "$PART1")"
equal "$(counter noexcl flags)" -
more_ops 1000
(( $(counter noexcl reads) > 0 )) || fail "no reads through the upper"
(( $(counter noexcl writes) > 0 )) || fail "no writes through the upper"
(( $(counter noexcl write_sectors) >= 8 * $(counter noexcl writes) / 2 )) || fail "too few sectors"
(( $(upper_writes noexcl) > 0 )) || fail "the statistics of the upper do not count"
dmsetup remap status | grep -F "$(dm noexcl)" || fail "remap status does not list it"
# 1000 operations are at least as many bios: O_DIRECT ones cannot be merged above the block layer
(( $(counter noexcl reads) + $(counter noexcl writes) >= 300 )) || fail "most I/O went elsewhere"

quiet dmsetup remap stop "$(dm noexcl)"
not attached noexcl
idle_upper noexcl 500
equal "$(open_count noexcl)" 0
quiet dmsetup remove "$(dm noexcl)"
equal "$(in_use_by "$PART1")" ""
more_ops 100
stop_writers
check_fs "$PART1" a
