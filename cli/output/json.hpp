// SPDX-License-Identifier: GPL-2.0-or-later
//
// A JSON value in the making. Commands build one of these; only json.cpp knows the JSON library, which costs too much
// compile time to be in every command.
#pragma once

#include <concepts>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

namespace memhotctl {

class Json {
public:
    using Array = std::vector<Json>;
    using Object = std::vector<std::pair<std::string, Json>>;   // in the order of insertion
    // JSON text from elsewhere (the library's to_json), put in as it is.
    struct Raw {
        std::string text;
    };
    using Value = std::variant<std::nullptr_t, bool, std::uint64_t, std::int64_t, std::string, Array, Object, Raw>;

    Json() : value_(nullptr) {}
    // NOLINTBEGIN(google-explicit-constructor): literals of JSON are the point.
    Json(std::nullptr_t) : value_(nullptr) {}
    template <std::same_as<bool> Bool>
    Json(Bool value) : value_(value) {}
    template <std::unsigned_integral Number>
        requires(!std::same_as<Number, bool>)
    Json(Number value) : value_(static_cast<std::uint64_t>(value)) {}
    template <std::signed_integral Number>
    Json(Number value) : value_(static_cast<std::int64_t>(value)) {}
    Json(std::string value) : value_(std::move(value)) {}
    Json(std::string_view value) : value_(std::string(value)) {}
    Json(const char* value) : value_(std::string(value)) {}
    Json(Raw raw) : value_(std::move(raw)) {}
    // NOLINTEND(google-explicit-constructor)

    static Json array() { return Json(Value(Array{})); }
    static Json object() { return Json(Value(Object{})); }
    static Json object(Object members) { return Json(Value(std::move(members))); }

    // Of an object; a value without the member is the caller's mistake and makes it an object.
    Json& set(std::string name, Json value);
    Json& push(Json value);

    [[nodiscard]] const Value& value() const { return value_; }
    // Two spaces a level, and a newline behind it. Bytes that are no UTF-8 become U+FFFD.
    [[nodiscard]] std::string text() const;

private:
    explicit Json(Value value) : value_(std::move(value)) {}
    Value value_;
};

}   // namespace memhotctl
