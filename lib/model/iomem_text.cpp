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

constexpr unsigned kPrintedLevels = 5;   // MAX_IORES_LEVEL: deeper resources are printed at this indent
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
    if (spaces % 2 != 0 || spaces / 2 > kPrintedLevels) {
        return at_line(number, text, "indented by 0, 2, 4, 6, 8 or 10 spaces expected");
    }
    line.level = static_cast<unsigned>(spaces / 2);
    if (rest.starts_with('-') || !take_hex(rest, line.range.start) || !take(rest, "-") ||
        !take_hex(rest, line.range.last) || !take(rest, " : ")) {
        return at_line(number, text, "START-END : NAME with hexadecimal addresses of at most 64 bits expected");
    }
    if (line.range.last < line.range.start) return at_line(number, text, "the range ends before it starts");
    if (rest.empty() || rest.size() > kLongestName) return at_line(number, text, "a name of 1 to 4096 bytes expected");
    line.name = rest;
    return line;
}

// Puts lines into a tree. Levels beyond the fifth are printed alike, so there containment decides.
class Builder {
public:
    explicit Builder(std::vector<Resource>& roots, std::string_view arch) : roots_(roots), arch_(arch) {}

    Status add(const Line& line, std::string_view text) {
        if (line.level > path_.size()) return at_line(line.number, text, "indented deeper than the line above allows");
        while (path_.size() > line.level && !belongs_below_last(line)) path_.pop_back();
        auto& siblings = path_.empty() ? roots_ : last().children;
        if (!path_.empty() && !last().range.contains(line.range)) {
            return at_line(line.number, text, "not inside the range it is indented under");
        }
        if (!siblings.empty() && siblings.back().range.last >= line.range.start) {
            return at_line(line.number, text, "overlaps or precedes the range above it");
        }
        Resource resource{.range = line.range, .name = std::string(line.name), .children = {}};
        classify(resource, static_cast<unsigned>(path_.size()), path_.empty() ? nullptr : &last(), arch_);
        siblings.push_back(std::move(resource));
        path_.push_back(siblings.size() - 1);
        return Done{};
    }

private:
    Resource& last() {
        Resource* resource = &roots_[path_.front()];
        for (auto index = std::next(path_.begin()); index != path_.end(); ++index)
            resource = &resource->children[*index];
        return *resource;
    }
    bool belongs_below_last(const Line& line) {
        return line.level == kPrintedLevels && path_.size() > kPrintedLevels && last().range.contains(line.range);
    }

    std::vector<Resource>& roots_;
    std::string_view arch_;
    std::vector<std::size_t> path_;   // index at each level of the resource last added
};

void print_children(std::string& out, const std::vector<Resource>& children, unsigned depth) {
    for (const auto& child : children) {
        fmt::format_to(std::back_inserter(out), "{:{}}{:08x}-{:08x} : ", "", 2 * std::min(depth, kPrintedLevels),
                       child.range.start, child.range.last);
        out += child.name;
        out += '\n';
        print_children(out, child.children, depth + 1);
    }
}

bool all_zero(const std::vector<Line>& lines) {
    return lines.size() > 1 &&
           std::all_of(lines.begin(), lines.end(), [](const Line& line) { return line.range == Range{0, 0}; });
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
    Builder builder(tree.root_.children, arch);
    for (std::size_t i = 0; i < lines.size(); ++i) {
        if (auto added = builder.add(lines[i], texts[i]); !added) return std::move(added).error();
    }
    for (auto& top : tree.root_.children) unbusy_parents_of_ram(top);
    return tree;
}

std::string ResourceTree::print() const {
    std::string out;
    print_children(out, root_.children, 0);
    return out;
}

}   // namespace memhot
