// SPDX-License-Identifier: GPL-2.0-or-later
//
// What the policies want done with a memory block, a dax device or a namespace, and why: pure, nothing is written here.
// The first policy that matches decides. One of which it cannot be told whether it matches ends the search, too: nothing
// is done in doubt.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "memhot/plan.hpp"
#include "policy/policy.hpp"
#include "policy/subject.hpp"

namespace memhot::policy {

enum class Action : std::uint8_t {
    nothing,   // no policy, one that leaves it alone, or it is already so
    online,   // the block is written
    kernel_does,   // the kernel's own knobs take it online so
    reconfigure,   // the device or namespace is made into something else
    wait,   // the rest of the device is not there yet
    stand_down,   // somebody else does it
    uncertain,   // it cannot be told whether a policy matches
};
std::string_view to_string(Action action);

struct NotMatched {
    std::string policy;   // its path
    Place place;   // of the key that said no
    std::string why;
};

struct Decision {
    std::string subject;
    Action action = Action::nothing;
    std::string text;   // one line: what, with numbers
    bool already = false;   // a device: it is as the policy wants it
    const Policy* policy = nullptr;   // that decided; null: none did
    Place place;   // of the line that says what is done
    std::vector<NotMatched> not_matched;   // the policies before it, in order
    std::size_t not_asked = 0;   // those behind it
    std::vector<std::string> owners;   // others that take care of it
    std::optional<Wish> wish;   // what is carried out
    bool may_destroy = false;   // DestroyData=yes
    std::vector<std::string> post_units;   // started once that is done
};

struct DecideOptions {
    bool override_owners = false;   // OverrideOtherOwners= of memhotd.conf
};

// The policies must outlive the decision.
Decision decide(const Policies& policies, const Subject& subject, const Host& host, const DecideOptions& options = {});

// A block that is online, in the zone that its policy wants: others did it.
bool is_online_as_wanted(const Decision& decision, const Subject& subject);

// --- a whole device ------------------------------------------------------------------------------------------------

// A file of the kernel's own policy. They are of the whole host, so only what every policy agrees on is set there.
struct KnobWrite {
    std::string path;
    std::string text;
    std::string was;
    Place place;   // what asks for it
    friend bool operator==(const KnobWrite&, const KnobWrite&) = default;
};
// Blocks that are written one by one.
struct BlockWrites {
    std::uint64_t first = 0;
    std::uint64_t last = 0;
    std::vector<std::string> words;   // one after the other: "offline", "online_kernel"
    Place place;
    friend bool operator==(const BlockWrites&, const BlockWrites&) = default;
};

struct DevicePlan {
    std::vector<KnobWrite> knobs;   // first
    std::vector<BlockWrites> exceptions;
    std::uint64_t by_kernel = 0;   // blocks to come that the knobs take online as wanted
    std::uint64_t as_they_are = 0;   // blocks that nothing is done with
    std::vector<std::string> cannot;   // what is wanted and this kernel cannot
};

// The knobs that realise the policies: auto_online_blocks where the first policy for everything (Device=*) says a zone
// and no policy before it leaves blocks alone or lets them wait (the kernel would have them online first); online_policy and auto_movable_ratio
// where a policy has Zone=auto with a ratio. Those already so are left out.
DevicePlan knobs_for(const Policies& policies, const Host& host);
// The same with the blocks of one device: which the kernel then takes online as wanted, and which are exceptions.
DevicePlan plan_device(const Policies& policies, const Host& host, const std::vector<std::uint64_t>& blocks,
                       const DecideOptions& options = {});

}   // namespace memhot::policy
