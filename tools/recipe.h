/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Commands that make the uppers themselves, attach them, and clear them away again: snapshots,
 * moves, caches. All that they know is in the kernel: devices are found again by their UUIDs, so
 * that a command can be run again after one that was killed.
 */
#pragma once

#include <chrono>
#include <cstddef>
#include <optional>
#include <ostream>
#include <span>
#include <string>
#include <vector>

#include "block_device.h"
#include "dm/device_mapper.h"
#include "error.h"
#include "file_descriptor.h"
#include "program.h"
#include "types.h"

namespace tools
{

/* What a command of a recipe works with. */
struct Session {
	const Program &program;
	dmremap::Context &context;
	std::string what; /* "snapshot create": begins all sentences */
	bool verbose;
	bool initramfs = false;      /* only what is wanted there */
	std::chrono::seconds wait{}; /* for devices that are not there yet */

	void step(const std::string &line) const;
};

struct RecipeCommand {
	const char *name;
	const char *arguments; /* as in the usage; "" for none */
	size_t least;          /* number of arguments */
	size_t unit; /* arguments come in groups of so many; 0: there are no more than the least */
	const char *summary;
	/* Throws std::system_error. Returns the exit status. */
	int (*run)(const Session &session, const std::vector<std::string> &arguments);
	bool at_boot = false; /* takes --initramfs and --wait */
};

struct Recipe {
	const char *name;    /* "snapshot" */
	const char *summary; /* as in the NAME of its page */
	std::span<const RecipeCommand> commands;
};

std::span<const Recipe *const> recipes();

/* Null: there is none of that name. */
const Recipe *find_recipe(const std::string &name);

/* As print_commands(). */
void print_recipes(std::ostream &out, const std::string &prefix);

/* @arguments: what came after the word. Returns the exit status. */
int recipe_main(const Recipe &recipe, const Program &program,
		const std::vector<std::string> &arguments);

/* For the recipes */

/* What interposes in this kernel, and if nothing does, why. Makes a device for a moment if there is
 * none that could be asked. Throws std::system_error. */
dmremap::Support find_provider(dmremap::Context &context);

/* Throws Error ENOSYS where the kernel cannot interpose. */
void require_provider(const Session &session);

/* The attachment of @original; nothing when there is none. */
std::optional<dmremap::Attachment> attachment_of(dmremap::Context &context, dmr::Devno original);

/* EBUSY: that one is attached to it; @which may say what is wrong with it: ", which is ..." */
dmr::Error attached_error(const Session &session, const BlockDevice &original,
			  const dmremap::Attachment &attachment, const std::string &which = "");

/* Throws that Error when an upper is attached to it. */
void refuse_attached(const Session &session, const BlockDevice &original);

/* Whether it was made by this recipe, in this role: "origin". */
bool is_ours(const dmr::DmInfo &device, const std::string &role);

/* A UUID for that: "DMREMAP-origin-vda1". */
std::string uuid_for(const std::string &role, const std::string &name);

/* The name of a device that belongs to a block device: "vda1-origin". */
std::string name_for(const std::string &block_device, const std::string &role);

/* The parameters of the live table, when that is one target of this type. */
std::optional<std::vector<std::string>> only_target(dmr::Devno device, const std::string &type);

/* One recipe at a time: waits for another one. Throws std::system_error. */
class OneAtATime
{
public:
	explicit OneAtATime(const Session &session);
	/* also when a Guard, a child, has the file open */
	~OneAtATime();
	OneAtATime(const OneAtATime &) = delete;
	OneAtATime &operator=(const OneAtATime &) = delete;

private:
	dmr::FileDescriptor fd_;
};

} // namespace tools
