/* SPDX-License-Identifier: GPL-2.0-only */
/* What is attached, as a report with fields. */
#include "report.h"

#include <chrono>
#include <ostream>
#include <thread>

#include "dm/report.h"
#include "text.h"

namespace tools
{

namespace
{

using dmr::report::Kind;
using dmr::report::Report;
using dmr::report::Value;
using dmremap::Attachment;

enum Subjects : uint32_t { kAttachment = 1, kProvider = 2, kContents = 4 };

const std::vector<dmr::report::Subject> kSubjects = {
	{kAttachment, "Attachment", "attachment_"},
	{kProvider, "Kernel", "kernel_"},
	{kContents, "Contents of the original", "contents_"},
};

/* What one row is made of. Of what is not shown nothing is known. */
struct Row {
	Attachment attachment;
	std::string provider;
	dmremap::Contents contents;
};

std::string text_of(dmremap::DeviceNumber number)
{
	return dmr::to_string({number.major, number.minor});
}

Value text(std::string value)
{
	return {std::move(value), 0, {}};
}

Value number(uint64_t value)
{
	return {"", value, {}};
}

struct ReportField {
	dmr::report::Field field;
	Value (*value)(const Row &);
};

const std::vector<ReportField> &fields()
{
	static const std::vector<ReportField> all = {
		{{kAttachment, Kind::text, 5, "upper", "Upper", "Name of the dm device."},
		 [](const Row &row) { return text(row.attachment.upper); }},
		{{kAttachment, Kind::text, 4, "upper_uuid", "UUID", "UUID of the dm device."},
		 [](const Row &row) { return text(row.attachment.upper_uuid); }},
		{{kAttachment, Kind::text, 6, "upper_devno", "UDevNo",
		  "Number of the dm device, major:minor."},
		 [](const Row &row) { return text(text_of(row.attachment.upper_number)); }},
		{{kAttachment, Kind::text, 6, "mode", "Mode", "remap or filter."},
		 [](const Row &row) { return text(row.attachment.mode); }},
		{{kAttachment, Kind::text, 8, "original", "Original",
		  "The kernel's name of the original; empty when it was unplugged."},
		 [](const Row &row) { return text(row.attachment.original); }},
		{{kAttachment, Kind::text, 6, "original_devno", "ODevNo",
		  "Number of the original, major:minor."},
		 [](const Row &row) { return text(text_of(row.attachment.original_number)); }},
		{{kAttachment, Kind::size, 4, "size", "Size", "Size of the original."},
		 [](const Row &row) { return number(row.attachment.sectors); }},
		{{kAttachment, Kind::number, 5, "reads", "Reads",
		  "Read requests that the upper was given since start."},
		 [](const Row &row) { return number(row.attachment.reads); }},
		{{kAttachment, Kind::number, 8, "read_sectors", "RSectors",
		  "Sectors of 512 bytes that they are for."},
		 [](const Row &row) { return number(row.attachment.read_sectors); }},
		{{kAttachment, Kind::number, 6, "writes", "Writes",
		  "Write requests, flushes and discards included."},
		 [](const Row &row) { return number(row.attachment.writes); }},
		{{kAttachment, Kind::number, 8, "write_sectors", "WSectors",
		  "Sectors of 512 bytes that they are for."},
		 [](const Row &row) { return number(row.attachment.write_sectors); }},
		{{kAttachment, Kind::number, 6, "in_flight", "Flight",
		  "Requests in flight in the upper."},
		 [](const Row &row) { return number(row.attachment.in_flight); }},
		{{kAttachment, Kind::number, 4, "held", "Held",
		  "Requests that are held at this moment."},
		 [](const Row &row) { return number(row.attachment.held); }},
		{{kAttachment, Kind::text, 5, "flags", "Flags",
		  "The kernel's words, with commas between, or a dash."},
		 [](const Row &row) { return text(row.attachment.flags); }},
		{{kAttachment, Kind::time, 25, "since", "Since",
		  "When it was attached; empty when the kernel does not tell."},
		 [](const Row &row) { return number(row.attachment.since); }},
		{{kProvider, Kind::text, 8, "provider", "Provider",
		  "Who interposes: native, the kernel itself; module, dm-interpose."},
		 [](const Row &row) { return text(row.provider); }},
		{{kContents, Kind::text, 6, "fs_type", "FSType",
		  "Type of what is stored on the original, as blkid tells it."},
		 [](const Row &row) { return text(row.contents.type); }},
		{{kContents, Kind::text, 5, "fs_label", "Label", "Label of the file system."},
		 [](const Row &row) { return text(row.contents.label); }},
		{{kContents, Kind::text, 6, "fs_uuid", "FSUUID", "UUID of the file system."},
		 [](const Row &row) { return text(row.contents.uuid); }},
		{{kContents, Kind::list, 6, "mount_points", "Mounts",
		  "Where it or a partition of it is mounted; [SWAP] for swap space."},
		 [](const Row &row) {
			 return Value{"", 0, row.contents.mount_points};
		 }},
	};
	return all;
}

const char kUsual[] = "upper,mode,original,original_devno,size,reads,writes,held,flags";

const char *word_of(dmremap_support provider)
{
	switch (provider) {
	case DMREMAP_SUPPORT_NATIVE:
		return "native";
	case DMREMAP_SUPPORT_MODULE:
		return "module";
	default:
		return "";
	}
}

dmr::report::Settings settings_of(const std::string &word, const ReportOptions &options)
{
	dmr::report::Settings settings;

	settings.fields = options.fields.value_or(kUsual);
	if (settings.fields.starts_with('+'))
		settings.fields = std::string(kUsual) + "," + settings.fields.substr(1);
	settings.sort = options.sort.value_or("");
	settings.selection = options.selection.value_or("");
	settings.units = options.units.value_or("h");
	settings.suffix = !options.no_suffix;
	settings.headings = !options.no_headings;
	settings.name_prefixes = options.name_prefixes;
	settings.unquoted = options.unquoted;
	settings.columns_as_rows = options.rows;
	/* a program reads it */
	settings.aligned = !options.separator && !options.name_prefixes;
	settings.separator = options.separator.value_or(" ");
	if (options.format && *options.format != "basic" && *options.format != "json")
		throw UsageError(word + ": '" + *options.format +
				 "' is no report format: basic or json");
	settings.json = options.format == "json";
	return settings;
}

dmremap::Contents contents_of(const Program &program, dmremap::Context &context,
			      const Attachment &attachment)
{
	if (attachment.original.empty())
		return {};
	try {
		return context.contents(text_of(attachment.original_number));
	} catch (const dmremap::Error &error) {
		print_error(program, error.what());
		return {};
	}
}

/* Returns whether another time would show anything else. */
bool print_once(const std::string &word, const Program &program, dmremap::Context &context,
		const dmr::report::Settings &settings,
		const std::function<std::vector<Attachment>()> &attachments)
{
	std::vector<dmr::report::Field> columns;
	std::string provider;

	for (const ReportField &field : fields())
		columns.push_back(field.field);
	Report report(word, kSubjects, columns, settings, program.out);
	/* the report has had libdevmapper's log */
	context.take_devmapper_log();
	if (report.needs(kProvider))
		provider = word_of(context.probe().provider);
	if (report.needs(kAttachment | kProvider | kContents))
		for (const Attachment &attachment : attachments()) {
			Row row = {attachment, provider, {}};
			std::vector<Value> values;

			if (report.needs(kContents))
				row.contents = contents_of(program, context, attachment);
			for (const ReportField &field : fields())
				values.push_back(field.value(row));
			report.add(std::move(values));
		}
	report.output();
	context.take_devmapper_log();
	program.out.flush();
	return !report.is_help();
}

} // namespace

std::vector<std::string> report_fields()
{
	std::vector<std::string> names;

	for (const ReportField &field : fields())
		names.push_back(field.field.id);
	return names;
}

void print_report(const std::string &word, const Program &program, dmremap::Context &context,
		  const ReportOptions &options,
		  const std::function<std::vector<Attachment>()> &attachments)
{
	const auto settings = settings_of(word, options);
	const uint32_t count = options.count.value_or(options.interval ? 0 : 1);
	auto next = std::chrono::steady_clock::now();

	for (uint32_t i = 1;; i++) {
		try {
			if (!print_once(word, program, context, settings, attachments))
				break;
		} catch (const dmr::report::SettingsError &error) {
			throw UsageError(word + ": " + error.what());
		}
		if (i == count)
			break;
		next += std::chrono::seconds(options.interval.value_or(1));
		std::this_thread::sleep_until(next);
	}
}

} // namespace tools
