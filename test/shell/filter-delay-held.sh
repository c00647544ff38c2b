#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# Bios that delay holds for 30 s: stop returns promptly and they go on, with the right content, none lost, none
# twice. So they do when the upper is suspended, with and without freezing, and when its table is replaced.
# timeout: 240
# kernel: patched
# native: filters
# shellcheck source=test/lib/lib.sh
. "$(dirname "$0")/../lib/lib.sh"
# shellcheck source=test/lib/io.sh
. "$(dirname "$0")/../lib/io.sh"

size=$(sectors "$PART1")
slow="0 $size delay $PART1 0 0 $PART1 0 30000 $PART1 0 30000 noexcl"

held_writers() {
	local n
	writers=()
	for (( n = 0; n < 16; n++ )); do
		bg oneio write -b $(( 4096 << (n % 5) )) -f $(( $1 + n )) "$PART1" $(( n * 128 ))
		writers+=("$BG")
	done
	bg oneio flush "$PART1"
	writers+=("$BG")
	wait_for 30 holds_bios up 17
	equal "$(target_says up)" "0 16 1" "what the target holds"
}

target_holds() {
	[[ $(target_says up) == "$1" ]]
}

# all of them end well
writers_end() {
	local p
	for p in "${writers[@]}"; do
		wait "$p" || fail "a held bio has failed"
	done
}

content() {
	local n
	for (( n = 0; n < 16; n++ )); do
		oneio read -O -b $(( 4096 << (n % 5) )) "$PART1" $(( n * 128 )) |
			tr -d "\\$(printf %03o $(( $1 + n )))" | cmp - /dev/null || fail "content of writer $n"
	done
}

mk_dm up "$slow"
# --- stop
for round in 1 2; do
	dmsetup filter start "$(dm up)" "$PART1"
	began=$SECONDS
	moved=$(diskstat "$PART1" 7)
	held_writers $(( round * 32 ))
	# what is held is not on the disk, and reads pass
	oneio read -O "$PART1" 0 | tr -d "\\$(printf %03o $(( round * 32 )))" | cmp -s - /dev/null &&
		fail "a held write is on the disk"
	within 10 dmsetup filter stop "$(dm up)"
	within 10 writers_end
	equal $(( $(diskstat "$PART1" 7) - moved )) 752 "sectors that the original has written"
	content $(( round * 32 ))
	(( SECONDS - began < 25 )) || kernel_is debug || fail "the machine is too slow to tell"
	equal "$(target_says up)" "0 0 0" "after stop"
done

# --- suspend: what was held goes on, what comes is held by the suspended upper, and after resume by delay
for options in "" --nolockfs; do
	dmsetup filter start "$(dm up)" "$PART1"
	held_writers 96
	before=$(counters up)
	# shellcheck disable=SC2086	# none or one
	within 10 dmsetup suspend $options "$(dm up)"
	within 10 writers_end
	bg oneio write -f 200 "$PART1" 0
	late=$BG
	wait_for 20 holds_bios up 1
	equal "$(target_says up)" "0 0 0" "the target while suspended"
	holds 1 kill -0 "$late"
	dmsetup resume "$(dm up)"
	wait_for 20 target_holds "0 1 0"
	content 96
	holds_bios up 1 || fail "held: $(counter up held)"
	holds 1 kill -0 "$late"
	within 10 dmsetup filter stop "$(dm up)"
	within 10 wait "$late"
	oneio read -O "$PART1" 0 | tr -d '\310' | cmp - /dev/null
done

# --- reload: held by the old table, they go on; the new one holds nothing
dmsetup filter start "$(dm up)" "$PART1"
held_writers 128
reload up "0 $size linear $PART1 0 noexcl"
holds 1 holds_bios up 17
within 10 dmsetup resume "$(dm up)"
within 10 writers_end
content 128
attached up || fail "detached by a reload"
within 5 oneio write "$PART1" 0
reload up "$slow"
dmsetup resume "$(dm up)"
held_writers 160
within 10 dmsetup filter stop "$(dm up)"
within 10 writers_end
content 160

within 10 dmsetup remove "$(dm up)"

# --- many rings, stopped again and again while they are held
mk_dm up "0 $size delay $PART1 0 20000 noexcl"
dd if=/dev/zero of="$PART1" bs=1M count=4 oflag=direct status=none
start_hammer "$PART1" 8
for (( i = 0; i < 8; i++ )); do
	each_writes 3
	dmsetup filter start "$(dm up)" "$PART1"
	wait_for 30 holds_bios up 8
	within 10 dmsetup filter stop "$(dm up)"
done
each_writes 3
stop_hammer
rawio hammered "$PART1" 0 8

# --- a mounted file system with much in flight
mk_ext4 "$PART1" a
reload up "0 $size delay $PART1 0 4000 noexcl"
dmsetup resume "$(dm up)"
start_writers a
some_held() {
	(( $(counter up held) >= $1 ))
}
for (( i = 0; i < 5; i++ )); do
	more_ops 30
	dmsetup filter start --nolockfs "$(dm up)" "$PART1"
	wait_for 30 some_held 3
	within 10 dmsetup filter stop "$(dm up)"
done
stop_writers
dmsetup remove "$(dm up)"
check_fs "$PART1" a
