// SPDX-License-Identifier: LGPL-2.1-or-later
//
// Records that both kinds of recording have.
#pragma once

#include <fmt/format.h>

#include <algorithm>
#include <string>
#include <vector>

#include "replay/json_fields.hpp"
#include "replay/transcript.hpp"

namespace memhot {

// "kernel" of a recording: identity and command line.
Status read_kernel(Snapshot& start, Fields& document);
Result<SectionInfo> read_section(const Json& json, const std::string& path);
Result<RecordedBlock> read_block(const Json& json, const std::string& path);

// An array of records, each read with its path, in ascending order of their number.
template <class T>
Result<std::vector<T>> read_all(Fields& fields, const char* name, Result<T> (*read)(const Json&, const std::string&)) {
    const Json* array = fields.array(name);
    if (array == nullptr) return std::move(fields.status()).error();
    std::vector<T> all;
    for (std::size_t i = 0; i < array->size(); ++i) {
        auto one =
            read((*array)[i], fmt::format("{}{}{}[{}]", fields.path(), fields.path().empty() ? "" : ".", name, i));
        if (!one) return std::move(one).error();
        all.push_back(*std::move(one));
    }
    std::ranges::sort(all, {}, &T::number);
    return all;
}

}   // namespace memhot
