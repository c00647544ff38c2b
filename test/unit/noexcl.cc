/* SPDX-License-Identifier: GPL-2.0-only */
/* Tables with noexcl become tables of the module's target. */
#define BOOST_TEST_MODULE noexcl
#include <boost/test/unit_test.hpp>

#include "support.h"
#include "tools/noexcl.h"

using tools::for_module;
using tools::has_noexcl;

BOOST_AUTO_TEST_CASE(noexcl_is_the_last_word_of_a_line)
{
	BOOST_TEST(has_noexcl("0 8 linear /dev/sda1 0 noexcl"));
	BOOST_TEST(has_noexcl("0 8 zero\n8 8 linear 8:1 0 noexcl:8:1\n"));
	BOOST_TEST(!has_noexcl("0 8 linear /dev/sda1 0"));
	BOOST_TEST(!has_noexcl("0 8 linear noexcl 0"));
	BOOST_TEST(!has_noexcl("0 8 noexcl"));
	BOOST_TEST(!has_noexcl(""));
}

BOOST_AUTO_TEST_CASE(linear_becomes_interpose)
{
	BOOST_TEST(for_module("0 8 linear /dev/sda1 0 noexcl") == "0 8 interpose /dev/sda1 0\n");
	BOOST_TEST(for_module(" 0  8\tlinear 8:1 16 noexcl:8:1 ") == "0 8 interpose 8:1 16\n");
}

BOOST_AUTO_TEST_CASE(other_lines_stay)
{
	BOOST_TEST(for_module("0 8 linear 8:1 0 noexcl\n8  8 linear 8:2 0\n16 8 zero\n") ==
		   "0 8 interpose 8:1 0\n8  8 linear 8:2 0\n16 8 zero\n");
}

BOOST_AUTO_TEST_CASE(other_targets_are_refused)
{
	const Thrown thrown = thrown_by([] { for_module("0 8 snapshot-origin 8:1 noexcl"); });

	BOOST_TEST(thrown.errnum == EOPNOTSUPP);
	BOOST_TEST(thrown.sentence ==
		   "snapshot-origin: with the module dm-interpose only linear takes noexcl: load "
		   "snapshot-origin over a device whose table is linear with noexcl");
}
