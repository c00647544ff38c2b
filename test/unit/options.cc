/* SPDX-License-Identifier: GPL-2.0-only */
/* The options of our commands. */
#define BOOST_TEST_MODULE options
#include <boost/test/unit_test.hpp>

#include "tools/options.h"
#include "tools/program.h"

using namespace tools;
using Words = std::vector<std::string>;

namespace
{

std::string usage_error(const Words &words, const std::string &word = "remap")
{
	try {
		parse_options(word, words);
	} catch (const UsageError &error) {
		return error.what();
	}
	return "";
}

} // namespace

BOOST_AUTO_TEST_CASE(options_and_arguments_may_be_mixed)
{
	const Options options =
		parse_options("remap", {"-v", "start", "--nolockfs", "dm-a", "-v", "/dev/vda1"});

	BOOST_TEST(options.arguments == Words({"start", "dm-a", "/dev/vda1"}),
		   boost::test_tools::per_element());
	BOOST_TEST(options.nolockfs);
	BOOST_TEST(options.verbose == 2);
}

BOOST_AUTO_TEST_CASE(two_dashes_end_the_options)
{
	const Options options = parse_options("remap", {"stop", "--", "--nolockfs", "-v"});

	BOOST_TEST(options.arguments == Words({"stop", "--nolockfs", "-v"}),
		   boost::test_tools::per_element());
	BOOST_TEST(!options.nolockfs);
	BOOST_TEST(options.verbose == 0);
}

BOOST_AUTO_TEST_CASE(long_and_short_names_mean_the_same)
{
	BOOST_TEST(parse_options("remap", {"-h"}).help);
	BOOST_TEST(parse_options("remap", {"--help"}).help);
	BOOST_TEST(parse_options("remap", {"--version"}).version);
	BOOST_TEST(parse_options("remap", {"-f"}).force);
	BOOST_TEST(parse_options("remap", {"stop", "a", "--force"}).force);
	BOOST_TEST(parse_options("remap", {"--verbose", "-v"}).verbose == 2);
	BOOST_TEST(parse_options("remap", {"-u", "X"}).uuid.value() == "X");
	BOOST_TEST(parse_options("remap", {"--uuid=X"}).uuid.value() == "X");
	BOOST_TEST(parse_options("remap", {"-j252", "-m", "3"}).number->minor == 3u);
	BOOST_TEST(parse_options("remap", {"--major", "252", "--minor=3"}).number->major == 252u);
}

BOOST_AUTO_TEST_CASE(nothing_is_nothing)
{
	const Options options = parse_options("remap", {});

	BOOST_TEST(options.arguments.empty());
	BOOST_TEST(!options.help);
	BOOST_TEST(!options.force);
	BOOST_TEST(!options.names_upper());
}

BOOST_AUTO_TEST_CASE(mistakes_are_named)
{
	BOOST_TEST(usage_error({"--foo"}) == "remap: unknown option '--foo'");
	BOOST_TEST(usage_error({"start", "a", "--foo=1"}) == "remap: unknown option '--foo=1'");
	BOOST_TEST(usage_error({"-x"}) == "remap: unknown option '-x'");
	BOOST_TEST(usage_error({"-vx"}) == "remap: unknown option '-x'");
	BOOST_TEST(usage_error({"--ver"}) == "remap: unknown option '--ver'");
	BOOST_TEST(usage_error({"-u"}) == "remap: option '-u' needs a value");
	BOOST_TEST(usage_error({"--uuid"}) == "remap: option '--uuid' needs a value");
	BOOST_TEST(usage_error({"-j", "x", "-m", "1"}) == "remap: 'x' is not a major number");
	BOOST_TEST(usage_error({"-j", "1", "-m", "-1"}) == "remap: '-1' is not a minor number");
	BOOST_TEST(usage_error({"-j", "1", "-m", "4294967296"}) ==
		   "remap: '4294967296' is not a minor number");
	BOOST_TEST(usage_error({"-j", "1"}) == "remap: --major and --minor are given together");
	BOOST_TEST(usage_error({"-m", "1"}) == "remap: --major and --minor are given together");
	BOOST_TEST(usage_error({"-u", "X", "-j", "1", "-m", "1"}) ==
		   "remap: --uuid and --major, --minor exclude each other");
}

BOOST_AUTO_TEST_CASE(mistakes_begin_with_the_word)
{
	BOOST_TEST(usage_error({"--foo"}, "filter") == "filter: unknown option '--foo'");
	BOOST_TEST(usage_error({"-x"}, "filter") == "filter: unknown option '-x'");
	BOOST_TEST(usage_error({"-u"}, "filter") == "filter: option '-u' needs a value");
	BOOST_TEST(usage_error({"-j", "x", "-m", "1"}, "filter") ==
		   "filter: 'x' is not a major number");
	BOOST_TEST(usage_error({"-j", "1"}, "filter") ==
		   "filter: --major and --minor are given together");
	BOOST_TEST(usage_error({"-u", "X", "-j", "1", "-m", "1"}, "filter") ==
		   "filter: --uuid and --major, --minor exclude each other");
}
