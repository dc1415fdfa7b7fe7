// SPDX-License-Identifier: GPL-2.0-or-later
//
// A udevd's place of one's own: in a network namespace, where nobody else listens, the test says what udevd would say,
// through a real netlink socket whose buffer really overflows.
#pragma once

#include <cstddef>
#include <string>

namespace memhot::test {

class OwnUdev {
public:
    OwnUdev();
    OwnUdev(const OwnUdev&) = delete;
    OwnUdev& operator=(const OwnUdev&) = delete;
    // Back to the namespaces of before.
    ~OwnUdev();
    // Why there is none; empty: there is.
    [[nodiscard]] const std::string& missing() const { return missing_; }
    // An event of a memory block, made longer by so many bytes; false: a listener had no room for it.
    [[nodiscard]] bool say(const std::string& action, unsigned block, std::size_t padding = 0) const;
    // Says the block's event until one is lost; how many had room.
    [[nodiscard]] unsigned overflow(unsigned block) const;

private:
    std::string missing_;
    int network_ = -1;   // namespaces to go back to
    int mounts_ = -1;
    int socket_ = -1;
};

}   // namespace memhot::test
