// SPDX-License-Identifier: LGPL-2.1-or-later
//
// Operations in words.
#include <fmt/format.h>

#include "memhot/operation.hpp"
#include "memhot/units.hpp"
#include "units/quote.hpp"

namespace memhot {

namespace {

std::string span(std::uint64_t start, std::uint64_t size) {
    const auto range = Range::from_size(start, size);
    return range ? to_string(*range) : fmt::format("{:#x} with {} bytes", start, size);
}

std::string_view type_name(MapType type) {
    switch (type) {
        case MapType::fsdax: return "fsdax";
        case MapType::device_private: return "private";
        case MapType::generic: break;
    }
    return "generic";
}

struct Name {
    std::string_view operator()(const op::Map&) const { return "map"; }
    std::string_view operator()(const op::Unmap&) const { return "unmap"; }
    std::string_view operator()(const op::Add&) const { return "add"; }
    std::string_view operator()(const op::Probe&) const { return "probe"; }
    std::string_view operator()(const op::Remove&) const { return "remove"; }
    std::string_view operator()(const op::OfflineAndRemove&) const { return "offline_and_remove"; }
    std::string_view operator()(const op::SetState&) const { return "set_state"; }
    std::string_view operator()(const op::SetAutoOnline&) const { return "set_auto_online"; }
    std::string_view operator()(const op::Claim&) const { return "claim"; }
    std::string_view operator()(const op::Release&) const { return "release"; }
    std::string_view operator()(const op::RemoveResource&) const { return "remove_resource"; }
};

struct Text {
    std::string operator()(const op::Map& map) const {
        const std::string altmap =
            map.altmap ? fmt::format(", altmap {}+{} pages", map.altmap->reserve_pages, map.altmap->free_pages) : "";
        return fmt::format("map {} ({}{}{})", span(map.start, map.size), type_name(map.type),
                           map.claim ? ", claimed" : "", altmap);
    }
    std::string operator()(const op::Unmap& unmap) const { return fmt::format("unmap mapping {}", unmap.handle); }
    std::string operator()(const op::Add& add) const {
        return fmt::format("add {} to node {}{}", span(add.start, add.size), add.node,
                           add.memmap_on_memory ? ", memmap on memory" : "");
    }
    std::string operator()(const op::Probe& probe) const { return fmt::format("probe {:#x}", probe.address); }
    std::string operator()(const op::Remove& remove) const { return "remove " + span(remove.start, remove.size); }
    std::string operator()(const op::OfflineAndRemove& remove) const {
        return "offline and remove " + span(remove.start, remove.size);
    }
    std::string operator()(const op::SetState& set) const {
        return fmt::format("write {} to memory{}/state", units::quoted(set.state), set.block);
    }
    std::string operator()(const op::SetAutoOnline& set) const {
        return fmt::format("write {} to auto_online_blocks", units::quoted(set.state));
    }
    std::string operator()(const op::Claim& claim) const { return "claim " + span(claim.start, claim.size); }
    std::string operator()(const op::Release& release) const { return "release " + span(release.start, release.size); }
    std::string operator()(const op::RemoveResource& remove) const {
        return fmt::format("remove resource {} at {}", remove.name, span(remove.start, remove.size));
    }
};

}   // namespace

std::string_view name_of(const Operation& operation) { return std::visit(Name{}, operation); }
std::string describe(const Operation& operation) { return std::visit(Text{}, operation); }

}   // namespace memhot
