// SPDX-License-Identifier: LGPL-2.1-or-later
#include "explain/workings.hpp"

#include <algorithm>

namespace memhot::explaining {

std::optional<Value> Workings::look_up(std::string_view name) const {
    if (const auto* own = out_.find(name)) return *own;
    if (const auto* clue = text_.clues.find(name, line_)) return *clue;
    if (name == "start") {
        if (const auto* place = own_namespace()) return Value::of_address(name, place->range.start);
    }
    return host_value(context_, name, out_.device);
}

// The namespace of the device as a listing of /proc/iomem in the text has it.
const Place* Workings::own_namespace() const {
    const std::size_t at = out_.device.find_first_of("0123456789");
    if (at == std::string::npos) return nullptr;
    const std::string name = "namespace" + out_.device.substr(at);
    const auto found = std::ranges::find(text_.places, name, &Place::name);
    return found == text_.places.end() ? nullptr : &*found;
}

std::optional<std::uint64_t> Workings::number(std::string_view name) {
    auto value = look_up(name);
    if (!value || value->kind == Value::Kind::text) return std::nullopt;
    const std::uint64_t number = value->number;
    found(*std::move(value));
    return number;
}

std::optional<Range> Workings::range(std::string_view name) {
    auto value = look_up(name);
    if (!value || value->kind != Value::Kind::range) return std::nullopt;
    const Range range{value->number, value->last};
    found(*std::move(value));
    return range;
}

std::string Workings::word(std::string_view name) {
    auto value = look_up(name);
    if (!value || value->kind != Value::Kind::text) return {};
    std::string text = value->text;
    found(*std::move(value));
    return text;
}

bool Workings::knows(std::string_view name) const { return look_up(name).has_value(); }

void Workings::found(Value value) {
    if (out_.find(value.name) == nullptr) out_.found.push_back(std::move(value));
}

void Workings::next(Value value) {
    if (out_.find_next(value.name) == nullptr) out_.next.push_back(std::move(value));
}

}   // namespace memhot::explaining
