// SPDX-License-Identifier: GPL-2.0-or-later
//
// memhotctl on a terminal of its own: what it asks can be read, and something done before it is answered.
#pragma once

#include <pty.h>

#include <cerrno>

#include "cli/memhotctl.hpp"

namespace memhot::test {

class OnTerminal {
public:
    explicit OnTerminal(const Words& words) {
        const std::string program = path_of_memhotctl();
        child_ = ::forkpty(&terminal_, nullptr, nullptr, nullptr);
        if (child_ != 0) return;
        std::vector<char*> argv{const_cast<char*>(program.c_str())};
        for (const auto& word : words) argv.push_back(const_cast<char*>(word.c_str()));
        argv.push_back(nullptr);
        ::setenv("TERM", "dumb", 1);
        ::execv(program.c_str(), argv.data());
        ::_exit(126);
    }
    OnTerminal(const OnTerminal&) = delete;
    OnTerminal& operator=(const OnTerminal&) = delete;
    ~OnTerminal() {
        if (child_ > 0) end();
        ::close(terminal_);
    }

    // Reads until the screen shows this; false: it ended before.
    bool shows(const std::string& text) {
        while (screen_.find(text, answered_) == std::string::npos) {
            if (!read_some()) return false;
        }
        return true;
    }
    void answer(const std::string& line) {
        answered_ = screen_.size();
        const std::string typed = line + "\n";
        if (::write(terminal_, typed.data(), typed.size()) < 0) screen_ += "(nobody reads the answer)";
    }
    // Its exit status, and everything on the screen.
    Said end() {
        while (read_some()) {
        }
        int status = 0;
        ::waitpid(child_, &status, 0);
        child_ = -1;
        return {WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status), screen_, ""};
    }

private:
    // EIO: nobody has the other end any more.
    bool read_some() {
        char buffer[4096];
        const auto got = ::read(terminal_, buffer, sizeof(buffer));
        if (got <= 0) return got < 0 && errno == EINTR;
        screen_.append(buffer, static_cast<std::size_t>(got));
        return true;
    }

    int terminal_ = -1;
    pid_t child_ = -1;
    std::string screen_;
    std::size_t answered_ = 0;
};

}   // namespace memhot::test
