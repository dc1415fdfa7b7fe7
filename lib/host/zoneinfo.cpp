// SPDX-License-Identifier: LGPL-2.1-or-later
//
// /proc/zoneinfo (mm/vmstat.c zoneinfo_show_print): a header "Node N, zone NAME", then one "name value" a line, of which
// six are wanted.
#include <algorithm>
#include <array>
#include <charconv>
#include <fmt/format.h>

#include "host/nodes.hpp"
#include "host/proc_files.hpp"
#include "units/quote.hpp"

namespace memhot::host {
namespace {

constexpr std::size_t kZoneinfoLimit = std::size_t{64} << 20U;   // a line a CPU, zone and node
constexpr std::size_t kMaxZones = std::size_t{kMaxNode + 1} * 8;   // MAX_NR_ZONES is less than 8

struct Field {
    std::string_view name;
    std::uint64_t ZoneRecord::* value;
    bool required;
};
// cma came with 5.12, and start_pfn is printed for populated zones only.
constexpr std::array<Field, 5> kFields = {{
    {"spanned", &ZoneRecord::spanned, true},
    {"present", &ZoneRecord::present, true},
    {"managed", &ZoneRecord::managed, true},
    {"cma", &ZoneRecord::cma, false},
    {"start_pfn:", &ZoneRecord::start_pfn, false},
}};

Error wrong(std::size_t line, std::string_view text, std::string_view expected) {
    return bad_input(fmt::format("line {}: {}, expected {}", line, units::quoted(trimmed(text)), expected));
}

template <class Number>
bool parse_decimal(std::string_view text, Number& value) {
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    return error == std::errc{} && end == text.data() + text.size();
}

class ZoneinfoParser {
public:
    Status take(std::string_view line) {
        ++number_;
        if (line.starts_with("Node ")) return take_header(line);
        const auto words = trimmed(line);
        const auto blank = words.find_first_of(" \t");
        const auto name = words.substr(0, blank);
        for (std::size_t i = 0; i < kFields.size(); ++i) {
            if (name != kFields[i].name) continue;
            if (zones_.empty()) return wrong(number_, line, "\"Node N, zone NAME\" before it");
            const auto value = blank == std::string_view::npos ? std::string_view{} : trimmed(words.substr(blank));
            if (!parse_decimal(value, zones_.back().*kFields[i].value))
                return wrong(number_, line, "a number of pages");
            seen_[i] = true;
        }
        if (name == "high" && blank != std::string_view::npos) return take_high(line, trimmed(words.substr(blank)));
        return Done{};
    }

    Result<std::vector<ZoneRecord>> finish() {
        if (auto complete = check_complete(); !complete) return complete.error();
        if (zones_.empty()) return bad_input("no zone in it, expected \"Node N, zone NAME\"");
        return std::move(zones_);
    }

private:
    Status take_header(std::string_view line) {
        constexpr std::string_view kZone = ", zone";
        if (auto complete = check_complete(); !complete) return complete;
        const auto comma = line.find(kZone);
        ZoneRecord zone;
        if (comma == std::string_view::npos || !parse_decimal(line.substr(5, comma - 5), zone.node) || zone.node < 0 ||
            zone.node > kMaxNode) {
            return wrong(number_, line, "\"Node N, zone NAME\"");
        }
        zone.name = trimmed(line.substr(comma + kZone.size()));
        const bool word = !zone.name.empty() && zone.name.size() < 32 &&
                          std::ranges::all_of(zone.name, [](char c) { return c > ' ' && c < 0x7f; });
        if (!word) return wrong(number_, line, "\"Node N, zone NAME\"");
        const bool twice = std::ranges::any_of(
            zones_, [&](const ZoneRecord& other) { return other.node == zone.node && other.name == zone.name; });
        if (twice || zones_.size() == kMaxZones) return wrong(number_, line, "every zone once");
        zones_.push_back(std::move(zone));
        seen_.fill(false);
        return Done{};
    }

    // Those of the lists of each CPU have a colon: "high:  0".
    Status take_high(std::string_view line, std::string_view value) {
        if (zones_.empty()) return wrong(number_, line, "\"Node N, zone NAME\" before it");
        std::uint64_t pages = 0;
        if (!parse_decimal(value, pages)) return wrong(number_, line, "a number of pages");
        zones_.back().high = pages;
        return Done{};
    }

    Status check_complete() const {
        if (zones_.empty()) return Done{};
        for (std::size_t i = 0; i < kFields.size(); ++i) {
            if (seen_[i] || !kFields[i].required) continue;
            return bad_input(fmt::format("line {}: node {}, zone {} ends without \"{}\"", number_, zones_.back().node,
                                         zones_.back().name, kFields[i].name));
        }
        return Done{};
    }

    std::vector<ZoneRecord> zones_;
    std::array<bool, kFields.size()> seen_{};
    std::size_t number_ = 0;
};

}   // namespace

Result<std::vector<ZoneRecord>> parse_zoneinfo(std::string_view text) {
    ZoneinfoParser parser;
    // A number that is cut in the middle is still a number.
    if (!text.empty() && text.back() != '\n') return bad_input("cut short: the last line has no end");
    while (!text.empty()) {
        const auto end = text.find('\n');
        if (auto taken = parser.take(text.substr(0, end)); !taken) return taken.error();
        text.remove_prefix(end == std::string_view::npos ? text.size() : end + 1);
    }
    return parser.finish();
}

Result<std::vector<ZoneRecord>> read_zoneinfo(const Root& root) {
    const auto text = root.find("proc/zoneinfo", kZoneinfoLimit);
    if (!text) return text.error();
    if (!*text) return std::vector<ZoneRecord>{};
    return parse_zoneinfo(**text).with_context(root.shown("proc/zoneinfo"));
}

}   // namespace memhot::host
