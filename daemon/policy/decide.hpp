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

// The word for a block to come in auto_online_blocks, or for one that is offline in its state; "offline" where it is left
// alone.
std::string_view online_word(const Online& online);

}   // namespace memhot::policy
