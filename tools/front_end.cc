/* SPDX-License-Identifier: GPL-2.0-only */
/* The program under dmsetup's name. */
#include "front_end.h"

#include <cerrno>
#include <iostream>
#include <system_error>

#include <getopt.h>
#include <spawn.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "cmd_interpose.h"
#include "dm/module.h"
#include "error.h"
#include "program.h"
#include "recipe.h"

namespace tools
{

namespace
{

/* The options of dmsetup and dmstats, as far as finding the command word needs them: which have
 * a value, and all names, because long ones can be abbreviated. */
const char kShortOptions[] = "+:cCfG:hj:m:M:no:O:rS:u:U:vy";

/* clang-format off */
const char *const kPlainOptions[] = {
	"addnodeoncreate", "addnodeonresume", "alldevices", "allprograms", "allregions", "area",
	"checks", "clear", "columns", "concise", "deferred", "filemap", "force", "foreground",
	"group", "histogram", "inactive", "nameprefixes", "noflush", "nogroup", "noheadings",
	"nolockfs", "nomonitor", "noopencount", "nosuffix", "notable", "notimesuffix",
	"noudevrules", "noudevsync", "precise", "raw", "readonly", "region", "relative", "retry",
	"rows", "segments", "setuuid", "showkeys", "tree", "unbuffered", "unquoted", "verbose",
	"verifyudev", "version", "yes",
};

const char *const kValueOptions[] = {
	"alias", "areas", "areasize", "bounds", "count", "exec", "follow", "gid", "groupid",
	"headings", "interval", "length", "major", "manglename", "minor", "mode", "options",
	"programid", "readahead", "regionid", "regions", "select", "separator", "sort", "start",
	"table", "target", "udevcookie", "uid", "units", "userdata", "uuid",
};
/* clang-format on */

/* getopt finds an abbreviation ambiguous only where the values differ. */
std::vector<option> long_options()
{
	std::vector<option> options;
	int value = 256;

	for (const char *name : kPlainOptions)
		options.push_back({name, no_argument, nullptr, value++});
	for (const char *name : kValueOptions)
		options.push_back({name, required_argument, nullptr, value++});
	options.push_back({"help", no_argument, nullptr, 'h'});
	options.push_back({nullptr, 0, nullptr, 0});
	return options;
}

/* The path is this very program: executing it would never end. */
bool is_this_program(const std::string &path)
{
	struct stat theirs;
	struct stat ours;

	return stat(path.c_str(), &theirs) == 0 && stat("/proc/self/exe", &ours) == 0 &&
	       theirs.st_dev == ours.st_dev && theirs.st_ino == ours.st_ino;
}

/* dmstats, which is dmsetup by another name, has a create of its own. */
bool loads_tables(const std::string &program, const std::string &command)
{
	return program.substr(program.rfind('/') + 1) == "dmsetup" &&
	       (command == "create" || command == "load" || command == "reload");
}

std::string own_path_sentence(const std::string &path)
{
	return path +
	       ": is this program itself: configure it with DMSETUP=<distribution's dmsetup>";
}

std::string cannot_execute(const std::string &path, int errnum)
{
	return path + ": the distribution's dmsetup cannot be executed: " +
	       std::generic_category().message(errnum);
}

int help(char **argv, const std::string &dmsetup)
{
	std::string error;
	const int status = run_and_wait(dmsetup, argv, error);

	if (!error.empty()) {
		print_error(system_program("dmsetup"), error);
		return 1;
	}
	/* Where dmsetup prints its own. */
	print_commands(std::cerr, "\t");
	print_recipes(std::cerr, "\t");
	std::cerr << '\n';
	return status;
}

/* Whether the kernel could not share a device, and what to do then. */
void say_why_not_shared(const Program &program, const std::string &command)
{
	dmremap::Context context = program.make_context();
	context.take_devmapper_log();
	const dmremap::Support support = find_provider(context);

	if (support.provider == DMREMAP_SUPPORT_NONE)
		print_error(program, command + ": " + support.reason);
}

/* Where the module interposes: whether the table may go into a device that is attached. What the
 * device is, and what else is wrong, dmsetup says. */
void refuse_table(const Program &program, const TableSource &source, const std::string &table)
{
	if (table.empty() || !dmr::module::is_loaded())
		return;
	try {
		dmremap::Context context = program.make_context();
		context.take_devmapper_log();
		context.check_table(!source.uuid.empty() ? context.name_from_uuid(source.uuid)
				    : !source.name.empty()
					    ? source.name
					    : source.major + ":" + source.minor,
				    table);
	} catch (const dmremap::Error &error) {
		if (error.code().value() == ELOOP || error.code().value() == ERANGE)
			throw;
	}
}

/* To the distribution's dmsetup, with a table that this kernel knows. */
int hand_on(char **argv, const std::vector<std::string> &words, const std::string &command,
	    const std::string &dmsetup)
{
	const Program program = system_program("dmsetup");

	try {
		std::vector<std::string> adapted = words;
		std::vector<char *> pointers;
		std::string error;
		std::string table;

		if (loads_tables(words.front(), command)) {
			const TableSource source = find_table(words);

			table = adapt_table(adapted, source);
			if (command != "create")
				refuse_table(program, source, table);
		}
		for (std::string &word : adapted)
			pointers.push_back(word.data());
		pointers.push_back(nullptr);
		char **const arguments = adapted == words ? argv : pointers.data();
		if (!has_noexcl(table)) {
			print_error(program, execute(dmsetup, arguments));
			return 1;
		}
		const int status = run_and_wait(dmsetup, arguments, error);
		if (!error.empty())
			print_error(program, error);
		else if (status)
			say_why_not_shared(program, command);
		return status;
	} catch (const dmremap::Error &error) {
		print_error(program, error.what());
	} catch (const dmr::Error &error) {
		print_error(program, command + ": " + error.what());
	}
	return 1;
}

} // namespace

CommandLine find_command_word(const std::vector<std::string> &argv)
{
	static const std::vector<option> options = long_options();
	std::vector<std::string> copies = argv;
	std::vector<char *> pointers;
	CommandLine line;
	int c;

	for (std::string &copy : copies)
		pointers.push_back(copy.data());
	pointers.push_back(nullptr);
	const int argc = static_cast<int>(copies.size());
	opterr = 0;
	optind = 0; /* glibc: begin anew */
	while ((c = getopt_long(argc, pointers.data(), kShortOptions, options.data(), nullptr)) !=
	       -1) {
		if (c == 'h')
			line.help = true;
		if (c == '?' || c == ':') {
			line.understood = false;
			return line;
		}
	}
	if (optind < argc)
		line.command = static_cast<size_t>(optind);
	return line;
}

TableSource find_table(const std::vector<std::string> &argv)
{
	static const std::vector<option> options = long_options();
	std::vector<std::string> copies = argv;
	std::vector<char *> pointers;
	TableSource source;
	int which = 0;
	int c;

	/* @text is one of the words, or its end. */
	auto place = [&](const char *text) {
		for (source.index = 0; source.index < copies.size(); source.index++) {
			const std::string &word = copies[source.index];

			if (text >= word.data() && text <= word.data() + word.size()) {
				source.offset = static_cast<size_t>(text - word.data());
				return;
			}
		}
	};

	for (std::string &copy : copies)
		pointers.push_back(copy.data());
	pointers.push_back(nullptr);
	const int argc = static_cast<int>(copies.size());
	opterr = 0;
	optind = 0; /* glibc: begin anew */
	/* without the +: options may stand behind the command */
	while ((c = getopt_long(argc, pointers.data(), kShortOptions + 1, options.data(),
				&which)) != -1) {
		const std::string name = c >= 256 ? options[static_cast<size_t>(c - 256)].name : "";

		if (c == '?' || c == ':' || name == "notable" || name == "concise")
			return {};
		if (c == 'u' || name == "uuid")
			source.uuid = optarg;
		if (c == 'j' || name == "major")
			source.major = optarg;
		if (c == 'm' || name == "minor")
			source.minor = optarg;
		if (name == "table") {
			source.kind = TableSource::Kind::option;
			place(optarg);
		}
	}
	if (optind >= argc)
		return {};
	const std::string command = pointers[static_cast<size_t>(optind)];
	if (!loads_tables(argv.front(), command))
		return {};
	/* create is given a name always */
	const bool by_name =
		command == "create" || (source.uuid.empty() && source.major.empty());
	const int file = optind + (by_name ? 2 : 1);
	if (by_name && file <= argc)
		source.name = pointers[static_cast<size_t>(file - 1)];
	if (source.kind == TableSource::Kind::option)
		return source;
	source.kind = file < argc ? TableSource::Kind::file : TableSource::Kind::input;
	if (file < argc)
		place(pointers[static_cast<size_t>(file)]);
	return source;
}

std::string execute(const std::string &path, char **argv)
{
	if (is_this_program(path))
		return own_path_sentence(path);
	execv(path.c_str(), argv);
	return cannot_execute(path, errno);
}

int run_and_wait(const std::string &path, char **argv, std::string &error)
{
	int status;
	pid_t pid;

	if (is_this_program(path)) {
		error = own_path_sentence(path);
		return 1;
	}
	if (const int r = posix_spawn(&pid, path.c_str(), nullptr, nullptr, argv, environ)) {
		error = cannot_execute(path, r);
		return 1;
	}
	while (waitpid(pid, &status, 0) < 0)
		if (errno != EINTR) {
			error = cannot_execute(path, errno);
			return 1;
		}
	return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

int front_end_main(int argc, char **argv, const std::string &dmsetup)
{
	const std::vector<std::string> words(argv, argv + argc);
	const CommandLine line = find_command_word(words);
	const std::string command = line.command ? words[line.command] : "";

	const CommandWord *const word = line.understood ? find_our_word(command) : nullptr;
	const Recipe *const recipe = line.understood ? find_recipe(command) : nullptr;

	if (word || recipe) {
		const Program program = system_program("dmsetup " + command);
		std::vector<std::string> arguments = words;

		arguments.erase(arguments.begin() + static_cast<ptrdiff_t>(line.command));
		arguments.erase(arguments.begin());
		return word ? interpose_main(*word, program, arguments)
			    : recipe_main(*recipe, program, arguments);
	}
	if (line.understood && (command == "help" || (command.empty() && line.help)))
		return help(argv, dmsetup);
	return hand_on(argv, words, command, dmsetup);
}

} // namespace tools
