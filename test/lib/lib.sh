# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
# The vocabulary of the tests that run inside the virtual machine. A test looks like this:
#
#	#!/bin/bash
#	# SPDX-License-Identifier: GPL-2.0-only
#	# What must hold, in a sentence or two.
#	# timeout: 120			(seconds under TCG; 60 when not said)
#	# kernel: interposer		(all words of: patched unpatched module interposer debug stock base clone atomic
#					trace; none: every kernel; interposer: patched or module; clone, atomic, trace:
#					has that target, atomic writes, the series' events of tracing; base: not of a
#					distribution)
#	# native: REASON		("# kernel: patched" only: why it does not run with the module)
#	# shellcheck source=test/lib/lib.sh
#	. "$(dirname "$0")/../lib/lib.sh"
#
# Exit 0 is a pass, 77 a skip (use skip), 99 a broken set-up (use broken), anything else a failure.
# A test runs under "set -euE -o pipefail" in an empty directory of its own, $TESTDIR, with a session
# of its own; the EXIT trap undoes everything by $PREFIX. The machine provides
#	PART1 PART2 PART3	partitions of DISK1 (two of 300 MiB, the rest), content undefined
#	DISK1 DISK2 DISK3	whole disks (1 GiB, 512 MiB, 512 MiB), content undefined
#	NVME NVME_PI		NVMe disks of 64 MiB, the second with protection information
#	KERNEL_WORDS		"patched base" and the like, as in "# kernel:"
#	REAL_DMSETUP		the distribution's dmsetup; "dmsetup" is the front end under test
#
# Verdicts
#	fail TEXT...			end the test as failed
#	skip TEXT...			end the test as skipped, with the reason
#	broken TEXT...			end the test: the machine lacks what it must have
#	not CMD...			CMD must fail, but not be killed by a signal
#	should CMD...			note a failure of CMD, go on
#	equal GOT WANT [TEXT]		strings are equal, or fail
#	fail_with REGEX CMD...		a command of ours must fail with exactly one line on stderr
#					(and perhaps "Try '...'"), which matches REGEX; nothing on stdout
#	fails REGEX CMD...		any command must fail and its stderr match REGEX
#	quiet CMD...			CMD must succeed and print nothing at all
#	wait_for SECONDS CMD...		until CMD succeeds, at most that long (four times that in the debug
#					kernel), or fail
#	holds SECONDS CMD...		CMD succeeds again and again for that long, or fail
# The kernel
#	have_interpose, have_noexcl	does this kernel have it?
#	have_driver MAJOR MINOR		device-mapper driver version at least
#	kernel_is WORD			WORD is one of KERNEL_WORDS
#	have_target NAME		has it that target? Says so where it has not
#	native WHAT...			for if: is the kernel patched? Says what is left out where it is not
#	modes				"remap filter", or what this kernel has of them
#	log_mark / log_since [REGEX]	remember a place in the kernel log / print from there on
# Devices; names are given without the prefix, dm NAME adds it
#	dm NAME				"$PREFIX-NAME"
#	dmdev NAME			/dev/mapper/$PREFIX-NAME
#	mk_dm NAME TABLE...		create from table lines
#	mk_upper NAME DEV		linear over DEV with noexcl, the whole of it
#	shared_line START LEN DEV OFFSET	what "dmsetup table" shows of linear with noexcl
#	mk_linear NAME DEV [ARG...]	linear over DEV, further table arguments
#	mk_zero NAME SECTORS		target zero
#	reload NAME TABLE...		load an inactive table
#	fit TABLE...			sets FIT: these lines as this kernel takes them. With the module a target other
#					than linear is stacked on an interpose device, one for each shared device,
#					which goes with the last table over it. mk_dm and reload do it by themselves
#	mk_below DEV			only that interpose device
#	shared_dev DEV			the number that such tables show: of DEV, or of that interpose device
#	sectors DEV, devno DEV		size in 512-byte sectors, major:minor
#	mk_loop SIZE [ARGS...]		a sparse file in $TESTDIR and a loop device; sets LOOP
#	mk_null_blk NAME KEY=VALUE...	a null_blk by configfs; sets NULLB
#	mk_scsi_debug			one scsi_debug disk of 64 MiB; sets SCSI_DISK
#	open_count NAME			from dmsetup info
# Interposing, straight from the kernel, without our tools
#	attached NAME			is something attached to it?
#	status_of NAME			the line of @interpose_status
#	counter NAME WORD		WORD: reads read_sectors writes write_sectors held flags original
#	counters NAME			"reads read_sectors writes write_sectors held"
#	diskstat DEV FIELD		field (1..) of /sys/.../stat: 1 reads, 3 sectors, 5 writes, 7 sectors
# File systems
#	mk_ext4 DEV DIR [MKFS-ARGS...]	make one and mount it on $TESTDIR/DIR
#	mnt DEV DIR [OPTIONS]		mount on $TESTDIR/DIR
#	unmount DIR			and fail when that fails
#	fsck_ok DEV			e2fsck -fn finds nothing at all (after a journal replay if needed)
#	fsck_clean DEV			nor is there a journal to replay
#	drop_caches			sync and drop the page cache
#	md5_of DEV			md5 of the whole device, read with O_DIRECT
# Processes
#	bg PROGRAM...			in the background, own session (no shell function); sets BG;
#					killed by teardown
#	end_bg PID			ask it to stop (TERM) and return its exit status
# The end
#	at_end				a function that a test may define: teardown calls it, whatever the verdict

