#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# Suspend of the upper holds all bios of the original, and says how many; resume lets them go. Meanwhile, or
# before, its table can be replaced by another that filters, and not by one that does not. Stop of a suspended
# upper is EBUSY.
# timeout: 300
# kernel: patched
# native: filters
# shellcheck source=test/lib/lib.sh
. "$(dirname "$0")/../lib/lib.sh"
# shellcheck source=test/lib/io.sh
. "$(dirname "$0")/../lib/io.sh"

mk_ext4 "$PART1" a -b 4096
size=$(sectors "$PART1")
mk_upper up "$PART1"
mk_upper low "$PART1"
start_writers a
dmsetup filter start "$(dm up)" "$PART1"

still() {
	local before
	before=$(ops)
	sleep 0.3
	[[ $(ops) == "$before" ]]
}

for (( i = 0; i < 8; i++ )); do
	options=()
	(( i % 2 )) || options=(--nolockfs)
	more_ops 30
	dmsetup suspend "${options[@]}" "$(dm up)"
	wait_for 20 still
	holds 1 still
	attached up || fail "detached by a suspend"
	refused "$(dm up): is suspended: resume it first" dmsetup filter stop "$(dm up)"
	fails '[Bb]usy' "$REAL_DMSETUP" message "$(dm up)" 0 @interpose_stop
	dmsetup resume "$(dm up)"
	more_ops 30
	equal "$(counter up flags)" -
done

# the number of those that are held, of each kind, and they are seen once
stop_writers
unmount a
before=$(counters up)
dmsetup suspend "$(dm up)"
pids=()
for io in "read $PART1 0" "write $PART1 4096" "flush $PART1" "write -b 1048576 $PART1 8192"; do
	# shellcheck disable=SC2086	# a list of words
	bg oneio $io
	pids+=("$BG")
	wait_for 20 holds_bios up ${#pids[@]}
done
bg rawio discard "$PART1" 16384 64
pids+=("$BG")
wait_for 20 holds_bios up 5
# other devices, and the lower handle, go on
within 5 oneio read "$PART2" 0
within 5 oneio read "$(dmdev low)" 0
equal "$(oneio read -n "$PART1" 0 || :)" EAGAIN "a bio that may not wait"
holds_bios up 5 || fail "held: $(counter up held)"
dmsetup resume "$(dm up)"
for p in "${pids[@]}"; do
	wait "$p"
done
equal "$(counter up held)" 0
read -r -a n < <(since up "$before")
equal "${n[2]} ${n[3]}" "4 2120" "writes that were held"
dmsetup filter stop "$(dm up)"

# --- what the filter has been shown is complete when suspend and stop return
mk_dm slow "0 $(sectors "$PART2") delay $PART2 0 0 $PART2 0 3000"
mk_dm over "0 $(sectors "$PART2") linear $(dmdev slow) 0 noexcl"
slow_says() {
	[[ $(target_says slow) == "$1" ]]
}
for command in "suspend" "filter stop"; do
	attached over || dmsetup filter start "$(dm over)" "$(dmdev slow)"
	bg oneio write "$(dmdev slow)" 0
	wait_for 20 slow_says "0 1 0"
	# shellcheck disable=SC2086	# one word or two
	dmsetup $command "$(dm over)"
	slow_says "0 0 0" || fail "$command has not waited: $(target_says slow)"
	wait "$BG"
	[[ $command != suspend ]] || dmsetup resume "$(dm over)"
done
dmsetup remove "$(dm over)"
dmsetup remove "$(dm slow)"

# --- reload
bad="$(( size / 8 - 2 ))"
mkfs.ext4 -q -F -b 4096 "$PART1"
mnt "$PART1" a
start_writers a
dmsetup filter start "$(dm up)" "$PART1"
reload up "0 $size dust $PART1 0 4096 noexcl"
more_ops 30
dmsetup resume "$(dm up)"
more_ops 30
dmsetup message "$(dm up)" 0 addbadblock "$bad"
dmsetup message "$(dm up)" 0 enable
equal "$(oneio scan "$PART1" $(( (bad - 8) * 8 )) 9)" 8
# new marks come with the new table, at resume
reload up "0 $size dust $PART1 0 4096 noexcl"
equal "$(oneio scan "$PART1" $(( (bad - 8) * 8 )) 9)" 8 "while the new table is not live"
dmsetup resume "$(dm up)"
equal "$(oneio scan "$PART1" $(( (bad - 8) * 8 )) 9)" "" "with the new table"
dmsetup message "$(dm up)" 0 addbadblock $(( bad - 3 ))
dmsetup message "$(dm up)" 0 enable
equal "$(oneio scan "$PART1" $(( (bad - 8) * 8 )) 9)" 5
for table in "flakey $PART1 0 1000 0" "delay $PART1 0 3" "snapshot-origin $PART1" "linear $PART1 0"; do
	reload up "0 $size $table noexcl"
	dmsetup resume "$(dm up)"
	more_ops 30
	(( $(counter up writes) > 0 ))
done
equal "$(oneio scan "$PART1" $(( (bad - 8) * 8 )) 9)" ""
# from its own output
dmsetup table "$(dm up)" > "$TESTDIR/table"
dmsetup reload "$(dm up)" "$TESTDIR/table"
dmsetup resume "$(dm up)"

# what start would refuse, the load refuses; never is it the resume
no_load() {
	local text=$1 before
	shift
	before=$(state)
	if printf '%s\n' "$@" | "$REAL_DMSETUP" reload "$(dm up)" > "$TESTDIR/out" 2>&1; then
		fail "loaded: $text"
	fi
	equal "$(state)" "$before" "state after a refused load: $text"
	attached up || fail "detached by a refused load: $text"
	more_ops 10
}
half=$(( size / 2 ))
key=0123456789abcdef0123456789abcdef
no_load "crypt" "0 $size crypt aes-cbc-essiv:sha256 $key 0 $PART1 0 noexcl"
no_load "zero" "0 $size zero"
no_load "error" "0 $size error"
no_load "two targets" "0 $half linear $PART1 0 noexcl" "$half $(( size - half )) linear $PART1 $half noexcl"
no_load "fewer sectors" "0 $(( size - 8 )) linear $PART1 0 noexcl"
no_load "an offset" "0 $(( size - 8 )) linear $PART1 8 noexcl"
no_load "another device" "0 $size linear $DISK2 0 noexcl"
no_load "claimed" "0 $size linear $PART1 0"
no_load "delay with another device" "0 $size delay $PART1 0 5 $DISK2 0 5 noexcl:$PART1"
dmsetup filter stop "$(dm up)"
reload up "0 $size zero"
dmsetup resume "$(dm up)"
stop_writers
dmsetup remove "$(dm up)"
dmsetup remove "$(dm low)"
check_fs "$PART1" a
