// SPDX-License-Identifier: GPL-2.0-or-later
#include "client/signals.hpp"

#include <atomic>
#include <csignal>

namespace memhotctl {

namespace {

// Set by Ctrl-C and by a shutdown.
std::atomic<int> asked = 0;
static_assert(std::atomic<int>::is_always_lock_free, "a signal handler writes it");
void stop(int) { ++asked; }
// A reader that went away, a limit on file sizes.
void overhear(int) {}

struct Answer {
    int signal;
    void (*handler)(int);
};
// Handlers, not SIG_IGN: programs that are started inherit nothing.
constexpr std::array<Answer, 5> kAnswers{{
    {SIGINT, stop},
    {SIGTERM, stop},
    {SIGHUP, stop},
    {SIGPIPE, overhear},
    {SIGXFSZ, overhear},
}};

}   // namespace

Signals::Signals() {
    asked = 0;
    for (std::size_t i = 0; i < kAnswers.size(); ++i) {
        struct sigaction action{};
        action.sa_handler = kAnswers[i].handler;
        ::sigaction(kAnswers[i].signal, &action, &before_[i]);
    }
}

Signals::~Signals() {
    for (std::size_t i = 0; i < kAnswers.size(); ++i) ::sigaction(kAnswers[i].signal, &before_[i], nullptr);
}

int Signals::count() { return asked; }

}   // namespace memhotctl
