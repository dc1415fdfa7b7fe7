// SPDX-License-Identifier: GPL-2.0-or-later
#include "client/blocks.hpp"

#include <algorithm>

namespace memhotctl {

namespace {

BlockView view(const memhot::BlockRecord& record) {
    return {record.number, record.state, record.node, record.valid_zones};
}

BlockView view(const memhot::BlockInfo& info) {
    return {info.number, info.online ? "online" : "offline", info.node, info.valid_zones};
}

}   // namespace

std::vector<BlockView> blocks_of(const Host& host) {
    std::vector<BlockView> out;
    if (host.snapshot.blocks) {
        for (const auto& record : *host.snapshot.blocks) out.push_back(view(record));
    } else if (host.model) {
        for (const auto& info : host.model->blocks()) out.push_back(view(info));
    }
    return out;
}

std::optional<BlockView> block_at(const Host& host, std::uint64_t number) {
    if (host.snapshot.blocks) {
        const auto& blocks = *host.snapshot.blocks;
        const auto found = std::ranges::lower_bound(blocks, number, {}, &memhot::BlockRecord::number);
        if (found == blocks.end() || found->number != number) return std::nullopt;
        return view(*found);
    }
    const auto info = host.model ? host.model->block(number) : std::nullopt;
    return info ? std::optional(view(*info)) : std::nullopt;
}

std::optional<memhot::Outcome> refusal_to_offline(const Host& host, std::uint64_t number) {
    if (!host.model) return std::nullopt;
    const auto info = host.model->block(number);
    if (!info || !info->online) return std::nullopt;
    const auto outcome = host.model->outcome(memhot::op::SetState{number, "offline"});
    return outcome.kind == memhot::Outcome::Kind::refused ? std::optional(outcome) : std::nullopt;
}

}   // namespace memhotctl
