// SPDX-License-Identifier: GPL-2.0-or-later
//
// The polkit agent of a terminal: who has no desktop that could ask for the password is asked here, as systemctl does.
#pragma once

#include <sys/types.h>

namespace memhotctl {

// pkttyagent, as long as this lives: where there is a terminal, somebody who is not root, and the program.
class PolkitAgent {
public:
    explicit PolkitAgent(bool wanted);
    PolkitAgent(const PolkitAgent&) = delete;
    PolkitAgent& operator=(const PolkitAgent&) = delete;
    ~PolkitAgent();

private:
    pid_t pid_ = -1;
};

}   // namespace memhotctl