set -euE -o pipefail

PREFIX=dmr$$
export PREFIX DM_DISABLE_UDEV=1 LC_ALL=C
: "${REAL_DMSETUP:=/sbin/dmsetup}" "${KERNEL_WORDS:=}" "${TESTNAME:=$(basename "$0" .sh)}"

if [[ ! -e /run/dm-remap-vm ]]; then
	echo "$0: these tests run inside the virtual machine only: test/vm/run" >&2
	exit 99
fi

TESTDIR=/tmp/$PREFIX
mkdir -p "$TESTDIR"
cd "$TESTDIR"

bg_pids=()
loops=()
null_blks=()
verdict_given=

# --- verdicts -------------------------------------------------------------------------------------

fail() {
	echo "FAIL: $*" >&2
	verdict_given=1
	exit 1
}

skip() {
	verdict_given=1
	echo "skip: $*"
	exit 77
}

broken() {
	verdict_given=1
	echo "broken set-up: $*" >&2
	exit 99
}

not() {
	local rc=0
	"$@" || rc=$?
	(( rc != 0 )) || fail "succeeded, but must not: $*"
	(( rc < 126 )) || fail "exit status $rc: $*"
}

should() {
	"$@" || echo "NOTE: should have succeeded (status $?): $*" >&2
}

equal() {
	[[ $1 == "$2" ]] || fail "${3:-not equal}: got '$1', want '$2'"
}

fail_with() {
	local regex=$1 rc=0 lines
	shift
	"$@" > "$TESTDIR/.out" 2> "$TESTDIR/.err" || rc=$?
	sed "s/^/  | /" "$TESTDIR/.err"
	(( rc != 0 )) || fail "succeeded, but must not: $*"
	(( rc < 126 )) || fail "exit status $rc: $*"
	[[ ! -s $TESTDIR/.out ]] || fail "an error wrote to stdout: $*: $(head -3 "$TESTDIR/.out")"
	grep -qE -- "$regex" "$TESTDIR/.err" || fail "stderr does not match '$regex': $*"
	lines=$(grep -vcE "^Try '.*'" "$TESTDIR/.err" || :)
	(( lines == 1 )) || fail "$lines lines on stderr instead of one: $*"
}

fails() {
	local regex=$1 rc=0
	shift
	"$@" > "$TESTDIR/.out" 2> "$TESTDIR/.err" || rc=$?
	sed "s/^/  | /" "$TESTDIR/.err"
	(( rc != 0 )) || fail "succeeded, but must not: $*"
	(( rc < 126 )) || fail "exit status $rc: $*"
	grep -qE -- "$regex" "$TESTDIR/.err" || fail "stderr does not match '$regex': $*"
}

quiet() {
	local rc=0
	"$@" > "$TESTDIR/.out" 2>&1 || rc=$?
	(( rc == 0 )) || { cat "$TESTDIR/.out"; fail "exit status $rc: $*"; }
	[[ ! -s $TESTDIR/.out ]] || { cat "$TESTDIR/.out"; fail "printed something: $*"; }
}

wait_for() {
	local end=$(( SECONDS + $1 ))
	local what="${*:2}"
	! kernel_is debug || end=$(( SECONDS + 4 * $1 ))
	shift
	until "$@"; do
		(( SECONDS <= end )) || fail "waited in vain for: $what"
		sleep 0.05
	done
}

