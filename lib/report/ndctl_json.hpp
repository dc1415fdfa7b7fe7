// SPDX-License-Identifier: LGPL-2.1-or-later
//
// What `ndctl list`, `daxctl list`, `cxl list` and their changing commands print, read into the records of a snapshot. Over
// the years these programs printed one object or an array, nested or flat, sizes as numbers or as "2.00 GiB (2.15 GB)",
// numbers as "0x10", and modes by their old names; fields come and go. All of that is taken; what no version prints is
// an error with its path.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "memhot/nvdimm.hpp"
#include "memhot/result.hpp"

namespace memhot::report {

// What daxctl says of a device's memory blocks.
struct ListedMemory {
    std::string device;
    std::optional<std::uint64_t> online_blocks;
    std::optional<std::uint64_t> total_blocks;
    std::optional<bool> movable;
    friend bool operator==(const ListedMemory&, const ListedMemory&) = default;
};

// In the records an instance has no name where the program prints none, and a namespace with an instance has no size:
// `size` is then what can be used, and belongs to the instance.
struct Listed {
    NvdimmRecord record;
    std::vector<ListedMemory> memory;
    std::vector<std::string>
        rounded;   // paths of sizes that were printed for people, so with two digits behind the point
    std::vector<std::string> disabled;   // devices whose state says so
};

Result<Listed> parse_listing(std::string_view text);

// "2.00 GiB (2.15 GB)", "992.00 KiB": what it says, to the byte; nothing for other texts.
std::optional<std::uint64_t> parse_human_size(std::string_view text);

}   // namespace memhot::report
