#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# Writes of 1 MiB, each one bio, over an origin to which snapshots with larger and smaller chunks are added: all of it
# is kept for all of them where the origin is a filter, in any order; where it is remapped to, in the order that the
# page and dmsetup snapshot keep. In the other order it is lost, which this test must see.
# timeout: 120
# kernel: interposer
# shellcheck source=test/lib/lib.sh
. "$(dirname "$0")/../lib/lib.sh"
# shellcheck source=test/lib/io.sh
. "$(dirname "$0")/../lib/io.sh"

at_end() {
	remove_recipes
}

small_part 33M
size=$(sectors "$SMALL")
for n in 1 2 3; do
	slice "cow$n" 40
done
# pieces of 3 MiB, each of which is overwritten once
pieces=11
piece=6144
for (( n = 0; n < pieces; n++ )); do
	rawio write -b 1048576 "$SMALL" $(( n * piece )) $piece "$n"
done

# NAME COW CHUNK: a snapshot, now
add() {
	dd if=/dev/zero of="$(dmdev "$2")" bs=4k count=1 oflag=direct status=none
	mk_dm "$1" "0 $size snapshot $SMALL $(dmdev "$2") N $3 noexcl:$SMALL"
}

add_suspended() {
	dmsetup suspend "$(dm up)"
	add "$@"
	dmsetup resume "$(dm up)"
}

# UPPER: 2 MiB of the next piece, a bio that begins with a chunk and one that does not
written=-1
big_writes() {
	local before at
	written=$(( written + 1 ))
	(( written < pieces )) || broken "the original is too small for this test"
	before=$(counter "$1" writes)
	for at in 0 2051; do
		equal "$(oneio write -b 1048576 -f 17 "$SMALL" $(( written * piece + at )))" OK
	done
	equal "$(counter "$1" writes)" $(( before + 2 )) "bios: this test is about large ones"
}

has() {
	rawio check -b 1048576 "$(dmdev "$1")" $(( written * piece )) $piece "$written"
}

kept() {
	has "$1" || fail "the snapshot $1 has lost what it had: $2"
}

lost() {
	! has "$1" || fail "the snapshot $1 has it all: $2"
}

up() {
	mk_dm up "0 $size snapshot-origin $SMALL noexcl"
}

echo "remapped, the origin first"
up
add s1 cow1 8
dmsetup remap start "$(dm up)" "$SMALL"
big_writes up
lost s1 "its origin was there first"
dmsetup remove "$(dm s1)"

echo "remapped, a second one while it is attached"
add_suspended s1 cow1 2048
big_writes up
kept s1 "its origin was resumed behind it"
add s2 cow2 8
big_writes up
kept s1 "another one has smaller chunks"
lost s2 "its origin was not resumed"
dmsetup remove "$(dm s2)"
add_suspended s2 cow2 8
add_suspended s3 cow3 128
big_writes up
for s in s1 s2 s3; do
	kept $s "added to an origin that was attached and suspended"
done
dmsetup remove "$(dm s2)"
big_writes up
kept s1 "the one with the smallest chunks has gone"
kept s3 "the one with the smallest chunks has gone"
dmsetup remove "$(dm s3)"
# it has not forgotten the small ones yet
dmsetup suspend "$(dm up)"
dmsetup resume "$(dm up)"

echo "remapped, a further one by dmsetup snapshot"
quiet dmsetup snapshot create "$(dm s2)" "$SMALL" "$(dmdev cow2)"
big_writes up
kept s1 "dmsetup snapshot has added one with smaller chunks"
kept s2 "dmsetup snapshot has added it"
quiet dmsetup snapshot remove "$(dm s2)"
dmsetup remap stop "$(dm up)"
dmsetup remove "$(dm s1)"
dmsetup remove "$(dm up)"

echo "remapped, the snapshot first"
add s1 cow1 8
up
dmsetup remap start "$(dm up)" "$SMALL"
big_writes up
kept s1 "before its origin"
dmsetup remap stop "$(dm up)"
dmsetup remove "$(dm s1)"
dmsetup remove "$(dm up)"

native "a filter" || exit 0
echo "filtered, the origin first, and nothing suspended"
up
dmsetup filter start "$(dm up)" "$SMALL"
add s1 cow1 2048
big_writes up
add s2 cow2 8
big_writes up
kept s1 "behind its origin, as a filter"
kept s2 "the second, as a filter"
dmsetup remove "$(dm s2)"
quiet dmsetup snapshot create "$(dm s2)" "$SMALL" "$(dmdev cow2)"
big_writes up
kept s1 "dmsetup snapshot has added one, to a filter"
kept s2 "dmsetup snapshot has added it to a filter"
quiet dmsetup snapshot remove "$(dm s2)"
dmsetup filter stop "$(dm up)"
