// SPDX-License-Identifier: GPL-2.0-or-later
#include "output/host_json.hpp"

#include <fmt/format.h>

#include <array>
#include <ranges>

namespace memhotctl {

std::string_view kind_name(OwnerKind kind) {
    constexpr std::array<std::string_view, 4> kNames{"ram", "device", "firmware", "window"};
    return kNames[static_cast<std::size_t>(kind)];
}

std::string_view type_name(memhot::MapType type) {
    constexpr std::array<std::string_view, 3> kNames{"generic", "fsdax", "private"};
    return kNames[static_cast<std::size_t>(type)];
}

std::string bits_text(const std::vector<std::uint64_t>& words) {
    std::string text = "0x";
    for (const std::uint64_t word : std::views::reverse(words)) text += fmt::format("{:016x}", word);
    return text;
}

Json range_json(const memhot::Range& range) {
    return Json::object(
        {{"start", memhot::hex(range.start)}, {"end", memhot::hex(range.last)}, {"size", range.size()}});
}

Json extent_json(const Extent& extent) {
    return std::move(range_json(extent.range)
                         .set("owner", extent.name)
                         .set("kind", kind_name(extent.kind))
                         .set("claimed", extent.claimed));
}

Json mapping_json(const memhot::Mapping& mapping) {
    return std::move(range_json(mapping.range).set("owner", mapping.owner).set("type", type_name(mapping.type)));
}

Json kernel_json(const Host& host) {
    Json out = Json::object({{"release", host.snapshot.release}, {"arch", host.snapshot.arch}});
    if (!host.profile) return std::move(out.set("profile", nullptr).set("no_profile", host.no_profile->message()));
    return std::move(out.set("profile", host.profile->name)
                         .set("version", to_string(host.profile->version))
                         .set("profile_arch", memhot::to_string(host.profile->arch))
                         .set("page_size", host.profile->page_size)
                         .set("section_size", host.profile->section_size()));
}

}   // namespace memhotctl
