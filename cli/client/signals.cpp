// SPDX-License-Identifier: GPL-2.0-or-later
#include "client/signals.hpp"

#include <csignal>

namespace memhotctl {

namespace {

// Set by Ctrl-C and by a shutdown.
volatile std::sig_atomic_t asked = 0;
void stop(int) { asked = 1; }
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

bool Signals::stopped() { return asked != 0; }

}   // namespace memhotctl
