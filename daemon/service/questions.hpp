// SPDX-License-Identifier: GPL-2.0-or-later
//
// The questions of the bus, answered on the state of the host. Knows no bus; every answer is a document.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "memhot/plan.hpp"
#include "state/host_state.hpp"

namespace memhot::service {

// By name; flags have an empty value.
using Options = std::map<std::string, std::string, std::less<>>;

// The longest text that is looked at.
inline constexpr std::size_t kLongestText = std::size_t{1} << 20;

class Questions {
public:
    Questions(state::HostState& state, std::string config_root) : state_(state), config_root_(std::move(config_root)) {}

    // memhot-verdict/1 or memhot-check/1; bad_input names an option that there is not.
    Result<std::string> check(const std::vector<std::string>& words, const Options& options);
    Result<std::string> explain(const std::string& text);
    Result<std::string> map();
    Result<std::string> snapshot();
    Result<std::string> examine();
    Result<std::string> test_policy(const std::string& thing);
    Result<Plan> plan(const std::vector<std::string>& words);

private:
    state::HostState& state_;
    std::string config_root_;
};

}   // namespace memhot::service
