#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# A verity filter over a mounted, read-only file system: all files read as they are, a byte that is flipped behind
# its back is found, that block and no other; writes fail; after stop everything reads plainly again.
# timeout: 180
# kernel: patched
# native: filters
# shellcheck source=test/lib/lib.sh
. "$(dirname "$0")/../lib/lib.sh"
# shellcheck source=test/lib/io.sh
. "$(dirname "$0")/../lib/io.sh"

salt=4a1b2c3d5e6f708192a3b4c5d6e7f8091a2b3c4d5e6f708192a3b4c5d6e7f809
small_part 24M
size=$(sectors "$SMALL")
mk_ext4 "$SMALL" a -b 4096
for (( i = 0; i < 8; i++ )); do
	dd if=/dev/urandom of="$TESTDIR/a/file$i" bs=1M count=1 status=none
done
(cd a && md5sum file*) > "$TESTDIR/sums"
sync
victim=$(block_of "$SMALL" /file3 77)
hole=$(block_of "$SMALL" /file5 10)
unmount a

mk_verity "$salt" "$SMALL" "$DISK3"
blocks=$(( size / 8 ))
verity="verity 1 $SMALL $DISK3 4096 4096 $blocks 0 sha256 $ROOT $salt"
echo "0 $size $verity noexcl:$SMALL" | dmsetup create -r "$(dm up)"
mk_upper low "$SMALL"

# flip the first byte of a block, where no filter sees it
flip() {
	local byte
	oneio read -O "$(dmdev low)" $(( $1 * 8 )) > "$TESTDIR/block"
	byte=$(head -c 1 "$TESTDIR/block" | od -An -tu1 | tr -d ' ')
	# shellcheck disable=SC2059	# the octal number is the format
	printf "\\$(printf %03o $(( byte ^ 1 )))" | dd of="$TESTDIR/block" conv=notrunc status=none
	dd if="$TESTDIR/block" of="$(dmdev low)" bs=4096 seek="$1" oflag=direct conv=notrunc status=none
}

mnt "$SMALL" a ro
dmsetup filter start "$(dm up)" "$SMALL"
drop_caches
before=$(counters up)
(cd a && md5sum --quiet -c "$TESTDIR/sums")
[[ $(since up "$before") != "0 "* ]] || fail "nothing was read through the filter"
equal "$(word up 1)" V
# all blocks, each by itself and many at once
equal "$(oneio scan "$SMALL" 0 "$blocks")" "" "blocks that do not verify"
equal "$(oneio scan -b 1048576 "$SMALL" 0 $(( blocks / 256 )))" ""
equal "$(word up 1)" V

# a flipped byte
flip "$victim"
equal "$(oneio scan "$TESTDIR/a/file3" 0 256)" 77 "blocks that do not verify"
equal "$(word up 1)" C "the status with a corrupted block"
drop_caches
fails 'Input/output error' cat "$TESTDIR/a/file3"
(cd a && grep -v file3 "$TESTDIR/sums" | md5sum --quiet -c)
equal "$(oneio scan "$SMALL" $(( (victim - 8) * 8 )) 16)" 8
equal "$(oneio read -b 1048576 "$SMALL" $(( (victim / 256) * 256 * 8 )) || :)" EIO "a large read over it"

# parts of a block are verified with the whole of it, whatever the memory
good=$(( (victim + 1) * 8 )) bad=$(( victim * 8 ))
for io in "-b 512" "-b 1024" "-b 2048 -o 512" "-b 4096 -o 512" "-b 4096 -v 8" "-b 4096 -v 4 -o 1024" "-b 65536 -v 128 -o 512" \
		"-b 3584"; do
	for at in 0 1 7; do
		# shellcheck disable=SC2086	# a list of words
		oneio read -O $io "$SMALL" $(( good + at )) > "$TESTDIR/seen"
		# shellcheck disable=SC2086
		oneio read -O $io "$(dmdev low)" $(( good + at )) | cmp - "$TESTDIR/seen" || fail "wrong data: $io, sector $at"
		# shellcheck disable=SC2086
		equal "$(oneio read $io "$SMALL" $(( bad + at )) || :)" EIO "a corrupted block: $io, sector $at"
	done
done
# from the block before into it, and from it into the next one
equal "$(oneio read -b 1024 "$SMALL" $(( bad - 1 )) || :)" EIO
equal "$(oneio read -b 1024 "$SMALL" $(( bad + 7 )) || :)" EIO
equal "$(oneio read -b 1024 "$SMALL" $(( bad - 2 )) || :)" OK
equal "$(oneio read -b 1024 "$SMALL" $(( bad + 8 )) || :)" OK

# --- not mounted, but still attached: writes fail and change nothing
unmount a
sum=$(md5_of "$(dmdev low)")
equal "$(oneio write "$SMALL" $(( hole * 8 )) || :)" EIO "a write"
equal "$(oneio write -b 512 "$SMALL" $(( hole * 8 )) || :)" EIO "a write of a sector"
not rawio zeroout "$SMALL" $(( hole * 8 )) 8 2> /dev/null
rawio discard "$SMALL" $(( hole * 8 )) 8 2> /dev/null || :
equal "$(md5_of "$(dmdev low)")" "$sum" "the device after writes that must fail"

mnt "$SMALL" a ro

# stop: reads are plain
dmsetup filter stop "$(dm up)"
drop_caches
equal "$(oneio scan "$SMALL" 0 "$blocks")" "" "after stop"
cat "$TESTDIR/a/file3" > /dev/null
# and the other way round: mended, and started again
flip "$victim"
dmsetup filter start "$(dm up)" "$SMALL"
drop_caches
(cd a && md5sum --quiet -c "$TESTDIR/sums")
dmsetup filter stop "$(dm up)"
dmsetup remove "$(dm up)"
unmount a
fsck_ok "$SMALL"
