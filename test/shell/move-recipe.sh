#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# dmsetup move: a mounted partition goes to another disk under load. Interrupted or killed it is undone, and
# works when it is run again; a new disk that fails is left, and nobody notices. At no time both look alike.
# timeout: 300
# kernel: interposer
# tier: long
# shellcheck source=test/lib/lib.sh
. "$(dirname "$0")/../lib/lib.sh"
# shellcheck source=test/lib/io.sh
. "$(dirname "$0")/../lib/io.sh"

at_end() {
	remove_recipes
}

type_of() {
	blkid -p -o value -s TYPE "$1" || :
}

# the old one is as it was, the new one looks like nothing
nothing_moved() {
	equal "$(dmsetup remap status)" ""
	gone "$upper" || fail "$upper is left"
	equal "$(type_of "$1")" "" "what $1 looks like"
	more_ops 100
}

gone() {
	! "$REAL_DMSETUP" info "$1" > /dev/null 2>&1
}

# copying, and not done
under_way() {
	[[ $(dmsetup move status) =~ \ ([0-9]+)/([0-9]+)\ regions ]] &&
		(( BASH_REMATCH[1] < BASH_REMATCH[2] ))
}

echo ',96M' | sfdisk -q --label dos "$DISK2"
wait_for 10 test -b "${DISK2}1"
old=${DISK2}1
upper=$(basename "$old")-move
wipefs -aq "$PART1"
mk_ext4 "$old" a
uuid=$(blkid -p -o value -s UUID "$old")
# a new disk that is so slow that something can happen meanwhile
size=$(( $(sectors "$old") + 8192 ))
mk_dm slow "0 $size delay $PART1 0 0 $PART1 0 300"
start_writers a

for signal in INT KILL; do
	bg dmsetup move start "$old" "$(dmdev slow)"
	tool=$BG
	wait_for 60 under_way
	equal "$(type_of "$(dmdev slow)")" "" "what the new one looks like while it is copied"
	fail_with 'is not copied yet' dmsetup move finish "$old"
	fail_with 'is being moved' dmsetup move start "$old" "$PART2"
	kill -"$signal" "$tool"
	wait "$tool" && fail "$signal did not end it"
	# the one who stands by needs a moment
	wait_for 60 gone "$upper"
	nothing_moved "$(dmdev slow)"
done

# the new one fails in its midst
mk_dm broken "0 98304 linear $PART1 0" "98304 8 error" "98312 $(( size - 98312 )) linear $PART1 98312"
rc=0
dmsetup move start "$old" "$(dmdev broken)" > out 2> err || rc=$?
cat out err
(( rc == 1 )) || fail "exit status $rc"
grep -qE 'move start: dm-[0-9]+: cannot be (written|read): .*nothing was moved' err || fail "the reason"
nothing_moved "$(dmdev broken)"
dmsetup remove "$(dm broken)"
dmsetup remove "$(dm slow)"

# what is refused changes nothing
taken=$(state)
for args in "$old $old" "$old $DISK2" "$old $(dmdev nonesuch)" "/dev/null $PART1" "$old"; do
	# shellcheck disable=SC2086	# words
	fail_with 'shares sectors|No such file|is not a block device|needs|is in use' dmsetup move start $args
done
mk_linear little "$PART1"
reload little "0 8192 linear $PART1 0"
dmsetup resume "$(dm little)"
fail_with 'has 8192 sectors, fewer than' dmsetup move start "$old" "$(dmdev little)"
dmsetup remove "$(dm little)"
mkfs.ext4 -q -F "$PART2"
fail_with 'has something on it \(ext4\)' dmsetup move start "$old" "$PART2"
fail_with 'is not being moved' dmsetup move abort "$old"
equal "$(state)" "$taken" "a refused command changed something"

# and now it works
dmsetup move start "$old" "$PART1" > out
cat out
grep -q "copied 100 %" out || fail "no progress"
tail -n 1 out | grep "is on $(basename "$PART1") now" > /dev/null || fail "no end"
equal "$(blkid -p -o value -s UUID "$PART1")" "$uuid" "the new one"
more_ops 300
# nothing goes to the old one any more, and it does not look like anything
dmsetup create "$(dm below)" --table "0 $(sectors "$old") linear $old 0 noexcl"
sum=$(md5_of "$(dmdev below)")
equal "$(type_of "$(dmdev below)")" "" "what the old one looks like"
more_ops 300
drop_caches
equal "$(md5_of "$(dmdev below)")" "$sum" "the old one is still written"
dmsetup remove "$(dm below)"
dmsetup move status | grep "^$upper: $(basename "$old") to $(basename "$PART1"), moved" > /dev/null || fail "$(dmsetup move status)"
refused 'has been moved already' dmsetup move abort "$old"
refused "(has|have) data that .* has not" dmsetup move finish "$old"
stop_writers
unmount a
quiet dmsetup move finish "$old"
gone "$upper" || fail "$upper is left"
equal "$(type_of "$old")" ""
fsck_ok "$PART1"
mnt "$PART1" a
check_files a
unmount a
