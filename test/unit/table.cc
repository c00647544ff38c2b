/* SPDX-License-Identifier: GPL-2.0-only */
/* Each command of the table is in --help and in the man page, with its arguments. */
#define BOOST_TEST_MODULE table
#include <boost/test/unit_test.hpp>

#include <regex>
#include <sstream>

#include "support.h"
#include "tools/cmd_remap.h"

namespace
{

std::string help()
{
	std::ostringstream out;
	std::ostringstream err;

	BOOST_REQUIRE(tools::remap_main({"dmsetup remap", out, err, nullptr}, {"--help"}) == 0);
	return out.str();
}

/* A page as a reader sees it: no macros, no fonts, single blanks. */
std::string plain_page(const std::string &name)
{
	std::string text = read_text(std::string(MAN_DIRECTORY) + "/" + name);

	text = std::regex_replace(text, std::regex("\\\\f[A-Z]"), "");
	text = std::regex_replace(text, std::regex("\\\\&|\\\\\\||\\\\:|\\\\c"), "");
	text = std::regex_replace(text, std::regex("\\\\ "), " ");
	text = std::regex_replace(text, std::regex("\\\\-"), "-");
	return text;
}

/* The words of @arguments, "<dm_device>" as "dm_device", brackets and dots left out. */
std::vector<std::string> names_in(const std::string &arguments)
{
	const std::regex name("<([a-z_]+)>");
	std::vector<std::string> names;

	for (std::sregex_iterator i(arguments.begin(), arguments.end(), name), end; i != end; ++i)
		names.push_back((*i)[1]);
	return names;
}

} // namespace

BOOST_AUTO_TEST_CASE(every_command_is_in_help)
{
	const std::string text = help();

	for (const tools::RemapCommand &command : tools::remap_commands()) {
		std::string line = std::string("\n\t") + command.name;

		for (const char *part : {command.options, command.arguments})
			line += *part ? std::string(" ") + part : "";
		line += "\n\t\t" + std::string(command.summary) + "\n";
		BOOST_TEST((text.find(line) != std::string::npos), line);
	}
}

BOOST_AUTO_TEST_CASE(every_command_and_argument_is_in_the_man_page)
{
	const std::string page = plain_page("dmsetup-remap.8");

	for (const tools::RemapCommand &command : tools::remap_commands()) {
		std::string upper = command.name;
		for (char &c : upper)
			c = static_cast<char>(std::toupper(c));
		const std::string macro = ".de CMD_" + upper + "\n";
		const size_t begin = page.find(macro);

		BOOST_REQUIRE_MESSAGE(begin != std::string::npos, "no " + macro);
		const std::string body = page.substr(begin, page.find("\n..", begin) - begin);
		BOOST_TEST((body.find(command.name) != std::string::npos));
		for (const std::string &name : names_in(command.arguments))
			BOOST_TEST((body.find(name) != std::string::npos), upper + " " + name);
		BOOST_TEST((body.find("OPT_NOLOCKFS") != std::string::npos) ==
			   command.takes_nolockfs);
		/* defined, called in SYNOPSIS, called in COMMANDS */
		BOOST_TEST((page.find("\n.CMD_" + upper + "\n", page.find(".SH COMMANDS")) !=
			    std::string::npos),
			   upper);
	}
}

BOOST_AUTO_TEST_CASE(every_option_of_help_is_in_the_man_page)
{
	const std::string text = help();
	const std::string page = plain_page("dmsetup-remap.8");
	const std::regex option("--[a-z]+");

	for (std::sregex_iterator i(text.begin(), text.end(), option), end; i != end; ++i)
		BOOST_TEST((page.find(i->str()) != std::string::npos), i->str());
}

BOOST_AUTO_TEST_CASE(every_command_of_the_man_page_is_in_the_table)
{
	const std::string page = plain_page("dmsetup-remap.8");
	const std::regex macro("\\.de CMD_([A-Z_]+)");
	size_t count = 0;

	for (std::sregex_iterator i(page.begin(), page.end(), macro), end; i != end; ++i)
		count++;
	BOOST_TEST(count == tools::remap_commands().size());
}
