// SPDX-License-Identifier: LGPL-2.1-or-later
//
// Memory blocks from sysfs (memory_blocks.hpp).
#include "host/memory_blocks.hpp"

#include <algorithm>
#include <array>
#include <bit>
#include <cerrno>
#include <charconv>
#include <cstring>
#include <fcntl.h>
#include <fmt/format.h>
#include <limits>
#include <linux/magic.h>
#include <ranges>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <tuple>
#include <unistd.h>

#include "host/directory.hpp"
#include "host/nodes.hpp"
#include "memhot/units.hpp"
#include "units/quote.hpp"

namespace memhot::host {
namespace {

constexpr std::string_view kMemory = "sys/devices/system/memory";

constexpr bool is_digit(char c) { return c >= '0' && c <= '9'; }
constexpr bool is_letter(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); }

// Reads the attributes of one block after the other through the directory /sys/devices/system/memory.
class AttributeReader {
public:
    AttributeReader(const Root& root, int memory) : root_(root), memory_(memory) {
        std::memcpy(path_.data(), "memory", kPrefix);
    }

    void select(std::uint64_t block) {
        const auto end = std::to_chars(path_.data() + kPrefix, path_.data() + path_.size() - 32, block).ptr;
        *end = '/';
        name_at_ = static_cast<std::size_t>(end - path_.data()) + 1;
    }

    // The attribute without its line end; absent where the file is not there.
    Result<std::optional<std::string_view>> read(std::string_view attribute) {
        std::memcpy(path_.data() + name_at_, attribute.data(), attribute.size());
        path_[name_at_ + attribute.size()] = '\0';
        const int fd = ::openat(memory_, path_.data(), O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK | O_NOFOLLOW);
        if (fd < 0) return absent_or(errno);
        // sysfs answers an attribute in one piece, and so does every file system with a file of a few bytes.
        const ssize_t got = ::read(fd, buffer_.data(), buffer_.size());
        const int error = errno;
        ::close(fd);
        if (got < 0) return absent_or(error);
        const auto text = trimmed({buffer_.data(), static_cast<std::size_t>(got)});
        if (text.empty() || static_cast<std::size_t>(got) == buffer_.size()) {
            return bad_input(fmt::format("{}: {}, expected a value", shown(), text.empty() ? "empty" : "too long"));
        }
        return std::optional(text);
    }

    Error wrong(std::string_view text, std::string_view expected) const {
        return bad_input(fmt::format("{}: {}, expected {}", shown(), units::quoted(text), expected));
    }

private:
    static constexpr std::size_t kPrefix = 6;

    std::string shown() const { return root_.shown(fmt::format("{}/{}", kMemory, path_.data())); }
    Result<std::optional<std::string_view>> absent_or(int error) const {
        if (is_absent(error)) return std::optional<std::string_view>();
        return file_error(shown(), error);
    }

    const Root& root_;
    int memory_;
    std::size_t name_at_ = 0;
    std::array<char, 64> path_{};
    std::array<char, 512> buffer_{};
};

// Of the zones that an offline block may have, "Normal Movable", the one that the written word chose. sysfs would show
// that one alone.
std::string zone_taken(std::string_view zones, bool movable) {
    for (const auto word : std::views::split(zones, ' ')) {
        const std::string_view zone(word.begin(), word.end());
        if ((zone == "Movable") == movable) return std::string(zone);
    }
    return std::string(zones);
}

// False: the block is gone.
Result<bool> read_block(AttributeReader& reader, bool with_removable, BlockRecord& block) {
    reader.select(block.number);
    const auto state = reader.read("state");
    if (!state) return state.error();
    if (!*state) return false;
    // A file of a root directory keeps the word that was written; sysfs answers "online" to each of them.
    const bool to_movable = **state == "online_movable";
    const bool written = to_movable || **state == "online_kernel";
    if (!written && !is_block_state(**state)) return reader.wrong(**state, "online, offline or going-offline");
    block.state = written ? "online" : **state;

    const auto zones = reader.read("valid_zones");
    if (!zones) return zones.error();
    if (*zones && !is_zone_list(**zones)) return reader.wrong(**zones, "names of zones, or none");
    if (*zones) block.valid_zones = written ? zone_taken(**zones, to_movable) : std::string(**zones);

    if (!with_removable) return true;
    const auto removable = reader.read("removable");
    if (!removable) return removable.error();
    if (*removable && **removable != "0" && **removable != "1") return reader.wrong(**removable, "0 or 1");
    if (*removable) block.removable = **removable == "1";
    return true;
}

Result<std::uint64_t> read_block_size(const Root& root) {
    const std::string path = fmt::format("{}/block_size_bytes", kMemory);
    const auto word = root.read_word(path);
    if (!word) return word.error();
    const auto size = parse_hex(*word);
    if (!size) return Error(size.error()).add_context(root.shown(path));
    // A block is a power of two of sections (memory_dev_init), and the smallest section is 16 MiB.
    if (!std::has_single_bit(*size) || *size < kSubsectionSize) {
        return bad_input(fmt::format("{}: {}, expected a power of two of at least 2 MiB in hex", root.shown(path),
                                     units::quoted(*word)));
    }
    return *size;
}

Result<std::vector<std::uint64_t>> list_blocks(const Root& root, int memory) {
    std::vector<std::uint64_t> numbers;
    const int error = for_each_name(memory, [&](std::string_view name) {
        if (const auto number = numbered_name(name, "memory")) numbers.push_back(*number);
    });
    if (error != 0) return file_error(root.shown(kMemory), error);
    if (numbers.size() > kMaxBlocks) {
        return Error(ErrorKind::unsupported, fmt::format("{}: {} memory blocks, expected at most {}",
                                                         root.shown(kMemory), numbers.size(), kMaxBlocks));
    }
    std::ranges::sort(numbers);
    return numbers;
}

Status read_blocks(const Root& root, int memory, const std::vector<std::uint64_t>& numbers, bool with_removable,
                   MemoryBlocks& found) {
    AttributeReader reader(root, memory);
    found.blocks.reserve(numbers.size());
    for (const auto number : numbers) {
        BlockRecord& block = found.blocks.emplace_back();
        block.number = number;
        const auto there = read_block(reader, with_removable, block);
        if (!there) return there.error();
        if (*there) continue;
        found.blocks.pop_back();
        // Going, or not quite there yet: the directory comes before its files (device_add).
        found.unrest =
            fmt::format("{} is listed but not there", root.shown(fmt::format("{}/memory{}/state", kMemory, number)));
    }
    return Done{};
}

bool is_sysfs(int fd) {
    struct statfs status{};
    return ::fstatfs(fd, &status) == 0 && status.f_type == SYSFS_MAGIC;
}

// What changes when an entry comes or goes, on file systems of disks and memory. sysfs keeps no such times.
std::tuple<nlink_t, time_t, long> stamp_of(int fd) {
    struct stat status{};
    if (::fstat(fd, &status) != 0) return {};
    return {status.st_nlink, status.st_mtim.tv_sec, status.st_mtim.tv_nsec};
}

}   // namespace

