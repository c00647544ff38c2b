/* SPDX-License-Identifier: GPL-2.0-only */
/* How the tables of the recipes name the block device below them. */
#define BOOST_TEST_MODULE lower
#include <boost/test/unit_test.hpp>

#include "tools/lower.h"

using dmr::Devno;
using tools::passed_on_to;

BOOST_AUTO_TEST_CASE(the_block_device_is_shared_by_noexcl)
{
	BOOST_TEST((tools::Lower{{254, 1}, true}.noexcl() == " noexcl:254:1"));
}

BOOST_AUTO_TEST_CASE(a_device_of_our_own_is_not_shared)
{
	BOOST_TEST((tools::Lower{{252, 7}, false}.noexcl() == ""));
}

BOOST_AUTO_TEST_CASE(a_table_of_the_module_stands_for_its_device)
{
	BOOST_TEST((passed_on_to({{0, 2048, "interpose", "254:1 0"}}) == Devno{254, 1}));
}

BOOST_AUTO_TEST_CASE(other_tables_stand_for_themselves)
{
	BOOST_TEST(!passed_on_to({}));
	BOOST_TEST(!passed_on_to({{0, 2048, "linear", "254:1 0"}}));
	BOOST_TEST(!passed_on_to({{0, 2048, "interpose", "254:1 8"}}));
	BOOST_TEST(!passed_on_to({{0, 2048, "interpose", "254:1"}}));
	BOOST_TEST(!passed_on_to({{0, 2048, "interpose", "/dev/vda1 0"}}));
	BOOST_TEST(!passed_on_to(
		{{0, 8, "interpose", "254:1 0"}, {8, 2040, "interpose", "254:1 8"}}));
}
