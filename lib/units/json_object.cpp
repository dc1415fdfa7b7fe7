// SPDX-License-Identifier: LGPL-2.1-or-later
//
// Reading JSON that may be anything (json_object.hpp).
#include "units/json_object.hpp"

#include <algorithm>
#include <fmt/format.h>
#include <set>

#include "memhot/units.hpp"
#include "units/quote.hpp"

namespace memhot::units {
namespace {

// How deep brackets nest outside of strings: asked before memory is spent on them.
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

// Looks at names before the document is made, which keeps only the last of two equal ones. In a reading of its own: the
// library's parser with a callback goes through all elements of an array behind each of them (3.11,
// json_sax_dom_callback_parser::end_object()).
class UniqueNames final : public nlohmann::json_sax<Json> {
public:
    [[nodiscard]] const std::string& problem() const { return problem_; }

    bool start_object(std::size_t) override {
        names_.emplace_back();
        return true;
    }
    bool key(std::string& name) override {
        if (!names_.back().insert(name).second) problem_ = fmt::format("field {} given twice", units::quoted(name));
        return problem_.empty();
    }
    bool end_object() override {
        names_.pop_back();
        return true;
    }
    bool null() override { return true; }
    bool boolean(bool) override { return true; }
    bool number_integer(number_integer_t) override { return true; }
    bool number_unsigned(number_unsigned_t) override { return true; }
    bool number_float(number_float_t, const std::string&) override { return true; }
    bool string(std::string&) override { return true; }
    bool binary(binary_t&) override { return true; }
    bool start_array(std::size_t) override { return true; }
    bool end_array() override { return true; }
    bool parse_error(std::size_t, const std::string&, const nlohmann::json::exception&) override { return false; }

private:
    std::vector<std::set<std::string>> names_;
    std::string problem_;
};

}   // namespace

Result<Json> parse_json(std::string_view text, const JsonLimits& limits) {
    if (text.size() > limits.bytes) {
        return bad_input(fmt::format("{} bytes, expected at most {}", text.size(), limits.bytes));
    }
    if (nesting(text) > limits.depth) return bad_input(fmt::format("nested more than {} deep", limits.depth));
    if (limits.unique_names) {
        UniqueNames names;
        Json::sax_parse(text, &names);
        if (!names.problem().empty()) return bad_input(names.problem());
    }
    Json document = Json::parse(text, nullptr, false);
    if (document.is_discarded()) return bad_input("not JSON in UTF-8, or cut short");
    return document;
}

JsonObject::JsonObject(const Json& value, std::string path) : value_(value), path_(std::move(path)) {
    if (value.is_object()) {
        taken_.reserve(value.size());
    } else {
        error_ = bad_input(path_.empty() ? "expected a JSON object" : fmt::format("{}: expected an object", path_));
    }
}

std::string JsonObject::path_of(std::string_view name) const {
    return path_.empty() ? std::string(name) : fmt::format("{}.{}", path_, name);
}

bool JsonObject::has(const char* name) const {
    const auto found = value_.find(name);
    return found != value_.end() && !found->is_null();
}

void JsonObject::fail(std::string_view name, std::string_view why) {
    if (!error_) error_ = bad_input(fmt::format("{}: {}", path_of(name), why));
}

void JsonObject::adopt(const Status& part) {
    if (!error_ && !part) error_ = part.error();
}

const Json* JsonObject::take(const char* name, bool required) {
    if (error_) return nullptr;
    const auto found = value_.find(name);
    if (found != value_.end()) {
        taken_.emplace_back(found.key());
        return &*found;
    }
    if (required) fail(name, "missing");
    return nullptr;
}

const Json* JsonObject::take_kind(const char* name, bool required, Json::value_t kind, std::string_view expected) {
    const Json* found = take(name, required);
    if (found == nullptr || found->type() == kind) return found;
    fail(name, fmt::format("{}, expected {}", found->type_name(), expected));
    return nullptr;
}

const Json* JsonObject::object(const char* name) { return take_kind(name, true, Json::value_t::object, "an object"); }
const Json* JsonObject::array(const char* name) { return take_kind(name, true, Json::value_t::array, "an array"); }
const Json* JsonObject::find_object(const char* name) {
    return take_kind(name, false, Json::value_t::object, "an object");
}
const Json* JsonObject::find_array(const char* name) {
    return take_kind(name, false, Json::value_t::array, "an array");
}

std::optional<std::string> JsonObject::find_text(const char* name) {
    const Json* found = take_kind(name, false, Json::value_t::string, "a string");
    if (found == nullptr) return std::nullopt;
    return found->get_ref<const std::string&>();
}

std::optional<std::uint64_t> JsonObject::find_number(const char* name, std::uint64_t most) {
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

std::optional<std::uint64_t> JsonObject::find_address(const char* name) {
    const auto text = find_text(name);
    if (!text) return std::nullopt;
    if (const auto parsed = parse_number(*text); parsed && text->starts_with("0x")) return *parsed;
    fail(name, units::quoted(*text) + ", expected 0x and hexadecimal digits");
    return std::nullopt;
}

std::optional<bool> JsonObject::find_boolean(const char* name) {
    const Json* found = take_kind(name, false, Json::value_t::boolean, "true or false");
    if (found == nullptr) return std::nullopt;
    return found->get<bool>();
}

template <class T>
T JsonObject::required(const char* name, std::optional<T> found) {
    if (!found) fail(name, "missing");
    return std::move(found).value_or(T{});
}

std::string JsonObject::text(const char* name) { return required(name, find_text(name)); }
std::uint64_t JsonObject::number(const char* name, std::uint64_t most) {
    return required(name, find_number(name, most));
}
std::uint64_t JsonObject::address(const char* name) { return required(name, find_address(name)); }
bool JsonObject::boolean(const char* name) { return required(name, find_boolean(name)); }

Status JsonObject::status() const {
    if (error_) return *error_;
    return Done{};
}

Status JsonObject::finish() {
    if (error_) return *error_;
    std::ranges::sort(taken_);
    for (const auto& [name, value] : value_.items()) {
        if (std::ranges::binary_search(taken_, std::string_view(name))) continue;
        return bad_input(fmt::format("{}: no field of this format", path_of(units::quoted(name))));
    }
    return Done{};
}

}   // namespace memhot::units
