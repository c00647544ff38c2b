/* SPDX-License-Identifier: GPL-2.0-only */
/* The pages of the library in section 3 and its headers have the same functions, with the same
 * parameters, structures, constants and errors; the programs that they show are the examples. */
#define BOOST_TEST_MODULE pages
#include <boost/test/unit_test.hpp>

#include <algorithm>
#include <map>
#include <regex>
#include <set>
#include <vector>

#include "support.h"

namespace
{

using Names = std::set<std::string>;

/* The first group of each match. */
std::vector<std::string> matches(const std::string &text, const std::string &pattern)
{
	const std::regex regex(pattern);
	std::vector<std::string> found;

	for (std::sregex_iterator i(text.begin(), text.end(), regex), end; i != end; ++i)
		found.push_back((*i)[1]);
	return found;
}

Names names_in(const std::string &text, const std::string &pattern)
{
	const auto found = matches(text, pattern);

	return {found.begin(), found.end()};
}

/* A declaration with single blanks, and none behind a star or a parenthesis. */
std::string normal(std::string text)
{
	text = std::regex_replace(text, std::regex("\\s+"), " ");
	text = std::regex_replace(text, std::regex("([*(]) "), "$1");
	return std::regex_replace(text, std::regex("^ | $"), "");
}

std::string without_comments(std::string text)
{
	for (size_t start; (start = text.find("/*")) != std::string::npos;)
		text.erase(start, text.find("*/", start) + 2 - start);
	return text;
}

/* "dmremap_pair": "const char *upper; const char *original;" */
std::map<std::string, std::string> structures_in(const std::string &text)
{
	const std::string code = without_comments(text);
	const std::regex structure("struct (dmremap_[a-z_]+) \\{([^}]*)\\};");
	std::map<std::string, std::string> found;

	for (std::sregex_iterator i(code.begin(), code.end(), structure), end; i != end; ++i)
		found[(*i)[1]] = normal((*i)[2]);
	return found;
}

/* --- the header --- */

struct Function {
	std::string prototype;
	Names errors;
	bool others; /* the comment speaks of further ones */
};

const std::string &header()
{
	static const std::string text = read_text(LIB_DIRECTORY "/dmremap.h");

	return text;
}

Function make_function(const std::string &declaration, const std::string &comment)
{
	const std::string returns =
		comment.substr(std::min(comment.find("Returns"), comment.size()));

	return {normal(std::regex_replace(declaration, std::regex("DMREMAP_(API|NOEXCEPT)"), "")),
		names_in(returns, "-(E[A-Z0-9]+)"),
		returns.find("or as dmremap_start()") != std::string::npos ||
			returns.find("or what the kernel") != std::string::npos};
}

/* By name. A comment is about all functions up to the next one. */
std::map<std::string, Function> header_functions()
{
	const std::string &text = header();
	const std::string api = "\nDMREMAP_API ";
	std::map<std::string, Function> functions;
	std::string comment;

	for (size_t place = 0;;) {
		const size_t start = std::min(text.find("/*", place), text.find(api, place));

		if (start == std::string::npos)
			return functions;
		const bool is_comment = text.compare(start, 2, "/*") == 0;
		place = text.find(is_comment ? "*/" : ";", start);
		const std::string part = text.substr(start, place - start);
		if (is_comment)
			comment = part;
		else
			functions[matches(part, "(dmremap_[a-z_]+)\\(").at(0)] =
				make_function(part, comment);
	}
}

/* --- the pages --- */

/* The arguments of a macro, with quotes. */
std::vector<std::string> arguments_of(const std::string &line)
{
	const std::regex argument("\"([^\"]*)\"|([^\" ]+)");
	std::vector<std::string> found;

	for (std::sregex_iterator i(line.begin(), line.end(), argument), end; i != end; ++i)
		found.push_back((*i)[1].matched ? (*i)[1] : (*i)[2]);
	return found;
}

std::string unescaped(std::string text)
{
	static const std::pair<const char *, const char *> escapes[] = {
		{"\\\\f[A-Z]|\\\\&|\\\\c", ""},
		{"\\\\-", "-"},
		{"\\\\\\(aq", "'"},
		{"\\\\\\(dq", "\""},
		{"\\\\e", "\\"},
	};

	for (const auto &[escape, character] : escapes)
		text = std::regex_replace(text, std::regex(escape), character);
	return text;
}

/* A section as a reader sees it; of the macros those that set words in fonts. */
std::string plain(const std::string &section)
{
	std::istringstream lines(section);
	std::string text;

	for (std::string line; std::getline(lines, line);) {
		if (line[0] != '.') {
			text += line + '\n';
			continue;
		}
		auto words = arguments_of(line.substr(1));
		if (words.empty() || !std::regex_match(words[0], std::regex("[BIR][BIR]?")))
			continue;
		for (size_t i = 1; i < words.size(); i++)
			text += (i > 1 && words[0].size() == 1 ? " " : "") + words[i];
		text += '\n';
	}
	return unescaped(text);
}

struct Page {
	std::string text;

