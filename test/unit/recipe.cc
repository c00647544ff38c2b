/* SPDX-License-Identifier: GPL-2.0-only */
/* The command line of the recipes, and the names of what they make. */
#define BOOST_TEST_MODULE recipe
#include <boost/test/unit_test.hpp>

#include <sstream>

#include "tools/recipe.h"

namespace
{

/* No context is made for wrong arguments. */
std::string usage_error(const std::string &name, const std::vector<std::string> &arguments)
{
	const tools::Recipe *recipe = tools::find_recipe(name);
	std::ostringstream out;
	std::ostringstream err;

	BOOST_REQUIRE(recipe);
	BOOST_TEST(tools::recipe_main(*recipe, {"dmsetup " + name, out, err, nullptr}, arguments) ==
		   1);
	BOOST_TEST(out.str() == "");
	const std::string said = err.str();
	const std::string hint = "\nTry 'dmsetup " + name + " --help' for more information.\n";
	BOOST_REQUIRE_MESSAGE(said.ends_with(hint), said);
	return said.substr(0, said.size() - hint.size());
}

} // namespace

BOOST_AUTO_TEST_CASE(recipes_are_found_by_name)
{
	for (const char *name : {"cache", "move", "remaptab", "snapshot"})
		BOOST_TEST(tools::find_recipe(name)->name == name);
	for (const char *name : {"", "remap", "snap", "create"})
		BOOST_TEST(!tools::find_recipe(name));
}

BOOST_AUTO_TEST_CASE(wrong_arguments_are_told)
{
	BOOST_TEST(usage_error("snapshot", {}) ==
		   "dmsetup: snapshot: a command is missing: create, remove or status");
	BOOST_TEST(usage_error("snapshot", {"take"}) ==
		   "dmsetup: snapshot: unknown command 'take': "
		   "it is create, remove or status");
	BOOST_TEST(usage_error("snapshot", {"remove"}) ==
		   "dmsetup: snapshot remove needs <snapshot>...");
	for (size_t count : {1, 2, 4, 5}) {
		std::vector<std::string> arguments(count + 1, "x");

		arguments[0] = "create";
		const std::string said = usage_error("snapshot", arguments);
		BOOST_TEST(said.starts_with("dmsetup: snapshot create "), said);
		BOOST_TEST(said.ends_with("<cow>]..."), said);
	}
	BOOST_TEST(usage_error("move", {"start", "/dev/a"}) ==
		   "dmsetup: move start needs <block_device> <new_device>");
	BOOST_TEST(usage_error("move", {"start", "/dev/a", "/dev/b", "/dev/c"}) ==
		   "dmsetup: move start takes <block_device> <new_device>");
	BOOST_TEST(usage_error("move", {"status", "/dev/a"}) ==
		   "dmsetup: move status takes no arguments");
	BOOST_TEST(
		usage_error("cache", {"attach", "--nolockfs", "/dev/a", "/dev/b"}) ==
		"dmsetup: cache attach takes neither --nolockfs nor --uuid, --major and --minor");
	BOOST_TEST(usage_error("cache", {"attach", "--initramfs", "/dev/a", "/dev/b"}) ==
		   "dmsetup: cache attach takes neither --initramfs nor --wait");
	BOOST_TEST(usage_error("remaptab", {"stop", "--wait", "1"}) ==
		   "dmsetup: remaptab stop takes neither --initramfs nor --wait");
	BOOST_TEST(usage_error("remaptab", {"start", "--wait", "x"}) ==
		   "dmsetup: remaptab: 'x' is not a number of seconds");
	BOOST_TEST(usage_error("cache", {"--frob"}) == "dmsetup: cache: unknown option '--frob'");
}

BOOST_AUTO_TEST_CASE(what_is_made_is_known_again)
{
	dmr::DmInfo info = {};

	info.uuid = tools::uuid_for("cow", "snap1");
	BOOST_TEST(tools::is_ours(info, "cow"));
	BOOST_TEST(!tools::is_ours(info, "co"));
	BOOST_TEST(!tools::is_ours(info, "snapshot"));
	info.uuid = "LVM-cow-snap1";
	BOOST_TEST(!tools::is_ours(info, "cow"));
	BOOST_TEST(tools::name_for("vda1", "origin") == "vda1-origin");
	/* no slash in the name of a dm device */
	BOOST_TEST(tools::name_for("cciss/c0d0p1", "origin") == "cciss!c0d0p1-origin");
}
