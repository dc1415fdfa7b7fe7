// SPDX-License-Identifier: GPL-2.0-or-later
//
// The kernel's own policy, as far as policies ask for it: which of its knobs are written, which are put back, and which
// blocks are written one by one all the same. Pure, like decide.hpp.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "policy/decide.hpp"

namespace memhot::policy {

inline constexpr std::string_view kAutoOnline = "/sys/devices/system/memory/auto_online_blocks";

// A file of the kernel's own policy. They are of the whole host, so only what every policy agrees on is set there.
struct KnobWrite {
    std::string path;
    std::string text;
    std::string was;
    Place place;   // what asks for it
    bool back = false;   // memhotd had set it, and no policy wants that any more
    friend bool operator==(const KnobWrite&, const KnobWrite&) = default;
};
// Blocks that are written one by one.
struct BlockWrites {
    std::uint64_t first = 0;
    std::uint64_t last = 0;
    std::string word;   // "online_kernel"
    Place place;
    friend bool operator==(const BlockWrites&, const BlockWrites&) = default;
};
// A knob that would be written, and is left to whoever else takes blocks online.
struct KnobLeft {
    std::string path;
    std::string text;   // one line
    Place place;
    friend bool operator==(const KnobLeft&, const KnobLeft&) = default;
};

struct DevicePlan {
    std::vector<KnobWrite> knobs;   // first
    std::vector<KnobLeft> left;
    std::vector<BlockWrites> writes;
    std::uint64_t by_kernel = 0;   // blocks to come that the knobs take online as wanted
    std::uint64_t as_they_are = 0;   // blocks that nothing is done with
    std::vector<std::string> cannot;   // what is wanted and this kernel cannot
};

// The knobs that realise the policies: auto_online_blocks where the first policy for everything (Device=*) says a zone and
// each policy before it wants just that of each block, for the kernel asks none of them; online_policy and
// auto_movable_ratio where a policy has Zone=auto with a ratio. Those already so are left out. What memhotd set before and
// nobody wants is put back.
DevicePlan knobs_for(const Policies& policies, const Host& host, const DecideOptions& options = {});
// The same with blocks: which the kernel then takes online as wanted, and which are written.
DevicePlan plan_device(const Policies& policies, const Host& host, const std::vector<std::uint64_t>& blocks,
                       const DecideOptions& options = {});
// What puts back all that memhotd set.
std::vector<KnobWrite> put_back(const Host& host);

}   // namespace memhot::policy
