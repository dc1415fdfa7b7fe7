// SPDX-License-Identifier: LGPL-2.1-or-later
//
// Reading an object of JSON that may be anything (json_object.hpp).
#include "snapshot/json_object.hpp"

#include <fmt/format.h>
#include <vector>

#include "units/quote.hpp"

namespace memhot::snapshot {
namespace {

constexpr int kMaxDepth = 8;

// Looks at keys and depth while the text is parsed; the document itself keeps only the last of two equal keys.
class StructureCheck {
public:
    bool take(int depth, Json::parse_event_t event, const Json& parsed) {
        if (depth > kMaxDepth) fail(fmt::format("nested more than {} deep", kMaxDepth));
        if (event == Json::parse_event_t::object_start) keys_.emplace_back();
        if (event == Json::parse_event_t::object_end && !keys_.empty()) keys_.pop_back();
        if (event == Json::parse_event_t::key && !keys_.empty()) {
            const auto& key = parsed.get_ref<const std::string&>();
            if (!keys_.back().insert(key).second) fail(fmt::format("field {} given twice", units::quoted(key)));
        }
        return problem_.empty();
    }
    [[nodiscard]] const std::string& problem() const { return problem_; }

private:
    void fail(std::string text) {
        if (problem_.empty()) problem_ = std::move(text);
    }
    std::vector<std::set<std::string>> keys_;
    std::string problem_;
};

}   // namespace

Result<Json> parse_document(std::string_view text, std::size_t max_bytes) {
    if (text.size() > max_bytes) {
        return bad_input(fmt::format("{} bytes, expected at most {}", text.size(), max_bytes));
    }
    StructureCheck structure;
    auto document = Json::parse(
        text.begin(), text.end(),
        [&](int depth, Json::parse_event_t event, Json& parsed) { return structure.take(depth, event, parsed); },
        false);
    if (!structure.problem().empty()) return bad_input(structure.problem());
    if (document.is_discarded()) return bad_input("not JSON in UTF-8, or cut short");
    if (!document.is_object()) return bad_input("expected a JSON object");
    return document;
}

Object::Object(const Json& value, std::string path) : value_(value), path_(std::move(path)) {
    if (!value.is_object()) error_ = bad_input(fmt::format("{}: expected an object", path_));
}

std::string Object::path_of(std::string_view name) const {
    return path_.empty() ? std::string(name) : fmt::format("{}.{}", path_, name);
}

void Object::fail(std::string_view name, std::string_view why) {
    if (!error_) error_ = bad_input(fmt::format("{}: {}", path_of(name), why));
}

const Json* Object::take(const char* name, bool required) {
    if (error_) return nullptr;
    taken_.insert(name);
    const auto found = value_.find(name);
    if (found != value_.end()) return &*found;
    if (required) fail(name, "missing");
    return nullptr;
}

const Json* Object::take_kind(const char* name, bool required, Json::value_t kind, std::string_view expected) {
    const Json* found = take(name, required);
    if (found == nullptr || found->type() == kind) return found;
    fail(name, fmt::format("{}, expected {}", found->type_name(), expected));
    return nullptr;
}

const Json* Object::object(const char* name) { return take_kind(name, true, Json::value_t::object, "an object"); }
const Json* Object::array(const char* name) { return take_kind(name, true, Json::value_t::array, "an array"); }
const Json* Object::find_object(const char* name) { return take_kind(name, false, Json::value_t::object, "an object"); }
const Json* Object::find_array(const char* name) { return take_kind(name, false, Json::value_t::array, "an array"); }

std::optional<std::string> Object::find_text(const char* name) {
    const Json* found = take_kind(name, false, Json::value_t::string, "a string");
    if (found == nullptr) return std::nullopt;
    return found->get_ref<const std::string&>();
}

std::optional<std::uint64_t> Object::find_number(const char* name, std::uint64_t most) {
    const Json* found = take(name, false);
    if (found == nullptr) return std::nullopt;
    if (!found->is_number_unsigned()) {
        fail(name, fmt::format("{}, expected a number without sign, point or exponent",
                               found->is_number() ? units::quoted(found->dump()) : found->type_name()));
        return std::nullopt;
    }
    const auto value = found->get<std::uint64_t>();
    if (value > most) {
        fail(name, fmt::format("{}, expected at most {}", value, most));
        return std::nullopt;
    }
    return value;
}

std::optional<bool> Object::find_boolean(const char* name) {
    const Json* found = take_kind(name, false, Json::value_t::boolean, "true or false");
    if (found == nullptr) return std::nullopt;
    return found->get<bool>();
}

std::string Object::text(const char* name) {
    auto found = find_text(name);
    if (!found) fail(name, "missing");
    return std::move(found).value_or("");
}

std::uint64_t Object::number(const char* name, std::uint64_t most) {
    const auto found = find_number(name, most);
    if (!found) fail(name, "missing");
    return found.value_or(0);
}

Status Object::finish() {
    if (error_) return *error_;
    for (const auto& [name, value] : value_.items()) {
        if (taken_.contains(name)) continue;
        return bad_input(fmt::format("{}: no field of this format", path_of(units::quoted(name))));
    }
    return Done{};
}

}   // namespace memhot::snapshot
