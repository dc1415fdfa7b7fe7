// SPDX-License-Identifier: GPL-2.0-or-later
//
// The command line of this run as far as it says which host and which journal: what a hint names acts on the same.
#pragma once

#include <string>
#include <string_view>

namespace memhotctl {

class Context;

struct Invocation {
    std::string host;   // " -H server", in front of the verb; empty: this machine
    std::string state;   // " --state-dir DIR", behind it
    bool simulated = false;   // what this run did; nobody knows it of a job that a journal tells
    bool journal = true;   // there is one, to roll back and resume by

    // `memhotctl -H server rollback 1`, with the quotes of code, to be pasted into a shell.
    [[nodiscard]] std::string hint(std::string_view verb, std::string_view job) const;
};

Invocation invocation_of(const Context& context);

}   // namespace memhotctl
