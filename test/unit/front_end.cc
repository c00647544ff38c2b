/* SPDX-License-Identifier: GPL-2.0-only */
/* What is not ours reaches the distribution's dmsetup as it came. A script stands in for it. */
#define BOOST_TEST_MODULE front_end
#include <boost/test/unit_test.hpp>

#include <csignal>
#include <iostream>

#include <fcntl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "support.h"
#include "tools/front_end.h"

namespace
{

struct Result {
	int status; /* of waitpid() */
	std::string out;
	std::string err;

	int exit_status() const { return WIFEXITED(status) ? WEXITSTATUS(status) : -1; }
};

class Distribution
{
public:
	/* @script: what the distribution's dmsetup does. */
	explicit Distribution(const std::string &script)
	    : path_(directory_.write("dmsetup", "#!/bin/sh\n" + script))
	{
		chmod(path_.c_str(), 0755);
	}

	const std::string &path() const { return path_; }

	/* Runs the front end in a child. */
	Result run(std::vector<std::string> words, const std::string &input = "",
		   const char *name = "/usr/local/sbin/dmsetup")
	{
		words.insert(words.begin(), name);
		std::vector<char *> argv;
		for (std::string &word : words)
			argv.push_back(word.data());
		argv.push_back(nullptr);
		const std::string in = directory_.write("in", input);
		const std::string out = directory_.write("out", "");
		const std::string err = directory_.write("err", "");

		std::cout.flush(); /* not once more by the child */
		const pid_t pid = fork();
		BOOST_REQUIRE(pid >= 0);
		if (pid == 0) {
			redirect(in, O_RDONLY, 0);
			redirect(out, O_WRONLY, 1);
			redirect(err, O_WRONLY, 2);
			setenv("DMREMAP_TEST", "kept", 1);
			const int status = tools::front_end_main(static_cast<int>(words.size()),
								 argv.data(), path_);
			std::cout.flush(); /* as main() does */
			_exit(status);
		}
		Result result;
		BOOST_REQUIRE(waitpid(pid, &result.status, 0) == pid);
		result.out = read_text(out);
		result.err = read_text(err);
		return result;
	}

private:
	static void redirect(const std::string &file, int flags, int to)
	{
		const int fd = open(file.c_str(), flags);

		if (fd < 0 || dup2(fd, to) < 0)
			_exit(99);
		close(fd);
	}

	TemporaryDirectory directory_;
	std::string path_;
};

} // namespace

BOOST_AUTO_TEST_CASE(arguments_are_unchanged)
{
	Distribution distribution("for a; do printf '<%s>' \"$a\"; done");
	const Result result = distribution.run(
		{"-c", "info", "--noheadings", "two words", "", "*", "-o", "a\nb"});

	BOOST_TEST(result.exit_status() == 0);
	BOOST_TEST(result.out == "<-c><info><--noheadings><two words><><*><-o><a\nb>");
	BOOST_TEST(result.err == "");
}

BOOST_AUTO_TEST_CASE(nothing_at_all_is_passed_on)
{
	Distribution distribution("echo $# >&2; exit 1");
	const Result result = distribution.run({});

	BOOST_TEST(result.exit_status() == 1);
	BOOST_TEST(result.err == "0\n");
}

BOOST_AUTO_TEST_CASE(unknown_options_are_passed_on_even_before_remap)
{
	Distribution distribution("echo \"$@\"");

	BOOST_TEST(distribution.run({"--nosuchoption", "remap"}).out == "--nosuchoption remap\n");
	BOOST_TEST(distribution.run({"info", "remap"}).out == "info remap\n");
	BOOST_TEST(distribution.run({"-u", "remap"}).out == "-u remap\n");
}

BOOST_AUTO_TEST_CASE(stdin_and_environment_are_passed_on)
{
	Distribution distribution("cat; echo $DMREMAP_TEST");

	BOOST_TEST(distribution.run({"create", "dm-a"}, "0 8 zero\n").out == "0 8 zero\nkept\n");
}

BOOST_AUTO_TEST_CASE(exit_status_is_passed_on)
{
	Distribution distribution("exit 37");

	BOOST_TEST(distribution.run({"info"}).exit_status() == 37);
}

BOOST_AUTO_TEST_CASE(death_by_signal_is_passed_on)
{
	Distribution distribution("kill -TERM $$");
	const Result result = distribution.run({"wait", "dm-a"});

	BOOST_TEST(WIFSIGNALED(result.status));
	BOOST_TEST(WTERMSIG(result.status) == SIGTERM);
}

