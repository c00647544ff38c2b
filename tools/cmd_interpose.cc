/* SPDX-License-Identifier: GPL-2.0-only */
/* dmsetup remap start|stop|status, and the same of dmsetup filter. */
#include "cmd_interpose.h"

#include <algorithm>

#include "config.h"

namespace tools
{

namespace
{

using dmremap::Attachment;
using dmremap::Context;

/* The uppers of a command that takes any number of them. */
std::vector<std::string> uppers_of(Context &context, const Options &options)
{
	if (options.uuid)
		return {context.name_from_uuid(*options.uuid)};
	if (options.number)
		return {context.name_from_devno(*options.number)};
	return options.arguments;
}

uint32_t flags_of(const Options &options)
{
	return (options.nolockfs ? DMREMAP_NOLOCKFS : 0) | (options.force ? DMREMAP_FORCE : 0);
}

int run_start(const Program &, dmremap_mode mode, Context &context, const Options &options)
{
	const auto &arguments = options.arguments;
	std::vector<dmremap::Pair> pairs;

	if (options.names_upper())
		pairs.push_back({uppers_of(context, options).front(), arguments.front()});
	else
		for (size_t i = 0; i < arguments.size(); i += 2)
			pairs.push_back({arguments[i], arguments[i + 1]});
	context.start(mode, pairs, flags_of(options));
	return 0;
}

int run_stop(const Program &program, dmremap_mode, Context &context, const Options &options)
{
	int status = 0;

	for (const std::string &upper : uppers_of(context, options)) {
		try {
			context.stop(upper, flags_of(options));
		} catch (const dmremap::Error &error) {
			print_error(program, error.what());
			status = 1;
		}
	}
	return status;
}

void print_attachment(std::ostream &out, const Attachment &a)
{
	out << a.upper << ": " << a.mode << ' ' << a.original_number.major << ':'
	    << a.original_number.minor << " (" << (a.original.empty() ? "gone" : a.original)
	    << ") reads " << a.reads << " sectors " << a.read_sectors << " writes " << a.writes
	    << " sectors " << a.write_sectors << " held " << a.held << " flags " << a.flags << '\n';
}

int report_status(const Program &program, dmremap_mode mode, Context &context,
		  const Options &options)
{
	const auto uppers = uppers_of(context, options);
	int status = 0;
	const auto attachments = [&] {
		std::vector<Attachment> all;

		if (uppers.empty())
			return context.status();
		for (const std::string &upper : uppers) {
			try {
				for (const Attachment &attachment : context.status(upper))
					all.push_back(attachment);
			} catch (const dmremap::Error &error) {
				print_error(program, error.what());
				status = 1;
			}
		}
		return all;
	};

	print_report(mode == DMREMAP_MODE_FILTER ? "filter" : "remap", program, context,
		     options.report, attachments);
	return status;
}

int run_status(const Program &program, dmremap_mode mode, Context &context, const Options &options)
{
	if (!options.report.given.empty())
		return report_status(program, mode, context, options);
	const auto uppers = uppers_of(context, options);
	int status = 0;

	if (uppers.empty())
		for (const Attachment &attachment : context.status())
			print_attachment(program.out, attachment);
	for (const std::string &upper : uppers) {
		try {
			const auto attachments = context.status(upper);

			if (attachments.empty())
				program.out << upper << ": not attached\n";
			for (const Attachment &attachment : attachments)
				print_attachment(program.out, attachment);
		} catch (const dmremap::Error &error) {
			print_error(program, error.what());
			status = 1;
		}
	}
	return status;
}

const CommandWord kWords[] = {
	{"filter", DMREMAP_MODE_FILTER,
	 "Let a device-mapper target filter the I/O of a block device in use"},
	{"remap", DMREMAP_MODE_REMAP,
	 "Divert the I/O of a block device in use to a device-mapper device"},
};

const Command kCommands[] = {
	{"start", "[-f|--force] [--nolockfs]",
	 "<dm_device> <block_device> [<dm_device> <block_device>]...", 2, 2, true, true, false,
	 "attach each dm device to its block device, all at one instant", run_start},
	{"stop", "[-f|--force] [--nolockfs]", "<dm_device>...", 1, 1, true, true, false,
	 "detach the dm devices", run_stop},
	{"status",
	 "[-c|-C|--columns] [-o|--options <fields>] [-O|--sort <sort_fields>] "
	 "[-S|--select <selection>] [--nameprefixes] [--noheadings] [--nosuffix] "
	 "[--reportformat basic|json] [--rows] [--separator <separator>] [--units <units>] "
	 "[--unquoted] [--count <count>] [--interval <seconds>]",
	 "[<dm_device>...]", 0, 1, false, false, true,
	 "print what is attached, and how much I/O it was given", run_status},
};

std::string synopsis(const Command &command)
{
	std::string text = command.name;

	for (const char *part : {command.options, command.arguments})
		if (*part)
			text += std::string(" ") + part;
	return text;
}

void print_help(const CommandWord &word, const Program &program)
{
	program.out << "Usage:\n\n"
		    << program.name << "\n"
		    << "        [-h|--help] [--version] [-v|--verbose [-v|--verbose ...]]\n"
		    << "        [-u|--uuid <uuid>] [-j|--major <major> -m|--minor <minor>]\n\n";
	for (const Command &command : kCommands)
		program.out << '\t' << synopsis(command) << "\n\t\t" << command.summary << '\n';
	program.out << "\n<dm_device> may be device name, path, or major:minor; "
		       "or (if only one) -u <uuid> or -j <major> -m <minor>\n"
		       "<block_device> may be any path to it, or major:minor\n\n"
		    << "dmsetup-" << word.name << "(8): " << word.summary << '\n';
}

const Command &find_command(const CommandWord &word, const std::string &name)
{
	const auto found =
		std::find_if(std::begin(kCommands), std::end(kCommands),
			     [&](const Command &command) { return name == command.name; });

	if (found == std::end(kCommands))
		throw UsageError(std::string(word.name) + ": unknown command '" + name + "'");
	return *found;
}

void check_arguments(const CommandWord &word, const Command &command, const Options &options)
{
	const size_t count = options.arguments.size() + (options.names_upper() ? 1 : 0);
	const std::string name = std::string(word.name) + " " + command.name;

	if (options.nolockfs && !command.takes_nolockfs)
		throw UsageError(name + " takes no --nolockfs");
	if (options.force && !command.takes_force)
		throw UsageError(name + " takes no --force");
	if (options.initramfs || options.wait)
		throw UsageError(name + " takes neither --initramfs nor --wait");
	if (!options.report.given.empty() && !command.reports)
		throw UsageError(name + " takes no " + options.report.given);
	if (count < command.least)
		throw UsageError(name + " needs " + command.arguments);
	if (count % command.unit)
		throw UsageError(name + ": '" + options.arguments.back() +
				 "' is alone: a dm device and a block device go together");
	if (options.names_upper() && count > command.unit)
		throw UsageError(name + ": --uuid, --major and --minor are for one dm device only");
}

void set_log(const Program &program, Context &context, int verbose)
{
	const int most = verbose > 1 ? DMREMAP_LOG_DEBUG : DMREMAP_LOG_STEP;

	if (verbose)
		context.set_log([&program, most](dmremap_log_level level, const char *line) {
			if (level <= most)
				program.err << (level == DMREMAP_LOG_WARNING ? "WARNING: " : "")
					    << line << std::endl;
		});
	context.take_devmapper_log();
}

int run(const CommandWord &word, const Program &program, const std::vector<std::string> &arguments)
{
	Options options = parse_options(word.name, arguments);

	if (options.help) {
		print_help(word, program);
		return 0;
	}
	if (options.version) {
		program.out << PACKAGE_STRING << " (libdmremap " << dmremap_version() << ")\n";
		return 0;
	}
	if (options.arguments.empty())
		throw UsageError(std::string(word.name) +
				 ": a command is missing: start, stop or status");
	const Command &command = find_command(word, options.arguments.front());
	options.arguments.erase(options.arguments.begin());
	check_arguments(word, command, options);

	Context context = program.make_context();
	context.set_mode(word.mode);
	set_log(program, context, options.verbose);
	return command.run(program, word.mode, context, options);
}

} // namespace

std::span<const CommandWord> our_words()
{
	return kWords;
}

const CommandWord *find_our_word(const std::string &name)
{
	const auto found = std::find_if(std::begin(kWords), std::end(kWords),
					[&](const CommandWord &word) { return name == word.name; });

	return found == std::end(kWords) ? nullptr : found;
}

std::span<const Command> commands()
{
	return kCommands;
}

void print_commands(std::ostream &out, const std::string &prefix)
{
	for (const CommandWord &word : kWords)
		for (const Command &command : kCommands)
			out << prefix << word.name << ' ' << synopsis(command) << '\n';
}

int interpose_main(const CommandWord &word, const Program &program,
		   const std::vector<std::string> &arguments)
{
	try {
		return run(word, program, arguments);
	} catch (const UsageError &error) {
		print_error(program, error.what());
		program.err << "Try '" << program.name << " --help' for more information.\n";
	} catch (const dmremap::Error &error) {
		print_error(program, error.what());
	}
	return 1;
}

} // namespace tools