holds() {
	local end=$(( SECONDS + $1 ))
	local what="${*:2}"
	shift
	while (( SECONDS < end )); do
		"$@" || fail "did not hold: $what"
		sleep 0.05
	done
}

# --- the kernel -----------------------------------------------------------------------------------

kernel_is() {
	[[ " $KERNEL_WORDS " == *" $1 "* ]]
}

have_driver() {
	local major minor
	IFS=. read -r major minor _ < <("$REAL_DMSETUP" version | sed -n 's/^Driver version: *//p')
	(( major > $1 || (major == $1 && minor >= $2) ))
}

# A probe device answers for the kernel; it costs a few milliseconds.
probe_kernel() {
	local n=$PREFIX-probe rc=0 minor
	"$REAL_DMSETUP" create "$n" --table "0 8 zero" || broken "cannot create a dm device"
	case $1 in
	interpose) "$REAL_DMSETUP" message "$n" 0 @interpose_status > /dev/null 2>&1 || rc=1 ;;
	noexcl)
		minor=$("$REAL_DMSETUP" info -c --noheadings -o minor "$n")
		[[ -e /sys/block/dm-$minor/dm/noexcl ]] || rc=1 ;;
	esac
	"$REAL_DMSETUP" remove --retry "$n"
	return "$rc"
}

have_interpose() {
	probe_kernel interpose
}

have_noexcl() {
	probe_kernel noexcl
}

log_mark() {
	LOG_MARK=$(awk '{ print $1 * 1000000 }' /proc/uptime)
	echo "test: mark $PREFIX.$LOG_MARK" > /dev/kmsg
}

log_since() {
	dmesg | awk -v mark="test: mark $PREFIX.$LOG_MARK" 'on; index($0, mark) { on = 1 }' |
		grep -E -- "${1:-.*}"
}

have_target() {
	"$REAL_DMSETUP" targets | grep "^$1 " > /dev/null && return
	echo "not run: this kernel has no target $1"
	return 1
}

native() {
	kernel_is patched && return
	echo "native only: $*"
	return 1
}

modes() {
	if native "filter" >&2; then
		echo remap filter
	else
		echo remap
	fi
}

# --- devices --------------------------------------------------------------------------------------

dm() {
	echo "$PREFIX-$1"
}

dmdev() {
	echo "/dev/mapper/$PREFIX-$1"
}

sectors() {
	blockdev --getsz "$1"
}

devno() {
	lsblk -dnro MAJ:MIN "$1"
}

# The interpose device over a shared device: its name
below() {
	echo "$PREFIX-below-$(devno "$1" | tr : -)"
}

below_gone() {
	! "$REAL_DMSETUP" info "$1" > /dev/null 2>&1
}

# made when there is none
mk_below() {
	local name open deferred
	name=$(below "$1")
	IFS=: read -r open deferred < \
		<("$REAL_DMSETUP" info -c --noheadings -o open,deferred_remove "$name" 2> /dev/null) || :
	# the last table over it is gone, and it follows
	[[ $open != 0 || $deferred != *emove* ]] || wait_for 10 below_gone "$name"
	! below_gone "$name" || "$REAL_DMSETUP" create "$name" --table "0 $(sectors "$1") interpose $1 0"
}

# those that no table has are removed now
release_below() {
	local n
	for n in $(ours | grep "^$PREFIX-below-" || :); do
		"$REAL_DMSETUP" remove --deferred "$n" || :
	done
}

shared_dev() {
	if kernel_is module; then
		# a removal that is deferred takes the node away at once
		"$REAL_DMSETUP" info -c --noheadings -o major,minor "$(below "$1")"
	else
		devno "$1"
	fi
}

