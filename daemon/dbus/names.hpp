// SPDX-License-Identifier: GPL-2.0-or-later
//
// Every name on the bus, in one place. Members are in interfaces/*.xml.
#pragma once

#include <string>
#include <string_view>

namespace memhot::bus {

inline constexpr const char* kBusName = "org.memhot1";
inline constexpr const char* kRootPath = "/org/memhot1";
inline constexpr std::string_view kInterfacePrefix = "org.memhot1.";
inline constexpr std::string_view kErrorPrefix = "org.memhot1.Error.";

// As sd_bus_path_encode() does it: what no path may have becomes _NN.
std::string encoded(std::string_view name);

inline std::string job_path(std::string_view id) { return std::string(kRootPath) + "/job/" + encoded(id); }
inline std::string region_path(std::string_view name) { return std::string(kRootPath) + "/region/" + encoded(name); }
inline std::string namespace_path(std::string_view name) {
    return std::string(kRootPath) + "/namespace/" + encoded(name);
}
inline std::string dax_path(std::string_view name) { return std::string(kRootPath) + "/dax/" + encoded(name); }

}   // namespace memhot::bus
