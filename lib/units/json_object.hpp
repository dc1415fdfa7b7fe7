// SPDX-License-Identifier: LGPL-2.1-or-later
//
// JSON that may be anything: parsed within limits, and read object by object, field by field. The first failure is kept
// with the path of its field, so that a reader can ask for everything and check once.
#pragma once

#include <cstdint>
#include <limits>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "memhot/result.hpp"

namespace memhot::units {

using Json = nlohmann::json;

struct JsonLimits {
    std::size_t bytes;
    int depth;
    bool unique_names = false;   // an object that gives a field twice is refused
};
// Without exceptions. Refused: what exceeds the limits, invalid UTF-8, and text behind the document.
Result<Json> parse_json(std::string_view text, const JsonLimits& limits);

class JsonObject {
public:
    static constexpr std::uint64_t kAnyNumber = std::numeric_limits<std::uint64_t>::max();

    // path: "blocks[3]", empty for the document itself. The value must outlive this.
    JsonObject(const Json& value, std::string path);

    // Required ones; a stand-in after a failure.
    std::string text(const char* name);
    std::uint64_t number(const char* name, std::uint64_t most = kAnyNumber);
    std::uint64_t address(const char* name);   // a string "0x..." of at most 64 bits
    bool boolean(const char* name);
    // Of the given type, or a failure and nullptr.
    const Json* object(const char* name);
    const Json* array(const char* name);
    // Absent where the field is.
    std::optional<std::string> find_text(const char* name);
    std::optional<std::uint64_t> find_number(const char* name, std::uint64_t most = kAnyNumber);
    std::optional<std::uint64_t> find_address(const char* name);
    std::optional<bool> find_boolean(const char* name);
    const Json* find_object(const char* name);
    const Json* find_array(const char* name);

    // Whether the field is there and not null.
    [[nodiscard]] bool has(const char* name) const;
    void fail(std::string_view name, std::string_view why);
    // The failure of a part that was read on its own, which names its place itself.
    void adopt(const Status& part);
    [[nodiscard]] bool failed() const { return error_.has_value(); }
    [[nodiscard]] std::string path_of(std::string_view name) const;
    // Success where nothing failed.
    [[nodiscard]] Status status() const;
    // The same, and every field was asked for.
    [[nodiscard]] Status finish();

private:
    const Json* take(const char* name, bool required);
    const Json* take_kind(const char* name, bool required, Json::value_t kind, std::string_view expected);
    template <class T>
    T required(const char* name, std::optional<T> found);

    const Json& value_;
    std::string path_;
    std::vector<std::string_view> taken_;   // keys of value_
    std::optional<Error> error_;
};

}   // namespace memhot::units
