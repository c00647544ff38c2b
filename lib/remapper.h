/* SPDX-License-Identifier: LGPL-2.1-only */
/* Start, stop and status: checks first, then one message to the kernel, then, when the kernel
 * refused, the sentence that says why. */
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "attachment.h"
#include "kernel.h"
#include "log.h"
#include "mode.h"
#include "resolve.h"
#include "usage.h"

namespace dmr
{

struct PairNames {
	std::string upper;
	std::string original;
};

struct Support {
	enum class Kind { unknown, none, native, module };
	Kind kind;
	std::string reason;
};

class Remapper
{
public:
	/* Both outlive it. */
	Remapper(Kernel &kernel, const Log &log) : kernel_(kernel), log_(log) {}

	/* All functions throw Error. */
	Support probe();

	/* Unless @force, a remap is refused where the tables cannot show what the original has. */
	void start(Mode mode, const std::vector<PairNames> &names, bool nolockfs,
		   bool force = false);

	/* With a @mode they are about uppers attached in that mode: a device that is named and is
	 * attached in another one is EPROTOTYPE. Unless @force, stop is EBUSY where the upper of a
	 * remap has data that the original has not. */
	void stop(std::optional<Mode> mode, const std::string &upper, bool nolockfs,
		  bool force = false);

	/* A table that is to be loaded into a dm device. Where the kernel looks at it itself, or
	 * nothing is attached, it is not refused. */
	void check_table(const std::string &upper, const std::string &table);
	std::vector<Attached> status(std::optional<Mode> mode);
	std::vector<Attached> status(std::optional<Mode> mode, const std::string &upper);
	std::string name_from_uuid(const std::string &uuid);
	std::string name_from_devno(Devno devno);

private:
	void require_device_mapper(const std::string &what);
	void require_interposer(const std::string &what, const DmInfo &upper);
	void refuse_other_mode(Mode mode, const std::string &verb, const DmInfo &upper,
			       const std::vector<Attachment> &attachments);
	void refuse_elsewhere(const std::string &what, const DmInfo &upper,
			      const std::vector<Attachment> &attachments);
	std::vector<Attached> all_of_any_provider(const std::string &what);
	void write_out(const Usage &usage, const Original &original);

	Kernel &kernel_;
	const Log &log_;
};

} // namespace dmr
