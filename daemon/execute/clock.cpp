// SPDX-License-Identifier: GPL-2.0-or-later
#include "execute/clock.hpp"

#include <chrono>
#include <thread>

namespace memhot::execute {

namespace {

template <class C>
std::uint64_t now_of() {
    const auto since = C::now().time_since_epoch();
    return static_cast<std::uint64_t>(std::chrono::duration_cast<std::chrono::microseconds>(since).count());
}

}   // namespace

std::uint64_t SystemClock::wall() { return now_of<std::chrono::system_clock>(); }
std::uint64_t SystemClock::monotonic() { return now_of<std::chrono::steady_clock>(); }
void SystemClock::sleep(std::uint64_t microseconds) {
    std::this_thread::sleep_for(std::chrono::microseconds(microseconds));
}

}   // namespace memhot::execute
