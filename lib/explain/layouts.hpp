// SPDX-License-Identifier: LGPL-2.1-or-later
//
// What is wrong with addresses, sizes and listings of the text, without any message that says so.
#pragma once

#include <string_view>
#include <vector>

#include "explain/text.hpp"

namespace memhot::explaining {

struct LayoutFinding {
    std::string_view id;                 // of an entry
    std::vector<std::size_t> lines;
    std::string device;
    std::vector<Value> found;
    std::vector<Value> next;
};

// with_command: also look at the sizes that commands ask for, which is only of use where no message speaks.
std::vector<LayoutFinding> find_layouts(const Text& text, const ExplainContext& context, bool with_command);

}   // namespace memhot::explaining
