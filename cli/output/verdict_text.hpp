// SPDX-License-Identifier: GPL-2.0-or-later
//
// Verdicts for people: at most a screen, the verdict first, then why, then what instead.
#pragma once

#include <string>
#include <vector>

#include "client/operations.hpp"
#include "output/terminal.hpp"

namespace memhotctl {

struct VerdictStyle {
    Terminal terminal;
    bool everything = false;   // --verbose: no screen to fit on
};

std::string verdict_text(const std::vector<Answer>& answers, const memhot::KernelProfile& profile,
                         const VerdictStyle& style);

}   // namespace memhotctl