fit() {
	local line words last shared dev i
	FIT=()
	for line; do
		read -r -a words <<< "$line"
		last=${words[-1]}
		if ! kernel_is module || [[ $last != noexcl && $last != noexcl:* || ${words[2]} == linear ]]; then
			FIT+=("$line")
			continue
		fi
		unset 'words[-1]'
		shared=${last#noexcl}
		if [[ ! $shared ]]; then
			# the one device that it has
			for dev in "${words[@]:3}"; do
				[[ ! -b $dev ]] || break
			done
			shared=:$dev
		fi
		for dev in ${shared//[:,]/ }; do
			mk_below "$dev"
			for i in "${!words[@]}"; do
				[[ ${words[i]} != "$dev" ]] || words[i]=$(shared_dev "$dev")
			done
		done
		FIT+=("${words[*]}")
	done
}

mk_dm() {
	local name=$1 rc=0
	shift
	fit "$@"
	printf '%s\n' "${FIT[@]}" | dmsetup create "$PREFIX-$name" || rc=$?
	! kernel_is module || release_below
	return "$rc"
}

mk_linear() {
	local name=$1 dev=$2
	shift 2
	mk_dm "$name" "0 $(sectors "$dev") linear $dev 0${*:+ $*}"
}

shared_line() {
	if kernel_is module; then
		echo "$1 $2 interpose $(devno "$3") $4"
	else
		echo "$1 $2 linear $(devno "$3") $4 noexcl"
	fi
}

mk_upper() {
	mk_linear "$1" "$2" noexcl
}

mk_zero() {
	mk_dm "$1" "0 $2 zero"
}

reload() {
	local name=$1 rc=0
	shift
	fit "$@"
	printf '%s\n' "${FIT[@]}" | dmsetup reload "$PREFIX-$name" || rc=$?
	! kernel_is module || release_below
	return "$rc"
}

open_count() {
	"$REAL_DMSETUP" info -c --noheadings -o open "$PREFIX-$1"
}

mk_loop() {
	local file
	file=$(mktemp "$TESTDIR/loop.XXXXXX")
	truncate -s "$1" "$file"
	shift
	LOOP=$(losetup --show -f "$@" "$file")
	loops+=("$LOOP")
}

mk_null_blk() {
	local dir=/sys/kernel/config/nullb/$PREFIX-$1 kv
	shift
	mkdir "$dir" || broken "no null_blk"
	null_blks+=("$dir")
	echo 1 > "$dir/memory_backed"
	for kv in "$@"; do
		echo "${kv#*=}" > "$dir/${kv%%=*}"
	done
	echo 1 > "$dir/power"
	NULLB=/dev/$(awk -v i="$(cat "$dir/index")" 'BEGIN { print "nullb" i }')
	[[ -b $NULLB ]] || NULLB=/dev/$(basename "$dir")
	wait_for 10 test -b "$NULLB"
}

scsi_disks() {
	local d
	for d in /sys/bus/pseudo/drivers/scsi_debug/adapter*/host*/target*/*/block/*; do
		[[ ! -e $d ]] || basename "$d"
	done
}

mk_scsi_debug() {
	[[ -w /sys/bus/pseudo/drivers/scsi_debug/add_host ]] || broken "no scsi_debug"
	[[ -z $(scsi_disks) ]] || broken "a scsi_debug disk is left over"
	echo 1 > /sys/bus/pseudo/drivers/scsi_debug/add_host
	scsi_debug_used=1
	wait_for 20 have_scsi_disk
	SCSI_DISK=/dev/$(scsi_disks | tail -1)
	export SCSI_DISK
}
scsi_debug_used=

have_scsi_disk() {
	local d
	d=$(scsi_disks | tail -1)
	[[ -n $d && -b /dev/$d ]]
}

# --- interposing ----------------------------------------------------------------------------------

status_of() {
	"$REAL_DMSETUP" message "$PREFIX-$1" 0 @interpose_status
}

attached() {
	[[ -n $(status_of "$1") ]]
}

counter() {
	local field
	case $2 in
	mode) field=1 ;;
	original) field=2 ;;
	flags) field=3 ;;
	reads) field=4 ;;
	read_sectors) field=5 ;;
	writes) field=6 ;;
	write_sectors) field=7 ;;
	held) field=8 ;;
	*) broken "no counter $2" ;;
	esac
	status_of "$1" | awk -v f="$field" '{ print $f }'
}

counters() {
	status_of "$1" | cut -d' ' -f4-8
}

diskstat() {
	awk -v f="$2" '{ print $f }' "/sys/class/block/$(basename "$(readlink -f "$1")")/stat"
}

# --- file systems ---------------------------------------------------------------------------------

mnt() {
	mkdir -p "$TESTDIR/$2"
	mount ${3:+-o "$3"} "$1" "$TESTDIR/$2"
}

mk_ext4() {
	local dev=$1 dir=$2
	shift 2
	mkfs.ext4 -q -F "$@" "$dev" < /dev/null
	mnt "$dev" "$dir"
}

unmount() {
	umount "$TESTDIR/$1"
}

fsck_ok() {
	# a journal to replay is no fault; anything found after that is one
	e2fsck -E journal_only -p "$1" > /dev/null 2>&1 || :
	fsck_clean "$1"
}

fsck_clean() {
	local rc=0 out
	out=$(e2fsck -fn "$1" 2>&1) || rc=$?
	(( rc == 0 )) || { printf '%s\n' "$out" >&2; fail "e2fsck $1: status $rc"; }
}

drop_caches() {
	sync
	echo 3 > /proc/sys/vm/drop_caches
}

md5_of() {
	dd if="$1" iflag=direct bs=1M status=none | md5sum | cut -d' ' -f1
}

# --- processes ------------------------------------------------------------------------------------

bg() {
	setsid "$@" &
	BG=$!
	bg_pids+=("$BG")
}

end_bg() {
	local rc=0
	kill -TERM -- "-$1" 2> /dev/null || kill -TERM "$1" 2> /dev/null || :
	wait "$1" || rc=$?
	return "$rc"
}

# --- the end --------------------------------------------------------------------------------------

ours() {
	"$REAL_DMSETUP" info -c --noheadings -o name 2> /dev/null | grep "^$PREFIX" || :
}

describe() {
	local n
	echo "--- what there was at the end"
	"$REAL_DMSETUP" info -c 2>&1 || :
	for n in $(ours); do
		echo "$n: $("$REAL_DMSETUP" table "$n" 2>&1)"
		echo "$n: inactive: $("$REAL_DMSETUP" table --inactive "$n" 2>&1)"
		echo "$n: interpose: $("$REAL_DMSETUP" message "$n" 0 @interpose_status 2>&1)"
	done
	lsblk -o NAME,MAJ:MIN,SIZE,RO,TYPE,MOUNTPOINTS 2>&1 || :
	ps -o pid,stat,wchan:32,args -p 2 --ppid 2 --deselect 2> /dev/null | tail -30 || :
}

teardown() {
	local p n m i
	for p in "${bg_pids[@]}"; do
		kill -KILL -- "-$p" 2> /dev/null || :
	done
	for n in $(ours); do
		# a table that was loaded and does not fit would keep it suspended
		"$REAL_DMSETUP" clear "$n" > /dev/null 2>&1 || :
		"$REAL_DMSETUP" resume "$n" > /dev/null 2>&1 || :
		"$REAL_DMSETUP" message "$n" 0 @interpose_stop > /dev/null 2>&1 || :
	done
	cd /
	for i in 1 2 3; do
		findmnt -rno TARGET | grep "^$TESTDIR" | sort -r | while IFS= read -r m; do
			fsfreeze -u "$m" 2> /dev/null || :
			umount "$m" 2> /dev/null || (( i < 3 )) || umount -l "$m" || :
		done
		swapoff -a 2> /dev/null || :
		for n in $(ours); do
			"$REAL_DMSETUP" remove --retry "$n" > /dev/null 2>&1 || :
		done
		[[ -n $(ours) ]] || break
	done
	for n in $(ours); do
		echo "teardown: $n would not go away" >&2
		"$REAL_DMSETUP" remove --force "$n" || :
	done
	for p in "${loops[@]}"; do
		losetup -d "$p" 2> /dev/null || :
	done
	for p in "${null_blks[@]}"; do
		rmdir "$p" 2> /dev/null || :
	done
	[[ -z $scsi_debug_used ]] ||
		echo -1 > /sys/bus/pseudo/drivers/scsi_debug/add_host 2> /dev/null || :
	rm -rf "$TESTDIR"
	[[ -z $(ours) ]]
}

on_exit() {
	local rc=$?
	trap - ERR EXIT
	set +eE
	(( rc == 0 || rc == 77 )) || describe
	! declare -F at_end > /dev/null || at_end
	if ! teardown > /dev/null; then
		echo "teardown: something was left behind" >&2
		(( rc != 0 && rc != 77 )) || rc=1
	fi
	exit "$rc"
}

on_error() {
	local rc=$? i
	# subshells inherit the trap; the test itself reports
	[[ -z $verdict_given && $BASH_SUBSHELL == 0 ]] || return "$rc"
	echo "FAIL: status $rc of: $BASH_COMMAND" >&2
	for (( i = 1; i < ${#FUNCNAME[@]}; i++ )); do
		echo "  at ${BASH_SOURCE[i]##*/}:${BASH_LINENO[i-1]} in ${FUNCNAME[i]}" >&2
	done
	return "$rc"
}

trap on_exit EXIT
trap on_error ERR
trap 'exit 143' TERM
trap 'exit 130' INT
