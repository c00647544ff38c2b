/* SPDX-License-Identifier: GPL-2.0-only */
/* Who stands by acts when the other one dies, however, and only then. */
#define BOOST_TEST_MODULE guard
#include <boost/test/unit_test.hpp>

#include <cerrno>
#include <csignal>
#include <functional>
#include <optional>
#include <system_error>

#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tools/guard.h"

namespace
{

constexpr int kNoMemory = 42;

/* What was made good after @work in a process that has a guard: "" or "good"; nothing where memory
 * cannot be locked. */
std::optional<std::string> made_good(const std::function<void()> &work)
{
	char buffer[16] = {};
	int ends[2];
	int status;

	BOOST_REQUIRE(pipe(ends) == 0);
	const pid_t pid = fork();
	BOOST_REQUIRE(pid >= 0);
	if (pid == 0) {
		close(ends[0]);
		try {
			const tools::Guard guard([&] {
				if (write(ends[1], "good", 4) != 4)
					_exit(99);
			});
			work();
		} catch (const std::system_error &) {
			_exit(kNoMemory);
		}
		_exit(0);
	}
	close(ends[1]);
	BOOST_REQUIRE(waitpid(pid, &status, 0) == pid);
	/* until the one who stands by has ended, too */
	const ssize_t n = read(ends[0], buffer, sizeof(buffer));
	close(ends[0]);
	BOOST_REQUIRE(n >= 0);
	if (WIFEXITED(status) && WEXITSTATUS(status) == kNoMemory) {
		BOOST_TEST_MESSAGE("skipped: memory cannot be locked here (ulimit -l)");
		return std::nullopt;
	}
	return std::string(buffer, static_cast<size_t>(n));
}

} // namespace

BOOST_AUTO_TEST_CASE(nothing_is_done_after_a_good_end)
{
	BOOST_TEST(made_good([] {}).value_or("") == "");
}

BOOST_AUTO_TEST_CASE(a_killed_process_is_made_good)
{
	BOOST_TEST(made_good([] { kill(getpid(), SIGKILL); }).value_or("good") == "good");
}

BOOST_AUTO_TEST_CASE(an_exit_in_between_is_made_good)
{
	BOOST_TEST(made_good([] { _exit(1); }).value_or("good") == "good");
}

/* control-C reaches all processes of the foreground */
BOOST_AUTO_TEST_CASE(signals_do_not_reach_it)
{
	BOOST_TEST(made_good([] {
			   setpgid(0, 0);
			   usleep(100000);
			   kill(-getpgid(0), SIGTERM);
			   pause();
		   }).value_or("good") == "good");
}
