// SPDX-License-Identifier: GPL-2.0-or-later
//
// Time as the executor sees it, so that tests need not wait.
#pragma once

#include <cstdint>

namespace memhot::execute {

class Clock {
public:
    virtual ~Clock() = default;
    virtual std::uint64_t wall() = 0;        // microseconds since 1970
    virtual std::uint64_t monotonic() = 0;   // microseconds
    virtual void sleep(std::uint64_t microseconds) = 0;
};

class SystemClock : public Clock {
public:
    std::uint64_t wall() override;
    std::uint64_t monotonic() override;
    void sleep(std::uint64_t microseconds) override;
};

}   // namespace memhot::execute
