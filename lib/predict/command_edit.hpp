// SPDX-License-Identifier: LGPL-2.1-or-later
//
// Options of ndctl's and daxctl's command lines taken out and put in, for what to type instead.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "memhot/nd_command.hpp"

namespace memhot {

struct Word {
    std::string_view letter;   // "-s"
    std::string_view word;   // "--size"
    bool takes_value = true;
};
inline constexpr Word kSize{"-s", "--size"};
inline constexpr Word kAlign{"-a", "--align"};
inline constexpr Word kMap{"-M", "--map"};
inline constexpr Word kRegion{"-r", "--region"};
inline constexpr Word kForce{"-f", "--force", false};

CommandLine without(CommandLine command, const Word& option);
CommandLine with(const CommandLine& command, const Word& option, const std::string& value = {});
bool has(const CommandLine& command, const Word& option);
// As it was typed; nothing where the option is not there.
std::optional<std::string> value_of(const CommandLine& command, const Word& option);

// A number of bytes as people write it although the programs do not take it: "1.5G", "16GiB", "2gb" (powers of 1024, too).
std::optional<std::uint64_t> meant_size(std::string_view text);

}   // namespace memhot
