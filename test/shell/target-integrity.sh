#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# integrity over a mounted partition under load: the tags are on another device and calculated while it works, so
# that the data stays where it is. It finds what was changed behind its back. Stop is possible at any time without
# a journal; with one, a linear table comes first.
# timeout: 240
# kernel: interposer
# shellcheck source=test/lib/lib.sh
. "$(dirname "$0")/../lib/lib.sh"
# shellcheck source=test/lib/io.sh
. "$(dirname "$0")/../lib/io.sh"

small_part 32M
size=$(sectors "$SMALL")
mk_ext4 "$SMALL" a -b 4096
dd if=/dev/urandom of="$TESTDIR/a/victim" bs=64k count=4 conv=fsync status=none
sum=$(md5sum < "$TESTDIR/a/victim")
slice meta 4
start_writers a -n 4 -b 128

# MODE: the whole table. No block size: it may not be more than the original's.
integrity() {
	echo "integrity $SMALL 0 - $1 3 meta_device:$(dmdev meta) internal_hash:crc32c recalculate noexcl:$SMALL"
}

forget() {
	dd if=/dev/zero of="$(dmdev meta)" bs=1M count=1 oflag=direct status=none
}

calculated() {
	says up 3 "$size"
}

echo "bitmap"
put_up "$(integrity B)"
wait_for 60 calculated
more_ops 200
equal "$(word up 1)" 0 "mismatches"
# a block of a file, behind its back
sector=$(( $(block_of "$SMALL" /victim 30) * 8 ))
mk_upper low "$SMALL"
dd if="$(dmdev low)" of="$TESTDIR/block" bs=512 skip="$sector" count=8 iflag=direct status=none
rawio write "$(dmdev low)" "$sector" 8 1
drop_caches
equal "$(oneio read "$TESTDIR/a/victim" 240 || :)" EILSEQ
(( $(word up 1) >= 1 )) || fail "no mismatch counted: $(target_says up)"
# what is written through it is right again
dd if="$TESTDIR/block" of="$TESTDIR/a/victim" bs=4096 seek=30 conv=notrunc,fsync status=none
drop_caches
equal "$(md5sum < "$TESTDIR/a/victim")" "$sum" "the file after its block was written again"
dmsetup remove "$(dm low)"
more_ops 50
take_down
more_ops 50

echo "direct"
forget
put_up "$(integrity D)"
more_ops 50
wait_for 60 calculated
more_ops 100
equal "$(word up 1)" 0 "mismatches"
take_down
more_ops 50

echo "journal"
forget
put_up "$(integrity J)"
wait_for 60 calculated
more_ops 100
refused 'data that .+ has not: .*journal' dmsetup remap stop "$(dm up)"
equal "$(word up 1)" 0 "mismatches"
become up "0 $size linear $SMALL 0 noexcl"
take_down
dmsetup remove "$(dm meta)"
more_ops 100
stop_writers
equal "$(md5sum < "$TESTDIR/a/victim")" "$sum"
check_fs "$SMALL" a
