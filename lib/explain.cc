/* SPDX-License-Identifier: LGPL-2.1-only */
/* Why the kernel refused. */
#include "explain.h"

#include <algorithm>
#include <cerrno>
#include <new>
#include <optional>
#include <system_error>

#include "attachment.h"
#include "busy.h"
#include "error.h"
#include "filter_table.h"
#include "io_limits.h"
#include "text.h"

namespace dmr
{

namespace
{

std::string all_pairs(const std::vector<Pair> &pairs)
{
	std::string text;

	for (const Pair &pair : pairs)
		text += (text.empty() ? "" : ", ") + describe(pair);
	return text;
}

/* Asks for each pair what @find finds against it; the first answer counts. */
template <typename Find>
std::optional<std::string> first_of(const std::vector<Pair> &pairs, Find find)
{
	for (const Pair &pair : pairs)
		if (auto reason = find(pair))
			return reason;
	return std::nullopt;
}

std::optional<std::string> size_reason(Kernel &kernel, const Pair &pair)
{
	const auto upper = kernel.block(pair.upper.devno);
	const auto original = kernel.block(pair.original.devno);

	if (!upper || !original || upper->sectors == original->sectors)
		return std::nullopt;
	return pair.upper.name + ": has " + std::to_string(upper->sectors) + " sectors, " +
	       printable(pair.original.given) + " has " + std::to_string(original->sectors) +
	       ": load a table of the same length (blockdev --getsz)";
}

/* A filter may be writable over what is read-only: it is the original that is written. */
std::optional<std::string> read_only_filter_reason(Kernel &kernel, const Pair &pair)
{
	const auto upper = kernel.block(pair.upper.devno);
	const auto original = kernel.block(pair.original.devno);

	if (!upper || !original || !upper->read_only || original->read_only ||
	    is_verity(kernel, pair))
		return std::nullopt;
	return pair.upper.name + ": is read-only, and " + printable(pair.original.given) +
	       " is not, which only a verity filter may be: load its table without --readonly";
}

std::optional<std::string> read_only_reason(Kernel &kernel, Mode mode, const Pair &pair)
{
	if (mode == Mode::filter)
		return read_only_filter_reason(kernel, pair);
	const auto upper = kernel.block(pair.upper.devno);
	const auto original = kernel.block(pair.original.devno);

	if (!upper || !original || upper->read_only == original->read_only)
		return std::nullopt;
	if (upper->read_only)
		return pair.upper.name + ": is read-only, and " + printable(pair.original.given) +
		       " is not: load its table without --readonly";
	return pair.upper.name + ": is writable, and " + printable(pair.original.given) +
	       " is read-only: load its table with --readonly";
}

std::optional<std::string> gone_reason(Kernel &kernel, const Pair &pair)
{
	if (!kernel.dm_by_devno(pair.upper.devno))
		return pair.upper.name +
		       ": the dm device is gone: dmsetup ls shows those that are there";
	if (!kernel.block(pair.original.devno))
		return printable(pair.original.given) + ": the device is gone";
	return std::nullopt;
}

std::optional<std::string> no_table_reason(Kernel &kernel, const Pair &pair)
{
	const auto upper = kernel.dm_by_devno(pair.upper.devno);

	if (!upper || upper->live_table)
		return std::nullopt;
	return upper->name + ": has no live table: load one and resume it first: dmsetup resume " +
	       upper->name;
}

/* "" when the interposer is there and has understood the probe. */
std::string missing_interposer(Kernel &kernel, const DmInfo &upper, const std::string &what)
{
	try {
		kernel.message(upper.devno, "@interpose_status");
	} catch (const Error &error) {
		if (error.errnum() == EINVAL)
			return what + ": " + upper.name + ": " + no_interposer(kernel);
	}
	return "";
}

std::optional<std::string> unsupported_reason(Kernel &kernel, Mode mode, const Pair &pair)
{
	if (auto reason = limits_reason(kernel, mode, pair))
		return reason;
	return mode == Mode::filter ? target_type_reason(kernel, pair) : std::nullopt;
}

std::string read_only(Mode mode)
{
	if (mode == Mode::filter)
		return ": the upper is read-only, and the original is not: load its table without "
		       "--readonly";
	return ": one is read-only and the other is not: reload the table of the upper to match";
}

std::string unsupported(Mode mode)
{
	if (mode == Mode::filter)
		return ": the original cannot be filtered (DAX, encryption, its driver): see "
		       "dmesg";
	return ": the upper cannot stand in for the original (request-based, DAX, encryption, "
	       "integrity): see dmesg";
}

/* The kernel has the interposer, and perhaps one that is older than filters. */
std::string not_understood(Mode mode)
{
	return std::string(": the kernel does not understand the request: ") +
	       (mode == Mode::filter ? "use dmsetup remap start, or boot a kernel whose "
				       "interposer has filters"
				     : "use the library that belongs to this kernel");
}

std::string elsewhere(Mode mode)
{
	if (mode == Mode::filter)
		return ": the target of the upper is not over the original from its first sector, "
		       "with noexcl: see dmsetup table";
	return ": the table of the upper is not over this original: see dmsetup deps";
}

/* The reason, from the device on, without the operation. */
std::string start_reason(Kernel &kernel, Mode mode, const std::vector<Pair> &pairs, int errnum)
{
	const std::string all = all_pairs(pairs);
	std::optional<std::string> reason;

	switch (errnum) {
	case EBUSY:
		reason = first_of(pairs, [&](const Pair &p) { return busy_reason(kernel, p); });
		return reason.value_or(all +
				       ": busy with another change, or for a reason that only the "
				       "kernel's log has: try again, or see dmesg");
	case ERANGE:
	case EFBIG:
		reason = first_of(pairs, [&](const Pair &p) { return size_reason(kernel, p); });
		return reason.value_or(all + ": the upper is " +
				       (errnum == ERANGE ? "smaller" : "larger") +
				       " than the original: load a table of the same length");
	case EROFS:
		reason = first_of(pairs,
				  [&](const Pair &p) { return read_only_reason(kernel, mode, p); });
		return reason.value_or(all + read_only(mode));
	case EOPNOTSUPP:
		reason = first_of(
			pairs, [&](const Pair &p) { return unsupported_reason(kernel, mode, p); });
		return reason.value_or(all + unsupported(mode));
	case EMLINK:
		reason = first_of(pairs,
				  [&](const Pair &p) { return several_targets_reason(kernel, p); });
		return reason.value_or(all + ": the table of the upper has several targets: load "
					     "a table of one target");
	case ENODEV:
	case ENXIO:
		reason = first_of(pairs, [&](const Pair &p) { return gone_reason(kernel, p); });
		return reason.value_or(all + ": one of the devices is going away");
	case ENODATA:
		reason = first_of(pairs, [&](const Pair &p) { return no_table_reason(kernel, p); });
		return reason.value_or(all +
				       ": the upper has no live table: load one and resume it");
	case ELOOP:
		return all + ": the table of the upper leads back to the original without noexcl: "
			     "reload it with noexcl behind that device";
	case EXDEV:
		if (mode == Mode::filter)
			reason = first_of(pairs,
					  [&](const Pair &p) { return place_reason(kernel, p); });
		return reason.value_or(all + elsewhere(mode));
	case E2BIG:
		return all + ": too many pairs for one start: give fewer";
	default:
		break;
	}
	return "";
}

} // namespace

std::string no_interposer(Kernel &kernel)
{
	if (kernel.module_is_installed())
		return "this kernel has no interposer, and its module dm-interpose cannot be loaded: "
		       "see dmesg, and dm-interpose(7) for Secure Boot";
	return "this kernel has no interposer: install the module dm-interpose for it (package "
	       "dm-interpose-dkms), or boot a kernel that is built with CONFIG_DM_INTERPOSE";
}

std::string explain_any(const std::string &what, const std::string &device, int errnum)
{
	const std::string head = what + ": " + device + ": ";

	switch (errnum) {
	case EPERM:
	case EACCES:
		return head + "not permitted: run it as root (it needs CAP_SYS_ADMIN)";
	case ENOMEM:
		return head + "the kernel is out of memory: nothing was changed";
	case EINTR:
		return head + "interrupted: nothing was changed";
	case ENXIO:
	case ENODEV:
		return head + "the device is gone: dmsetup ls shows those that are there";
	default:
		return head + std::generic_category().message(errnum) + ": see dmesg";
	}
}

std::string explain_start(Kernel &kernel, Mode mode, const std::vector<Pair> &pairs, int errnum)
{
	const std::string what = operation(mode, "start");

	/* What asks can fail too, and must not hide the first error. */
	try {
		if (errnum == EINVAL) {
			const auto missing = missing_interposer(kernel, pairs.front().upper, what);

			return !missing.empty()
				       ? missing
				       : what + ": " + all_pairs(pairs) + not_understood(mode);
		}
		const std::string reason = start_reason(kernel, mode, pairs, errnum);
		if (!reason.empty())
			return what + ": " + reason;
	} catch (const Error &) {
	}
	return explain_any(what, all_pairs(pairs), errnum);
}

std::string explain_stop(Kernel &kernel, std::optional<Mode> mode, const DmInfo &upper, int errnum)
{
	const std::string what = operation(mode, "stop");
	const std::string head = what + ": " + upper.name + ": ";

	try {
		switch (errnum) {
		case EALREADY:
			return head + "is not attached: " +
			       (mode ? "dmsetup " + word_of(*mode) + " status shows what is"
				     : "dmsetup remap status and dmsetup filter status show "
				       "what is");
		case EINTR:
			return head + "interrupted: it is still attached: stop it again";
		case EINVAL: {
			const auto missing = missing_interposer(kernel, upper, what);

			if (!missing.empty())
				return missing;
			return head + "the kernel does not understand the request: "
				      "use the library that belongs to this kernel";
		}
		case EBUSY: {
			const auto now = kernel.dm_by_devno(upper.devno);

			if (now && now->suspended)
				return head + "is suspended: resume it first: dmsetup resume " +
				       now->name;
			return head + "busy with another change: try again";
		}
		default:
			break;
		}
	} catch (const Error &) {
	}
	return explain_any(what, upper.name, errnum);
}

} // namespace dmr
