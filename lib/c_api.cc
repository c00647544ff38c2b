/* SPDX-License-Identifier: LGPL-2.1-only */
/* The C boundary: no exception leaves it. */
#include "dmremap.h"

#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <new>

#include "config.h"
#include "context.h"
#include "dm/log.h"
#include "error.h"
#include "text.h"
#include "usage.h"

namespace
{

/* Runs @function; makes a negative errno of what it throws, and keeps the sentence. */
template <typename Function>
int guard(dmremap_context *context, Function function) noexcept
{
	const char *sentence = "out of memory";
	int r = -ENOMEM;

	try {
		try {
			function();
			return 0;
		} catch (const dmr::Error &error) {
			r = -error.errnum();
			context->error = error.what();
		} catch (const std::bad_alloc &) {
			context->error = sentence;
		} catch (const std::system_error &error) {
			r = -error.code().value();
			context->error = error.what();
		} catch (const std::exception &error) {
			r = -EIO;
			context->error = std::string("unexpected: ") + error.what();
			context->log(dmr::LogLevel::warning, context->error);
		}
	} catch (...) {
		context->error.clear(); /* no memory for the sentence */
	}
	return r < 0 ? r : -EIO;
}

[[noreturn]] void invalid(const std::string &sentence)
{
	throw dmr::Error(EINVAL, sentence);
}

char *duplicate(const std::string &text)
{
	char *copy = strdup(text.c_str());

	if (!copy)
		throw std::bad_alloc();
	return copy;
}

/* Nothing: a mode that this version does not have. */
std::optional<dmr::Mode> known_mode(int mode)
{
	switch (mode) {
	case DMREMAP_MODE_REMAP:
		return dmr::Mode::remap;
	case DMREMAP_MODE_FILTER:
		return dmr::Mode::filter;
	default:
		return std::nullopt;
	}
}

void check_flags(uint32_t flags)
{
	if (flags & ~(DMREMAP_NOLOCKFS | DMREMAP_FORCE))
		invalid("libdmremap: a flag is not known to this version");
}

std::unique_ptr<dmremap_list::Item> make_item(dmr::Kernel &kernel, const dmr::Attached &attached)
{
	const dmr::Attachment &from = attached.attachment;
	const auto facts = dmr::is_gone(from) ? std::nullopt : kernel.block(from.original);
	const auto upper = kernel.dm_by_devno(attached.upper.devno);
	const auto upper_facts = kernel.block(attached.upper.devno);
	auto item = std::make_unique<dmremap_list::Item>();

	item->upper = attached.upper.name;
	item->original = facts ? facts->name : "";
	item->mode = from.mode;
	item->flags = from.flags;
	item->upper_uuid = upper ? upper->uuid : "";
	item->attachment = {
		.upper = item->upper.c_str(),
		.upper_major = attached.upper.devno.major,
		.upper_minor = attached.upper.devno.minor,
		.original = item->original.c_str(),
		.original_major = from.original.major,
		.original_minor = from.original.minor,
		.mode = item->mode.c_str(),
		.flags = item->flags.c_str(),
		.reads = from.reads,
		.read_sectors = from.read_sectors,
		.writes = from.writes,
		.write_sectors = from.write_sectors,
		.held = from.held,
		.upper_uuid = item->upper_uuid.c_str(),
		.sectors = facts ? facts->sectors : 0,
		.in_flight = upper_facts ? upper_facts->in_flight : 0,
		.since = from.since ? kernel.boot_time() + static_cast<int64_t>(*from.since) : 0,
	};
	return item;
}

dmremap_contents *make_contents(dmr::Contents on_device, std::vector<std::string> mount_points)
{
	auto owner = std::make_unique<dmremap_contents_owner>();

	owner->on_device = std::move(on_device);
	owner->directories = std::move(mount_points);
	for (const std::string &directory : owner->directories)
		owner->pointers.push_back(directory.c_str());
	owner->pointers.push_back(nullptr);
	owner->type = owner->on_device.type.c_str();
	owner->label = owner->on_device.label.c_str();
	owner->uuid = owner->on_device.uuid.c_str();
	owner->mount_points = owner->pointers.data();
	return owner.release();
}

} // namespace

dmremap_context::~dmremap_context()
{
	if (has_devmapper_log)
		dmr::release_devmapper_log(&log);
}

const char *dmremap_version(void) noexcept
{
	return LIBVERSION;
}

int dmremap_new(dmremap_context **context) noexcept
{
	if (!context)
		return -EINVAL;
	try {
		*context = new dmremap_context();
	} catch (const std::bad_alloc &) {
		return -ENOMEM;
	} catch (...) {
		return -EIO;
	}
	return 0;
}

void dmremap_free(dmremap_context *context) noexcept
{
	delete context;
}

void dmremap_set_log(dmremap_context *context, dmremap_log_fn log, void *data) noexcept
{
	if (!context)
		return;
	if (!log) {
		context->log.set_sink(nullptr);
		return;
	}
	/* Small enough for std::function to keep it without allocating. */
	context->log.set_sink([log, data](dmr::LogLevel level, const std::string &line) {
		log(data, static_cast<dmremap_log_level>(level), line.c_str());
	});
}

int dmremap_take_devmapper_log(dmremap_context *context) noexcept
{
	if (!context)
		return -EINVAL;
	dmr::take_devmapper_log(&context->log);
	context->has_devmapper_log = true;
	return 0;
}

