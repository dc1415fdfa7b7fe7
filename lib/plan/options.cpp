// SPDX-License-Identifier: LGPL-2.1-or-later
#include "plan/options.hpp"

#include <fmt/format.h>

#include <array>
#include <string_view>

#include "nvdimm/option_tables.hpp"
#include "units/quote.hpp"

namespace memhot::plan {

namespace {

struct NotCarriedOut {
    PlanVerb verb;
    std::string_view option;
    bool where_named;   // only where the wish names a thing by itself
    std::string_view instead;
    std::string_view but = {};   // the one value that is carried out
};

constexpr std::string_view kLastCounts = "the region is named already, and of two the last would count; name one";
constexpr std::string_view kDeviceNamed = "the device is named already; leave it out";
constexpr std::string_view kNothing = "daxctl does nothing with it here; leave it out";

constexpr auto kNotCarriedOut = [] {
    using enum PlanVerb;
    return std::to_array<NotCarriedOut>({
        {namespace_create, "reconfig", false,
         "it destroys what a namespace that is there holds; use namespace reconfigure NAMESPACE"},
        {namespace_create, "region", true, kLastCounts},
        {namespace_create, "continue", false,
         "a plan makes one namespace, which it can name and undo; use namespace create once for each"},
        {namespace_reconfigure, "reconfig", false,
         "the namespace is named already, and of two the last would count; use namespace reconfigure once for each"},
        {namespace_reconfigure, "continue", false, "ndctl does nothing with it here; leave it out"},
        {dax_create, "region", true, kLastCounts},
        {dax_create, "mode", false,
         "daxctl creates in mode devdax only; create the device, then use dax reconfigure DEVICE --mode=MODE",
         "devdax"},
        {dax_create, "input", false, "places from a file are not planned; use --size"},
        {dax_create, "no-online", false, kNothing},
        {dax_create, "no-movable", false, kNothing},
        {dax_create, "force", false, kNothing},
        {dax_create, "check-config", false, kNothing},
        {dax_reconfigure, "input", false, kNothing},
        {dax_reconfigure, "check-config", false,
         "files of daxctl are not read; say what they say: --mode, --no-online"},
        {dax_reconfigure, "region", true, kDeviceNamed},
        {dax_online, "region", true, kDeviceNamed},
        {dax_offline, "region", true, kDeviceNamed},
        {dax_destroy, "region", true, kDeviceNamed},
    });
}();

bool asks_for(const ParsedOptions& parsed, const NotCarriedOut& row) {
    const auto value = parsed.value(row.option);
    if (value) return row.but.empty() || *value != row.but;
    return parsed.is_set(row.option);
}

}   // namespace

std::span<const OptionSpec> options_of(PlanVerb verb) {
    switch (verb) {
        case PlanVerb::namespace_create:
        case PlanVerb::namespace_reconfigure: return kCreateNamespaceOptions;
        case PlanVerb::namespace_destroy: return kDestroyNamespaceOptions;
        case PlanVerb::namespace_enable:
        case PlanVerb::namespace_disable: return kNamespaceOptions;
        case PlanVerb::dax_reconfigure:
        case PlanVerb::dax_create: return kReconfigureDeviceOptions;
        case PlanVerb::dax_online: return kOnlineMemoryOptions;
        case PlanVerb::dax_offline: return kDeviceOptions;
        case PlanVerb::dax_destroy: return kDestroyDeviceOptions;
        default: return {};
    }
}

Status check_options(const Wish& wish) {
    const ParsedOptions parsed = parse_options(options_of(wish.verb), wish.options);
    // Only a wish out of a file can have these; ndctl would take a word for one more name.
    if (!parsed.error.empty()) return bad_input(fmt::format("{}: options: {}", to_string(wish.verb), parsed.error));
    if (!parsed.words.empty()) {
        return bad_input(fmt::format("{}: options: {}: expected an option, as in --mode=raw", to_string(wish.verb),
                                     units::quoted(parsed.words.front())));
    }
    for (const auto& row : kNotCarriedOut) {
        const bool meant = row.verb == wish.verb && (!row.where_named || !wish.things.empty());
        if (!meant || !asks_for(parsed, row)) continue;
        return bad_input(fmt::format("{}: --{} is not carried out: {}", to_string(wish.verb), row.option, row.instead));
    }
    return Done{};
}

}   // namespace memhot::plan
