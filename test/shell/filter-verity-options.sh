#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# The options of verity as a filter: corruption that is only logged, blocks verified at most once, zero blocks not
# read, errors corrected by the parity on a third device, the modes that end the machine while there is nothing to
# find (verity-end.test has them find something). The table is reloaded while it is attached.
# timeout: 120
# kernel: patched
# native: filters
# tier: long
# shellcheck source=test/lib/lib.sh
. "$(dirname "$0")/../lib/lib.sh"
# shellcheck source=test/lib/io.sh
. "$(dirname "$0")/../lib/io.sh"

salt=00112233
small_part 16M
size=$(sectors "$SMALL")
blocks=$(( size / 8 ))
rawio write "$SMALL" 0 "$size" 5
# block 600 is zeroes
dd if=/dev/zero of="$SMALL" bs=4096 seek=600 count=1 oflag=direct conv=notrunc status=none
# the parity is over all of the hash device: of the tree, and nothing behind it
mk_dm hash "0 $(( (blocks / 128 + 1) * 8 )) linear $DISK3 0"
mk_verity "$salt" "$SMALL" "$(dmdev hash)" --fec-device "$PART1" --fec-roots 4
dmsetup remove "$(dm hash)"
verity="verity 1 $SMALL $DISK3 4096 4096 $blocks 0 sha256 $ROOT $salt"
mk_upper low "$SMALL"

table() {
	echo "0 $size $verity $* noexcl:$SMALL"
}

use() {
	# a writable load of a read-only device is no matter of ours
	table "$@" | dmsetup reload -r "$(dm up)"
	dmsetup resume "$(dm up)"
}

garbage() {
	oneio write -f 170 "$(dmdev low)" $(( $1 * 8 ))
}

mend() {
	rawio write "$(dmdev low)" 0 "$size" 5
	dd if=/dev/zero of="$(dmdev low)" bs=4096 seek=600 count=1 oflag=direct conv=notrunc status=none
}

is_garbage() {
	oneio read -O "$SMALL" $(( $1 * 8 )) | tr -d '\252' | cmp -s - /dev/null
}

all_of() {
	oneio scan "$SMALL" 0 "$blocks"
}

table | dmsetup create -r "$(dm up)"
dmsetup filter start "$(dm up)" "$SMALL"
equal "$(all_of)" ""
garbage 100
garbage 600
equal "$(all_of)" "100 600"

echo "ignore_corruption"
use 1 ignore_corruption
equal "$(word up 1)" V
log_mark
is_garbage 100 || fail "ignored corruption: another content"
equal "$(word up 1)" C
log_since 'data block 100 is corrupted' || fail "the log does not say so"
equal "$(all_of)" ""
equal "$(oneio write "$SMALL" 0 || :)" EIO "a write"

echo "ignore_zero_blocks"
use 1 ignore_zero_blocks
oneio read -O "$SMALL" 4800 | cmp -n 4096 - /dev/zero || fail "a zero block is not read as zeroes"
oneio read -O -b 512 "$SMALL" 4803 | cmp -n 512 - /dev/zero
equal "$(all_of)" 100

echo "check_at_most_once"
mend
use 1 check_at_most_once
equal "$(all_of)" ""
garbage 200
is_garbage 200 || fail "a block that was verified before is not passed"
equal "$(word up 1)" V
# after a reload it is
use 1 check_at_most_once
equal "$(oneio read "$SMALL" 1600 || :)" EIO
equal "$(word up 1)" C

echo "restart and panic, with nothing to find"
mend
for mode in restart_on_corruption panic_on_corruption; do
	use 1 $mode
	equal "$(all_of)" ""
	equal "$(word up 1)" V
done

echo "error correction"
fec="8 use_fec_from_device $PART1 fec_start 0 fec_blocks $(( blocks + HASH_BLOCKS )) fec_roots 4"
use "$fec"
equal "$(all_of)" ""
oneio read -O -b 65536 "$(dmdev low)" 768 > "$TESTDIR/good"
garbage 100
garbage 101
garbage 1500
log_mark
equal "$(all_of)" "" "with parity"
oneio read -O -b 65536 "$SMALL" 768 | cmp - "$TESTDIR/good" || fail "corrected to something else"
oneio read -O -b 65536 -v 32 -o 512 "$SMALL" 768 | cmp - "$TESTDIR/good"
oneio read -O -b 512 "$SMALL" 803 | cmp - <(tail -c +17921 "$TESTDIR/good" | head -c 512)
log_since 'corrected [0-9]+ errors' || fail "nothing was corrected"
equal "$(word up 1)" V
# what was read as a part of a block and corrected, or is a zero block, was not verified on the disk
use "10 check_at_most_once ignore_zero_blocks $(cut -d' ' -f2- <<< "$fec")"
garbage 600
oneio read -O -b 512 "$SMALL" 803 | cmp - <(tail -c +17921 "$TESTDIR/good" | head -c 512)
oneio read -O "$SMALL" 800 | cmp - <(tail -c +16385 "$TESTDIR/good" | head -c 4096) ||
	fail "corrected once, but not the second time"
oneio read -O -b 512 "$SMALL" 4803 | cmp -n 512 - /dev/zero
oneio read -O "$SMALL" 4800 | cmp -n 4096 - /dev/zero || fail "a zero block is not read as zeroes the second time"
mend
use "$fec"
# more than the parity can mend: places that one code word takes its bytes from
rounds=$(( (blocks + HASH_BLOCKS + 250) / 251 ))
for (( i = 0; i < 6; i++ )); do
	garbage $(( 1 + i * rounds ))
done
equal "$(oneio read "$SMALL" 8 || :)" EIO "more errors than the parity can mend"
equal "$(word up 1)" C
dmsetup filter stop "$(dm up)"
is_garbage 1 || fail "after stop"
dmsetup remove "$(dm up)"
