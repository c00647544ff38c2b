/* SPDX-License-Identifier: GPL-2.0-only */
/* The modes and their words. */
#define BOOST_TEST_MODULE mode
#include <boost/test/unit_test.hpp>

#include "dmremap.h"
#include "mode.h"

using namespace dmr;

BOOST_AUTO_TEST_CASE(words_are_those_of_the_kernel)
{
	BOOST_TEST(word_of(Mode::remap) == "remap");
	BOOST_TEST(word_of(Mode::filter) == "filter");
	BOOST_TEST((mode_from("remap") == Mode::remap));
	BOOST_TEST((mode_from("filter") == Mode::filter));
}

BOOST_AUTO_TEST_CASE(other_words_are_no_mode)
{
	for (const char *word : {"", "Remap", "filters", "remap filter", "later"})
		BOOST_TEST(!mode_from(word), word);
}

BOOST_AUTO_TEST_CASE(an_operation_is_named_by_its_mode)
{
	BOOST_TEST(operation(Mode::remap, "start") == "remap start");
	BOOST_TEST(operation(Mode::filter, "stop") == "filter stop");
	BOOST_TEST(operation(std::nullopt, "status") == "status");
}

BOOST_AUTO_TEST_CASE(numbers_of_the_interface_stay)
{
	BOOST_TEST(DMREMAP_MODE_REMAP == 1);
	BOOST_TEST(DMREMAP_MODE_FILTER == 2);
}