BOOST_AUTO_TEST_CASE(name_is_kept_so_that_dmstats_stays_dmstats)
{
	/* A script does not see argv[0]; a link to the shell, told to print it, does. */
	TemporaryDirectory directory;
	std::filesystem::create_symlink("/bin/sh", directory.path("dmsetup"));
	const std::string out = directory.write("out", "");
	const pid_t pid = fork();

	BOOST_REQUIRE(pid >= 0);
	if (pid == 0) {
		const int fd = open(out.c_str(), O_WRONLY);
		std::string name = "/usr/local/sbin/dmstats";
		std::string option = "-c";
		std::string script = "echo \"$0\"";
		char *argv[] = {name.data(), option.data(), script.data(), nullptr};

		dup2(fd, 1);
		tools::execute(directory.path("dmsetup"), argv);
		_exit(99);
	}
	int status;
	BOOST_REQUIRE(waitpid(pid, &status, 0) == pid);
	BOOST_TEST(status == 0);
	BOOST_TEST(read_text(out) == "/usr/local/sbin/dmstats\n");
}

BOOST_AUTO_TEST_CASE(help_is_theirs_and_then_ours)
{
	Distribution distribution("echo \"theirs: $@\" >&2; exit 5");

	for (const std::vector<std::string> &words :
	     std::vector<std::vector<std::string>>{{"help", "-c"}, {"--help", "-c"}}) {
		const Result result = distribution.run(words);

		BOOST_TEST(result.exit_status() == 5);
		BOOST_TEST(result.err.starts_with("theirs: " + words[0] + " -c\n\tfilter start "));
		for (const char *command : {"filter stop ", "filter status ", "remap start ",
					    "remap stop ", "remap status "})
			BOOST_TEST((result.err.find(std::string("\n\t") + command) !=
				    std::string::npos),
				   command);
	}
}

BOOST_AUTO_TEST_CASE(remap_is_ours)
{
	Distribution distribution("echo theirs");
	const Result help = distribution.run({"remap", "--help"});

	BOOST_TEST(help.exit_status() == 0);
	BOOST_TEST(help.out.starts_with("Usage:\n\ndmsetup remap\n"));
	BOOST_TEST((help.out + help.err).find("theirs") == std::string::npos);
	const Result mistake = distribution.run({"-v", "remap", "begin"});
	BOOST_TEST(mistake.exit_status() == 1);
	BOOST_TEST(mistake.out == "");
	BOOST_TEST(mistake.err == "dmsetup: remap: unknown command 'begin'\nTry 'dmsetup remap "
				  "--help' for more information.\n");
}

BOOST_AUTO_TEST_CASE(filter_is_ours)
{
	Distribution distribution("echo theirs: \"$@\"");
	const Result help = distribution.run({"filter", "--help"});

	BOOST_TEST(help.exit_status() == 0);
	BOOST_TEST(help.out.starts_with("Usage:\n\ndmsetup filter\n"));
	BOOST_TEST((help.out + help.err).find("theirs") == std::string::npos);
	const Result mistake = distribution.run({"-v", "filter", "begin"});
	BOOST_TEST(mistake.exit_status() == 1);
	BOOST_TEST(mistake.out == "");
	BOOST_TEST(mistake.err == "dmsetup: filter: unknown command 'begin'\nTry 'dmsetup filter "
				  "--help' for more information.\n");
	/* only as the command word */
	BOOST_TEST(distribution.run({"info", "filter"}).out == "theirs: info filter\n");
	BOOST_TEST(distribution.run({"--target", "filter"}).out == "theirs: --target filter\n");
	BOOST_TEST(distribution.run({"filters"}).out == "theirs: filters\n");
}

BOOST_AUTO_TEST_CASE(missing_dmsetup_is_told)
{
	Distribution distribution("");
	std::filesystem::remove(distribution.path());

	for (const char *word : {"info", "help"}) {
		const Result result = distribution.run({word});

		BOOST_TEST(result.exit_status() == 1);
		BOOST_TEST(result.err == "dmsetup: " + distribution.path() +
						 ": the distribution's dmsetup cannot be executed: "
						 "No such file or directory\n");
	}
}

BOOST_AUTO_TEST_CASE(a_front_end_that_would_execute_itself_does_not)
{
	char name[] = "dmsetup";
	char *argv[] = {name, nullptr};
	const std::string self = std::filesystem::read_symlink("/proc/self/exe");

	BOOST_TEST(tools::execute(self, argv) ==
		   self + ": is this program itself: configure it with DMSETUP=<distribution's "
			  "dmsetup>");
}
