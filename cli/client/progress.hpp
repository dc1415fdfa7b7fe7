// SPDX-License-Identifier: GPL-2.0-or-later
//
// How far a job is, in process or in memhotd.
#pragma once

#include <cstdint>

namespace memhotctl {

struct JobProgress {
    std::uint64_t step = 0;   // the one that runs, from 0
    std::uint64_t steps = 0;
    std::uint64_t bytes = 0;   // of memory that came or went
    std::uint64_t all_bytes = 0;
    std::uint64_t bytes_per_second = 0;
    std::uint64_t left = 0;   // microseconds; 0: nothing is known yet
};

}   // namespace memhotctl
