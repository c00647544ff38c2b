#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# Each target that passes everything on can be attached to a mounted partition under load, used and removed:
# linear, unstriped, delay, flakey while it is up, dust, switch, era, log-writes. What each of them adds is there:
# switch changes the path, era knows the blocks that were written, the log replays to what the disk is.
# timeout: 180
# kernel: interposer
# tier: long
# shellcheck source=test/lib/lib.sh
. "$(dirname "$0")/../lib/lib.sh"
# shellcheck source=test/lib/io.sh
. "$(dirname "$0")/../lib/io.sh"

WARM_UP=300
small_part 48M
size=$(sectors "$SMALL")
mk_ext4 "$SMALL" a -b 4096
dd if=/dev/urandom of="$TESTDIR/a/written" bs=64k count=4 conv=fsync status=none
dd if=/dev/urandom of="$TESTDIR/a/quiet" bs=64k count=4 conv=fsync status=none
start_writers a -n 4 -b 128

attach() {
	echo "upper: $1"
	mk_dm up "0 $size $1"
	dmsetup remap start "$(dm up)" "$SMALL"
}

# operations of which the upper sees some of each kind
work() {
	local before after
	read -r -a before < <(counters up)
	more_ops "$1"
	read -r -a after < <(counters up)
	(( after[0] > before[0] && after[2] > before[2] )) || fail "the upper sees nothing: ${before[*]}, ${after[*]}"
}

detach() {
	dmsetup remap stop "$(dm up)"
	not attached up
	idle_upper up 20
	dmsetup remove "$(dm up)"
}

for table in "linear $SMALL 0 noexcl" "unstriped 1 8 0 $SMALL 0 noexcl" "delay $SMALL 0 0 noexcl" \
		"flakey $SMALL 0 1 0 noexcl" "dust $SMALL 0 4096 noexcl"; do
	have_target "${table%% *}" || continue
	attach "$table"
	[[ $table != dust* ]] || dmsetup message "$(dm up)" 0 enable
	work 60
	detach
done

# --- switch: two paths to the same sectors
mk_upper path "$SMALL"
regions=$(( size / 128 ))
attach "switch 2 128 0 $SMALL 0 $(dmdev path) 0 noexcl:$SMALL"
path() {
	dmsetup message "$(dm up)" 0 set_region_mappings "$@" "R$#,$(printf %x $(( regions - $# )))"
	# and what was under way on the other path has ended
	dmsetup suspend "$(dm up)"
	dmsetup resume "$(dm up)"
}
path 0:0
idle_upper path 50
path 0:1
by_path=$(upper_writes path)
work 100
(( $(upper_writes path) > by_path + 10 )) || fail "the second path is not taken"
path 0:0 :1
work 50
path 0:0
idle_upper path 50
detach
dmsetup remove "$(dm path)"

# --- era
slice meta 4
attach "era $(dmdev meta) $SMALL 128 noexcl:$SMALL"

# le BYTES OFFSET: an unsigned number in the copy of the metadata
le() {
	od -An -v "-tu$1" -j "$2" -N "$1" "$TESTDIR/meta" | tr -d ' '
}

# place BLOCK KEY: where its value is, in the btree whose only node that block is
place() {
	local node=$(( $1 * 4096 )) entries max i
	entries=$(le 4 $(( node + 16 )))
	max=$(le 4 $(( node + 20 )))
	for (( i = 0; i < entries; i++ )); do
		[[ $(le 8 $(( node + 32 + i * 8 ))) == "$2" ]] || continue
		echo $(( node + 32 + max * 8 + i * $(le 4 $(( node + 24 ))) ))
		return
	done
	fail "era: no $2 in the btree at block $1, which has $entries entries"
}

# written_in ERA UNIT: was it? (the metadata snapshot has the sets of blocks of past eras)
written_in() {
	local set bits word=$(( $2 / 64 ))
	set=$(place "$(le 8 $(( held * 4096 + 200 )))" "$1")
	# the array of a set of blocks: a btree of blocks of 64-bit words
	bits=$(place "$(le 8 $(( set + 4 )))" 0)
	bits=$(( $(le 8 "$bits") * 4096 + 24 ))
	(( $(le 8 $(( bits + word * 8 ))) >> ($2 % 64) & 1 ))
}

era=$(word up 3)
work 50
dmsetup message "$(dm up)" 0 checkpoint
equal "$(word up 3)" $(( era + 1 )) "the era after a checkpoint"
work 50
oneio write "$TESTDIR/a/written" 256
dmsetup message "$(dm up)" 0 take_metadata_snap
held=$(word up 4)
[[ $held =~ ^[1-9][0-9]*$ ]] || fail "no metadata snapshot: $(target_says up)"
dd if="$(dmdev meta)" of="$TESTDIR/meta" bs=1M iflag=direct status=none
# the middle of each file: others may have a part of the units at its ends
written=$(( $(block_of "$SMALL" /written 32) * 8 / 128 ))
quiet=$(( $(block_of "$SMALL" /quiet 32) * 8 / 128 ))
written_in $(( era + 1 )) "$written" || fail "era has missed a write to unit $written"
! written_in $(( era + 1 )) "$quiet" || fail "era says that unit $quiet was written, which nobody did"
! written_in "$era" "$written" || fail "era says that unit $written was written before"
dmsetup message "$(dm up)" 0 drop_metadata_snap
work 50
detach
# the count goes on where it was
last=$(( era + 2 ))
attach "era $(dmdev meta) $SMALL 128 noexcl:$SMALL"
(( $(word up 3) >= last )) || fail "the era has gone back: $(target_says up), was $last"
work 50
detach

# --- log-writes: the disk at start, and the log, make the disk at stop
slice copy 48
slice log 256
fsfreeze -f "$TESTDIR/a"
dd if="$SMALL" of="$(dmdev copy)" bs=1M iflag=direct oflag=direct status=none
attach "log-writes $SMALL $(dmdev log) noexcl:$SMALL"
fsfreeze -u "$TESTDIR/a"
work 100
dmsetup message "$(dm up)" 0 mark middle
work 100
fsfreeze -f "$TESTDIR/a"
writes=$(counter up writes)
dmsetup remap stop "$(dm up)"
dmsetup remove "$(dm up)"
[[ $(md5_of "$SMALL") != "$(md5_of "$(dmdev copy)")" ]] || fail "nothing has changed: this test proves nothing"
replaylog "$(dmdev log)" "$(dmdev copy)" > "$TESTDIR/log"
cat "$TESTDIR/log"
equal "$(md5_of "$(dmdev copy)")" "$(md5_of "$SMALL")" "the log, replayed"
fsfreeze -u "$TESTDIR/a"
read -r _ entries _ _ _ _ _ marks < "$TESTDIR/log"
equal "$marks" 2 "marks in the log"
# what the upper has got, the two marks, and what is split below it
(( entries >= writes )) || fail "the log has $entries entries of $writes writes"

more_ops 50
stop_writers
check_fs "$SMALL" a
