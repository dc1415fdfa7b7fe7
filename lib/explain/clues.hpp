// SPDX-License-Identifier: LGPL-2.1-or-later
//
// Numbers that one line gives and another one needs: the size of the command above an error, the block size of an lsmem
// listing, what a snapshot knows of the device that a line names.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "memhot/explain.hpp"

namespace memhot::explaining {

// The text's own, looked up from a line: the last one up to it, else the first one behind it.
class Clues {
public:
    void add(std::size_t line, Value value);
    [[nodiscard]] const Value* find(std::string_view name, std::size_t line) const;

private:
    struct Clue {
        std::size_t line = 0;
        Value value;
    };
    std::map<std::string, std::vector<Clue>, std::less<>> by_name_;   // each in the order of the lines
};

// What the host itself says of a device: start, size, region_align, ways, available, target_node, block_size, ...
std::optional<Value> host_value(const ExplainContext& context, std::string_view name, std::string_view device);

}   // namespace memhot::explaining
