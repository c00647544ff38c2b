#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# The hook cannot be lost: ftrace cannot be switched off while it is there; with another tracer on the same function, a
# probe or a program of BPF, bios are diverted as before, whoever comes first. It is called directly, but if such a program
# is. The module cannot be unloaded while something is attached or a table is there,
# and can right after; where bios cannot be hooked, it cannot be loaded.
# timeout: 240
# kernel: module
# shellcheck source=test/lib/lib.sh
. "$(dirname "$0")/../lib/lib.sh"
# shellcheck source=test/lib/io.sh
. "$(dirname "$0")/../lib/io.sh"

switch=/proc/sys/kernel/ftrace_enabled
tracing=/sys/kernel/tracing
[[ -e $tracing/trace ]] || broken "no tracefs"

# the table that init has made to keep the hook
kept=$(dmsetup table interpose-init)
at_end() {
	echo nop > $tracing/current_tracer
	echo 0 > $tracing/events/kprobes/enable 2> /dev/null || :
	echo > $tracing/kprobe_events
	echo > $tracing/set_ftrace_filter
	echo 1 > $switch
	[[ -d /sys/module/dm_interpose ]] || insmod /test/module.ko
	dmsetup info interpose-init > /dev/null 2>&1 || dmsetup create interpose-init --table "$kept"
}

# a write to the original is one of the upper
diverts() {
	local before
	before=$(counter up writes)
	rawio write "$PART1" 0 128 "$1"
	equal "$(counter up writes)" $(( before + 1 )) "$2"
	rawio check "$DISK2" 0 128 "$1"
}

mk_dm up "0 $(sectors "$PART1") linear $DISK2 0"
dmsetup remap start "$(dm up)" "$PART1"
diverts 1 "alone"

log_mark
not sh -c "echo 0 > $switch" 2> /dev/null
equal "$(cat $switch)" 1 ftrace_enabled
diverts 2 "ftrace cannot be switched off"

# off for those who trace, not for us
echo 0 > $tracing/tracing_on
diverts 3 "tracing_on is 0"
echo 1 > $tracing/tracing_on
echo submit_bio_noacct > $tracing/set_ftrace_filter
echo function > $tracing/current_tracer
diverts 4 "with the function tracer"
grep -q submit_bio_noacct $tracing/trace || fail "the function tracer has seen nothing"
echo nop > $tracing/current_tracer
diverts 5 "without it again"
echo 'p:dmr submit_bio_noacct' > $tracing/kprobe_events
echo 1 > $tracing/events/kprobes/dmr/enable
diverts 6 "with a probe"
grep -q 'dmr: (submit_bio_noacct' $tracing/trace || fail "the probe has seen nothing"
echo 0 > $tracing/events/kprobes/dmr/enable
echo > $tracing/kprobe_events
diverts 7 "without it again"

# what holds the module
not rmmod dm_interpose 2> /dev/null
dmsetup remap stop "$(dm up)"
not rmmod dm_interpose 2> /dev/null
dmsetup remove interpose-init
"$REAL_DMSETUP" message "$(dm up)" 0 "@interpose_start remap $(devno "$PART1")"
not rmmod dm_interpose 2> /dev/null
diverts 8 "with no table of the target"
# under load, up to the last moment
start_hammer "$PART1" 4

"$REAL_DMSETUP" message "$(dm up)" 0 @interpose_stop
rmmod dm_interpose
[[ ! -e /dev/mapper/interpose ]]
each_writes 5
stop_hammer
# nobody is hooked: then it may be off
echo 0 > $switch
log_mark
not insmod /test/module.ko 2> "$TESTDIR/said"
log_since 'dm-interpose: cannot hook submit_bio_noacct.*ftrace_enabled'
[[ ! -e /dev/mapper/interpose && ! -d /sys/module/dm_interpose ]] || fail "it is loaded"
echo 1 > $switch
insmod /test/module.ko
dmsetup create interpose-init --table "$kept"
dmsetup remap start "$(dm up)" "$PART1"
diverts 9 "loaded again"

# who is called directly: D behind the name
is_direct() {
	grep -qE '^submit_bio_noacct .*\bD\b' $tracing/enabled_functions
}
is_direct || fail "not called directly: $(grep submit_bio_noacct $tracing/enabled_functions)"
rc=0
fentry submit_bio_noacct < /dev/null 2> "$TESTDIR/said" || rc=$?
equal $rc 3 "a program for fentry, as the second"
diverts 10 "after it was refused"
dmsetup remap stop "$(dm up)"
dmsetup remove interpose-init
! is_direct || fail "still called directly"

mkfifo "$TESTDIR/hold"
fentry submit_bio_noacct < "$TESTDIR/hold" > "$TESTDIR/said" &
exec {hold}> "$TESTDIR/hold"
wait_for 10 grep -q attached "$TESTDIR/said"
dmsetup remap start "$(dm up)" "$PART1"
diverts 11 "beside a program for fentry"
exec {hold}>&-
wait $!
diverts 12 "without it again"
dmsetup remap stop "$(dm up)"

echo submit_bio_noacct > $tracing/set_ftrace_filter
echo function > $tracing/current_tracer
dmsetup remap start "$(dm up)" "$PART1"
is_direct || fail "not called directly beside the function tracer"
diverts 13 "after the function tracer"
echo nop > $tracing/current_tracer
diverts 14 "without it again"
dmsetup remap stop "$(dm up)"
dmsetup create interpose-init --table "$kept"
