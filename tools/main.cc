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

#include "cmd_remap.h"
#include "front_end.h"

namespace
{

int dispatch(int argc, char **argv)
{
	const std::string path = argc > 0 ? argv[0] : "dmsetup";
	const std::string name = path.substr(path.rfind('/') + 1);

	if (name == "dmsetup-remap" || name == "lt-dmsetup-remap")
		return tools::remap_main(
			{"dmsetup-remap", std::cout, std::cerr, [] { return dmremap::Context(); }},
			{argv + 1, argv + argc});
	if (name == "dmstats" || name == "devmap_name") {
		std::cerr << name << ": " << tools::execute(DMSETUP_PATH, argv) << std::endl;
		return 1;
	}
	return tools::front_end_main(argc, argv, DMSETUP_PATH);
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
