// SPDX-License-Identifier: LGPL-2.1-or-later
//
// The options of each command of ndctl and daxctl 76.1 (ndctl/namespace.c, daxctl/device.c).
#pragma once

#include <array>
#include <span>

#include "nvdimm/options.hpp"

namespace memhot {

inline constexpr std::array kCreateNamespaceOptions{
    OptionSpec{'b', "bus", true},          OptionSpec{'r', "region", true},     OptionSpec{'v', "verbose", false},
    OptionSpec{'e', "reconfig", true},     OptionSpec{'u', "uuid", true},       OptionSpec{'n', "name", true},
    OptionSpec{'s', "size", true},         OptionSpec{'m', "mode", true},       OptionSpec{'M', "map", true},
    OptionSpec{'l', "sector-size", true},  OptionSpec{'t', "type", true},       OptionSpec{'a', "align", true},
    OptionSpec{'f', "force", false},       OptionSpec{'L', "autolabel", false}, OptionSpec{'c', "continue", false},
    OptionSpec{'R', "autorecover", false},
};
inline constexpr std::array kDestroyNamespaceOptions{OptionSpec{'b', "bus", true}, OptionSpec{'r', "region", true},
                                                     OptionSpec{'v', "verbose", false},
                                                     OptionSpec{'f', "force", false}};
// enable-namespace, disable-namespace
inline constexpr auto kNamespaceOptions = std::span(kDestroyNamespaceOptions).first<3>();

// reconfigure-device, create-device
inline constexpr std::array kReconfigureDeviceOptions{
    OptionSpec{'r', "region", true},        OptionSpec{'u', "human", false},     OptionSpec{'v', "verbose", false},
    OptionSpec{'s', "size", true},          OptionSpec{'a', "align", true},      OptionSpec{0, "input", true},
    OptionSpec{'m', "mode", true},          OptionSpec{'N', "no-online", false}, OptionSpec{'f', "force", false},
    OptionSpec{'C', "check-config", false}, OptionSpec{0, "no-movable", false},
};
inline constexpr std::array kOnlineMemoryOptions{OptionSpec{'r', "region", true}, OptionSpec{'u', "human", false},
                                                 OptionSpec{'v', "verbose", false}, OptionSpec{0, "no-movable", false}};
inline constexpr std::array kDestroyDeviceOptions{OptionSpec{'r', "region", true}, OptionSpec{'u', "human", false},
                                                  OptionSpec{'v', "verbose", false}, OptionSpec{'f', "force", false}};
// offline-memory, enable-device, disable-device
inline constexpr auto kDeviceOptions = std::span(kDestroyDeviceOptions).first<3>();

}   // namespace memhot
