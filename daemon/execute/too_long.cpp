// SPDX-License-Identifier: GPL-2.0-or-later
#include "execute/too_long.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <bit>

#include "journal/frame.hpp"

namespace memhot::execute {

namespace {

std::string part_of(const Plan& plan, const std::string& size) {
    switch (plan.wish.verb) {
        case PlanVerb::probe: return fmt::format("take fewer at a time: `memhotctl probe START+{}`", size);
        case PlanVerb::online:
        case PlanVerb::dax_online: return fmt::format("take fewer at a time: `memhotctl online {}`", size);
        case PlanVerb::offline:
        case PlanVerb::dax_offline: return fmt::format("take fewer at a time: `memhotctl offline {}`", size);
        case PlanVerb::dax_reconfigure:
            if (plan.cost().memory_gained != 0)
                return fmt::format("reconfigure it with --no-online, then online its blocks, fewer at a time: "
                                   "`memhotctl online {}`",
                                   size);
            break;
        default: break;
    }
    return fmt::format("offline its blocks before, fewer at a time: `memhotctl offline START+{}`", size);
}

std::uint64_t block_size_of(const Plan& plan) {
    const auto size = std::ranges::find(plan.facts, "memory_block_size", &Fact::name);
    return size == plan.facts.end() ? 0 : parse_number(size->value).value_or(0);
}

}   // namespace

Error too_long(const Plan& plan, std::string_view document, const Error& why) {
    // In the entry it is a string, in which quotes are two bytes.
    const auto quotes = static_cast<std::size_t>(std::ranges::count(document, '"'));
    const std::uint64_t fit = plan.steps.size() * journal::kLongestPayload / (document.size() + quotes);
    const std::uint64_t bytes = fit * block_size_of(plan);
    const std::string instead = bytes == 0 ? "take fewer at a time" : part_of(plan, human_size(std::bit_floor(bytes)));
    return {ErrorKind::io, fmt::format("{}; of the {} steps of this plan about {} fit, and nothing was changed: {}",
                                       why.message(), plan.steps.size(), fit, instead)};
}

}   // namespace memhot::execute
