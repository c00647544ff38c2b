/* SPDX-License-Identifier: GPL-2.0-only */
/* Where dmsetup would find its command word. */
#define BOOST_TEST_MODULE command_line
#include <boost/test/unit_test.hpp>

#include "tools/front_end.h"

namespace
{

/* The word, "-" for none, "?" for a command line that is dmsetup's to judge. */
std::string word(std::vector<std::string> arguments)
{
	arguments.insert(arguments.begin(), "dmsetup");
	const auto line = tools::find_command_word(arguments);
	if (!line.understood)
		return "?";
	return line.command ? arguments.at(line.command) : "-";
}

} // namespace

BOOST_AUTO_TEST_CASE(first_word_is_the_command)
{
	BOOST_TEST(word({"remap", "start"}) == "remap");
	BOOST_TEST(word({"info", "remap"}) == "info");
	BOOST_TEST(word({}) == "-");
}

BOOST_AUTO_TEST_CASE(options_are_skipped)
{
	BOOST_TEST(word({"-v", "remap"}) == "remap");
	BOOST_TEST(word({"-cCfhnrvy", "remap"}) == "remap");
	BOOST_TEST(word({"--noudevsync", "--verbose", "remap"}) == "remap");
	BOOST_TEST(word({"--", "remap"}) == "remap");
	BOOST_TEST(word({"-v"}) == "-");
	BOOST_TEST(word({"--"}) == "-");
}

BOOST_AUTO_TEST_CASE(values_of_options_are_skipped)
{
	BOOST_TEST(word({"-u", "remap", "info"}) == "info");
	BOOST_TEST(word({"--uuid", "remap", "info"}) == "info");
	BOOST_TEST(word({"--uuid=X", "remap"}) == "remap");
	BOOST_TEST(word({"-uX", "remap"}) == "remap");
	BOOST_TEST(word({"-j", "252", "-m", "0", "remap"}) == "remap");
	BOOST_TEST(word({"-co", "remap", "info"}) == "info");
	BOOST_TEST(word({"--table", "remap", "create"}) == "create");
	BOOST_TEST(word({"-o", "name", "-O", "remap", "-S", "x=1", "ls"}) == "ls");
	BOOST_TEST(word({"-G", "remap", "-M", "remap", "-U", "remap", "create"}) == "create");
}

BOOST_AUTO_TEST_CASE(abbreviated_options_are_understood)
{
	BOOST_TEST(word({"--maj", "252", "--mino", "0", "remap"}) == "remap");
	BOOST_TEST(word({"--sep", "remap", "info"}) == "info");
}

BOOST_AUTO_TEST_CASE(what_dmsetup_would_refuse_is_left_to_dmsetup)
{
	BOOST_TEST(word({"--nosuchoption", "remap"}) == "?");
	BOOST_TEST(word({"--no", "remap"}) == "?"); /* ambiguous */
	BOOST_TEST(word({"-x", "remap"}) == "?");
	BOOST_TEST(word({"-u"}) == "?");
}

BOOST_AUTO_TEST_CASE(help_before_the_command_is_seen)
{
	BOOST_TEST(tools::find_command_word({"dmsetup", "--help"}).help);
	BOOST_TEST(tools::find_command_word({"dmsetup", "-h", "-c"}).help);
	BOOST_TEST(!tools::find_command_word({"dmsetup", "info"}).help);
}
