/* SPDX-License-Identifier: LGPL-2.1-only */
/* Where the data is that was written to a target: what its table and its status tell. */
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "kernel.h"
#include "table_line.h"

namespace dmr
{

/* That data may be where the original's users would not find it. */
struct Finding {
	enum class Weight {
		always, /* there is a way to bring it there: the remedy */
		in_use, /* it is how this table is, or what failed: it matters to the original's
			   users */
	};
	Weight weight;
	bool certain;       /* counted; else it only cannot be excluded */
	std::string reason; /* "its cache has 12 dirty blocks" */
	std::string remedy; /* of Weight::always */
};

struct TargetData {
	std::vector<Devno> on; /* the devices that get all that is written, as far as they matter */
	std::optional<Finding> finding;
};

/* A target of a live table, and who can be asked about it. */
class Target
{
public:
	/* @leads: whether a device is the original, or is over it. All references outlive it. */
	Target(Kernel &kernel, const DmInfo &owner, bool is_upper, const DmTarget &line,
	       std::function<bool(Devno)> leads);

	const std::string &type() const { return line_.type; }
	const std::string &owner() const { return owner_.name; }
	const Words &table() const { return table_; }

	/* The word of the table there; "" when the line is shorter. */
	std::string_view word(size_t place) const;

	/* The words of its status, asked when it is first needed; none when it cannot be had. */
	const Words &status();

	bool leads(Devno devno) const { return leads_(devno); }

	/* "its cache", or where it is not the upper's own "the cache of low, below it," */
	std::string who(const std::string &noun) const;

private:
	Kernel &kernel_;
	const DmInfo &owner_;
	bool is_upper_;
	const DmTarget &line_;
	std::function<bool(Devno)> leads_;
	Words table_;
	std::optional<std::string> status_text_;
	Words status_;
};

/* Never throws Error: what cannot be known is a finding. */
TargetData data_of(Target &target);

} // namespace dmr
