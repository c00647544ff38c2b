#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# Two and three snapshots of one origin with different chunk sizes, taken one after the other under load: each keeps
# its own instant, and each chunk is copied once for each; they go in any order, the filter before, between or after
# them.
# timeout: 300
# kernel: patched
# native: filters
# tier: long
# shellcheck source=test/lib/lib.sh
. "$(dirname "$0")/../lib/lib.sh"
# shellcheck source=test/lib/io.sh
. "$(dirname "$0")/../lib/io.sh"

small_part 24M
size=$(sectors "$SMALL")
third=$(( $(sectors "$DISK3") / 3 / 8 * 8 ))
for n in 0 1 2; do
	mk_dm "cow$n" "0 $third linear $DISK3 $(( n * third ))"
done
chunks=(8 128 2048)
mk_ext4 "$SMALL" a -b 4096
start_writers a -n 4 -b 128
mk_dm up "0 $size snapshot-origin $SMALL noexcl"

declare -A sums
add() {
	dmsetup suspend "$(dm up)"
	dd if=/dev/zero of="$(dmdev "cow$1")" bs=4k count=1 oflag=direct status=none
	mk_dm "snap$1" "0 $size snapshot $SMALL $(dmdev "cow$1") P ${chunks[$1]} noexcl:$SMALL"
	dmsetup resume "$(dm up)"
	sums[$1]=$(md5_of "$(dmdev "snap$1")")
}

all_constant() {
	local n
	for n in "${!sums[@]}"; do
		blockdev --flushbufs "$(dmdev "snap$n")"
		equal "$(md5_of "$(dmdev "snap$n")")" "${sums[$n]}" "snapshot $n has changed: $1"
	done
}

remove() {
	if [[ $1 == stop ]]; then
		dmsetup filter stop "$(dm up)"
	elif attached up; then
		dmsetup suspend "$(dm up)"
		dmsetup remove "$(dm "snap$1")"
		dmsetup resume "$(dm up)"
		unset "sums[$1]"
	else
		dmsetup remove "$(dm "snap$1")"
		unset "sums[$1]"
	fi
}

for order in "0 1 2 stop" "2 0 1 stop" "1 stop 0 2" "stop 1 2 0"; do
	echo "order: $order"
	dmsetup filter start "$(dm up)" "$SMALL"
	for n in 0 1 2; do
		add $n
		more_ops 40
	done
	all_constant "all three"
	[[ ${sums[0]} != "${sums[1]}" && ${sums[1]} != "${sums[2]}" ]] || fail "all of one time: this test proves nothing"
	for n in $order; do
		remove "$n"
		more_ops 30
		! attached up || all_constant "after $n of $order"
	done
	not attached up
done

# without a suspend of the origin, as it may go at any time
dmsetup filter start "$(dm up)" "$SMALL"
for (( i = 0; i < 3; i++ )); do
	add 0
	add 1
	more_ops 40
	all_constant "before a removal under load"
	dmsetup remove "$(dm snap1)"
	unset "sums[1]"
	more_ops 40
	all_constant "after a removal under load"
	dmsetup remove "$(dm snap0)"
	unset "sums[0]"
	more_ops 20
done
dmsetup filter stop "$(dm up)"
stop_writers
dmsetup remove "$(dm up)"
check_fs "$SMALL" a

# the count for each of three, from raw writes
mk_dm up "0 $size snapshot-origin $SMALL noexcl"
dmsetup filter start "$(dm up)" "$SMALL"
for n in 0 1 2; do
	add $n
done
# one bio over many chunks of one, some of another, two of the third
equal "$(oneio write -b 131072 "$SMALL" $(( 2048 * 3 - 128 )))" OK
for (( i = 0; i < 4; i++ )); do
	equal "$(oneio write -b 512 "$SMALL" $(( 30000 + i )))" OK
done
for n in 0 1 2; do
	read -r used meta < <(target_says "snap$n" | tr '/' ' ' | awk '{ print $1, $3 }')
	case $n in
	0) want=$(( (32 + 1) * 8 )) ;;
	1) want=$(( (2 + 1) * 128 )) ;;
	2) want=$(( (2 + 1) * 2048 )) ;;
	esac
	equal $(( used - meta )) "$want" "copied for snapshot $n"
done
all_constant "after raw writes"
dmsetup filter stop "$(dm up)"
