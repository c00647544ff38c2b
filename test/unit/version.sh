#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# The program, the module and the packages have one version.
set -euE -o pipefail

: "${srcdir:=$(dirname "$0")/../..}"
version=$(sed -n 's/^AC_INIT(\[dm-remap\], \[\(.*\)\])$/\1/p' "$srcdir/configure.ac")
module=$(sed -n 's/^MODULE_VERSION("\(.*\)");$/\1/p' "$srcdir/kernel/module/main.c")
package=$(sed -n '1s/^dm-remap (\(.*\)-[^-]*) .*/\1/p' "$srcdir/debian/changelog")
rpm=$(sed -n 's/^Version:[[:space:]]*//p' "$srcdir/rpm/dm-remap.spec")
echo "configure.ac: $version, module: $module, package: $package, rpm: $rpm"
[[ $version && $version == "$module" && $version == "$package" && $version == "$rpm" ]]
