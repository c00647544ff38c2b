#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# Everything but our commands goes to the distribution's dmsetup untouched: output, exit status, options
# before the command, tables on stdin, the program's other names, a full pipe, signals.
# timeout: 240
# shellcheck source=test/lib/lib.sh
. "$(dirname "$0")/../lib/lib.sh"
# shellcheck source=test/lib/io.sh
. "$(dirname "$0")/../lib/io.sh"

# not what is put before it for the messages to the module
REAL_DMSETUP=/usr/sbin/dmsetup
front=$(type -P dmsetup)
[[ $(readlink -f "$front") != "$(readlink -f "$REAL_DMSETUP")" ]] || broken "no front end in this machine"

same() {
	local rc1=0 rc2=0
	"$front" "$@" > "$TESTDIR/out1" 2> "$TESTDIR/err1" < /dev/null || rc1=$?
	"$REAL_DMSETUP" "$@" > "$TESTDIR/out2" 2> "$TESTDIR/err2" < /dev/null || rc2=$?
	equal "$rc1" "$rc2" "exit status of: $*"
	cmp "$TESTDIR/out1" "$TESTDIR/out2" || fail "stdout of: $*"
	# messages begin with the name by which it was called
	cmp <(sed "s|^$REAL_DMSETUP:|dmsetup:|; s|^$front:|dmsetup:|" "$TESTDIR/err1") \
		<(sed "s|^$REAL_DMSETUP:|dmsetup:|; s|^$front:|dmsetup:|" "$TESTDIR/err2") ||
		fail "stderr of: $*"
}

mk_linear one "$PART1"
same ls
same ls --tree
same info "$(dm one)"
same info -c --noheadings -o name,major,minor
same -c info --noheadings -o name
same --noheadings -c info -o name
same -v status "$(dm one)"
same table "$(dm one)"
same table
same deps -o devname "$(dm one)"
same targets
same --version
same version
same info "$(dm nonsense)"
same nonsense
same remapped
same table --nonsense
same --inactive table "$(dm one)"
same -o name,uuid info -c
same mangle "$(dm one)"
same message "$(dm one)" 0 @stats_list

# stdin: tables of several lines, and what comes behind is not eaten
printf '0 64 linear %s 0\n64 64 zero\n' "$PART2" | "$front" create "$(dm two)"
equal "$("$REAL_DMSETUP" table "$(dm two)" | wc -l)" 2
printf '0 64 zero\n' | "$front" reload "$(dm two)"
"$front" resume "$(dm two)"
equal "$("$REAL_DMSETUP" table "$(dm two)")" "0 64 zero "
"$front" remove "$(dm two)"
# shellcheck disable=SC2016	# for the inner shell
equal "$(printf 'left over\n' | bash -c '"$1" ls > /dev/null; cat' _ "$front")" "left over"

# a reader that goes away, an output that is full
into_closed_pipe() {
	local rc=0
	{ sleep 0.5; "$@" || rc=$?; echo "$rc" > "$TESTDIR/rc"; } | true || :
	cat "$TESTDIR/rc"
}
equal "$(into_closed_pipe "$front" targets)" "$(into_closed_pipe "$REAL_DMSETUP" targets)" "status after SIGPIPE"
rc=0
"$front" targets > /dev/full 2> /dev/null || rc=$?
rc2=0
"$REAL_DMSETUP" targets > /dev/full 2> /dev/null || rc2=$?
equal "$rc" "$rc2" "exit status with a full output"
rc=0
dmsetup remap --help > /dev/full 2> "$TESTDIR/err" || rc=$?
(( rc != 0 )) || fail "help into a full device is a success"

# by its other names
ln -s "$(readlink -f "$front")" "$TESTDIR/dmstats"
"$TESTDIR/dmstats" create "$(dm one)" > "$TESTDIR/out"
grep -qi 'region id 0' "$TESTDIR/out"
"$TESTDIR/dmstats" list "$(dm one)" | grep -F "$(dm one)" > /dev/null
"$TESTDIR/dmstats" delete --allregions "$(dm one)" > /dev/null

# a signal reaches the command: it is the same process
"$front" wait "$(dm one)" &
pid=$!
is_real() {
	[[ $(readlink "/proc/$pid/exe") == "$(readlink -f "$REAL_DMSETUP")" ]]
}
wait_for 10 is_real
kill -TERM "$pid"
rc=0
wait "$pid" || rc=$?
equal "$rc" 143 "exit status after TERM"

# help of both
"$front" help > "$TESTDIR/help" 2>&1 || :
grep -q 'remap start' "$TESTDIR/help" || fail "help does not know remap"
grep -q 'resume' "$TESTDIR/help" || fail "help does not know dmsetup's commands"