	/* From its heading to the next one; "" when there is none. */
	std::string section(const std::string &heading) const
	{
		const size_t start = text.find("\n.SH " + heading + "\n");

		if (start == std::string::npos)
			return "";
		return text.substr(start + 1, text.find("\n.SH ", start + 1) - start);
	}

	Names names() const
	{
		const std::string section = this->section("NAME");

		return names_in(section.substr(0, section.find("\\(em")), "\\b(dmremap[a-z_]*)");
	}

	/* The declarations of the synopsis. */
	std::vector<std::string> declarations() const
	{
		std::vector<std::string> found;

		for (const std::string &part : matches(plain(section("SYNOPSIS")), "([^;]*);"))
			found.push_back(normal(
				std::regex_replace(part, std::regex("#include <[^>]*>"), "")));
		return found;
	}

	Names errors() const
	{
		return names_in(section("ERRORS"), "\\n\\.T[PQ]\\n\\.B (E[A-Z0-9]+)(?=\\n)");
	}

	/* What it shows between .EX and .EE */
	std::vector<std::string> shown() const
	{
		std::vector<std::string> found;

		for (size_t end, start = 0;
		     (start = text.find("\n.EX\n", start)) != std::string::npos; start = end) {
			end = text.find("\n.EE", start);
			found.push_back(plain(text.substr(start + 5, end + 1 - start - 5)));
		}
		return found;
	}
};

/* By name of the file. */
std::map<std::string, Page> pages()
{
	std::map<std::string, Page> found;

	for (const auto &entry : std::filesystem::directory_iterator(MAN_DIRECTORY))
		if (entry.path().extension() == ".3")
			found[entry.path().stem()] = {read_text(entry.path())};
	return found;
}

/* A program without the comment that it begins with. */
std::string example(const std::string &name)
{
	const std::string text = read_text(LIB_DIRECTORY "/examples/" + name);

	return text.substr(text.find("\n#include") + 1);
}

} // namespace

BOOST_AUTO_TEST_CASE(header_and_pages_are_read)
{
	const auto functions = header_functions();

	BOOST_TEST(functions.size() >= 19u);
	BOOST_TEST(functions.at("dmremap_free").prototype ==
		   "void dmremap_free(struct dmremap_context *context)");
	BOOST_TEST(functions.at("dmremap_free").errors.empty());
	BOOST_TEST(functions.at("dmremap_start").errors.size() == 19u);
	BOOST_TEST(pages().size() >= 6u);
}

