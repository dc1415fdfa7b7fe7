// SPDX-License-Identifier: LGPL-2.1-or-later
//
// An object of a snapshot's JSON, read field by field: the first failure is kept with the path of its field, and fields
// that nobody asked for are refused at the end.
#pragma once

#include <cstdint>
#include <limits>
#include <nlohmann/json.hpp>
#include <optional>
#include <set>
#include <string>
#include <string_view>

#include "memhot/result.hpp"

namespace memhot::snapshot {

using Json = nlohmann::json;

// Without exceptions. Refused: more than max_bytes, deeper nesting than any snapshot has, invalid UTF-8, and an object
// that gives a field twice.
Result<Json> parse_document(std::string_view text, std::size_t max_bytes);

class Object {
public:
    // path: "blocks[3]", empty for the document itself.
    Object(const Json& value, std::string path);

    // Required ones; a stand-in after a failure.
    std::string text(const char* name);
    std::uint64_t number(const char* name, std::uint64_t most = std::numeric_limits<std::uint64_t>::max());
    // Of the given type, or a failure and nullptr.
    const Json* object(const char* name);
    const Json* array(const char* name);
    // Absent where the field is.
    std::optional<std::string> find_text(const char* name);
    std::optional<std::uint64_t> find_number(const char* name,
                                             std::uint64_t most = std::numeric_limits<std::uint64_t>::max());
    std::optional<bool> find_boolean(const char* name);
    const Json* find_object(const char* name);
    const Json* find_array(const char* name);

    void fail(std::string_view name, std::string_view why);
    [[nodiscard]] bool failed() const { return error_.has_value(); }
    [[nodiscard]] std::string path_of(std::string_view name) const;
    // Success where nothing failed and every field was asked for.
    [[nodiscard]] Status finish();

private:
    const Json* take(const char* name, bool required);
    const Json* take_kind(const char* name, bool required, Json::value_t kind, std::string_view expected);

    const Json& value_;
    std::string path_;
    std::set<std::string, std::less<>> taken_;
    std::optional<Error> error_;
};

}   // namespace memhot::snapshot
