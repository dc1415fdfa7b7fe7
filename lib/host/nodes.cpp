// SPDX-License-Identifier: LGPL-2.1-or-later
//
// Nodes of memory blocks (nodes.hpp).
#include "host/nodes.hpp"

#include <algorithm>
#include <cerrno>
#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>

#include "host/directory.hpp"
#include "host/memory_blocks.hpp"

namespace memhot::host {
namespace {

constexpr std::string_view kNodes = "sys/devices/system/node";

std::optional<int> node_of_name(std::string_view name) {
    const auto number = numbered_name(name, "node");
    if (!number || *number > kMaxNode) return std::nullopt;
    return static_cast<int>(*number);
}

void take_lowest(std::optional<int>& node, int candidate) { node = std::min(node.value_or(candidate), candidate); }

// Reads one node directory after the other. Links come in no useful order, so that each is searched for: in an array
// of nothing but numbers, which stays in the cache where the records would not.
class NodeReader {
public:
    NodeReader(const Root& root, std::vector<BlockRecord>& blocks) : root_(root), blocks_(blocks) {
        numbers_.reserve(blocks.size());
        for (const auto& block : blocks) numbers_.push_back(block.number);
    }

    Status read(int node) {
        const std::string path = fmt::format("{}/node{}", kNodes, node);
        const auto directory = root_.open_directory(path);
        if (!directory) {
            // A node can go offline between being listed and being opened.
            if (directory.error().kind() == ErrorKind::not_found) return Done{};
            return directory.error();
        }
        const int error = for_each_name(directory->get(), [&](std::string_view name) {
            if (const auto number = numbered_name(name, "memory")) take(*number, node);
        });
        if (error != 0) return file_error(root_.shown(path), error);
        return Done{};
    }

    [[nodiscard]] NodeLinks links() const {
        if (!any_) return NodeLinks::own;
        return linked_ == blocks_.size() && !stranger_ ? NodeLinks::complete : NodeLinks::incomplete;
    }

private:
    void take(std::uint64_t number, int node) {
        any_ = true;
        const auto found = std::ranges::lower_bound(numbers_, number);
        if (found == numbers_.end() || *found != number) {
            stranger_ = true;
            return;
        }
        auto& block = blocks_[static_cast<std::size_t>(found - numbers_.begin())];
        if (!block.node) ++linked_;
        take_lowest(block.node, node);
    }

    const Root& root_;
    std::vector<BlockRecord>& blocks_;
    std::vector<std::uint64_t> numbers_;
    std::size_t linked_ = 0;
    bool any_ = false;
    bool stranger_ = false;
};

// The link nodeN in one block's own directory.
Status read_own_link(const Root& root, int memory, BlockRecord& block) {
    const std::string name = fmt::format("memory{}", block.number);
    const Descriptor directory(::openat(memory, name.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    int error = directory.is_open() ? 0 : errno;
    if (error == 0) {
        error = for_each_name(directory.get(), [&](std::string_view entry) {
            if (const auto node = node_of_name(entry)) take_lowest(block.node, *node);
        });
    }
    if (error != 0 && !is_absent(error)) {
        return file_error(root.shown(fmt::format("sys/devices/system/memory/{}", name)), error);
    }
    return Done{};
}

// memory12/node3, for a block and the node of the block before it.
bool has_link(int memory, std::uint64_t block, int node) {
    char path[64];
    *fmt::format_to_n(path, sizeof(path) - 1, "memory{}/node{}", block, node).out = '\0';
    struct stat status{};
    return ::fstatat(memory, path, &status, AT_SYMLINK_NOFOLLOW) == 0;
}

// Neighbours mostly share a node, so that one question a block is enough; only where the answer is no, the whole
// directory is read.
Status read_own_links(const Root& root, int memory, std::vector<BlockRecord>& blocks) {
    std::optional<int> before;
    for (auto& block : blocks) {
        if (before && has_link(memory, block.number, *before)) {
            block.node = before;
            continue;
        }
        if (auto read = read_own_link(root, memory, block); !read) return read;
        if (block.node) before = block.node;
    }
    return Done{};
}

}   // namespace

Result<NodeLinks> read_block_nodes(const Root& root, int memory, std::vector<BlockRecord>& blocks) {
    const auto names = root.list(kNodes);
    if (!names) return names.error();
    NodeReader reader(root, blocks);
    for (const auto& name : names->value_or(std::vector<std::string>{})) {
        const auto node = node_of_name(name);
        if (!node) continue;
        if (auto read = reader.read(*node); !read) return read.error();
    }
    if (reader.links() == NodeLinks::own) {
        if (auto read = read_own_links(root, memory, blocks); !read) return read.error();
    }
    return reader.links();
}

Status read_own_node(const Root& root, int memory, BlockRecord& block) { return read_own_link(root, memory, block); }

}   // namespace memhot::host
