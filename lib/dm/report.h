/* SPDX-License-Identifier: LGPL-2.1-only */
/* Reports as the commands of LVM2 print them, by libdevmapper's report engine. */
#pragma once

#include <cstdint>
#include <deque>
#include <iosfwd>
#include <memory>
#include <string>
#include <vector>

#include "../error.h"

namespace dmr::report
{

enum class Kind { text, number, size /* sectors */, list, time /* seconds since the Epoch */ };

/* What fields are about; a bit of a mask. */
struct Subject {
	uint32_t bit;
	std::string description; /* "Original": the headline of its fields in the help */
	std::string prefix;      /* of its fields: "original_all" selects all of them */
};

struct Field {
	uint32_t subject;
	Kind kind;
	int width;
	std::string id;
	std::string heading;
	std::string description;
};

/* Of one field in one row; only what the field's kind asks for is read. */
struct Value {
	std::string text;
	uint64_t number = 0; /* of Kind::time: 0 is unknown */
	std::vector<std::string> list;
};

/* The options of LVM2's commands; each has its meaning there. */
struct Settings {
	std::string fields;    /* "help" prints all fields, and nothing else */
	std::string sort;      /* "" by the order of the rows */
	std::string selection; /* "" all rows */
	std::string separator = " ";
	std::string units = "h";
	bool suffix = true;
	bool headings = true;
	bool aligned = true;
	bool name_prefixes = false;
	bool unquoted = false;
	bool columns_as_rows = false;
	bool json = false;
};

/* What was asked for cannot be understood: a field, a selection, a unit. */
class SettingsError : public std::runtime_error
{
	using std::runtime_error::runtime_error;
};

class Report
{
public:
	/* @name: of the list in JSON. Throws SettingsError. Prints to @out; @subjects, @fields and
	 * @out outlive it. Only one report at a time: libdevmapper has one log in a process. */
	Report(const std::string &name, const std::vector<Subject> &subjects,
	       const std::vector<Field> &fields, const Settings &settings, std::ostream &out);
	~Report();
	Report(const Report &) = delete;
	Report &operator=(const Report &) = delete;

	/* Whether it was the help that was asked for: it is printed, and there are no rows. */
	bool is_help() const;

	/* Whether a field of this subject is shown, sorted by or selected by. */
	bool needs(uint32_t subject) const;

	/* @row: a value for each field. Those of subjects that are not needed are not read. */
	void add(std::vector<Value> row);

	/* Prints the rows, and forgets them. */
	void output();

	struct Engine;

private:
	std::unique_ptr<Engine> engine_;
};

} // namespace dmr::report
