// SPDX-License-Identifier: LGPL-2.1-or-later
#include "nvdimm/create_request.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <bit>
#include <cctype>

#include "nvdimm/option_tables.hpp"
namespace memhot {

namespace {

// util_nsmode(); behind the first four what versions before 60 called them.
constexpr std::array kModes{
    std::pair{std::string_view("fsdax"), NsMode::fsdax},   std::pair{std::string_view("memory"), NsMode::fsdax},
    std::pair{std::string_view("sector"), NsMode::sector}, std::pair{std::string_view("safe"), NsMode::sector},
    std::pair{std::string_view("raw"), NsMode::raw},       std::pair{std::string_view("devdax"), NsMode::devdax},
    std::pair{std::string_view("dax"), NsMode::devdax},
};

std::optional<NsMode> parse_mode(std::string_view text) {
    const auto* found = std::ranges::find_if(kModes, [text](const auto& row) { return row.first == text; });
    return found == kModes.end() ? std::nullopt : std::optional(found->second);
}

// uuid_parse(): 8-4-4-4-12 hex digits.
bool is_uuid(std::string_view text) {
    if (text.size() != 36) return false;
    for (std::size_t i = 0; i < text.size(); ++i) {
        const bool dash = i == 8 || i == 13 || i == 18 || i == 23;
        if (dash ? text[i] != '-' : std::isxdigit(static_cast<unsigned char>(text[i])) == 0) return false;
    }
    return true;
}

class Reader {
public:
    Reader(const KernelProfile& profile, const ParsedOptions& options, Console& console)
        : profile_(profile), options_(options), console_(console) {}

    std::optional<CreateRequest> run() {
        read_plain();
        read_mode();
        read_map();
        read_sizes();
        for (const auto& word : options_.words) wrong(fmt::format("unknown extra parameter \"{}\"", word));
        return good_ ? std::optional(request_) : std::nullopt;
    }

private:
    void wrong(std::string_view text) {
        console_.error(text);
        good_ = false;
    }

    void read_plain() {
        request_.where = filter_of(options_);
        request_.reconfigure = options_.value("reconfig");
        request_.name = options_.value("name");
        request_.force = options_.is_set("force");
        request_.autolabel = options_.is_set("autolabel", true);
        request_.autorecover = options_.is_set("autorecover", true);
        request_.greedy = options_.is_set("continue");
        const auto type = options_.value("type");
        request_.block_type = type == "blk";
        if (type && *type != "pmem" && *type != "blk") {
            wrong(fmt::format("invalid type '{}', must be either 'pmem' or 'blk'", *type));
        }
    }

    void read_mode() {
        if (const auto text = options_.value("mode")) {
            request_.mode = parse_mode(*text);
            if (!request_.mode) wrong(fmt::format("invalid mode '{}'", *text));
        } else if (!request_.reconfigure) {
            request_.mode = request_.block_type ? NsMode::sector : NsMode::fsdax;
        }
    }

    // Old names of modes do not count here: the text itself is compared.
    void read_map() {
        const auto mode = options_.value("mode").value_or("fsdax");
        const bool with_pages = mode == "fsdax" || mode == "devdax";
        if (const auto text = options_.value("map")) {
            if (*text != "mem" && *text != "dev") wrong(fmt::format("invalid map location '{}'", *text));
            if (!request_.reconfigure && !with_pages) wrong("--map only valid for an devdax mode pmem namespace");
            request_.map = *text == "mem" ? PageMap::ram : PageMap::device;
        }
        if (request_.block_type && with_pages && options_.value("mode")) {
            wrong("only 'pmem' namespaces support dax operation");
        }
    }

    void read_sizes() {
        const auto size = options_.value("size");
        if (size) request_.size = parse_tool_size(*size);
        const auto wrong_size = [&] {
            if (size && !request_.size) wrong(fmt::format("failed to parse namespace size '{}'", *size));
        };
        wrong_size();
        read_align();
        wrong_size();   // it is said twice
        if (const auto uuid = options_.value("uuid"); uuid && !is_uuid(*uuid)) {
            wrong(fmt::format("failed to parse uuid: '{}'", *uuid));
        }
        request_.uuid = options_.value("uuid");
        if (const auto text = options_.value("sector-size")) {
            const auto sector = parse_tool_size(*text);
            if (!sector) wrong(fmt::format("invalid sector size: {}", *text));
            if (sector) request_.sector_size = sector->value;
        } else if (request_.block_type || (options_.value("mode") && request_.mode == NsMode::sector)) {
            request_.sector_size = 4096;
        }
    }

    void read_align() {
        const auto text = options_.value("align");
        if (!text) return;
        const auto align = parse_tool_size(*text);
        if (!align) {
            wrong(fmt::format("failed to parse namespace alignment '{}'", *text));
        } else if (!std::has_single_bit(align->value) || align->value < profile_.page_size) {
            wrong(fmt::format("align must be a power-of-2 greater than {}", profile_.page_size));
        } else {
            request_.align = align->value;
        }
        request_.align_text = *text;
    }

    const KernelProfile& profile_;
    const ParsedOptions& options_;
    Console& console_;
    CreateRequest request_;
    bool good_ = true;
};

}   // namespace

std::optional<CreateRequest> read_create_request(const KernelProfile& profile,
                                                 const std::vector<std::string>& arguments, Console& console) {
    const ParsedOptions options = parse_options(kCreateNamespaceOptions, arguments);
    if (!options.error.empty()) {
        console.say(options.error);
        return std::nullopt;
    }
    auto request = Reader(profile, options, console).run();
    if (request) request->scan = arguments.empty();
    return request;
}

}   // namespace memhot