bool is_block_state(std::string_view text) {
    if (text == "online" || text == "offline" || text == "going-offline") return true;
    constexpr std::string_view kUnknown = "ERROR-UNKNOWN-";
    return text.starts_with(kUnknown) && text.size() > kUnknown.size() && text.size() < 64 &&
           std::ranges::all_of(text.substr(kUnknown.size()), is_digit);
}

bool is_zone_list(std::string_view text) {
    if (text.empty() || text.size() > 128 || text.front() == ' ' || text.back() == ' ') return false;
    return std::ranges::all_of(text, [](char c) { return is_digit(c) || is_letter(c) || c == ' '; }) &&
           text.find("  ") == std::string_view::npos;
}

std::optional<std::uint64_t> numbered_name(std::string_view name, std::string_view prefix) {
    if (!name.starts_with(prefix)) return std::nullopt;
    const auto digits = name.substr(prefix.size());
    if (digits.empty() || (digits.front() == '0' && digits.size() > 1)) return std::nullopt;
    std::uint64_t number = 0;
    const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), number);
    if (error != std::errc{} || end != digits.data() + digits.size()) return std::nullopt;
    return number;
}

Result<std::optional<MemoryBlocks>> read_memory_blocks(const Root& root, bool with_removable) {
    const auto memory = root.open_directory(kMemory);
    if (!memory) {
        if (memory.error().kind() == ErrorKind::not_found) return std::optional<MemoryBlocks>();
        return memory.error();
    }
    MemoryBlocks found;
    const auto size = read_block_size(root);
    if (!size) return size.error();
    found.block_size = *size;

    const auto stamp = stamp_of(memory->get());
    const auto numbers = list_blocks(root, memory->get());
    if (!numbers) return numbers.error();
    if (auto read = read_blocks(root, memory->get(), *numbers, with_removable, found); !read) return read.error();
    const auto links = read_block_nodes(root, memory->get(), found.blocks);
    if (!links) return links.error();
    if (!found.unrest.empty() || *links == NodeLinks::complete) return std::optional(std::move(found));
    if (!is_sysfs(memory->get()) && stamp_of(memory->get()) == stamp) return std::optional(std::move(found));

    if (::lseek(memory->get(), 0, SEEK_SET) < 0) return file_error(root.shown(kMemory), errno);
    const auto again = list_blocks(root, memory->get());
    if (!again) return again.error();
    if (*again != *numbers) found.unrest = "the set of memory blocks changed while it was read";
    return std::optional(std::move(found));
}

Result<std::optional<std::uint64_t>> read_memory_block_size(const Root& root) {
    const auto memory = root.open_directory(kMemory);
    if (!memory) {
        if (memory.error().kind() == ErrorKind::not_found) return std::optional<std::uint64_t>();
        return memory.error();
    }
    const auto size = read_block_size(root);
    if (!size) return size.error();
    return std::optional(*size);
}

Result<std::vector<BlockRecord>> read_some_blocks(const Root& root, const std::vector<std::uint64_t>& numbers,
                                                  bool with_removable) {
    const auto memory = root.open_directory(kMemory);
    if (!memory) return memory.error();
    MemoryBlocks found;
    if (auto read = read_blocks(root, memory->get(), numbers, with_removable, found); !read) return read.error();
    for (auto& block : found.blocks) {
        if (auto read = read_own_node(root, memory->get(), block); !read) return read.error();
    }
    return std::move(found.blocks);
}

}   // namespace memhot::host
