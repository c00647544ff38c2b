/* SPDX-License-Identifier: GPL-2.0-only */
/* Header, version script and library name the same functions. */
#define BOOST_TEST_MODULE abi
#include <boost/test/unit_test.hpp>

#include <cstdio>
#include <memory>
#include <regex>
#include <set>

#include "support.h"

namespace
{

using Names = std::set<std::string>;

Names matches(const std::string &text, const char *pattern)
{
	const std::regex regex(pattern);
	Names names;

	for (std::sregex_iterator i(text.begin(), text.end(), regex), end; i != end; ++i)
		names.insert((*i)[1]);
	return names;
}

Names header_functions()
{
	return matches(read_text(LIB_DIRECTORY "/dmremap.h"),
		       "DMREMAP_API [^;(]*[ *](dmremap_[a-z_]+)\\(");
}

std::string output_of(const std::string &command)
{
	const std::unique_ptr<FILE, int (*)(FILE *)> pipe(popen(command.c_str(), "r"), pclose);
	std::string text;
	char buffer[4096];

	while (pipe && fgets(buffer, sizeof(buffer), pipe.get()))
		text += buffer;
	return text;
}

} // namespace

BOOST_AUTO_TEST_CASE(header_declares_functions)
{
	BOOST_TEST(header_functions().size() >= 15u);
	BOOST_TEST(header_functions().contains("dmremap_start"));
}

BOOST_AUTO_TEST_CASE(version_script_names_what_the_header_declares)
{
	const std::string map = read_text(LIB_DIRECTORY "/libdmremap.map");

	BOOST_TEST(matches(map, "\t(dmremap_[a-z_]+);") == header_functions(),
		   boost::test_tools::per_element());
	BOOST_TEST((map.find("local:\n\t*;") != std::string::npos));
}

BOOST_AUTO_TEST_CASE(library_exports_what_the_header_declares_and_nothing_else)
{
	if (!std::filesystem::exists(SHARED_LIBRARY)) {
		BOOST_TEST_MESSAGE("no shared library was built (--disable-shared)");
		return;
	}
	const std::string symbols = output_of("nm -D --defined-only " SHARED_LIBRARY);

	BOOST_TEST(matches(symbols, " [TWVBDRiu] ([^@\n]+)") == header_functions(),
		   boost::test_tools::per_element());
	/* released symbols stay in the node that they were released with */
	for (const std::string &name : header_functions())
		BOOST_TEST((symbols.find(" " + name + "@@DMREMAP_") != std::string::npos), name);
}

BOOST_AUTO_TEST_CASE(soname_has_the_major_version)
{
	if (!std::filesystem::exists(SHARED_LIBRARY))
		return;
	const std::string version = read_text(TOP_DIRECTORY "/LIBVERSION");
	const std::string dynamic = output_of("objdump -p " SHARED_LIBRARY);

	BOOST_TEST((dynamic.find("libdmremap.so." + version.substr(0, version.find('.')) + "\n") !=
		    std::string::npos));
}

BOOST_AUTO_TEST_CASE(header_is_c_and_cxx)
{
	/* the C compiler is optional for the build, so absent is not wrong */
	if (std::system("command -v cc >/dev/null 2>&1") != 0) {
		BOOST_TEST_MESSAGE("no C compiler: dmremap.h was not tried as C");
		return;
	}
	BOOST_TEST(
		std::system(
			"cc -std=c99 -Wall -Wextra -Wpedantic -Werror -fsyntax-only -x c " LIB_DIRECTORY
			"/dmremap.h") == 0);
	BOOST_TEST(std::system("c++ -std=c++17 -Wall -Wextra -Wpedantic -Werror -fsyntax-only "
			       "-I" LIB_DIRECTORY " -x c++ " LIB_DIRECTORY "/dmremap.hpp") == 0);
}
