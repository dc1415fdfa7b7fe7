// SPDX-License-Identifier: LGPL-2.1-or-later
#include <algorithm>
#include <array>

#include "memhot/explain.hpp"

namespace memhot {

std::string_view to_string(Explanation::Kind kind) {
    constexpr std::array<std::string_view, 5> kNames{"cause", "layout", "symptom", "consequence", "unknown"};
    return kNames[static_cast<std::size_t>(kind)];
}

namespace {

const Value* find_in(const std::vector<Value>& values, std::string_view name) {
    const auto found = std::ranges::find(values, name, &Value::name);
    return found == values.end() ? nullptr : &*found;
}

}   // namespace

const Value* Explanation::find(std::string_view name) const { return find_in(found, name); }
const Value* Explanation::find_next(std::string_view name) const { return find_in(next, name); }

}   // namespace memhot
