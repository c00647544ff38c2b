/* SPDX-License-Identifier: GPL-2.0-only */
/* What the recipes share: their command line, their names, how they find their devices again. */
#include "recipe.h"

#include <algorithm>
#include <cerrno>

#include <fcntl.h>
#include <sys/file.h>

#include "cmd_cache.h"
#include "cmd_move.h"
#include "cmd_remaptab.h"
#include "cmd_snapshot.h"
#include "config.h"
#include "dm/control.h"
#include "options.h"
#include "text.h"

namespace tools
{

namespace
{

const char kPrefix[] = "DMREMAP-";

const Recipe *const kRecipes[] = {
	&kCache,
	&kMove,
	&kRemaptabCommands,
	&kSnapshot,
};

std::string synopsis(const RecipeCommand &command)
{
	return std::string(command.name) + (*command.arguments ? " " : "") + command.arguments;
}

void print_help(const Recipe &recipe, const Program &program)
{
	program.out << "Usage:\n\n"
		    << program.name << "\n        [-h|--help] [--version] [-v|--verbose]\n\n";
	for (const RecipeCommand &command : recipe.commands)
		program.out << '\t' << synopsis(command) << "\n\t\t" << command.summary << '\n';
	program.out << "\ndmsetup-" << recipe.name << "(8): " << recipe.summary << '\n';
}

std::string names_of(const Recipe &recipe)
{
	std::string names;

	for (const RecipeCommand &command : recipe.commands)
		names += std::string(names.empty()                         ? ""
				     : &command == &recipe.commands.back() ? " or "
									   : ", ") +
			 command.name;
	return names;
}

const RecipeCommand &find_command(const Recipe &recipe, const std::string &name)
{
	const auto found =
		std::find_if(recipe.commands.begin(), recipe.commands.end(),
			     [&](const RecipeCommand &command) { return name == command.name; });

	if (found == recipe.commands.end())
		throw UsageError(std::string(recipe.name) + ": unknown command '" +
				 dmr::printable(name) + "': it is " + names_of(recipe));
	return *found;
}

void check_arguments(const Recipe &recipe, const RecipeCommand &command, const Options &options)
{
	const std::string what = std::string(recipe.name) + " " + command.name;
	const size_t count = options.arguments.size();

	if (options.nolockfs || options.names_upper())
		throw UsageError(what +
				 " takes neither --nolockfs nor --uuid, --major and --minor");
	if (!options.report.given.empty())
		throw UsageError(what + " takes no " + options.report.given);
	if ((options.initramfs || options.wait) && !command.at_boot)
		throw UsageError(what + " takes neither --initramfs nor --wait");
	if (count < command.least)
		throw UsageError(what + " needs " + command.arguments);
	if (command.unit ? count % command.unit != 0 : count > command.least)
		throw UsageError(what + " takes " +
				 (*command.arguments ? command.arguments : "no arguments"));
}

int run(const Recipe &recipe, const Program &program, const std::vector<std::string> &arguments)
{
	Options options = parse_options(recipe.name, arguments);

	if (options.help) {
		print_help(recipe, program);
		return 0;
	}
	if (options.version) {
		program.out << PACKAGE_STRING << " (libdmremap " << dmremap_version() << ")\n";
		return 0;
	}
	if (options.arguments.empty())
		throw UsageError(std::string(recipe.name) +
				 ": a command is missing: " + names_of(recipe));
	const RecipeCommand &command = find_command(recipe, options.arguments.front());
	options.arguments.erase(options.arguments.begin());
	check_arguments(recipe, command, options);

	dmremap::Context context = program.make_context();
	if (options.verbose)
		context.set_log([&program](dmremap_log_level level, const char *line) {
			if (level <= DMREMAP_LOG_STEP)
				program.err << (level == DMREMAP_LOG_WARNING ? "WARNING: " : "")
					    << line << std::endl;
		});
	context.take_devmapper_log();
	return command.run({program, context, std::string(recipe.name) + " " + command.name,
			    options.verbose > 0, options.initramfs,
			    std::chrono::seconds(options.wait.value_or(0))},
			   options.arguments);
}

} // namespace

void Session::step(const std::string &line) const
{
	if (verbose)
		program.err << line << std::endl;
}

std::span<const Recipe *const> recipes()
{
	return kRecipes;
}

const Recipe *find_recipe(const std::string &name)
{
	const auto found = std::find_if(std::begin(kRecipes), std::end(kRecipes),
					[&](const Recipe *recipe) { return name == recipe->name; });

	return found == std::end(kRecipes) ? nullptr : *found;
}

void print_recipes(std::ostream &out, const std::string &prefix)
{
	for (const Recipe *recipe : kRecipes)
		for (const RecipeCommand &command : recipe->commands)
			out << prefix << recipe->name << ' ' << synopsis(command) << '\n';
}

int recipe_main(const Recipe &recipe, const Program &program,
		const std::vector<std::string> &arguments)
{
	try {
		return run(recipe, program, arguments);
	} catch (const UsageError &error) {
		print_error(program, error.what());
		program.err << "Try '" << program.name << " --help' for more information.\n";
	} catch (const std::system_error &error) {
		print_error(program, error.what());
	}
	return 1;
}

std::optional<dmremap::Attachment> attachment_of(dmremap::Context &context, dmr::Devno original)
{
	for (dmremap::Attachment &attachment : context.status())
		if (attachment.original_number.major == original.major &&
		    attachment.original_number.minor == original.minor)
			return std::move(attachment);
	return std::nullopt;
}

dmr::Error attached_error(const Session &session, const BlockDevice &original,
			  const dmremap::Attachment &attachment, const std::string &which)
{
	return dmr::Error(EBUSY, session.what + ": " + dmr::printable(original.given) + ": " +
					 attachment.upper + " is attached to it" + which +
					 ": stop that first: dmsetup " + attachment.mode +
					 " stop " + attachment.upper);
}

void refuse_attached(const Session &session, const BlockDevice &original)
{
	if (const auto attachment = attachment_of(session.context, original.number))
		throw attached_error(session, original, *attachment);
}

bool is_ours(const dmr::DmInfo &device, const std::string &role)
{
	return device.uuid.starts_with(kPrefix + role + "-");
}

std::string uuid_for(const std::string &role, const std::string &name)
{
	return kPrefix + role + "-" + name;
}

std::string name_for(const std::string &block_device, const std::string &role)
{
	std::string name = block_device + "-" + role;

	/* cciss/c0d0 */
	std::replace(name.begin(), name.end(), '/', '!');
	return name;
}

std::optional<std::vector<std::string>> only_target(dmr::Devno device, const std::string &type)
{
	const auto table = dmr::device_mapper::table(device);
	std::vector<std::string> result;

	if (table.size() != 1 || table.front().type != type)
		return std::nullopt;
	for (const auto word : dmr::words_of(table.front().params))
		result.emplace_back(word);
	return result;
}

dmremap::Support find_provider(dmremap::Context &context)
{
	dmr::device_mapper::Udev udev;
	const std::string probe = "dm-remap-probe";
	dmremap::Support support = context.probe();

	if (support.provider == DMREMAP_SUPPORT_UNKNOWN) {
		dmr::device_mapper::create(probe, uuid_for("probe", probe), {{0, 8, "error", ""}},
					   udev);
		support = context.probe();
		dmr::device_mapper::remove(probe, udev);
	}
	return support;
}

void require_provider(const Session &session)
{
	const dmremap::Support support = find_provider(session.context);

	if (support.provider == DMREMAP_SUPPORT_NONE ||
	    support.provider == DMREMAP_SUPPORT_UNKNOWN)
		throw dmr::Error(ENOSYS, session.what + ": " + support.reason);
}

OneAtATime::OneAtATime(const Session &session)
    : fd_(open("/run/dm-remap.lock", O_RDWR | O_CREAT | O_CLOEXEC, 0600))
{
	int r;

	if (!fd_)
		throw dmr::Error(errno, session.what + ": /run/dm-remap.lock: cannot be opened: " +
						std::generic_category().message(errno) +
						": run it as root");
	while ((r = flock(fd_.get(), LOCK_EX)) < 0 && errno == EINTR)
		;
	if (r)
		throw dmr::Error(errno, session.what + ": /run/dm-remap.lock: cannot be locked: " +
						std::generic_category().message(errno));
}

OneAtATime::~OneAtATime()
{
	flock(fd_.get(), LOCK_UN);
}

} // namespace tools
