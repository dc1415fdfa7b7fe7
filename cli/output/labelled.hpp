// SPDX-License-Identifier: GPL-2.0-or-later
//
// Lines with a label in front, as `status` and `show` print them.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "output/terminal.hpp"

namespace memhotctl {

class Labelled {
public:
    explicit Labelled(const Terminal& terminal) : terminal_(terminal) {}

    // Each text on lines of its own; nothing where there is none. most: 0 for all, else "... and N more" behind so many.
    void add(std::string_view label, const std::vector<std::string>& texts, std::size_t most = 0);
    void add(std::string_view label, const std::string& text) { add(label, std::vector{text}); }
    [[nodiscard]] const std::string& text() const { return out_; }

private:
    Terminal terminal_;
    std::string out_;
};

}   // namespace memhotctl
