// SPDX-License-Identifier: GPL-2.0-or-later
//
// What `check` is asked and what is answered, for the command line and for the bus.
#pragma once

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "client/host.hpp"
#include "client/operations.hpp"
#include "output/json.hpp"

namespace memhotctl {

// By name, without dashes; flags have an empty value.
using CheckOptions = std::map<std::string, std::string, std::less<>>;

struct CheckRequest {
    std::vector<std::string> words;   // behind `check`
    CheckOptions options;   // what is not about check is not looked at
};

struct CheckResult {
    std::vector<Answer> answers;
    std::shared_ptr<const memhot::KernelProfile> profile;   // of the kernel that answered
};

// request: as host was made with.
memhot::Result<CheckResult> answer_check(const Host& host, const HostRequest& request, const CheckRequest& asked);

// memhot-verdict/1 of one answer, memhot-check/1 of several.
Json check_document(const std::vector<Answer>& answers);

}   // namespace memhotctl
