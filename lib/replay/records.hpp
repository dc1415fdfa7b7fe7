// SPDX-License-Identifier: LGPL-2.1-or-later
//
// Records that both kinds of recording have.
#pragma once

#include <fmt/format.h>

#include <algorithm>
#include <string>
#include <vector>

#include "memhot/units.hpp"
#include "replay/transcript.hpp"
#include "units/json_object.hpp"

namespace memhot {

using units::Json;
using units::JsonObject;

constexpr units::JsonLimits kRecordingLimits{.bytes = 256 * kMiB, .depth = 64};

// "kernel" of a recording: identity and command line.
Status read_kernel(Snapshot& start, JsonObject& document);
// "messages" of a step.
std::vector<std::string> read_messages(const Json& step);
Result<SectionInfo> read_section(const Json& json, const std::string& path);
Result<RecordedBlock> read_block(const Json& json, const std::string& path);

// An array of records, each read with its path, in ascending order of their number.
template <class T>
Result<std::vector<T>> read_all(JsonObject& fields, const char* name,
                                Result<T> (*read)(const Json&, const std::string&)) {
    const Json* array = fields.array(name);
    if (array == nullptr) return std::move(fields.status()).error();
    std::vector<T> all;
    for (std::size_t i = 0; i < array->size(); ++i) {
        auto one = read((*array)[i], fmt::format("{}[{}]", fields.path_of(name), i));
        if (!one) return std::move(one).error();
        all.push_back(*std::move(one));
    }
    std::ranges::sort(all, {}, &T::number);
    return all;
}

}   // namespace memhot
