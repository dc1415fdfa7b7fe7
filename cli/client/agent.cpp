// SPDX-License-Identifier: GPL-2.0-or-later
#include "client/agent.hpp"

#include <fcntl.h>
#include <poll.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <string>

namespace memhotctl {

namespace {

constexpr int kLongestStart = 5'000;   // milliseconds

[[noreturn]] void become_agent(int ready) {
    ::prctl(PR_SET_PDEATHSIG, SIGTERM);
    ::fcntl(ready, F_SETFD, 0);
    const std::string fd = std::to_string(ready);
    // Where the session has an agent already, that one asks (--fallback).
    ::execlp("pkttyagent", "pkttyagent", "--notify-fd", fd.c_str(), "--fallback", nullptr);
    ::_exit(127);
}

}   // namespace

PolkitAgent::PolkitAgent(bool wanted) {
    if (!wanted || ::geteuid() == 0 || ::isatty(STDIN_FILENO) != 1 || ::isatty(STDERR_FILENO) != 1) return;
    int ready[2] = {-1, -1};
    if (::pipe2(ready, O_CLOEXEC) != 0) return;
    pid_ = ::fork();
    if (pid_ == 0) become_agent(ready[1]);
    ::close(ready[1]);
    // It closes its end once it is registered, or goes because it is not there: then polkit says no, as without it.
    pollfd one{ready[0], POLLIN, 0};
    if (pid_ > 0) ::poll(&one, 1, kLongestStart);
    ::close(ready[0]);
}

PolkitAgent::~PolkitAgent() {
    if (pid_ <= 0) return;
    ::kill(pid_, SIGTERM);
    ::kill(pid_, SIGCONT);
    ::waitpid(pid_, nullptr, 0);
}

}   // namespace memhotctl
