#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# Not root: each command says so, exits non-zero and changes nothing.
# timeout: 180
# kernel: interposer
# shellcheck source=test/lib/lib.sh
. "$(dirname "$0")/../lib/lib.sh"
# shellcheck source=test/lib/io.sh
. "$(dirname "$0")/../lib/io.sh"

mk_upper up "$PART1"
chmod 777 "$TESTDIR"
nobody() {
	setpriv --reuid 65534 --regid 65534 --clear-groups --bounding-set -all --no-new-privs "$@"
}
refused "not permitted: run it as root" nobody dmsetup remap start "$(dm up)" "$PART1"
refused "not permitted: run it as root" nobody dmsetup remap stop "$(dm up)"
refused "not permitted: run it as root" nobody dmsetup remap status
# even where the node lets it in, the kernel does not
control_mode=$(stat -c %a /dev/mapper/control)
chmod 666 /dev/mapper/control
refused "not permitted: run it as root" nobody dmsetup remap start "$(dm up)" "$PART1"
refused "not permitted: run it as root" nobody dmsetup remap stop "$(dm up)"
equal "$(nobody fuzzmsg raw "$(dm up)" 0 "@interpose_start remap $(devno "$PART1")" || :)" EACCES
if kernel_is module; then
	mode=$(stat -c %a /dev/mapper/interpose)
	chmod 666 /dev/mapper/interpose
	refused "not permitted: run it as root" nobody dmsetup remap start "$(dm up)" "$PART1"
	# shellcheck disable=SC2016	# for the inner shell
	fails "Operation not permitted" nobody bash -c 'exec 3<> /dev/mapper/interpose && echo "$1" >&3' _ \
		"$(devno "$(dmdev up)") @interpose_start remap $(devno "$PART1")"
	chmod "$mode" /dev/mapper/interpose
fi
chmod "$control_mode" /dev/mapper/control
# help needs no root
nobody dmsetup remap --help > "$TESTDIR/help"
grep -q start "$TESTDIR/help"

# attached, it stays
dmsetup remap start "$(dm up)" "$PART1"
refused "not permitted: run it as root" nobody dmsetup remap stop "$(dm up)"
attached up
dmsetup remap stop "$(dm up)"
