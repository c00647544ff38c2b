/* SPDX-License-Identifier: LGPL-2.1-only */
/* Reports as the commands of LVM2 print them, by libdevmapper's report engine. */
#include "report.h"

#include <cstdio>
#include <cstring>
#include <ctime>
#include <new>
#include <ostream>

#include <libdevmapper.h>

#include "log.h"

namespace dmr::report
{

struct Report::Engine {
	std::string name;
	std::ostream &out;
	bool json = false;
	char unit = 'h';
	uint64_t unit_factor = 1;
	bool suffix = true;
	bool help = false;
	uint32_t needed = 0;
	std::vector<dm_report_object_type> types;
	std::vector<dm_report_field_type> fields;
	std::deque<std::vector<Value>> rows; /* of which libdevmapper has the addresses */
	dm_report *report = nullptr;

	explicit Engine(std::ostream &stream) : out(stream) {}
	~Engine()
	{
		if (report)
			dm_report_free(report);
	}
};

namespace
{

/* libdevmapper's functions return 0 when they had no memory. */
void require(int result)
{
	if (!result)
		throw std::bad_alloc();
}

void *row_of(void *row)
{
	return static_cast<std::vector<Value> *>(row)->data();
}

const Value &value_at(const void *data)
{
	return *static_cast<const Value *>(data);
}

/* What a string of JSON may not have as it is, but for quotes, which libdevmapper takes care of. */
std::string escaped(const std::string &text)
{
	std::string result;
	char buffer[8];

	for (const char c : text) {
		if (c == '\\') {
			result += "\\\\";
		} else if (static_cast<unsigned char>(c) < ' ') {
			snprintf(buffer, sizeof(buffer), "\\u%04x", c);
			result += buffer;
		} else {
			result += c;
		}
	}
	return result;
}

std::string shown(const std::string &text, const void *engine)
{
	return static_cast<const Report::Engine *>(engine)->json ? escaped(text) : text;
}

int print_text(dm_report *, dm_pool *pool, dm_report_field *field, const void *data, void *engine)
{
	const std::string &text = value_at(data).text;
	const char *copy = dm_pool_strdup(pool, shown(text, engine).c_str());
	const char *key = dm_pool_strdup(pool, text.c_str());

	if (!copy || !key)
		return 0;
	dm_report_field_set_value(field, copy, key);
	return 1;
}

int print_number(dm_report *report, dm_pool *, dm_report_field *field, const void *data, void *)
{
	return dm_report_field_uint64(report, field, &value_at(data).number);
}

int print_size(dm_report *, dm_pool *pool, dm_report_field *field, const void *data, void *engine)
{
	const auto *settings = static_cast<const Report::Engine *>(engine);
	const uint64_t sectors = value_at(data).number;
	const char *text = dm_size_to_string(pool, sectors, settings->unit, 1,
					     settings->unit_factor, settings->suffix, DM_SIZE_UNIT);
	/* by a double it is selected */
	auto *key = static_cast<double *>(dm_pool_alloc(pool, sizeof(double)));

	if (!text || !key)
		return 0;
	*key = static_cast<double>(sectors);
	dm_report_field_set_value(field, text, key);
	return 1;
}

int print_list(dm_report *report, dm_pool *pool, dm_report_field *field, const void *data,
	       void *engine)
{
	const auto &list = value_at(data).list;
	auto *head = static_cast<dm_list *>(dm_pool_alloc(pool, sizeof(dm_list)));

	if (!head)
		return 0;
	dm_list_init(head);
	for (const std::string &text : list) {
		auto *item = static_cast<dm_str_list *>(dm_pool_alloc(pool, sizeof(dm_str_list)));

		if (!item || !(item->str = dm_pool_strdup(pool, shown(text, engine).c_str())))
			return 0;
		dm_list_add(head, &item->list);
	}
	return dm_report_field_string_list(report, field, head, ",");
}

int print_time(dm_report *, dm_pool *pool, dm_report_field *field, const void *data, void *)
{
	const auto time = static_cast<time_t>(value_at(data).number);
	auto *key = static_cast<time_t *>(dm_pool_alloc(pool, sizeof(time_t)));
	struct tm parts = {};
	char buffer[64] = "";

	if (time && localtime_r(&time, &parts))
		strftime(buffer, sizeof(buffer), "%Y-%m-%d %T %z", &parts);
	const char *text = dm_pool_strdup(pool, buffer);

	if (!text || !key)
		return 0;
	*key = time;
	dm_report_field_set_value(field, text, key);
	return 1;
}

dm_report_field_type field_type(const Field &field, size_t index)
{
	struct {
		uint32_t flags;
		int (*print)(dm_report *, dm_pool *, dm_report_field *, const void *, void *);
	} by_kind = {};

	/* no flags of alignment: a selection by a field that has them fails in
	 * libdevmapper 1.02.185 */
	switch (field.kind) {
	case Kind::text:
		by_kind = {DM_REPORT_FIELD_TYPE_STRING, print_text};
		break;
	case Kind::number:
		by_kind = {DM_REPORT_FIELD_TYPE_NUMBER, print_number};
		break;
	case Kind::size:
		by_kind = {DM_REPORT_FIELD_TYPE_SIZE, print_size};
		break;
	case Kind::time:
		by_kind = {DM_REPORT_FIELD_TYPE_TIME, print_time};
		break;
	case Kind::list:
		by_kind = {DM_REPORT_FIELD_TYPE_STRING_LIST, print_list};
		break;
	}
	dm_report_field_type type = {
		.type = field.subject,
		.flags = by_kind.flags,
		.offset = static_cast<uint32_t>(index * sizeof(Value)),
		.width = field.width,
		.id = {},
		.heading = {},
		.report_fn = by_kind.print,
		.desc = field.description.c_str(),
	};
	/* members of the struct are const, but of an object that is ours */
	std::strncpy(const_cast<char *>(type.id), field.id.c_str(), sizeof(type.id) - 1);
	std::strncpy(const_cast<char *>(type.heading), field.heading.c_str(),
		     sizeof(type.heading) - 1);
	return type;
}

} // namespace

Report::Report(const std::string &name, const std::vector<Subject> &subjects,
	       const std::vector<Field> &fields, const Settings &settings, std::ostream &out)
    : engine_(std::make_unique<Engine>(out))
{
	Engine &engine = *engine_;
	DevmapperLines lines;

	engine.name = name;
	engine.json = settings.json;
	engine.suffix = settings.suffix;
	engine.unit_factor = dm_units_to_factor(settings.units.c_str(), &engine.unit, 1, nullptr);
	if (!engine.unit_factor)
		throw SettingsError("'" + settings.units +
				    "' is no unit: one of hHrRbBsSkKmMgGtTpPeE");
	for (const Subject &subject : subjects)
		engine.types.push_back(
			{subject.bit, subject.description.c_str(), subject.prefix.c_str(), row_of});
	engine.types.push_back({0, "", "", nullptr});
	for (size_t i = 0; i < fields.size(); i++)
		engine.fields.push_back(field_type(fields[i], i));
	engine.fields.push_back({});

	uint32_t flags = DM_REPORT_OUTPUT_BUFFERED;
	if (settings.aligned)
		flags |= DM_REPORT_OUTPUT_ALIGNED;
	if (settings.headings)
		flags |= DM_REPORT_OUTPUT_HEADINGS;
	if (settings.name_prefixes)
		flags |= DM_REPORT_OUTPUT_FIELD_NAME_PREFIX;
	if (settings.unquoted)
		flags |= DM_REPORT_OUTPUT_FIELD_UNQUOTED;
	if (settings.columns_as_rows)
		flags |= DM_REPORT_OUTPUT_COLUMNS_AS_ROWS;
	engine.report = dm_report_init_with_selection(
		&engine.needed, engine.types.data(), engine.fields.data(), settings.fields.c_str(),
		settings.separator.c_str(), flags, settings.sort.c_str(),
		settings.selection.empty() ? nullptr : settings.selection.c_str(), nullptr,
		&engine);
	if (!engine.report)
		throw SettingsError(lines.first_error());
	/* what else it says is the help that was asked for */
	engine.help = !lines.text().empty();
	out << lines.text();
	if (settings.name_prefixes)
		require(dm_report_set_output_field_name_prefix(engine.report, "dm_"));
}

Report::~Report() = default;

bool Report::is_help() const
{
	return engine_->help;
}

bool Report::needs(uint32_t subject) const
{
	return !engine_->help && engine_->needed & subject;
}

void Report::add(std::vector<Value> row)
{
	engine_->rows.push_back(std::move(row));
	require(dm_report_object(engine_->report, &engine_->rows.back()));
}

void Report::output()
{
	if (engine_->help)
		return;
	DevmapperLines lines;

	if (engine_->json) {
		dm_report_group *group = dm_report_group_create(DM_REPORT_GROUP_JSON, nullptr);
		const int done =
			group &&
			dm_report_group_push(group, nullptr, const_cast<char *>("report")) &&
			dm_report_group_push(group, engine_->report,
					     const_cast<char *>(engine_->name.c_str())) &&
			dm_report_output(engine_->report) && dm_report_group_pop(group) &&
			dm_report_group_pop(group) && dm_report_group_destroy(group);
		require(done);
	} else {
		require(dm_report_output(engine_->report));
	}
	engine_->out << lines.text();
	engine_->rows.clear();
}

} // namespace dmr::report