BOOST_AUTO_TEST_CASE(every_function_is_in_name_and_synopsis_of_one_page)
{
	std::map<std::string, int> in_name;
	std::vector<std::string> declared;
	std::vector<std::string> wanted = {normal(matches(header(), "\n(typedef [^;]*);").at(0))};

	for (const auto &[file, page] : pages()) {
		const Names names = page.names();

		BOOST_TEST(names.count(file) == 1u, file << " is not in its own NAME");
		for (const std::string &name : names)
			in_name[name]++;
		for (const std::string &declaration : page.declarations()) {
			declared.push_back(declaration);
			if (!declaration.starts_with("typedef "))
				BOOST_TEST(names.count(matches(declaration, "(dmremap_[a-z_]+)\\(")
							       .at(0)) == 1u,
					   file << " has in its synopsis, not in NAME: "
						<< declaration);
		}
	}
	BOOST_TEST(in_name.erase("dmremap") == 1u);
	for (const auto &[name, function] : header_functions()) {
		wanted.push_back(function.prototype);
		BOOST_TEST(in_name[name] == 1, name << " is in NAME of " << in_name[name]);
		in_name.erase(name);
	}
	for (const auto &[name, count] : in_name)
		BOOST_ERROR(name << " is in NAME of " << count << ", and not in the header");
	std::sort(declared.begin(), declared.end());
	std::sort(wanted.begin(), wanted.end());
	BOOST_TEST(declared == wanted, boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(errors_are_those_of_the_header)
{
	const auto functions = header_functions();

	for (const auto &[file, page] : pages()) {
		const Names errors = page.errors();
		Names listed;
		bool others = false;

		for (const std::string &name : page.names()) {
			if (name == "dmremap")
				continue;
			const Function &function = functions.at(name);
			others = others || function.others;
			listed.insert(function.errors.begin(), function.errors.end());
			for (const std::string &error : function.errors)
				BOOST_TEST(errors.count(error) == 1u,
					   file << " does not list " << error << " of " << name);
		}
		for (const std::string &error : errors)
			BOOST_TEST((listed.count(error) == 1u ||
				    (others && functions.at("dmremap_start").errors.count(error))),
				   file << " lists " << error << ", which the header does not");
	}
}

BOOST_AUTO_TEST_CASE(structures_are_those_of_the_header)
{
	std::map<std::string, std::string> shown;

	for (const auto &[file, page] : pages())
		for (const std::string &text : page.shown())
			for (const auto &[name, members] : structures_in(text))
				BOOST_TEST(shown.emplace(name, members).second,
					   "struct " << name << " is shown twice");
	const auto wanted = structures_in(header());
	BOOST_TEST(wanted.size() >= 3u);
	for (const auto &[name, members] : wanted)
		BOOST_TEST(shown[name] == members, "struct " << name << ": {" << shown[name]
							     << "} and not {" << members << "}");
	BOOST_TEST(shown.size() == wanted.size());
}

BOOST_AUTO_TEST_CASE(names_are_those_of_the_header)
{
	const std::string word = "\\b(dmremap_[a-z_]+|DMREMAP_[A-Z_]+)";
	Names known = names_in(without_comments(header()), word);
	Names told;

	for (const char *own : {"DMREMAP_H", "DMREMAP_API", "DMREMAP_NOEXCEPT"})
		BOOST_TEST(known.erase(own) == 1u);
	for (const auto &[file, page] : pages())
		told.merge(names_in(plain(page.text), word));
	BOOST_TEST(told == known, boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(functions_of_the_class_are_told)
{
	const std::string text = without_comments(read_text(LIB_DIRECTORY "/dmremap.hpp"));
	const size_t start = text.find("class Context");
	const std::string body = text.substr(start, text.find("\nprivate:", start) - start);
	Names functions = names_in(body, "\n\t[^\t\n(=]* ([a-z_]+)\\(");

	BOOST_TEST(functions.count("start") == 1u);
	functions.insert("what"); /* of the exception */
	BOOST_TEST(names_in(plain(pages().at("dmremap").section("DESCRIPTION")),
			    "(?:^|\\s)((?!dmremap_)[a-z_]+)\\(\\)") == functions,
		   boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(programs_shown_are_the_examples)
{
	const auto shown = pages().at("dmremap").shown();

	BOOST_REQUIRE(shown.size() >= 2u);
	BOOST_TEST(shown[0] == example("attach.c"));
	BOOST_TEST(shown[1] == example("attach.cc"));
}
