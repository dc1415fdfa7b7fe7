// SPDX-License-Identifier: GPL-2.0-or-later
//
// Runs a program of the system for tests that compare with it.
#pragma once

#include <cstdio>
#include <string>
#include <sys/wait.h>

namespace memhot::test {

struct CommandOutput {
    int status = -1;   // exit status; -1: it did not end by itself
    std::string text;  // standard output
};

inline CommandOutput run(const std::string& command) {
    CommandOutput output;
    std::FILE* pipe = ::popen(command.c_str(), "r");
    if (pipe == nullptr) return output;
    char buffer[4096];
    for (std::size_t got = 0; (got = std::fread(buffer, 1, sizeof(buffer), pipe)) > 0;) output.text.append(buffer, got);
    const int status = ::pclose(pipe);
    if (WIFEXITED(status)) output.status = WEXITSTATUS(status);
    return output;
}

}   // namespace memhot::test
