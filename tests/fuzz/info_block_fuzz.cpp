// SPDX-License-Identifier: GPL-2.0-or-later
//
// Any bytes as the start of a namespace: decoding ends, takes no block without a signature, and a block that gets the
// right checksum is one that the kernel would see.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>

#include "memhot/nvdimm.hpp"
#include "nvdimm/info_block.hpp"

namespace {

using namespace memhot;

void require(bool holds) {
    if (!holds) std::abort();
}

void set_checksum(std::string& bytes, std::size_t offset) {
    const std::uint64_t sum = info_block_checksum(std::string_view(bytes).substr(offset, kInfoBlockSize));
    for (std::size_t i = 0; i < 8; ++i) {
        bytes[offset + kInfoChecksumAt + i] = static_cast<char>(static_cast<std::uint8_t>(sum >> (8 * i)));
    }
}

}   // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    std::string bytes(reinterpret_cast<const char*>(data), size);
    const auto block = decode_info_block(bytes);
    if (!block) return 0;
    require(size >= block->offset + kInfoBlockSize);
    require(block->uuid.size() == 36 && block->parent_uuid.size() == 36);
    require(block->btt.has_value() == (block->kind == InstanceKind::btt));
    require(block->data_offset.has_value() != block->btt.has_value());
    if (block->page_size) require(block->version_minor >= 4U);

    set_checksum(bytes, block->offset);
    const auto again = decode_info_block(bytes);
    require(again && again->checksum_ok && again->offset == block->offset && again->uuid == block->uuid);
    return 0;
}
