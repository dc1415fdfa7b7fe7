// SPDX-License-Identifier: LGPL-2.1-or-later
//
// What an entry's arithmetic sees and writes: numbers by name, wherever they come from, and the values to show.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "explain/entry.hpp"
#include "explain/text.hpp"
#include "memhot/value.hpp"

namespace memhot::explaining {

class Workings {
public:
    Workings(Explanation& out, const Text& text, const ExplainContext& context, std::size_t line)
        : out_(out), text_(text), context_(context), line_(line) {}

    // Of this explanation, else of the text around it, else of the host. What is used is shown among the found values.
    std::optional<std::uint64_t> number(std::string_view name);
    std::optional<Range> range(std::string_view name);
    std::string word(std::string_view name);
    // Whether there is such a value, without showing it.
    [[nodiscard]] bool knows(std::string_view name) const;

    void found(Value value);
    void next(Value value);
    void need(Need need) { needs_.push_back(need); }
    // Another entry says it better: its cause, remedy and needs.
    void become(std::string_view id) { become_ = id; }

    [[nodiscard]] const std::string& device() const { return out_.device; }
    [[nodiscard]] int error() const { return out_.error; }
    [[nodiscard]] const Text& text() const { return text_; }
    [[nodiscard]] std::string_view becomes() const { return become_; }
    [[nodiscard]] const std::vector<Need>& needs() const { return needs_; }

private:
    [[nodiscard]] std::optional<Value> look_up(std::string_view name) const;
    [[nodiscard]] const Place* own_namespace() const;

    Explanation& out_;
    const Text& text_;
    const ExplainContext& context_;
    std::size_t line_;
    std::string_view become_;
    std::vector<Need> needs_;
};

// --- arithmetic that several entries share (arithmetic.cpp) -----------------------------------------------------------

// The multiples of unit on both sides as "size_below" and "size_above"; nothing for 0 or where size is one itself.
void put_sizes(Workings& work, std::uint64_t size, std::uint64_t unit);
// The same for an address, as "start_below" and "start_above".
void put_starts(Workings& work, std::uint64_t start, std::uint64_t unit);
// The part of a range between multiples of unit, as NAME, and the bytes lost at both ends.
void put_inside(Workings& work, std::string_view name, const Range& range, std::uint64_t unit);
// The memory block that holds an address: "block" (memoryN).
void put_block(Workings& work, std::uint64_t address, std::uint64_t block_size);
// What kmem keeps of a range and loses at both ends with blocks of a size.
void put_kmem(Workings& work, const Range& range, std::uint64_t block_size);

// The usable size of the device, from the text or a listing in it.
std::optional<std::uint64_t> usable_size(Workings& work);
// 128 MiB, unless the text or the host says another size.
std::uint64_t section_size_of(Workings& work);
// An upstream version in the text or of the host that is older.
bool older_than(Workings& work, unsigned major, unsigned minor);

}   // namespace memhot::explaining
