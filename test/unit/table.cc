/* SPDX-License-Identifier: GPL-2.0-only */
/* Each command of the table is in --help and in the man page of each word, with its arguments. */
#define BOOST_TEST_MODULE table
#include <boost/test/data/monomorphic.hpp>
#include <boost/test/data/test_case.hpp>
#include <boost/test/unit_test.hpp>

#include <algorithm>
#include <regex>
#include <sstream>

#include "support.h"
#include "tools/cmd_interpose.h"
#include "tools/recipe.h"
#include "tools/report.h"

namespace
{

std::string help(const tools::CommandWord &word)
{
	std::ostringstream out;
	std::ostringstream err;

	BOOST_REQUIRE(tools::interpose_main(word, {"dmsetup", out, err, nullptr}, {"--help"}) == 0);
	return out.str();
}

std::string page_of(const tools::CommandWord &word)
{
	return std::string("dmsetup-") + word.name + ".8";
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

const auto kRecipes = boost::unit_test::data::xrange(tools::recipes().size());
const auto kWords = boost::unit_test::data::xrange(tools::our_words().size());

} // namespace

BOOST_DATA_TEST_CASE(every_command_is_in_help, kWords, index)
{
	const tools::CommandWord &word = tools::our_words()[index];
	const std::string text = help(word);

	for (const tools::Command &command : tools::commands()) {
		std::string line = std::string("\n\t") + command.name;

		for (const char *part : {command.options, command.arguments})
			line += *part ? std::string(" ") + part : "";
		line += "\n\t\t" + std::string(command.summary) + "\n";
		BOOST_TEST((text.find(line) != std::string::npos), line);
	}
}

BOOST_DATA_TEST_CASE(every_command_and_argument_is_in_the_man_page, kWords, index)
{
	const tools::CommandWord &word = tools::our_words()[index];
	const std::string page = plain_page(page_of(word));

	for (const tools::Command &command : tools::commands()) {
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
		BOOST_TEST((body.find("OPT_FORCE") != std::string::npos) == command.takes_force);
		/* defined, called in SYNOPSIS, called in COMMANDS */
		BOOST_TEST((page.find("\n.CMD_" + upper + "\n", page.find(".SH COMMANDS")) !=
			    std::string::npos),
			   upper);
	}
}

BOOST_DATA_TEST_CASE(every_option_of_help_is_in_the_man_page, kWords, index)
{
	const tools::CommandWord &word = tools::our_words()[index];
	const std::string text = help(word);
	const std::string page = plain_page(page_of(word));
	const std::regex option("--[a-z]+");

	for (std::sregex_iterator i(text.begin(), text.end(), option), end; i != end; ++i)
		BOOST_TEST((page.find(i->str()) != std::string::npos), i->str());
}

BOOST_DATA_TEST_CASE(every_command_of_the_man_page_is_in_the_table, kWords, index)
{
	const tools::CommandWord &word = tools::our_words()[index];
	const std::string page = plain_page(page_of(word));
	const std::regex macro("\\.de CMD_([A-Z_]+)");
	size_t count = 0;

	for (std::sregex_iterator i(page.begin(), page.end(), macro), end; i != end; ++i)
		count++;
	BOOST_TEST(count == tools::commands().size());
}

BOOST_DATA_TEST_CASE(each_page_says_what_help_says_and_names_the_other, kWords, index)
{
	const tools::CommandWord &word = tools::our_words()[index];
	const tools::CommandWord &other = tools::our_words()[1 - index];
	const std::string page = plain_page(page_of(word));
	const size_t begin = page.find(".SH NAME");
	std::string name = page.substr(begin, page.find(".SH SYNOPSIS") - begin);
	const std::string want =
		std::string("dmsetup-") + word.name + " \\(em " + word.summary + " .";

	std::replace(name.begin(), name.end(), '\n', ' ');
	BOOST_TEST((name.find(want) != std::string::npos), name);
	BOOST_TEST((page.find(std::string(".BR dmsetup-") + other.name + " (8)",
			      page.find(".SH SEE ALSO")) != std::string::npos));
}

BOOST_DATA_TEST_CASE(every_command_of_a_recipe_is_in_help_and_page, kRecipes, index)
{
	const tools::Recipe &recipe = *tools::recipes()[index];
	const std::string page = plain_page(std::string("dmsetup-") + recipe.name + ".8");
	const std::regex macro("\\.de CMD_([A-Z_]+)");
	std::ostringstream out;
	std::ostringstream err;

	BOOST_REQUIRE(tools::recipe_main(recipe, {"dmsetup", out, err, nullptr}, {"--help"}) == 0);
	BOOST_TEST((page.find(std::string("dmsetup-") + recipe.name + " \\(em " + recipe.summary) !=
		    std::string::npos));
	for (const tools::RecipeCommand &command : recipe.commands) {
		std::string upper = command.name;

		for (char &c : upper)
			c = static_cast<char>(std::toupper(c));
		BOOST_TEST(
			(out.str().find(std::string("\n\t") + command.name) != std::string::npos));
		BOOST_TEST((out.str().find(command.summary) != std::string::npos));
		const size_t begin = page.find(".de CMD_" + upper + "\n");
		BOOST_REQUIRE_MESSAGE(begin != std::string::npos, "no .de CMD_" + upper);
		const std::string body = page.substr(begin, page.find("\n..", begin) - begin);
		for (const std::string &name : names_in(command.arguments))
			BOOST_TEST((body.find(name) != std::string::npos), upper + " " + name);
		BOOST_TEST((page.find("\n.CMD_" + upper + "\n", page.find(".SH COMMANDS")) !=
			    std::string::npos),
			   upper);
	}
	const auto count = std::distance(std::sregex_iterator(page.begin(), page.end(), macro),
					 std::sregex_iterator());
	BOOST_TEST(static_cast<size_t>(count) == recipe.commands.size());
}

/* The file that bash-completion reads knows each command of ours and its options, and no other. */
BOOST_AUTO_TEST_CASE(completion_has_what_help_has)
{
	const std::string text = read_text(TOP_DIRECTORY "/tools/completions/dmsetup");
	const std::regex option("--?[a-zA-Z]+");
	const std::regex row("\n\t\\[[a-z]+ [a-z]+\\]=");
	std::ptrdiff_t count = 0;
	const auto expect = [&](const char *word, const char *command, const std::string &options) {
		std::string want;

		for (std::sregex_iterator i(options.begin(), options.end(), option), end; i != end;
		     ++i)
			want += (want.empty() ? "" : " ") + i->str();
		want = std::string("\n\t[") + word + " " + command + "]=\"" + want + "\"\n";
		BOOST_TEST((text.find(want) != std::string::npos), want);
		count++;
	};

	for (const tools::CommandWord &word : tools::our_words())
		for (const tools::Command &command : tools::commands())
			expect(word.name, command.name, command.options);
	for (const tools::Recipe *recipe : tools::recipes())
		for (const tools::RecipeCommand &command : recipe->commands)
			expect(recipe->name, command.name, command.arguments);
	BOOST_TEST(std::distance(std::sregex_iterator(text.begin(), text.end(), row),
				 std::sregex_iterator()) == count);
}

BOOST_AUTO_TEST_CASE(every_field_of_the_reports_is_in_the_man_page)
{
	const std::string page = plain_page("dmsetup-remap.8");
	const size_t reports = page.find("\n.SH REPORTS\n");
	const size_t end = page.find("\n.SH ", reports + 1);

	BOOST_REQUIRE(reports != std::string::npos);
	const std::string section =
		page.substr(page.find("\nThe fields:\n", reports), end - reports);
	for (const std::string &field : tools::report_fields())
		BOOST_TEST((std::regex_search(section,
					      std::regex("\n\\.BR ([^\n]* )?" + field + "( |\n)"))),
			   field);
}

BOOST_AUTO_TEST_CASE(every_target_that_filters_has_its_section_and_example)
{
	const std::string page = plain_page("dmsetup-filter.8");
	const size_t examples = page.find("\n.SH EXAMPLES\n");

	BOOST_REQUIRE(examples != std::string::npos);
	for (const char *target :
	     {"delay", "dust", "flakey", "linear", "snapshot-origin", "verity"}) {
		BOOST_TEST((page.find(std::string("\n.SS ") + target + "\n") < examples), target);
		BOOST_TEST((page.find(std::string("$size ") + target + " ", examples) !=
			    std::string::npos),
			   target);
	}
}
