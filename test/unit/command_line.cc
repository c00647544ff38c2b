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

/* Where the table is: "index+offset of an option", "index of a file", "input", "-" for none. */
std::string table(std::vector<std::string> arguments, const std::string &program = "/sbin/dmsetup")
{
	arguments.insert(arguments.begin(), program);
	const auto source = tools::find_table(arguments);
	switch (source.kind) {
	case tools::TableSource::Kind::option:
		return std::to_string(source.index) + "+" + std::to_string(source.offset);
	case tools::TableSource::Kind::file:
		return std::to_string(source.index);
	case tools::TableSource::Kind::input:
		return "input";
	case tools::TableSource::Kind::none:
		break;
	}
	return "-";
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

BOOST_AUTO_TEST_CASE(the_table_is_found)
{
	BOOST_TEST(table({"create", "name"}) == "input");
	BOOST_TEST(table({"create", "name", "file"}) == "3");
	BOOST_TEST(table({"-r", "create", "-u", "uuid", "name", "file"}) == "6");
	BOOST_TEST(table({"reload", "-u", "uuid", "file"}) == "4");
	BOOST_TEST(table({"load", "-j", "252", "-m", "0"}) == "input");
	BOOST_TEST(table({"load", "name"}) == "input");
	BOOST_TEST(table({"create", "name", "--table", "0 8 zero"}) == "4+0");
	BOOST_TEST(table({"create", "--table", "0 8 zero", "name"}) == "3+0");
	BOOST_TEST(table({"--table=0 8 zero", "create", "name"}) == "1+8");
	BOOST_TEST(table({"--tab=0 8 zero", "reload", "name"}) == "1+6");
}

BOOST_AUTO_TEST_CASE(the_device_of_a_table_is_found)
{
	using tools::find_table;

	BOOST_TEST(find_table({"dmsetup", "reload", "up"}).name == "up");
	BOOST_TEST(find_table({"dmsetup", "load", "--table", "0 8 zero", "up"}).name == "up");
	BOOST_TEST(find_table({"dmsetup", "--table=0 8 zero", "reload", "up"}).name == "up");
	const auto by_uuid = find_table({"dmsetup", "reload", "-u", "U1", "file"});
	BOOST_TEST(by_uuid.name == "");
	BOOST_TEST(by_uuid.uuid == "U1");
	const auto by_number = find_table({"dmsetup", "load", "-j", "252", "--minor", "3"});
	BOOST_TEST(by_number.name == "");
	BOOST_TEST(by_number.major == "252");
	BOOST_TEST(by_number.minor == "3");
	BOOST_TEST(find_table({"dmsetup", "create", "-u", "U1", "up"}).name == "up");
}

BOOST_AUTO_TEST_CASE(other_commands_load_no_table)
{
	BOOST_TEST(table({"create", "--notable", "name"}) == "-");
	BOOST_TEST(table({"create", "--concise", "name,,,rw,0 8 zero"}) == "-");
	BOOST_TEST(table({"info", "name"}) == "-");
	BOOST_TEST(table({"create", "--nosuchoption"}) == "-");
	BOOST_TEST(table({}) == "-");
	BOOST_TEST(table({"create", "--alldevices"}, "/sbin/dmstats") == "-");
}