int dmremap_set_mode(dmremap_context *context, int mode) noexcept
{
	if (!context)
		return -EINVAL;
	return guard(context, [&] {
		const auto known = known_mode(mode);

		if (mode && !known)
			invalid("set the mode: this version has no such mode");
		context->mode = known;
	});
}

const char *dmremap_last_error(const dmremap_context *context) noexcept
{
	return context ? context->error.c_str() : "libdmremap: the context is null";
}

int dmremap_probe(dmremap_context *context, enum dmremap_support *support,
		  const char **reason) noexcept
{
	if (!context)
		return -EINVAL;
	return guard(context, [&] {
		if (!support)
			invalid("probe: no place for the answer was given");
		const dmr::Support answer = context->remapper.probe();
		context->reason = answer.reason;
		switch (answer.kind) {
		case dmr::Support::Kind::native:
			*support = DMREMAP_SUPPORT_NATIVE;
			break;
		case dmr::Support::Kind::module:
			*support = DMREMAP_SUPPORT_MODULE;
			break;
		case dmr::Support::Kind::none:
			*support = DMREMAP_SUPPORT_NONE;
			break;
		case dmr::Support::Kind::unknown:
			*support = DMREMAP_SUPPORT_UNKNOWN;
			break;
		}
		if (reason)
			*reason = context->reason.c_str();
	});
}

int dmremap_name_from_uuid(dmremap_context *context, const char *uuid, char **name) noexcept
{
	if (!context)
		return -EINVAL;
	return guard(context, [&] {
		if (!uuid || !*uuid || !name)
			invalid("find a dm device: no UUID was given");
		*name = duplicate(context->remapper.name_from_uuid(uuid));
	});
}

int dmremap_name_from_devno(dmremap_context *context, uint32_t major, uint32_t minor,
			    char **name) noexcept
{
	if (!context)
		return -EINVAL;
	return guard(context, [&] {
		if (!name)
			invalid("find a dm device: no place for the name was given");
		*name = duplicate(context->remapper.name_from_devno({major, minor}));
	});
}

int dmremap_start(dmremap_context *context, int mode, const struct dmremap_pair *pairs,
		  size_t count, uint32_t flags) noexcept
{
	if (!context)
		return -EINVAL;
	return guard(context, [&] {
		const auto known = known_mode(mode);
		std::vector<dmr::PairNames> names;

		if (!known)
			invalid("start: this version has no such mode");
		check_flags(flags);
		const std::string what = dmr::operation(known, "start");
		if (!pairs || count == 0)
			invalid(what + ": no pair of devices was given");
		for (size_t i = 0; i < count; i++) {
			if (!pairs[i].upper || !pairs[i].original)
				invalid(what + ": a pair has no upper or no original");
			names.push_back({pairs[i].upper, pairs[i].original});
		}
		context->remapper.start(*known, names, flags & DMREMAP_NOLOCKFS,
					flags & DMREMAP_FORCE);
	});
}

int dmremap_stop(dmremap_context *context, const char *upper, uint32_t flags) noexcept
{
	if (!context)
		return -EINVAL;
	return guard(context, [&] {
		check_flags(flags);
		if (!upper)
			invalid(dmr::operation(context->mode, "stop") + ": no dm device was given");
		context->remapper.stop(context->mode, upper, flags & DMREMAP_NOLOCKFS,
				       flags & DMREMAP_FORCE);
	});
}

int dmremap_check_table(dmremap_context *context, const char *upper, const char *table) noexcept
{
	if (!context)
		return -EINVAL;
	return guard(context, [&] {
		if (!upper || !table)
			invalid("load: no dm device or no table was given");
		context->remapper.check_table(upper, table);
	});
}

int dmremap_status(dmremap_context *context, const char *upper,
		   struct dmremap_list **status) noexcept
{
	if (!context)
		return -EINVAL;
	return guard(context, [&] {
		if (!status)
			invalid(dmr::operation(context->mode, "status") +
				": no place for the list was given");
		auto list = std::make_unique<struct dmremap_list>();
		const auto all = upper ? context->remapper.status(context->mode, upper)
				       : context->remapper.status(context->mode);
		for (const dmr::Attached &attached : all)
			list->items.push_back(make_item(*context->kernel, attached));
		*status = list.release();
	});
}

size_t dmremap_list_count(const struct dmremap_list *status) noexcept
{
	return status ? status->items.size() : 0;
}

const struct dmremap_attachment *dmremap_list_at(const struct dmremap_list *status,
						 size_t index) noexcept
{
	if (!status || index >= status->items.size())
		return nullptr;
	return &status->items[index]->attachment;
}

void dmremap_list_free(struct dmremap_list *status) noexcept
{
	delete status;
}

int dmremap_read_contents(dmremap_context *context, const char *device,
			  struct dmremap_contents **contents) noexcept
{
	if (!context)
		return -EINVAL;
	return guard(context, [&] {
		if (!device || !contents)
			invalid("contents: no device, or no place for the answer, was given");
		const auto original = dmr::resolve_original(*context->kernel, "contents", device);
		*contents =
			make_contents(dmr::contents_of(*context->kernel, "contents", original),
				      dmr::mount_points_of(dmr::Usage(*context->kernel), original));
	});
}

void dmremap_contents_free(struct dmremap_contents *contents) noexcept
{
	delete static_cast<dmremap_contents_owner *>(contents);
}
