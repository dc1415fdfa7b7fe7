// SPDX-License-Identifier: LGPL-2.1-or-later
//
// Typed access to JSON that may be anything: every failure is an Error that names the field.
#pragma once

#include <cstdint>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <string_view>

#include "memhot/result.hpp"
#include "memhot/units.hpp"

namespace memhot {

using Json = nlohmann::json;

// Parses without exceptions; text beyond max_bytes and nesting beyond 64 levels are refused.
Result<Json> parse_json(std::string_view text, std::size_t max_bytes);

// An object and where it stands in the document; remembers the first error so that a reader can ask for everything and
// check once.
class Fields {
public:
    Fields(const Json& object, std::string path);

    [[nodiscard]] bool has(const char* name) const;
    std::string text(const char* name);
    std::uint64_t number(const char* name);
    // A string "0x..." of at most 64 bits.
    std::uint64_t address(const char* name);
    bool boolean(const char* name);
    // An array or object, for the caller to walk; nullptr after an error.
    const Json* array(const char* name);
    const Json* object(const char* name);

    [[nodiscard]] const std::string& path() const { return path_; }
    [[nodiscard]] Status status() const;
    void fail(const char* name, std::string_view expected);

private:
    const Json* find(const char* name);

    const Json& object_;
    std::string path_;
    std::optional<Error> error_;
};

}   // namespace memhot
