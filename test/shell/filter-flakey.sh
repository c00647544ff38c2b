#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# flakey as a filter: each feature begins at start and ends at stop, hits the direction that it should and nothing
# else, and does what the flakey device itself does to the same I/O.
# timeout: 180
# kernel: patched
# native: filters
# shellcheck source=test/lib/lib.sh
. "$(dirname "$0")/../lib/lib.sh"
# shellcheck source=test/lib/io.sh
. "$(dirname "$0")/../lib/io.sh"

# with a cache: else flushes end before they reach a dm device
mk_null_blk orig size=128 cache_size=8
size=$(sectors "$NULLB")
end=$(( size - 1024 ))

bytes_of() {
	md5sum | cut -d' ' -f1
}

# what a program sees of DEV; the last lines are of what is then on the medium
story() {
	local dev=$1
	echo "reads: $(oneio scan "$dev" 0 16)"
	echo "a large read: $(oneio read -b 1048576 "$dev" 0 || :)"
	echo "read: $(dd if="$dev" bs=4096 count=16 iflag=direct status=none 2> /dev/null | bytes_of)"
	echo "writes: $(oneio overwrite -f 51 "$dev" 64 8)"
	echo "unaligned: $(oneio write -b 65536 -v 16 -o 512 -f 52 "$dev" 256 || :)"
	echo "written through: $(oneio write -d -f 53 "$dev" 512 || :)"
	echo "flush: $(oneio flush "$dev" || :)"
	echo "at the end: $(oneio write -f 54 "$dev" "$end" || :) $(oneio read "$dev" "$end" || :)"
}

medium() {
	dd if="$NULLB" bs=4096 count=256 iflag=direct status=none | bytes_of
	dd if="$NULLB" bs=512 skip="$end" count=8 iflag=direct status=none | bytes_of
}

fresh() {
	rawio write "$NULLB" 0 4096 7
	rawio write "$NULLB" "$end" 1024 7
}

mk_linear low "$NULLB" noexcl
run() {
	local feature=$1
	echo "flakey $feature"
	mk_dm up "0 $size flakey $NULLB 0 0 1000 $feature noexcl"
	fresh
	{ story "$(dmdev up)"; blockdev --flushbufs "$(dmdev up)"; medium; } > "$TESTDIR/device"
	fresh
	medium > "$TESTDIR/plain"
	dmsetup filter start "$(dm up)" "$NULLB"
	story "$NULLB" > "$TESTDIR/filter"
	dmsetup filter stop "$(dm up)"
	medium >> "$TESTDIR/filter"
	if grep -q CHANGED "$TESTDIR/device"; then
		echo "not compared: the device of this kernel changes the memory of who writes: $feature"
		! grep -q CHANGED "$TESTDIR/filter" || fail "so does the filter"
	else
		diff "$TESTDIR/device" "$TESTDIR/filter" || fail "the filter and the device do not do the same: $feature"
	fi
	cat "$TESTDIR/filter"
	# before start and after stop nothing is wrong with it
	fresh
	equal "$(medium)" "$(cat "$TESTDIR/plain")" "after stop"
	story "$NULLB" > "$TESTDIR/after"
	! grep -vxE 'read: .*|(reads|writes): |[a-z ]*: (OK ?)+' "$TESTDIR/after" || fail "errors after stop"
	dmsetup remove "$(dm up)"
}

said() {
	grep -qxE -- "$1" "$TESTDIR/filter" || fail "no line '$1'"
}

# FEATURE: does the target know it? That of Linux 6.1 knows fewer.
knows() {
	if dmsetup create "$(dm probe)" --table "0 $size flakey $NULLB 0 0 1000 $1 noexcl" 2> "$TESTDIR/err"; then
		dmsetup remove "$(dm probe)"
		return
	fi
	echo "not run, flakey does not know it: $1"
	return 1
}

all="0 1 2 3 4 5 6 7"
run ""
said "reads: $all 8 9 10 11 12 13 14 15"
said "writes: $all"
equal "$(tail -2 "$TESTDIR/filter")" "$(cat "$TESTDIR/plain")" "the medium"
if knows "1 error_reads"; then
	run "1 error_reads"
	said "reads: $all 8 9 10 11 12 13 14 15"
	said "writes: "
	said "unaligned: OK"
	run "2 error_reads error_writes"
