// SPDX-License-Identifier: GPL-2.0-or-later
#include "client/block_owners.hpp"

#include <algorithm>

namespace memhotctl {

using memhot::RuleId;

namespace {

void add_once(std::vector<std::string>& names, const std::string& name) {
    if (std::ranges::find(names, name) == names.end()) names.push_back(name);
}

}   // namespace

BlockOwners::BlockOwners(const Host& host) : host_(host), extents_(flatten(host.model->resources())) {}

std::vector<std::string> BlockOwners::owners(const memhot::Range& range) const {
    std::vector<std::string> out;
    for (const auto& extent : clip(extents_, range)) {
        if (extent.kind == OwnerKind::ram || extent.kind == OwnerKind::device) add_once(out, extent.name);
    }
    return out;
}

std::vector<std::string> BlockOwners::devices(const memhot::Range& range) const {
    std::vector<std::string> out;
    host_.model->resources().walk(range, [&](const memhot::Resource& resource, unsigned) {
        if (kind_of(resource) == OwnerKind::device) add_once(out, resource.name);
    });
    return out;
}

std::vector<OfflineRefusal> BlockOwners::refusals(std::uint64_t first_block, std::uint64_t last_block) const {
    std::vector<OfflineRefusal> out;
    for (std::uint64_t block = first_block; block <= last_block; ++block) {
        const auto refusal = refusal_to_offline(host_, block);
        if (!refusal) continue;
        auto found = std::ranges::find(out, refusal->rule, &OfflineRefusal::rule);
        if (found == out.end()) found = out.insert(out.end(), OfflineRefusal{refusal->rule, {}});
        found->blocks.push_back(block);
    }
    return out;
}

std::string_view short_reason(RuleId rule) {
    switch (rule) {
        case RuleId::offline_holes: return "holes";
        case RuleId::offline_multizone: return "several zones";
        case RuleId::offline_boot_memory: return "boot memory";
        default: return memhot::rule(rule).id;
    }
}

}   // namespace memhotctl
