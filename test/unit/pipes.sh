#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# No script has a pipe into something that may end before it has read all of it, as "grep -q" does at the first match:
# who writes into it is killed by SIGPIPE then, now and then, and with "pipefail" a match is a failure.
set -euE -o pipefail

: "${srcdir:=$(dirname "$0")/../..}"
cd "$srcdir"
mapfile -t scripts < <(grep -rIlE '^#!/bin/(ba)?sh|^# shellcheck shell=' check demo boot debian kernel test tools .ci)
(( ${#scripts[@]} > 100 )) || {
	echo "there are but ${#scripts[@]} scripts"
	exit 1
}
! grep -nE '^[^#]*[^|]\| *(grep +-[a-zA-Z]*q|grep +(-[a-zA-Z-]+ +)*--quiet)' "${scripts[@]}" || {
	echo "into /dev/null instead, without -q"
	exit 1
}