fi
run "1 error_writes"
said "reads: "
said "writes: $all"
said "unaligned: EIO"
equal "$(tail -2 "$TESTDIR/filter")" "$(cat "$TESTDIR/plain")" "the medium"
run "1 drop_writes"
said "reads: "
said "writes: "
said "at the end: OK OK"
equal "$(tail -2 "$TESTDIR/filter")" "$(cat "$TESTDIR/plain")" "the medium"
run "5 corrupt_bio_byte 1 r 99 0"
said "writes: "
run "5 corrupt_bio_byte 4000 w 99 0"
# only what is metadata (32): none of this is
run "5 corrupt_bio_byte 1 r 99 32"
run "6 corrupt_bio_byte 1 r 99 0 error_writes"

# --- byte by byte
# PLACE in bytes, VALUE: the differences of what is read from what is on the medium
differences() {
	oneio read -O -b "$1" "$NULLB" 0 > "$TESTDIR/read"
	oneio read -O -b "$1" "$(dmdev low)" 0 > "$TESTDIR/medium"
	{ cmp -l "$TESTDIR/read" "$TESTDIR/medium" || :; } | awk '{ print $1, $2 }'
}
fresh
mk_dm up "0 $size flakey $NULLB 0 0 1000 5 corrupt_bio_byte 5000 r 7 0 noexcl"
dmsetup filter start "$(dm up)" "$NULLB"
# in octal
equal "$(differences 65536)" "5000 7" "one byte of a bio of 64 KiB"
equal "$(differences 4096)" "" "a bio that has no such byte"
# counted in the original's own bio, that is split below
equal "$(differences 1048576)" "5000 7" "one byte of a bio of 1 MiB"
equal "$(oneio write -b 65536 -f 65 "$NULLB" 0)" OK
dmsetup filter stop "$(dm up)"
equal "$(oneio read -O -b 65536 "$NULLB" 0 | tr -d A | wc -c)" 0 "a write with corruption of reads"

reload up "0 $size flakey $NULLB 0 0 1000 5 corrupt_bio_byte 5000 w 7 0 noexcl"
dmsetup resume "$(dm up)"
dmsetup filter start "$(dm up)" "$NULLB"
equal "$(oneio write -b 65536 -f 66 "$NULLB" 0)" OK
equal "$(differences 65536)" "" "a read with corruption of writes"
dmsetup filter stop "$(dm up)"
equal "$(oneio read -O -b 65536 "$NULLB" 0 | tr -d B | od -An -tu1 | tr -d ' ')" 7 "the byte that was changed"

# --- random corruption, always: at most a byte of each bio, and of most of them (the value may be the same)
if ! knows "2 random_read_corrupt 1000000000"; then
	dmsetup remove "$(dm up)"
	exit 0
fi
reload up "0 $size flakey $NULLB 0 0 1000 2 random_read_corrupt 1000000000 noexcl"
dmsetup resume "$(dm up)"
fresh
dmsetup filter start "$(dm up)" "$NULLB"
dd if="$NULLB" bs=4096 count=64 iflag=direct status=none > "$TESTDIR/read"
dmsetup filter stop "$(dm up)"
dd if="$NULLB" bs=4096 count=64 iflag=direct status=none > "$TESTDIR/medium"
rawio check "$NULLB" 0 512 7
per_block() {
	{ cmp -l "$TESTDIR/read" "$TESTDIR/medium" || :; } | awk '{ n[int(($1 - 1) / 4096)]++ }
		END { for (b in n) { blocks++; if (n[b] > most) most = n[b] }; print blocks + 0, most + 0 }'
}
per_block > "$TESTDIR/count"
read -r blocks most < "$TESTDIR/count"
echo "random_read_corrupt: $blocks of 64 bios, at most $most bytes of one"
(( blocks >= 56 && most == 1 )) || fail "random_read_corrupt: $blocks blocks, $most bytes"

reload up "0 $size flakey $NULLB 0 0 1000 2 random_write_corrupt 1000000000 noexcl"
dmsetup resume "$(dm up)"
dmsetup filter start "$(dm up)" "$NULLB"
dd if="$TESTDIR/medium" of="$NULLB" bs=4096 seek=512 oflag=direct conv=notrunc status=none
dmsetup filter stop "$(dm up)"
dd if="$NULLB" bs=4096 skip=512 count=64 iflag=direct status=none > "$TESTDIR/read"
per_block > "$TESTDIR/count"
read -r blocks most < "$TESTDIR/count"
echo "random_write_corrupt: $blocks of 64 bios, at most $most bytes of one"
(( blocks >= 56 && most == 1 )) || fail "random_write_corrupt: $blocks blocks, $most bytes"
dmsetup remove "$(dm up)"
