// SPDX-License-Identifier: LGPL-2.1-or-later
//
// online: blocks that are there and offline, upward, in the zone that is wanted.
#include <fmt/format.h>

#include <algorithm>
#include <map>

#include "plan/blocks.hpp"
#include "plan/interlocks.hpp"
#include "plan/planners.hpp"

namespace memhot::plan {

namespace {

// Offline blocks for a size: upward from the lowest, so that kernel zones grow without holes; downward from the highest
// for zone Movable, which then keeps clear of them.
Result<std::vector<BlockInfo>> pick(Builder& builder, std::uint64_t count) {
    std::vector<BlockInfo> offline;
    for (const auto& block : builder.model().blocks()) {
        if (!block.online) offline.push_back(block);
    }
    const bool down = builder.wish().zone == WantedZone::movable;
    if (down) std::ranges::reverse(offline);
    if (offline.size() < count) {
        builder.refuse(RuleId::plan_not_enough,
                       fmt::format("{} blocks are wanted, {} are offline", count, offline.size()));
    }
    offline.resize(std::min<std::size_t>(offline.size(), count));
    std::ranges::sort(offline, {}, &BlockInfo::number);
    if (!offline.empty()) {
        builder.note(fmt::format("chosen: the {} {} offline block{}", down ? "highest" : "lowest", offline.size(),
                                 offline.size() == 1 ? "" : "s"));
    }
    return offline;
}

void say_online_already(Builder& builder, const std::vector<BlockInfo>& blocks) {
    std::vector<std::uint64_t> as_wanted;
    std::vector<std::uint64_t> elsewhere;
    for (const auto& block : blocks) {
        const auto zone = builder.wish().zone;
        const bool fits = zone == WantedZone::automatic || (zone == WantedZone::movable) == in_movable(block);
        (fits ? as_wanted : elsewhere).push_back(block.number);
        builder.rely_on_block(block.number);
    }
    if (!as_wanted.empty()) builder.note(fmt::format("online already: {}", list_of(as_wanted)));
    if (elsewhere.empty()) return;
    builder.note(fmt::format("online already, but not as {}: {}; only offline memory changes its zone",
                             to_string(builder.wish().zone), list_of(elsewhere)));
}

// Whether valid_zones, as the host shows it, names a zone of the wanted kind.
bool offers(const std::string& valid_zones, WantedZone wanted) {
    const bool movable = valid_zones.find("Movable") != std::string::npos;
    return wanted == WantedZone::movable ? movable : valid_zones != "Movable";
}

// chmem calls it "Zone mismatch".
void guard_offered_zones(Builder& builder, const std::vector<BlockInfo>& blocks) {
    const WantedZone wanted = builder.wish().zone;
    if (wanted == WantedZone::automatic || !builder.snapshot().blocks) return;
    std::map<std::uint64_t, const BlockRecord*> records;
    for (const auto& record : *builder.snapshot().blocks) records[record.number] = &record;
    for (const auto& block : blocks) {
        const auto found = records.find(block.number);
        if (block.online || found == records.end()) continue;
        const std::string& zones = found->second->valid_zones;
        if (zones.empty() || offers(zones, wanted)) continue;
        builder.refuse(RuleId::plan_zone_offered, fmt::format("memory{} is wanted as {}, its valid_zones offers {}",
                                                              block.number, to_string(wanted), zones));
    }
}

// What decides the zone where the kernel does.
void rely_on_policy(Builder& builder) {
    if (builder.wish().zone != WantedZone::automatic) return;
    for (const char* name : {"online_policy", "auto_movable_ratio", "auto_movable_numa_aware"}) {
        builder.rely(Fact::Kind::attribute, name);
    }
}

}   // namespace

Status plan_online(Builder& builder) {
    const auto size = blocks_of_size(builder);
    if (!size) return size.error();
    auto blocks = *size ? pick(builder, **size) : blocks_of_things(builder);
    if (!blocks) return std::move(blocks).error();
    std::vector<BlockInfo> online;
    for (const auto& block : *blocks) {
        if (builder.ended()) break;
        if (block.online) {
            online.push_back(block);
        } else {
            online_block(builder, block, builder.wish().zone);
        }
    }
    say_online_already(builder, online);
    guard_offered_zones(builder, *blocks);
    rely_on_policy(builder);
    guard_movable_ratio(builder);
    return Done{};
}

}   // namespace memhot::plan
