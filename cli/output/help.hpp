// SPDX-License-Identifier: GPL-2.0-or-later
//
// --help, made of the same tables that the parser reads.
#pragma once

#include <string>

#include "commands/command.hpp"

namespace memhotctl {

std::string help();
std::string help_of(const Command& command);

}   // namespace memhotctl
