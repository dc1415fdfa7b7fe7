// SPDX-License-Identifier: GPL-2.0-or-later
//
// What policies decide, for people: read from the document memhot-policy-test/1, so that it says the same whether it was made
// here or by memhotd.
#pragma once

#include <string>
#include <vector>

#include "memhot/result.hpp"
#include "output/terminal.hpp"

namespace memhotctl {

struct PolicyTestText {
    std::string text;
    std::vector<std::string> problems;   // of policy files and memhotd.conf
    bool decided = false;   // some policy matches
    bool uncertain = false;   // of something it cannot be told whether one does
};
// bad_input where it is no such document.
memhot::Result<PolicyTestText> policy_test_text(const std::string& document, const Terminal& terminal, bool verbose);

}   // namespace memhotctl
