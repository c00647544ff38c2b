/* SPDX-License-Identifier: LGPL-2.1-only */
/* Attaches a dm device until standard input ends, and tells what it got. */
#include <exception>
#include <iostream>
#include <limits>

#include <dmremap.hpp>

int main(int argc, char *argv[])
{
	if (argc != 3) {
		std::cerr << "usage: attach UPPER ORIGINAL\n";
		return 1;
	}
	const dmremap::Pair pair = {argv[1], argv[2]};
	try {
		dmremap::Context context;

		/* libdevmapper is not to print errors of its own */
		context.take_devmapper_log();
		context.start(DMREMAP_MODE_REMAP, {pair});
		std::cin.ignore(std::numeric_limits<std::streamsize>::max());
		for (const auto &a : context.status(pair.upper))
			std::cout << a.upper << ": " << a.original << " reads "
				  << a.reads << " writes " << a.writes << '\n';
		context.stop(pair.upper);
	} catch (const std::exception &error) {
		std::cerr << error.what() << '\n';
		return 1;
	}
}
