// SPDX-License-Identifier: LGPL-2.1-or-later
//
// An object of a listing, read field by field and as tolerant as the programs were changeable: a number may be a number,
// decimal or hexadecimal text, a size may be printed for people. A field that is not there is absent; one of another
// kind is kept as the error, with its path.
#pragma once

#include <cstdint>
#include <fmt/format.h>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "memhot/result.hpp"

namespace memhot::report {

using Json = nlohmann::json;

class ListingFields {
public:
    // rounded: gets the paths of sizes that were printed for people.
    ListingFields(const Json& object, std::string path, std::vector<std::string>& rounded)
        : object_(object), path_(std::move(path)), rounded_(rounded) {}

    std::string text(const char* name);
    std::optional<std::uint64_t> number(const char* name);
    std::optional<std::uint32_t> small(const char* name);
    std::optional<std::uint64_t> size(const char* name);
    // An interleave set's id, which json-c prints as a signed number where its highest bit is set.
    std::optional<std::uint64_t> cookie(const char* name);
    // -1 is absent.
    std::optional<int> node(const char* name);
    std::optional<bool> flag(const char* name);
    std::vector<std::uint64_t> numbers(const char* name);
    // "1.4"
    void version(const char* name, std::optional<unsigned>& major, std::optional<unsigned>& minor);
    // Each object of an array.
    template <class Visit>
    void each(const char* name, Visit&& visit);

    void fail(const char* name, std::string_view found, std::string_view expected);
    [[nodiscard]] const std::optional<Error>& error() const { return error_; }

private:
    const Json* find(const char* name) const;
    [[nodiscard]] std::string path_of(std::string_view name) const;
    std::optional<std::uint64_t> number_of(const char* name, const Json& value);
    void wrong_kind(const char* name, const Json& value, std::string_view expected);

    const Json& object_;
    std::string path_;
    std::vector<std::string>& rounded_;
    std::optional<Error> error_;
};

template <class Visit>
void ListingFields::each(const char* name, Visit&& visit) {
    const Json* list = find(name);
    if (list == nullptr) return;
    if (!list->is_array()) return wrong_kind(name, *list, "an array");
    for (std::size_t i = 0; i < list->size() && !error_; ++i) {
        if (!(*list)[i].is_object()) return wrong_kind(name, (*list)[i], "objects");
        ListingFields inner((*list)[i], fmt::format("{}[{}]", path_of(name), i), rounded_);
        visit(inner);
        if (inner.error()) error_ = inner.error();
    }
}

}   // namespace memhot::report
