# SPDX-License-Identifier: GPL-2.0-only
# The probes of configure.ac that are longer than a line.

# DMREMAP_CXX20: the option that makes the compiler speak C++20 goes into CXX.
AC_DEFUN([DMREMAP_CXX20], [
AC_CACHE_CHECK([for the option for C++20], [dmremap_cv_cxx20], [
	dmremap_cv_cxx20=no
	dmremap_saved_CXX=$CXX
	for option in -std=c++20 -std=c++2a; do
		CXX="$dmremap_saved_CXX $option"
		AC_COMPILE_IFELSE([AC_LANG_PROGRAM([
			#include <concepts>
			#include <span>
			#include <string>
			struct Pair { int a; int b; auto operator<=>(const Pair &) const = default; };
		], [
			std::string text = "@interpose_status";
			return !text.starts_with("@") || Pair{1, 2} > Pair{2, 1};
		])], [dmremap_cv_cxx20=$option])
		CXX=$dmremap_saved_CXX
		test "$dmremap_cv_cxx20" = no || break
	done
])
AS_IF([test "$dmremap_cv_cxx20" = no],
	[AC_MSG_ERROR([a compiler for C++20 is needed (g++ 12 or later); on Debian: apt-get install g++])])
CXX="$CXX $dmremap_cv_cxx20"
])

# DMREMAP_LIBVERSION: major.minor.patch of the file becomes libtool's current:revision:age, so
# that the library is libdmremap.so.major.minor.patch.
AC_DEFUN([DMREMAP_LIBVERSION], [
LIBVERSION=$(cat "$srcdir/LIBVERSION")
lib_major=$(echo "$LIBVERSION" | cut -d. -f1)
lib_minor=$(echo "$LIBVERSION" | cut -d. -f2)
lib_patch=$(echo "$LIBVERSION" | cut -d. -f3)
LIBVERSION_INFO="$((lib_major + lib_minor)):$lib_patch:$lib_minor"
AC_SUBST([LIBVERSION])
AC_SUBST([LIBVERSION_INFO])
AC_DEFINE_UNQUOTED([LIBVERSION], ["$LIBVERSION"], [version of the shared library])
AC_SUBST([CONFIG_STATUS_DEPENDENCIES], ['$(top_srcdir)/LIBVERSION'])
])

# DMREMAP_WARNINGS: warnings, and errors with --enable-werror.
AC_DEFUN([DMREMAP_WARNINGS], [
WARNING_CXXFLAGS="-Wall -Wextra -Wnon-virtual-dtor -Wsuggest-override"
AC_ARG_ENABLE([werror],
	[AS_HELP_STRING([--enable-werror], [treat warnings of the compiler as errors])],
	[], [enable_werror=no])
AS_IF([test "$enable_werror" = yes], [WARNING_CXXFLAGS="$WARNING_CXXFLAGS -Werror"])
AC_SUBST([WARNING_CXXFLAGS])
])

# DMREMAP_SANITIZERS: --enable-asan, --enable-ubsan.
AC_DEFUN([DMREMAP_SANITIZERS], [
AC_ARG_ENABLE([asan],
	[AS_HELP_STRING([--enable-asan], [build with AddressSanitizer])], [], [enable_asan=no])
AC_ARG_ENABLE([ubsan],
	[AS_HELP_STRING([--enable-ubsan], [build with UndefinedBehaviorSanitizer])],
	[], [enable_ubsan=no])
SANITIZER_CXXFLAGS=
sanitizers_summary=
AS_IF([test "$enable_asan" = yes], [
	SANITIZER_CXXFLAGS="-fsanitize=address -fno-omit-frame-pointer"
	sanitizers_summary=address
])
AS_IF([test "$enable_ubsan" = yes], [
	SANITIZER_CXXFLAGS="$SANITIZER_CXXFLAGS -fsanitize=undefined -fno-sanitize-recover=undefined"
	sanitizers_summary="$sanitizers_summary undefined"
])
AS_IF([test -n "$SANITIZER_CXXFLAGS"], [
	dmremap_saved_CXXFLAGS=$CXXFLAGS
	CXXFLAGS="$CXXFLAGS $SANITIZER_CXXFLAGS"
	AC_LINK_IFELSE([AC_LANG_PROGRAM([], [])], [],
		[AC_MSG_ERROR([the compiler cannot link with $SANITIZER_CXXFLAGS])])
	CXXFLAGS=$dmremap_saved_CXXFLAGS
])
test -n "$sanitizers_summary" || sanitizers_summary=none
AC_SUBST([SANITIZER_CXXFLAGS])
])

