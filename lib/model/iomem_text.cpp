// SPDX-License-Identifier: LGPL-2.1-or-later
//
// /proc/iomem as text (kernel/resource.c r_show): read into a ResourceTree, and printed back to the letter.
#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <limits>

#include "memhot/iomem.hpp"
#include "model/resource_names.hpp"
#include "units/quote.hpp"

namespace memhot {

namespace {

// MAX_IORES_LEVEL: deeper resources are printed at this indent. Five until 6.13, since then eight.
constexpr unsigned kFewLevels = 5;
constexpr unsigned kManyLevels = 8;
constexpr std::size_t kLongestName = 4096;

struct Line {
    std::size_t number = 0;
    unsigned level = 0;   // as printed
    Range range;
    std::string_view name;
};

Error at_line(std::size_t number, std::string_view text, std::string_view reason) {
    return bad_input(fmt::format("line {}: {}: {}", number, reason, units::quoted(text)));
}

// Consumes hexadecimal digits from the front of text.
bool take_hex(std::string_view& text, std::uint64_t& value) {
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value, 16);
    if (error != std::errc{} || end == text.data()) return false;
    text.remove_prefix(static_cast<std::size_t>(end - text.data()));
    return true;
}

bool take(std::string_view& text, std::string_view what) {
    if (!text.starts_with(what)) return false;
    text.remove_prefix(what.size());
    return true;
}

Result<Line> parse_line(std::string_view text, std::size_t number) {
    Line line{.number = number, .range = {}, .name = {}};
    std::string_view rest = text;
    const std::size_t spaces = std::min(rest.find_first_not_of(' '), rest.size());
    rest.remove_prefix(spaces);
    if (spaces % 2 != 0 || spaces / 2 > kManyLevels) {
        return at_line(number, text, "indented by an even number of spaces, at most 16, expected");
    }
    line.level = static_cast<unsigned>(spaces / 2);
    if (rest.starts_with('-') || !take_hex(rest, line.range.start) || !take(rest, "-") ||
        !take_hex(rest, line.range.last) || !take(rest, " : ")) {
        return at_line(number, text, "START-END : NAME with hexadecimal addresses of at most 64 bits expected");
    }
    if (line.range.last < line.range.start) return at_line(number, text, "the range ends before it starts");
    if (rest.size() > kLongestName) return at_line(number, text, "a name of at most 4096 bytes expected");
    line.name = rest;
    return line;
}

// Windows of PCI host bridges that touch are merged in place, which leaves zeroed ones behind and lets the others reach
// into their neighbours (drivers/pci/probe.c pci_register_host_bridge, 7c3855c423b1); powernv moves windows of bridges.
bool is_zeroed(const Range& range) { return range == Range{0, 0}; }
bool is_pci(std::string_view name) { return name.starts_with("PCI Bus ") || is_pci_address(name); }

// Puts lines into a tree. Levels beyond the last printed one look alike, so there containment decides.
class Builder {
public:
    Builder(Resource& root, unsigned levels, std::string_view arch) : root_(root), levels_(levels), arch_(arch) {}

    Status add(const Line& line, std::string_view text) {
        if (line.level > path_.size()) return at_line(line.number, text, "indented deeper than the line above allows");
        while (path_.size() > line.level && !belongs_below_last(line)) path_.pop_back();
        Resource& parent = last();
        if (!parent.range.contains(line.range) && !is_zeroed(line.range)) {
            return at_line(line.number, text, "not inside the range it is indented under");
        }
        if (!follows(parent.children, line)) {
            if (!is_moved_window(parent.children, line)) {
                return at_line(line.number, text, "overlaps or precedes the range above it");
            }
            parent.disordered = true;
        }
        Resource resource{.range = line.range, .name = std::string(line.name), .children = {}};
        classify(resource, static_cast<unsigned>(path_.size()), path_.empty() ? nullptr : &parent, arch_);
        parent.children.push_back(std::move(resource));
        path_.push_back(parent.children.size() - 1);
        return Done{};
    }

private:
    // The resource last added, or the root.
    Resource& last() {
        Resource* resource = &root_;
        for (const std::size_t index : path_) resource = &resource->children[index];
        return *resource;
    }
    bool belongs_below_last(const Line& line) {
        return line.level == levels_ && path_.size() > levels_ && last().range.contains(line.range);
    }
    // The last sibling that has not been zeroed.
    static const Resource* above(const std::vector<Resource>& siblings) {
        const auto found = std::find_if(siblings.rbegin(), siblings.rend(),
                                        [](const Resource& sibling) { return !is_zeroed(sibling.range); });
        return found == siblings.rend() ? nullptr : &*found;
    }
    static bool follows(const std::vector<Resource>& siblings, const Line& line) {
        const Resource* previous = above(siblings);
        return siblings.empty() ||
               (!is_zeroed(line.range) && (previous == nullptr || previous->range.last < line.range.start));
    }
    static bool is_moved_window(const std::vector<Resource>& siblings, const Line& line) {
        if (is_zeroed(line.range)) return is_pci(line.name);
        const Resource* previous = above(siblings);
        return previous != nullptr && !line.name.starts_with("System RAM") &&
               (is_pci(previous->name) || is_pci(line.name));
    }

    Resource& root_;
    unsigned levels_;
    std::string_view arch_;
    std::vector<std::size_t> path_;   // index at each level of the resource last added
};

void print_children(std::string& out, const std::vector<Resource>& children, unsigned depth, unsigned levels) {
    for (const auto& child : children) {
        fmt::format_to(std::back_inserter(out), "{:{}}{:08x}-{:08x} : ", "", 2 * std::min(depth, levels),
                       child.range.start, child.range.last);
        out += child.name;
        out += '\n';
        print_children(out, child.children, depth + 1, levels);
    }
}

bool all_zero(const std::vector<Line>& lines) {
    return lines.size() > 1 &&
           std::all_of(lines.begin(), lines.end(), [](const Line& line) { return is_zeroed(line.range); });
}

}   // namespace

Result<ResourceTree> ResourceTree::parse(std::string_view text, std::string_view arch) {
    std::vector<Line> lines;
    std::vector<std::string_view> texts;
    while (!text.empty()) {
        const std::size_t end = std::min(text.find('\n'), text.size());
        const std::string_view line_text = text.substr(0, end);
        auto line = parse_line(line_text, lines.size() + 1);
        if (!line) return std::move(line).error();
        lines.push_back(*line);
        texts.push_back(line_text);
        text.remove_prefix(std::min(end + 1, text.size()));
    }
    if (lines.empty()) return bad_input("empty: at least one line START-END : NAME expected");
    if (all_zero(lines)) {
        return Error(
            ErrorKind::not_permitted,
            "every address is zero: the kernel hides them from a reader without CAP_SYS_ADMIN; read it as root");
    }
    ResourceTree tree;
    const bool many = std::ranges::any_of(lines, [](const Line& line) { return line.level > kFewLevels; });
    tree.printed_levels_ = many ? kManyLevels : kFewLevels;
    Builder builder(tree.root_, tree.printed_levels_, arch);
    for (std::size_t i = 0; i < lines.size(); ++i) {
        if (auto added = builder.add(lines[i], texts[i]); !added) return std::move(added).error();
    }
    for (auto& top : tree.root_.children) unbusy_parents_of_ram(top);
    return tree;
}

std::string ResourceTree::print() const {
    std::string out;
    print_children(out, root_.children, 0, printed_levels_);
    return out;
}

}   // namespace memhot
