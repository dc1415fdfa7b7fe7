// SPDX-License-Identifier: GPL-2.0-or-later
//
// Memory blocks of a host: from sysfs, which needs no privilege, or from the model where a snapshot has no sysfs.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "client/host.hpp"

namespace memhotctl {

struct BlockView {
    std::uint64_t number = 0;
    std::string state;
    std::optional<int> node;
    std::string zones;
};

// Ascending. Empty where neither sysfs nor the model knows any.
std::vector<BlockView> blocks_of(const Host& host);
std::optional<BlockView> block_at(const Host& host, std::uint64_t number);

// Why a block cannot be offlined, as far as it can be told without trying: the kernel's refusal of a write of "offline".
std::optional<memhot::Outcome> refusal_to_offline(const Host& host, std::uint64_t number);

}   // namespace memhotctl
