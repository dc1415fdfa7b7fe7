// SPDX-License-Identifier: GPL-2.0-or-later
//
// The directory of a simulated host that was given none: it lives as long as its daemon, and what a killed one left is
// taken away by the next.
#pragma once

#include <string>

#include "memhot/result.hpp"

namespace memhot::app {

class Scratch {
public:
    Scratch() = default;
    Scratch(const Scratch&) = delete;
    Scratch& operator=(const Scratch&) = delete;
    ~Scratch();
    Result<std::string> make();

private:
    std::string path_;
    int lock_ = -1;   // the directory itself, locked: somebody lives here
};

}   // namespace memhot::app
