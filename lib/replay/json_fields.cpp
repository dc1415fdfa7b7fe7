// SPDX-License-Identifier: LGPL-2.1-or-later
#include "replay/json_fields.hpp"

#include <fmt/format.h>

namespace memhot {

namespace {

constexpr int kDeepest = 64;

// How deep brackets nest outside of strings: the parser recurses, so this is asked first.
int nesting(std::string_view text) {
    int depth = 0;
    int deepest = 0;
    bool quoted = false;
    for (std::size_t i = 0; i < text.size(); ++i) {
        const char c = text[i];
        if (quoted) {
            if (c == '\\') ++i;
            if (c == '"') quoted = false;
        } else if (c == '"') {
            quoted = true;
        } else if (c == '[' || c == '{') {
            deepest = std::max(deepest, ++depth);
        } else if (c == ']' || c == '}') {
            --depth;
        }
    }
    return deepest;
}

}   // namespace

Result<Json> parse_json(std::string_view text, std::size_t max_bytes) {
    if (text.size() > max_bytes) {
        return bad_input(fmt::format("{} bytes: at most {} MiB of JSON expected", text.size(), max_bytes / kMiB));
    }
    if (nesting(text) > kDeepest) return bad_input(fmt::format("JSON nested deeper than {} levels", kDeepest));
    Json json = Json::parse(text, nullptr, false);
    if (json.is_discarded()) return bad_input("not JSON, or cut off");
    return json;
}

Fields::Fields(const Json& object, std::string path) : object_(object), path_(std::move(path)) {
    if (!object_.is_object())
        error_ = bad_input(fmt::format("{}: an object expected", path_.empty() ? "document" : path_));
}

bool Fields::has(const char* name) const {
    return object_.is_object() && object_.contains(name) && !object_[name].is_null();
}

void Fields::fail(const char* name, std::string_view expected) {
    if (!error_)
        error_ = bad_input(fmt::format("{}{}{}: {} expected", path_, path_.empty() ? "" : ".", name, expected));
}

const Json* Fields::find(const char* name) {
    if (error_) return nullptr;
    const auto found = object_.find(name);
    return found == object_.end() ? nullptr : &*found;
}

std::string Fields::text(const char* name) {
    const Json* value = find(name);
    if (value != nullptr && value->is_string()) return value->get<std::string>();
    fail(name, "a string");
    return {};
}

std::uint64_t Fields::number(const char* name) {
    const Json* value = find(name);
    if (value != nullptr && value->is_number_unsigned()) return value->get<std::uint64_t>();
    fail(name, "a number that is not negative");
    return 0;
}

std::uint64_t Fields::address(const char* name) {
    const Json* value = find(name);
    if (value != nullptr && value->is_string()) {
        const auto& text = value->get_ref<const std::string&>();
        const auto parsed = text.starts_with("0x") ? parse_hex(text) : Result<std::uint64_t>(bad_input(""));
        if (parsed) return *parsed;
    }
    fail(name, "a string \"0x...\" of at most 64 bits");
    return 0;
}

bool Fields::boolean(const char* name) {
    const Json* value = find(name);
    if (value != nullptr && value->is_boolean()) return value->get<bool>();
    fail(name, "true or false");
    return false;
}

const Json* Fields::array(const char* name) {
    const Json* value = find(name);
    if (value != nullptr && value->is_array()) return value;
    fail(name, "an array");
    return nullptr;
}

const Json* Fields::object(const char* name) {
    const Json* value = find(name);
    if (value != nullptr && value->is_object()) return value;
    fail(name, "an object");
    return nullptr;
}

Status Fields::status() const {
    if (error_) return *error_;
    return Done{};
}

}   // namespace memhot
