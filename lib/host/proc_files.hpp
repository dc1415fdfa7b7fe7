// SPDX-License-Identifier: LGPL-2.1-or-later
//
// The text files of /proc that speak about physical memory: iomem, zoneinfo and meminfo.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "host/root.hpp"
#include "memhot/snapshot.hpp"

namespace memhot::host {

struct IomemText {
    std::optional<std::string> text;
    std::string hidden;   // why there is no text, and what to do about it
};
// An error only where the file is there and cannot be what the kernel prints.
Result<IomemText> read_iomem(const Root& root);
// Whether every address is zero, as for a reader without CAP_SYS_ADMIN (kernel/resource.c r_show).
bool has_only_zero_addresses(std::string_view iomem);

// Zones that were ever given a page. The kernel says nothing about the start of a zone without present pages
// (zoneinfo_show_print), so it is 0 there.
Result<std::vector<ZoneRecord>> read_zoneinfo(const Root& root);
Result<std::vector<ZoneRecord>> parse_zoneinfo(std::string_view text);

// Bytes of MemAvailable; absent where the file or the line is.
Result<std::optional<std::uint64_t>> read_available_memory(const Root& root);
Result<std::optional<std::uint64_t>> parse_available_memory(std::string_view text);

}   // namespace memhot::host
