#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# The original changes while it is attached. Its partition table cannot be read again nor the partition be deleted
# (EBUSY); the partitions of an attached disk can, and are its own before and after. What a partition loses belongs to
# whoever gets it. What an original gains its upper does not have: an error, nothing past the upper.
# timeout: 120
# kernel: module
# shellcheck source=test/lib/lib.sh
. "$(dirname "$0")/../lib/lib.sh"
# shellcheck source=test/lib/io.sh
. "$(dirname "$0")/../lib/io.sh"

disk=$(basename "$DISK1")
first=$(cat "/sys/block/$disk/$(basename "$PART1")/start")
nr=$(sectors "$PART1")

# what goes to the upper is on DISK2, what goes past it on DISK1
mk_dm up "0 $nr linear $DISK2 0"
dmsetup remap start "$(dm up)" "$PART1"
fails '[Bb]usy' blockdev --rereadpt "$DISK1"
fails '[Bb]usy' rawio delpart "$DISK1" 0 0 1
rawio write "$PART1" 0 128 1
rawio check "$DISK2" 0 128 1

# its last MiB becomes another one
rawio resizepart "$DISK1" "$first" $(( nr - 2048 )) 1
rawio addpart "$DISK1" $(( first + nr - 2048 )) 2048 7
other=$DISK1"7"
wait_for 10 test -b "$other"
equal "$(counter up writes)" 1
rawio zero "$other" 0 2048 > /dev/null 2>&1 || :
rawio write "$other" 0 128 2
rawio write "$DISK1" $(( first + nr - 1024 )) 128 3
rawio write "$DISK1" $(( first + 1024 )) 128 4
# over the border: each part where it belongs
rawio write "$DISK1" $(( first + nr - 2048 - 64 )) 64 5
equal "$(counter up writes)" 3 "what is in the partition"
rawio check "$DISK2" 1024 128 4
rawio check "$DISK2" $(( nr - 2048 - 64 )) 64 5
rawio check "$other" 0 128 2
rawio check "$other" 1024 128 3
equal "$(oneio write "$PART1" $(( nr - 8 )) || :)" ENOSPC "behind the end"
equal "$(oneio write -b 65536 -f 9 "$DISK1" $(( first + nr - 2048 - 64 )) || :)" OK "over the border"
equal "$(oneio read -O -b 32768 "$DISK2" $(( nr - 2048 - 64 )) | tr -d '\011' | wc -c)" 0
equal "$(oneio read -O -b 32768 "$other" 0 | tr -d '\011' | wc -c)" 0
equal "$(oneio read -O -b 65536 "$DISK1" $(( first + nr - 2048 - 64 )) | tr -d '\011' | wc -c)" 0

# and grows over the end that it had at start
rawio delpart "$DISK1" 0 0 7
rawio resizepart "$DISK1" "$first" "$nr" 1
rawio write "$PART1" $(( nr - 64 )) 64 6
rawio check "$DISK2" $(( nr - 64 )) 64 6
quiet dmsetup remap stop "$(dm up)"
rawio check "$PART1" $(( nr - 2048 )) 64 1 2> /dev/null && fail "that was never written"
blockdev --rereadpt "$DISK1"
wait_for 10 test -b "$PART3"
dmsetup remove "$(dm up)"

# the whole disk
mk_upper up "$DISK1"
dmsetup remap start "$(dm up)" "$DISK1"
before=$(counter up writes)
rawio write "$PART1" 0 128 7
blockdev --rereadpt "$DISK1"
wait_for 10 test -b "$PART3"
rawio check "$PART1" 0 128 7
rawio write "$PART2" 0 128 8
equal "$(counter up writes)" $(( before + 2 )) "by its partitions"
quiet dmsetup remap stop "$(dm up)"
rawio check "$PART2" 0 128 8
dmsetup remove "$(dm up)"

# an original that grows and shrinks
mk_loop 8M
mk_dm up "0 16384 linear $DISK2 0"
dmsetup remap start "$(dm up)" "$LOOP"
file=$(losetup -nO BACK-FILE "$LOOP")
resize() {
	truncate -s "$1" "$file"
	losetup -c "$LOOP"
	equal "$(sectors "$LOOP")" $(( ${1%M} * 2048 ))
}
resize 12M
equal "$(oneio write "$LOOP" 20000 || :)" EIO "behind the end of the upper"
equal "$(oneio write -b 65536 "$LOOP" $(( 16384 - 64 )) || :)" EIO "over the end of the upper"
equal "$(tr -d '\0' < "$file" | wc -c)" 0 "past the upper"
[[ ,$(counter up flags), == *,unfit,* ]] || fail "flags: $(counter up flags)"
rawio write "$LOOP" 8192 64 9
resize 2M
equal "$(oneio write "$LOOP" 8192 || :)" ENOSPC "behind the end"
rawio write "$LOOP" 2048 64 10
rawio check "$DISK2" 2048 64 10
rawio check "$DISK2" 8192 64 9
quiet dmsetup remap stop "$(dm up)"
refused "more|larger" dmsetup remap start "$(dm up)" "$LOOP"
