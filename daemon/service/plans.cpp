// SPDX-License-Identifier: GPL-2.0-or-later
#include "service/plans.hpp"

#include <fmt/format.h>
#include <sys/random.h>

#include <array>

namespace memhot::service {

namespace {

// Nobody guesses it.
Answer<std::string> fresh_name() {
    std::array<unsigned char, 16> bytes{};
    if (::getrandom(bytes.data(), bytes.size(), 0) != static_cast<ssize_t>(bytes.size()))
        return fail(error_name::kInternal, "getrandom failed");
    std::string out;
    for (const auto byte : bytes) out += fmt::format("{:02x}", byte);
    return out;
}

}   // namespace

Answer<Done> Plans::has_room(const std::string& owner, std::uint64_t limit) const {
    const auto mine = plans_.find(owner);
    if (mine == plans_.end() || mine->second.size() < limit) return Done{};
    return fail(error_name::kLimitExceeded,
                fmt::format("{} plans of this caller are kept, PlansPerSender= of memhotd.conf allows {}; apply one, "
                            "or leave the bus",
                            mine->second.size(), limit));
}

Answer<std::string> Plans::keep(const std::string& owner, ShownPlan plan, std::uint64_t limit) {
    if (auto room = has_room(owner, limit); !room) return std::unexpected(room.error());
    auto& mine = plans_[owner];
    auto name = fresh_name();
    if (name) mine.emplace(*name, std::move(plan));
    return name;
}

Answer<ShownPlan> Plans::find(const std::string& owner, const std::string& name) const {
    const auto mine = plans_.find(owner);
    if (mine != plans_.end()) {
        if (const auto found = mine->second.find(name); found != mine->second.end()) return found->second;
    }
    return fail(error_name::kNotFound, "there is no such plan of this caller; Plan makes one");
}

void Plans::drop(const std::string& owner, const std::string& name) {
    const auto mine = plans_.find(owner);
    if (mine == plans_.end()) return;
    mine->second.erase(name);
    if (mine->second.empty()) plans_.erase(mine);
}

}   // namespace memhot::service
