// SPDX-License-Identifier: GPL-2.0-or-later
#include "service/arrivals.hpp"

#include <utility>

namespace memhot::service {

void Arrivals::heard(const events::Batch& batch, const state::BlockTable& known) {
    for (const auto block : batch.removed) {
        came_.erase(block);
        gone_.insert(block);
    }
    for (const auto block : batch.added) {
        if (gone_.erase(block) != 0 || !known.find(block)) came_.insert(block);
    }
}

void Arrivals::found(const state::BlockTable& before, const state::BlockTable& now) {
    for (const auto& block : now.records()) {
        if (before.find(block.number)) continue;
        came_.insert(block.number);
        gone_.erase(block.number);   // it is back, and its event tells nothing new
    }
    std::erase_if(gone_, [&](std::uint64_t block) { return !now.find(block); });
}

std::set<std::uint64_t> Arrivals::take() { return std::exchange(came_, {}); }

}   // namespace memhot::service
