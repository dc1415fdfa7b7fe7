// SPDX-License-Identifier: GPL-2.0-or-later
//
// Any bytes as /proc/iomem: refused with a line of text, or read so that printing and reading again gives the same, and
// the tree answers claims without contradicting itself.
#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

#include "memhot/iomem.hpp"

namespace {

void require(bool truth) {
    if (!truth) std::abort();
}

// What is true of every tree.
void check_claims(memhot::ResourceTree tree) {
    const std::string before = tree.print();
    const auto& roots = tree.roots();
    const auto reaches_next = [](const auto& top, const auto& next) { return top.range.last >= next.range.start; };
    const bool ordered = std::ranges::adjacent_find(roots, reaches_next) == roots.end();
    for (const auto& top : roots) {
        const auto inside = tree.request_conflict(top.range.start, top.range.size());
        require(!ordered || inside != nullptr ||
                !top.busy);   // nobody takes what is busy, but for windows that PCI moved
    }
    constexpr std::uint64_t kStart = 0x240000000;
    constexpr std::uint64_t kSize = 0x8000000;
    const bool free = tree.request_conflict(kStart, kSize) == nullptr;
    require(tree.request(kStart, kSize, "fuzz", false) == free);
    if (!free) return;
    require(tree.request_conflict(kStart, kSize) != nullptr);
    require(tree.has_claim(kStart, kSize));
    require(tree.release(kStart, kSize));
    require(tree.print() == before);
}

}   // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const std::string_view text(reinterpret_cast<const char*>(data), size);
    for (const char* arch : {"x86_64", "arm64"}) {
        const auto tree = memhot::ResourceTree::parse(text, arch);
        if (!tree) {
            const std::string message = tree.error().message();
            require(!message.empty() && message.find('\n') == std::string::npos);
            continue;
        }
        const std::string printed = tree->print();
        const auto again = memhot::ResourceTree::parse(printed, arch);
        require(again.ok() && again->print() == printed);
        check_claims(*tree);
    }
    return 0;
}
