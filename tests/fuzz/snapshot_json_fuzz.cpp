// SPDX-License-Identifier: GPL-2.0-or-later
//
// Any text as a snapshot: what is taken is written and read back as itself, and its blocks merge into rows that cover
// them; what is refused is refused in one line.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "memhot/list.hpp"
#include "memhot/snapshot.hpp"

namespace {

void require(bool holds) {
    if (!holds) std::abort();
}

void check_list(const memhot::Snapshot& snapshot) {
    const auto list = memhot::list_blocks(snapshot, {.node = true, .zones = true});
    require(list.ok() == snapshot.blocks.has_value());
    if (!list) return;
    std::uint64_t blocks = 0;
    for (const auto& row : list->rows) {
        require(row.range.start <= row.range.last);
        blocks += row.last_block - row.first_block + 1;
    }
    require(blocks == snapshot.blocks->size());
}

}   // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const auto snapshot = memhot::snapshot_from_json({reinterpret_cast<const char*>(data), size});
    if (!snapshot) {
        for (const char c : snapshot.error().message()) require(static_cast<unsigned char>(c) >= 0x20);
        return 0;
    }
    const auto text = memhot::to_json(*snapshot);
    const auto back = memhot::snapshot_from_json(text);
    require(back.ok());
    require(memhot::to_json(*back) == text);
    check_list(*snapshot);
    return 0;
}
