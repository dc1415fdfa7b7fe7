// SPDX-License-Identifier: LGPL-2.1-or-later
//
// Names that the kernel numbers: "region0", "namespace1.2", "dax0.1".
#pragma once

#include <compare>
#include <optional>
#include <string_view>

namespace memhot::units {

struct DeviceName {
    int first = 0;
    std::optional<int> second;   // behind the point
    friend auto operator<=>(const DeviceName&, const DeviceName&) = default;
};

// PREFIXn or PREFIXn.m, decimal as the kernel prints them; nothing for any other name.
std::optional<DeviceName> parse_device_name(std::string_view name, std::string_view prefix);

// By what stands before the first digit, then by number: region2 before region10.
bool device_order(std::string_view a, std::string_view b);

}   // namespace memhot::units
