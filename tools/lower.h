/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * How the tables of a recipe reach a block device past what is attached to it. Where the kernel
 * shares devices that is the block device itself, with noexcl. With the module dm-interpose it is a
 * dm device vda1-lower of the module's target over it: all tables over vda1 are over that one, so
 * that targets which know an original by its device (snapshot and its origin) know it.
 */
#pragma once

#include <optional>
#include <string>

#include "dm/control.h"
#include "recipe.h"

namespace tools
{

struct Lower {
	dmr::Devno device; /* for the tables */
	bool shared;       /* by noexcl */

	/* The end of a line that names it: " noexcl:254:1", or nothing. */
	std::string noexcl() const;
};

/* With the module it is made, unless it is there. Throws Error. */
Lower lower_of(const Session &session, const BlockDevice &original, dmr::device_mapper::Udev &udev);

/* What a table passes everything on to by the module's target, if it does that. */
std::optional<dmr::Devno> passed_on_to(const dmr::device_mapper::Table &table);

/* The block device that a table means by @device: what that passes everything on to, or itself. */
dmr::Devno original_of(dmr::Devno device);

/* Removes that of the block device of this name (vda1) if nothing is over it any more. */
void remove_lower(const std::string &name, dmr::device_mapper::Udev &udev);

/* Removes all that nothing is over, also those of commands that were killed. One recipe at a time:
 * none has just been made. */
void remove_lowers(dmr::device_mapper::Udev &udev);

} // namespace tools
