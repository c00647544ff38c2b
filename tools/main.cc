/* SPDX-License-Identifier: GPL-2.0-only */
/* One program under several names: the name that it is called by says what it is. */
#include <cerrno>
#include <cstdio>
#include <exception>
#include <iostream>
#include <string>
#include <system_error>
#include <vector>

#include "config.h"

#include "cmd_interpose.h"
#include "front_end.h"
#include "recipe.h"

namespace
{

int dispatch(int argc, char **argv)
{
	const std::string path = argc > 0 ? argv[0] : "dmsetup";
	const std::string base = path.substr(path.rfind('/') + 1);
	const std::string name = base.starts_with("lt-") ? base.substr(3) : base; /* libtool's */

	if (name.starts_with("dmsetup-")) {
		const std::string command = name.substr(8);

		if (const auto *word = tools::find_our_word(command))
			return tools::interpose_main(*word, tools::system_program(name),
						     {argv + 1, argv + argc});
		if (const auto *recipe = tools::find_recipe(command))
			return tools::recipe_main(*recipe, tools::system_program(name),
						  {argv + 1, argv + argc});
	}
	if (name != "dmstats" && name != "devmap_name")
		return tools::front_end_main(argc, argv, DMSETUP_PATH);
	std::cerr << name << ": " << tools::execute(DMSETUP_PATH, argv) << std::endl;
	return 1;
}

} // namespace

int main(int argc, char **argv)
{
	try {
		const int status = dispatch(argc, argv);

		if (std::cout.flush() && std::fflush(stdout) == 0)
			return status;
		std::cerr << "dmsetup: standard output: cannot be written: "
			  << std::generic_category().message(errno) << std::endl;
	} catch (const std::exception &error) {
		std::cerr << "dmsetup: unexpected: " << error.what() << std::endl;
	}
	return 1;
}
