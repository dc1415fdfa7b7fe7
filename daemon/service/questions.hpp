// SPDX-License-Identifier: GPL-2.0-or-later
//
// The questions of the bus, answered on a host that nobody changes, in whatever thread. Knows no bus; every answer is a
// document.
#pragma once

#include <atomic>
#include <map>
#include <string>
#include <vector>

#include "client/policies.hpp"
#include "memhot/plan.hpp"
#include "state/host_state.hpp"

namespace memhot::service {

// By name; flags have an empty value.
using Options = std::map<std::string, std::string, std::less<>>;

// The longest text that is looked at.
inline constexpr std::size_t kLongestText = std::size_t{1} << 20;

namespace questions {

using memhotctl::Host;

// memhot-verdict/1 or memhot-check/1; bad_input names an option that there is not.
Result<std::string> check(const Host& host, const state::HostSource& source, const std::vector<std::string>& words,
                          const Options& options);
// Whether it is about one operation on the host's own kernel: such an answer takes well under a millisecond on any host.
bool is_quick_check(const std::vector<std::string>& words, const Options& options);
// host: null where it cannot be read.
Result<std::string> explain(const Host* host, const std::string& text);
Result<std::string> map(const Host& host);
Result<std::string> snapshot(const Host& host);
Result<std::string> examine(const Host& host);
// held: what the daemon decides by. Where the files below the root say something else now, the answer says so.
Result<std::string> test_policy(const Host& host, memhotctl::PolicyFiles held, const std::string& root,
                                const std::string& thing);

struct MadePlan {
    Wish wish;
    std::size_t steps = 0;   // where they are more than wanted: one more than that
    std::string json;   // then empty
    std::string
        what;   // it does, for whoever is asked to allow it: never longer than that person reads, never addresses
};
Result<MadePlan> plan(const Host& host, const std::vector<std::string>& words, const PlanLimits& limits);

}   // namespace questions
}   // namespace memhot::service
