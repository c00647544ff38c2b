#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# Start, stop, suspend, resume, remove, create, reload, rename and status from several processes at once, for
# RACE_SECONDS (60), on a mounted file system with writers: no hang, no damage, nothing leaks. Slab caches
# and open counts return to what they were.
# timeout: 480
# kernel: patched
# shellcheck source=test/lib/lib.sh
. "$(dirname "$0")/../lib/lib.sh"
# shellcheck source=test/lib/io.sh
. "$(dirname "$0")/../lib/io.sh"

: "${RACE_SECONDS:=60}" "${RACE_ROUNDS:=100}"

size1=$(sectors "$PART1")
table1="0 $size1 linear $PART1 0 noexcl"
mk_dm one "$table1"
mk_dm two "$table1"
mk_dm three "0 $(sectors "$PART2") linear $PART2 0 noexcl"

# without a file system, and straight to the kernel: as many races as it can have
p1=$(devno "$PART1") p2=$(devno "$PART2")
pids=()
for n in one one two two three; do
	[[ $n == three ]] && p=$p2 || p=$p1
	fuzzmsg try "$(dm $n)" "$RACE_ROUNDS" "@interpose_start remap $p" "@interpose_stop" &
	pids+=($!)
done
fuzzmsg try "$(dm one)" "$RACE_ROUNDS" "@interpose_start remap $p1 and $(devno "$(dmdev three)") $p2" \
	"@interpose_stop" &
pids+=($!)
for p in "${pids[@]}"; do
	wait "$p" || fail "an errno that a race does not explain"
done
for n in one two three; do
	"$REAL_DMSETUP" message "$(dm $n)" 0 @interpose_stop 2> /dev/null || :
	not attached $n
	equal "$(open_count $n)" 0 "open count of $n after the race of messages"
done
rawio write "$PART1" 0 128 1
rawio check "$PART1" 0 128 1

mk_ext4 "$PART1" a

# the commands of one process; they may fail, but not hang, and only with an errno that means something
cat > "$TESTDIR/racer" <<-'END'
	set -u
	RANDOM=$1
	names=("$PREFIX-one" "$PREFIX-two" "$PREFIX-three")
	parts=("$PART1" "$PART1" "$PART2")
	SECONDS=0
	while (( SECONDS < RACE_SECONDS )); do
		i=$(( RANDOM % 3 ))
		n=${names[i]} p=${parts[i]}
		table="0 $(blockdev --getsz "$p") linear $p 0 noexcl"
		case $(( RANDOM % 14 )) in
		0|1|2) dmsetup remap start "$n" "$p" ;;
		3) dmsetup remap start --nolockfs "$n" "$p" ;;
		4) dmsetup remap start "${names[0]}" "$PART1" "${names[2]}" "$PART2" ;;
		5|6|7) dmsetup remap stop "$n" ;;
		8) dmsetup suspend "$n"; dmsetup resume "$n" ;;
		9) dmsetup suspend --nolockfs "$n"; dmsetup resume "$n" ;;
		10) echo "$table" | dmsetup reload "$n"; dmsetup resume "$n" ;;
		11) dmsetup remove "$n"; echo "$table" | dmsetup create "$n" ;;
		12) dmsetup rename "$n" "$n-x"; dmsetup rename "$n-x" "$n" ;;
		13) dmsetup remap status ;;
		esac 2>&1 | sed "s/^/$1: /"
	done
END
export PART1 PART2 RACE_SECONDS

# whatever came last: the three are there under their names, live and not attached
settle() {
	local i name names=(one two three) parts=("$PART1" "$PART1" "$PART2")
	for i in 0 1 2; do
		name=$(dm "${names[i]}")
		"$REAL_DMSETUP" rename "$name-x" "$name" > /dev/null 2>&1 || :
		for n in "$name" "$name-x"; do
			"$REAL_DMSETUP" resume "$n" > /dev/null 2>&1 || :
			"$REAL_DMSETUP" message "$n" 0 @interpose_stop > /dev/null 2>&1 || :
		done
		"$REAL_DMSETUP" remove "$name-x" > /dev/null 2>&1 || :
		"$REAL_DMSETUP" info "$name" > /dev/null 2>&1 ||
			"$REAL_DMSETUP" create "$name" \
				--table "0 $(sectors "${parts[i]}") linear ${parts[i]} 0 noexcl"
	done
}

# bytes in slab caches after all that is free was given back
slab() {
	drop_caches
	awk '/^SUnreclaim/ { print $2 }' /proc/meminfo
}

race() {
	local pids=() p rc=0
	for p in 1 2 3 4 5; do
		RACE_SECONDS=$1 bash "$TESTDIR/racer" $(( SEED % 10000 + p )) > "$TESTDIR/racer.$p" 2>&1 &
		pids+=($!)
	done
	for p in "${pids[@]}"; do
		wait "$p" || rc=1
	done
	settle
	return "$rc"
}

start_writers a
# first a short one, for what is allocated once and stays
race 5
before=$(slab)
race "$RACE_SECONDS"
more_ops 200
after=$(slab)
cat "$TESTDIR"/racer.? | sed 's/^[0-9]*: //; s/[0-9][0-9]*/N/g' | sort | uniq -c | sort -rn | head -25
grep -c . "$TESTDIR"/racer.? || :
! grep -iE 'segmentation|aborted|assert|cannot allocate' "$TESTDIR"/racer.? || fail "a command broke"
for n in one two three; do
	not attached $n
	equal "$(open_count $n)" 0 "open count of $n"
done
echo "unreclaimable slab: $before kB before, $after kB after"
(( after < before + 4096 )) || fail "slab grew from $before to $after kB in $RACE_SECONDS s"
# they can still be used
dmsetup remap start "$(dm two)" "$PART1"
more_ops 50
dmsetup remap stop "$(dm two)"
idle_upper two 50
stop_writers
for n in one two three; do
	dmsetup remove "$(dm $n)"
done
equal "$(in_use_by "$PART1")" ""
equal "$(in_use_by "$PART2")" ""
check_fs "$PART1" a
# the original can be claimed: no open of ours is left
rawio claim "$PART1"
rawio claim "$PART2"
