/* SPDX-License-Identifier: GPL-2.0-only */
/* A machine in memory, and a shell before it: what a command prints there, and how it exits. */
#pragma once

#include <boost/test/unit_test.hpp>

#include <sstream>
#include <string>
#include <vector>

#include "context.h"
#include "fake_kernel.h"
#include "tools/cmd_interpose.h"

using Done = std::vector<std::string>;

/* A machine and a shell before it. The kernel dies with the context, so every command gets a
 * copy, and @done is what the last one was asked to do. */
struct Shell {
	FakeKernel kernel = FakeKernel::usual();
	std::string word = "remap";
	Done done;
	std::string out;
	std::string err;

	class Watched final : public FakeKernel
	{
	public:
		Watched(const FakeKernel &kernel, Done &done) : FakeKernel(kernel), watcher_(done)
		{
		}
		~Watched() override { watcher_ = done; }

	private:
		Done &watcher_;
	};

	int run(const std::vector<std::string> &arguments)
	{
		std::ostringstream out_stream;
		std::ostringstream err_stream;
		const int status = tools::interpose_main(
			*tools::find_our_word(word),
			{"dmsetup " + word, out_stream, err_stream,
			 [this] {
				 return dmremap::Context(new dmremap_context(
					 std::make_unique<Watched>(kernel, done)));
			 }},
			arguments);

		out = out_stream.str();
		err = err_stream.str();
		return status;
	}

	void usage_error(const std::vector<std::string> &arguments, const std::string &sentence)
	{
		BOOST_TEST(run(arguments) == 1);
		BOOST_TEST(out == "");
		BOOST_TEST(err == "dmsetup: " + sentence + "\nTry 'dmsetup " + word +
					  " --help' for more information.\n");
		BOOST_TEST(done.empty());
	}
};
