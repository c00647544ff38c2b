/* SPDX-License-Identifier: LGPL-2.1-only */
/* Start, stop and status. */
#include "remapper.h"

#include <cerrno>

#include "busy.h"
#include "crypt_table.h"
#include "elsewhere.h"
#include "error.h"
#include "explain.h"
#include "module.h"
#include "pair.h"
#include "stale_table.h"
#include "text.h"

namespace dmr
{

namespace
{

std::string start_message(Mode mode, const std::vector<Pair> &pairs, bool nolockfs)
{
	std::string text =
		"@interpose_start " + word_of(mode) + " " + to_string(pairs.front().original.devno);

	if (nolockfs)
		text += " nolockfs";
	for (size_t i = 1; i < pairs.size(); i++)
		text += " and " + to_string(pairs[i].upper.devno) + " " +
			to_string(pairs[i].original.devno);
	return text;
}

const char kModuleLoaded[] = "the module dm-interpose is loaded";

const char kNoDeviceMapper[] = "this kernel has no device-mapper: load it with modprobe dm_mod, "
			       "or boot a kernel that is built with CONFIG_BLK_DEV_DM";

} // namespace

void Remapper::require_device_mapper(const std::string &what)
{
	switch (kernel_.availability()) {
	case Availability::ready:
		return;
	case Availability::not_permitted:
		throw Error(EPERM,
			    what + ": not permitted: run it as root (it needs CAP_SYS_ADMIN)");
	case Availability::missing:
		throw Error(ENOSYS, what + ": " + kNoDeviceMapper);
	}
}

void Remapper::require_interposer(const std::string &what, const DmInfo &upper)
{
	try {
		kernel_.message(upper.devno, "@interpose_status");
	} catch (const Error &error) {
		if (error.errnum() == EINVAL && kernel_.load_module())
			return;
		if (error.errnum() == EINVAL)
			throw Error(ENOSYS,
				    what + ": " + upper.name + ": " + no_interposer(kernel_));
		throw Error(error.errnum(), explain_any(what, upper.name, error.errnum()));
	}
}

/* The messages of stop and status are the same for all modes, the commands are not. */
void Remapper::refuse_other_mode(Mode mode, const std::string &verb, const DmInfo &upper,
				 const std::vector<Attachment> &attachments)
{
	for (const Attachment &attachment : attachments) {
		const auto other = mode_from(attachment.mode);
		const auto facts = kernel_.block(attachment.original);

		if (other == mode)
			continue;
		throw Error(EPROTOTYPE,
			    operation(mode, verb) + ": " + upper.name + ": is attached to " +
				    (facts ? facts->name + " (" : "") +
				    to_string(attachment.original) + (facts ? ")" : "") + " as " +
				    printable(attachment.mode) + ", not as " + word_of(mode) +
				    (other ? ": use dmsetup " + operation(other, verb) + " " +
						     upper.name
					   : ": use the library that belongs to this kernel"));
	}
}

void Remapper::refuse_elsewhere(const std::string &what, const DmInfo &upper,
				const std::vector<Attachment> &attachments)
{
	for (const Attachment &attachment : attachments) {
		/* A filter's target writes to the original itself; one that is gone has no data. */
		if (mode_from(attachment.mode) != Mode::remap || is_gone(attachment))
			continue;
		if (const auto reason = elsewhere_reason(kernel_, log_, upper, attachment.original))
			throw Error(EBUSY, what + ": " + *reason);
	}
}

Support Remapper::probe()
{
	switch (kernel_.availability()) {
	case Availability::not_permitted:
		throw Error(EPERM, "probe: not permitted: run it as root (it needs CAP_SYS_ADMIN)");
	case Availability::missing:
		return {Support::Kind::none, kNoDeviceMapper};
	case Availability::ready:
		break;
	}
	if (kernel_.has_module())
		return {Support::Kind::module, kModuleLoaded};
	for (const DmDevice &dm : kernel_.dm_devices()) {
		try {
			kernel_.message(dm.devno, "@interpose_status");
			return {Support::Kind::native, "the kernel has the interposer built in"};
		} catch (const Error &error) {
			if (error.errnum() == EINVAL && kernel_.load_module())
				return {Support::Kind::module, kModuleLoaded};
			if (error.errnum() == EINVAL)
				return {Support::Kind::none, no_interposer(kernel_)};
			if (error.errnum() != ENXIO && error.errnum() != ENODEV)
				throw Error(error.errnum(),
					    explain_any("probe", dm.name, error.errnum()));
		}
	}
	return {Support::Kind::unknown,
		"there is no dm device that could be asked: create one first"};
}

/* Only to keep the time short in which the kernel holds the file systems frozen: what goes wrong
 * here is told and does not end the start. */
void Remapper::write_out(const Usage &usage, const Original &original)
{
	for (const Mount &mount : mounts_on(usage, original)) {
		log_(LogLevel::step, "writing out the " + mount.type + " file system on " +
					     printable(mount.directory));
		try {
			kernel_.sync(mount.directory);
		} catch (const Error &error) {
			log_(LogLevel::warning, error.what());
		}
	}
}

void Remapper::start(Mode mode, const std::vector<PairNames> &names, bool nolockfs, bool force)
{
	const std::string what = operation(mode, "start");
	std::vector<Pair> pairs;

	require_device_mapper(what);
	for (const PairNames &name : names) {
		pairs.push_back({resolve_upper(kernel_, what, name.upper),
				 resolve_original(kernel_, what, name.original)});
		refuse_unusable(what, pairs.back());
	}
	refuse_duplicates(what, pairs);
	require_interposer(what, pairs.front().upper);
	if (mode == Mode::filter && kernel_.has_module())
		throw Error(EOPNOTSUPP,
			    what + ": " + pairs.front().upper.name +
				    ": the module dm-interpose has no filters, which only the "
				    "native provider has: use dmsetup remap start, or boot a "
				    "kernel with the patches of dm-remap (CONFIG_DM_INTERPOSE)");
	const Usage usage(kernel_);
	for (const Pair &pair : pairs) {
		const std::string users = users_of(usage, pair.original);

		log_(LogLevel::step, pair.upper.name + " (" + to_string(pair.upper.devno) +
					     ") goes to " + describe(pair.original) +
					     (users.empty() ? "" : ": " + users));
		refuse_for_module(kernel_, what, pair);
		refuse_unequal(kernel_, what, pair);
		const Contents contents = contents_of(kernel_, what, pair.original);
		refuse_member(mode, pair.original, contents);
		/* A filter has no second view of the data; none of these targets is one. */
		if (mode == Mode::remap && !force) {
			refuse_noise(kernel_, what, pair, contents);
			refuse_stale(kernel_, what, pair);
		}
	}
	if (!nolockfs) {
		/* Writing out waits for an upper that is there already, and for good when that is
		 * suspended. */
		const auto attachments = all_attachments(kernel_, "status");
		for (const Pair &pair : pairs)
			if (const auto reason = attached_reason(kernel_, attachments, pair))
				throw Error(EBUSY, what + ": " + *reason);
		for (const Pair &pair : pairs)
			write_out(usage, pair.original);
	}

	const std::string text = start_message(mode, pairs, nolockfs);
	log_(LogLevel::step, "sending to " + pairs.front().upper.name + ": " + text);
	try {
		kernel_.message(pairs.front().upper.devno, text);
	} catch (const Error &error) {
		throw Error(error.errnum(), explain_start(kernel_, mode, pairs, error.errnum()));
	}
	for (const Pair &pair : pairs)
		log_(LogLevel::step, "attached: " + describe(pair));
}

void Remapper::stop(std::optional<Mode> mode, const std::string &given, bool nolockfs, bool force)
{
	const std::string what = operation(mode, "stop");
	std::vector<Attachment> attachments;

	require_device_mapper(what);
	const DmInfo upper = resolve_upper(kernel_, what, given);
	try {
		require_interposer(what, upper);
		attachments = attachments_of(kernel_, what, {upper.name, upper.devno});
	} catch (const Error &) {
		/* Stop itself says what is wrong. */
	}
	if (mode)
		refuse_other_mode(*mode, "stop", upper, attachments);
	refuse_for_module(kernel_, what, upper);
	/* A suspended one is not stopped anyway, and has to be told that. */
	if (!force && !upper.suspended)
		refuse_elsewhere(what, upper, attachments);
	const std::string text = nolockfs ? "@interpose_stop nolockfs" : "@interpose_stop";
	log_(LogLevel::step, "sending to " + upper.name + ": " + text);
	try {
		kernel_.message(upper.devno, text);
	} catch (const Error &error) {
		throw Error(error.errnum(), explain_stop(kernel_, mode, upper, error.errnum()));
	}
	log_(LogLevel::step, "detached: " + upper.name);
}

void Remapper::check_table(const std::string &given, const std::string &table)
{
	const std::string what = "load";

	require_device_mapper(what);
	if (!kernel_.has_module())
		return;
	const DmInfo upper = resolve_upper(kernel_, what, given);
	for (const Attachment &attachment : attachments_of(kernel_, what, {upper.name, upper.devno}))
		refuse_table_for_module(kernel_, what, upper, attachment.original, table);
}

std::vector<Attached> Remapper::all_of_any_provider(const std::string &what)
{
	try {
		return all_attachments(kernel_, what);
	} catch (const Error &error) {
		if (error.errnum() != EINVAL)
			throw;
	}
	if (kernel_.load_module())
		return all_attachments(kernel_, what);
	throw Error(ENOSYS, what + ": all dm devices: " + no_interposer(kernel_));
}

std::vector<Attached> Remapper::status(std::optional<Mode> mode)
{
	const std::string what = operation(mode, "status");

	require_device_mapper(what);
	auto all = all_of_any_provider(what);
	if (mode)
		std::erase_if(all, [&](const Attached &attached) {
			return mode_from(attached.attachment.mode) != mode;
		});
	return all;
}

std::vector<Attached> Remapper::status(std::optional<Mode> mode, const std::string &given)
{
	const std::string what = operation(mode, "status");
	std::vector<Attached> result;

	require_device_mapper(what);
	const DmInfo upper = resolve_upper(kernel_, what, given);
	require_interposer(what, upper);
	const DmDevice dm = {upper.name, upper.devno};
	auto attachments = attachments_of(kernel_, what, dm);
	if (mode)
		refuse_other_mode(*mode, "status", upper, attachments);
	for (Attachment &attachment : attachments)
		result.push_back({dm, std::move(attachment)});
	return result;
}

std::string Remapper::name_from_uuid(const std::string &uuid)
{
	require_device_mapper("find a dm device");
	if (auto info = kernel_.dm_by_uuid(uuid))
		return info->name;
	throw Error(ENXIO, "no dm device has the UUID '" + printable(uuid) +
				   "': dmsetup info -c shows those that are there");
}

std::string Remapper::name_from_devno(Devno devno)
{
	require_device_mapper("find a dm device");
	if (auto info = kernel_.dm_by_devno(devno))
		return info->name;
	throw Error(ENXIO, "no dm device has the number " + to_string(devno) +
				   ": dmsetup info -c shows those that are there");
}

} // namespace dmr
