// SPDX-License-Identifier: GPL-2.0-or-later
//
// Any text explained: there is always an answer, its sentences have no holes left, and its document is JSON.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "memhot/explain.hpp"

namespace {

using namespace memhot;

void require(bool holds) {
    if (!holds) std::abort();
}

bool whole(std::string_view sentence) { return sentence.find('{') == std::string_view::npos; }

void check(const Explanation& one) {
    require(!one.id.empty() && one.incident >= 1);
    require(!one.cause.empty());
    if (one.kind == Explanation::Kind::unknown) return;
    // what a value holds is the text's own and may be anything
    bool foreign = false;
    for (const auto& value : one.found) foreign = foreign || !whole(to_string(value));
    require(foreign || !whole(one.device) || (whole(one.cause) && whole(one.remedy)));
    for (const auto& value : one.next) require(!value.name.empty() && !to_string(value).empty());
}

}   // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const std::string_view text(reinterpret_cast<const char*>(data), size);
    ExplainContext known;
    known.block_size = 2 * kGiB;
    known.page_size = 64 * kKiB;
    known.section_size = 512 * kMiB;
    for (const auto& context : {ExplainContext{}, known}) {
        const auto all = explain(text, context);
        require(!all.empty());
        for (const auto& one : all) check(one);
        require(to_json(all).starts_with("{"));
    }
    return 0;
}
