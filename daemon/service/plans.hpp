// SPDX-License-Identifier: GPL-2.0-or-later
//
// Plans that callers were shown and may have carried out, by caller. Only the caller knows their names.
#pragma once

#include <cstdint>
#include <map>
#include <string>

#include "memhot/plan.hpp"
#include "service/failure.hpp"

namespace memhot::service {

struct ShownPlan {
    std::string json;
    Wish wish;
    std::string what{};   // it does, in a line
};

class Plans {
public:
    // Whose plans they are: a connection, and the user behind it.
    struct Owner {
        std::string name;
        std::uint32_t user = 0;
    };
    struct Limits {
        std::uint64_t of_owner = 16;
        std::uint64_t of_user = 64;
        std::size_t bytes_of_user = std::size_t{48} << 20;   // of their documents
        std::size_t bytes = std::size_t{96} << 20;   // of all users
    };
    // Whether one more may be kept, of so many bytes.
    [[nodiscard]] Answer<Done> has_room(const Owner& owner, const Limits& limits, std::size_t bytes = 0) const;
    // The plan's name.
    Answer<std::string> keep(const Owner& owner, ShownPlan plan, const Limits& limits);
    [[nodiscard]] Answer<ShownPlan> find(const std::string& owner, const std::string& name) const;
    void drop(const std::string& owner, const std::string& name);
    // The caller is gone.
    void release(const std::string& owner) { plans_.erase(owner); }
    [[nodiscard]] bool has_any(const std::string& owner) const { return plans_.contains(owner); }

private:
    struct Shelf {
        std::uint32_t user = 0;
        std::map<std::string, ShownPlan> plans;
    };
    std::map<std::string, Shelf> plans_;   // by owner
};

}   // namespace memhot::service