# DMREMAP_DMSETUP: the distribution's dmsetup, that the front end executes: an absolute path,
# never the place where our own front end is going to be installed. That is sbindir, or a directory
# of its own where sbindir is the distribution's, whose file is never replaced, under whichever name
# it is reached.
AC_DEFUN([DMREMAP_DMSETUP], [
AC_ARG_VAR([DMSETUP], [absolute path of the distribution's dmsetup])
dmremap_prefix=$prefix
test "$dmremap_prefix" != NONE || dmremap_prefix=$ac_default_prefix
dmremap_exec_prefix=$exec_prefix
test "$dmremap_exec_prefix" != NONE || dmremap_exec_prefix=$dmremap_prefix
dmremap_sbindir=$(prefix=$dmremap_prefix; exec_prefix=$dmremap_exec_prefix; eval echo "$sbindir")
dmremap_libexecdir=$(prefix=$dmremap_prefix; exec_prefix=$dmremap_exec_prefix; eval echo "$libexecdir")
front_end_apart=no
frontenddir='${sbindir}'
dmremap_frontenddir=$dmremap_sbindir
AS_CASE(["$dmremap_sbindir"], [/sbin|/usr/sbin|/bin|/usr/bin], [
	front_end_apart=yes
	frontenddir='${libexecdir}/dm-remap'
	dmremap_frontenddir=$dmremap_libexecdir/dm-remap
])
AC_MSG_CHECKING([for the dmsetup of the distribution])
AS_IF([test -n "$DMSETUP"], [
	AS_CASE([$DMSETUP], [/*], [],
		[AC_MSG_ERROR([DMSETUP=$DMSETUP: an absolute path is needed])])
	AS_IF([test "$DMSETUP" = "$dmremap_frontenddir/dmsetup"],
		[AC_MSG_ERROR([DMSETUP=$DMSETUP is where our own front end would be installed])])
	AC_MSG_RESULT([$DMSETUP (given)])
], [
	for dir in /usr/sbin /sbin /usr/bin /bin; do
		AS_IF([test "$dir" != "$dmremap_frontenddir" && test -x "$dir/dmsetup"],
			[DMSETUP=$dir/dmsetup; break])
	done
	AS_IF([test -n "$DMSETUP"], [AC_MSG_RESULT([$DMSETUP])], [
		DMSETUP=/usr/sbin/dmsetup
		AC_MSG_RESULT([none, assuming $DMSETUP])
		AC_MSG_WARN([dmsetup is not installed here; on Debian: apt-get install dmsetup])
	])
])
AC_SUBST([frontenddir])
AM_CONDITIONAL([FRONT_END_APART], [test "$front_end_apart" = yes])
front_end_summary=$dmremap_frontenddir/dmsetup
AC_DEFINE_UNQUOTED([DMSETUP_PATH], ["$DMSETUP"], [the distribution's dmsetup])
])

# DMREMAP_BOOT: where units, rules and the initramfs hook go, or "no". For a prefix of the system where
# these programs say; for any other below it: systemd and udev look into /usr/local too.
AC_DEFUN([DMREMAP_BOOT], [
AC_ARG_WITH([systemdsystemunitdir],
	[AS_HELP_STRING([--with-systemdsystemunitdir=DIR], [units of systemd @<:@PREFIX/lib/systemd/system@:>@, or no])],
	[], [with_systemdsystemunitdir=yes])
AC_ARG_WITH([udevrulesdir],
	[AS_HELP_STRING([--with-udevrulesdir=DIR], [rules of udev @<:@PREFIX/lib/udev/rules.d@:>@, or no])],
	[], [with_udevrulesdir=yes])
AC_ARG_WITH([initramfsdir],
	[AS_HELP_STRING([--with-initramfsdir=DIR],
		[hook and script for initramfs-tools @<:@DATADIR/initramfs-tools@:>@, or no])],
	[], [with_initramfsdir=yes])
AS_IF([test "$with_systemdsystemunitdir" = yes], [
	with_systemdsystemunitdir='${prefix}/lib/systemd/system'
	AS_IF([test "$dmremap_prefix" = /usr],
		[with_systemdsystemunitdir=$($PKG_CONFIG --variable=systemdsystemunitdir systemd 2> /dev/null ||
			echo '${prefix}/lib/systemd/system')])
])
AS_IF([test "$with_udevrulesdir" = yes], [
	with_udevrulesdir='${prefix}/lib/udev/rules.d'
	AS_IF([test "$dmremap_prefix" = /usr],
		[with_udevrulesdir=$($PKG_CONFIG --variable=udevdir udev 2> /dev/null ||
			echo '${prefix}/lib/udev')/rules.d])
])
AS_IF([test "$with_initramfsdir" = yes], [with_initramfsdir='${datadir}/initramfs-tools'])
AC_SUBST([systemdsystemunitdir], [$with_systemdsystemunitdir])
AC_SUBST([udevrulesdir], [$with_udevrulesdir])
AC_SUBST([initramfsdir], [$with_initramfsdir])
AM_CONDITIONAL([INSTALL_UNITS], [test "$with_systemdsystemunitdir" != no])
AM_CONDITIONAL([INSTALL_RULES], [test "$with_udevrulesdir" != no])
AM_CONDITIONAL([INSTALL_INITRAMFS], [test "$with_initramfsdir" != no])
AC_SUBST([DMSETUP])
])

# DMREMAP_TESTS: Boost.Test, only when unit tests are wanted.
AC_DEFUN([DMREMAP_TESTS], [
AC_ARG_ENABLE([tests],
	[AS_HELP_STRING([--disable-tests], [build no unit tests @<:@auto: if Boost.Test is there@:>@])],
	[], [enable_tests=auto])
BOOST_TEST_LIBS=
have_tests=no
tests_summary="no (--disable-tests)"
AS_IF([test "$enable_tests" != no], [
	AC_MSG_CHECKING([for Boost.Test])
	dmremap_saved_LIBS=$LIBS
	LIBS="-lboost_unit_test_framework $LIBS"
	AC_LINK_IFELSE([AC_LANG_SOURCE([
		#define BOOST_TEST_DYN_LINK
		#define BOOST_TEST_MODULE probe
		#include <boost/test/unit_test.hpp>
		BOOST_AUTO_TEST_CASE(links) { BOOST_TEST(true); }
	])], [have_tests=yes])
	LIBS=$dmremap_saved_LIBS
	AC_MSG_RESULT([$have_tests])
	AS_IF([test "$have_tests" = yes], [
		BOOST_TEST_LIBS=-lboost_unit_test_framework
		tests_summary=yes
	], [
		AS_IF([test "$enable_tests" = yes], [AC_MSG_ERROR(
			[Boost.Test is missing; on Debian: apt-get install libboost-test-dev])])
		tests_summary="no: Boost.Test is missing (on Debian: libboost-test-dev)"
	])
])
AC_SUBST([BOOST_TEST_LIBS])
AC_SUBST([tests_summary])
AM_CONDITIONAL([HAVE_TESTS], [test "$have_tests" = yes])
])
