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

Answer<Done> Plans::has_room(const Owner& owner, const Limits& limits, std::size_t bytes) const {
    std::uint64_t of_user = 0;
    std::size_t bytes_of_user = bytes;
    std::size_t all = bytes;
    for (const auto& [name, shelf] : plans_) {
        for (const auto& [_, plan] : shelf.plans) all += plan.json.size();
        if (shelf.user != owner.user) continue;
        of_user += shelf.plans.size();
        for (const auto& [_, plan] : shelf.plans) bytes_of_user += plan.json.size();
    }
    const auto mine = plans_.find(owner.name);
    const std::uint64_t of_owner = mine == plans_.end() ? 0 : mine->second.plans.size();
    const auto refuse = [](std::string text) {
        return fail(error_name::kLimitExceeded, std::move(text) + "; apply one, or leave the bus");
    };
    if (of_owner >= limits.of_owner) {
        return refuse(fmt::format("{} plans of this caller are kept, PlansPerSender= of memhotd.conf allows {}",
                                  of_owner, limits.of_owner));
    }
    if (of_user >= limits.of_user) {
        return refuse(fmt::format("{} plans of this user are kept: with all of his connections he has four times "
                                  "PlansPerSender= of memhotd.conf",
                                  of_user));
    }
    if (bytes_of_user > limits.bytes_of_user) {
        return refuse(fmt::format("the plans of this user have {} MiB with this one, {} MiB are kept",
                                  bytes_of_user >> 20U, limits.bytes_of_user >> 20U));
    }
    if (all <= limits.bytes) return Done{};
    return refuse(fmt::format("all plans have {} MiB with this one, {} MiB are kept", all >> 20U, limits.bytes >> 20U));
}

Answer<std::string> Plans::keep(const Owner& owner, ShownPlan plan, const Limits& limits) {
    if (auto room = has_room(owner, limits, plan.json.size()); !room) return std::unexpected(room.error());
    auto name = fresh_name();
    if (!name) return name;
    Shelf& mine = plans_[owner.name];
    mine.user = owner.user;
    mine.plans.emplace(*name, std::move(plan));
    return name;
}

Answer<ShownPlan> Plans::find(const std::string& owner, const std::string& name) const {
    const auto mine = plans_.find(owner);
    if (mine != plans_.end()) {
        if (const auto found = mine->second.plans.find(name); found != mine->second.plans.end()) return found->second;
    }
    return fail(error_name::kNotFound, "there is no such plan of this caller; Plan makes one");
}

void Plans::drop(const std::string& owner, const std::string& name) {
    const auto mine = plans_.find(owner);
    if (mine == plans_.end()) return;
    mine->second.plans.erase(name);
    if (mine->second.plans.empty()) plans_.erase(mine);
}

}   // namespace memhot::service
