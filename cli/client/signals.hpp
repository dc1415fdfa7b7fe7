// SPDX-License-Identifier: GPL-2.0-or-later
//
// What signals mean while a job may run.
#pragma once

#include <signal.h>   // NOLINT(modernize-deprecated-headers): sigaction is POSIX, not C++

#include <array>

namespace memhotctl {

// From here on a signal that would end this process stops the job between two steps or in a write, and a write that fails (SIGPIPE,
// SIGXFSZ) says so instead of ending it half-way. Before and behind it they mean what they meant. One at a time.
class Signals {
public:
    Signals();
    Signals(const Signals&) = delete;
    Signals& operator=(const Signals&) = delete;
    ~Signals();

    // How often the job was asked to stop since it began.
    static int count();
    static bool stopped() { return count() != 0; }

private:
    std::array<struct sigaction, 5> before_{};
};

}   // namespace memhotctl
