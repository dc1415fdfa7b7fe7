// SPDX-License-Identifier: GPL-2.0-or-later
//
// memhotctl from argv to the exit status.
#pragma once

#include "memhot/result.hpp"

namespace memhotctl {

int run(int argc, const char* const* argv) noexcept;

// The exit status of an error; unreachable: this machine itself could not be read.
int exit_status_of(const memhot::Error& error, bool unreachable);

}   // namespace memhotctl
