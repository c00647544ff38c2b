#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# The counters of an attachment are exact: each bio counts once, with its sectors, as read or as write,
# flush, discard and write zeroes included, and nothing counts before start or after stop, nor what the target
# of the upper reads on its own.
# timeout: 180
# kernel: interposer
# shellcheck source=test/lib/lib.sh
. "$(dirname "$0")/../lib/lib.sh"
# shellcheck source=test/lib/io.sh
. "$(dirname "$0")/../lib/io.sh"

mk_upper up "$PART1"
rawio write -b 4096 "$PART1" 0 80 1
dmsetup remap start "$(dm up)" "$PART1"
equal "$(counters up)" "0 0 0 0 0"

rawio write -b 4096 "$PART1" 0 80 2
equal "$(counters up)" "0 0 10 80 0" "ten writes"
rawio check -b 8192 "$PART1" 0 80 2
equal "$(counters up)" "5 80 10 80 0" "five reads"
rawio flush "$PART1"
equal "$(counters up)" "5 80 11 80 0" "an empty flush"
if (( $(cat "/sys/block/$(dm_node up)/queue/discard_max_bytes") )); then
	rawio discard "$PART1" 1024 64
	equal "$(counters up)" "5 80 12 144 0" "a discard"
fi
before=$(counters up)
rawio zeroout "$PART1" 2048 64
equal "$(counters up | cut -d' ' -f1-2)" "$(cut -d' ' -f1-2 <<< "$before")" "zeroes read nothing"
(( $(counter up write_sectors) == $(cut -d' ' -f4 <<< "$before") + 64 )) || fail "zeroout is not counted"
rawio zero "$PART1" 2048 64

# another partition of the same disk is none of its business
before=$(counters up)
rawio write "$PART2" 0 256 3
rawio check "$PART2" 0 256 3
equal "$(counters up)" "$before" "I/O to another partition"

# the upper itself can be used beside, and is not counted as diverted
rawio check "$(dmdev up)" 0 80 2
equal "$(counters up)" "$before" "I/O to the upper"

stat=$(cat "/sys/class/block/$(dm_node up)/stat")
dmsetup remap stop "$(dm up)"
rawio write "$PART1" 0 256 4
rawio check "$PART1" 0 256 4
rawio flush "$PART1"
equal "$(cat "/sys/class/block/$(dm_node up)/stat")" "$stat" "I/O after stop"
not attached up

# a second time it begins with zero
dmsetup remap start "$(dm up)" "$PART1"
equal "$(counters up)" "0 0 0 0 0" "counters of the second attachment"
dmsetup remap stop "$(dm up)"

# what a target reads on its own, here to copy ten chunks, does not come back to it
mk_dm snap "0 $(sectors "$PART1") snapshot $PART1 $DISK2 N 8 noexcl:$PART1"
reload up "0 $(sectors "$PART1") snapshot-origin $PART1 noexcl"
dmsetup resume "$(dm up)"
dmsetup remap start "$(dm up)" "$PART1"
rawio write -b 4096 "$PART1" 0 80 5
equal "$(counters up)" "0 0 10 80 0" "ten writes to a snapshot-origin"
rawio check "$(dmdev snap)" 0 80 4
dmsetup remap stop "$(dm up)"
dmsetup remove "$(dm snap)"
