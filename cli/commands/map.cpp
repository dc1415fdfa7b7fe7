// SPDX-License-Identifier: GPL-2.0-or-later
//
// map: a picture of physical memory.
#include <fmt/format.h>

#include "client/things.hpp"
#include "context.hpp"
#include "output/map_json.hpp"
#include "output/picture.hpp"
#include "output/text.hpp"

namespace memhotctl {

using memhot::Range;
using memhot::Result;

namespace {

std::string_view sign_text(const Picture& picture, char sign) {
    for (const auto& entry : picture.legend) {
        if (entry.sign == sign) return entry.text;
    }
    return "";
}

Paint paint_of(const PictureLine& line) {
    return line.cells.find('+') != std::string::npos || line.cells.find('?') != std::string::npos ? Paint::doubtful
                                                                                                  : Paint::plain;
}

std::string line_text(const Context& context, const Picture& picture, const PictureLine& line) {
    if (line.cells.size() > 1) {
        return fmt::format("{:010x}  {}\n", line.range.start, context.paint(paint_of(line), line.cells));
    }
    const char sign = line.cells.front();
    const std::string_view text = sign == '-' || sign == '.' || sign == 'x' ? "no memory" : sign_text(picture, sign);
    return fmt::format("{:010x}-{:010x} {:>7}  {}  {}\n", line.range.start, line.range.last,
                       context.size(line.range.size()), sign, printable(text));
}

std::string text_of(const Context& context, const Picture& picture) {
    std::string out;
    for (const auto& line : picture.lines) out += line_text(context, picture, line);
    if (!context.legend()) return out;
    out += "\nA character is a sub-section of 2 MiB, a row 128 MiB from the address before it.\n";
    for (const auto& entry : picture.legend) {
        const std::string where =
            entry.range ? fmt::format(" {} ({})", to_string(*entry.range), context.size(entry.range->size())) : "";
        out += fmt::format("  {}  {}{}\n", entry.sign, printable(entry.text), where);
    }
    return out;
}

Result<std::optional<Range>> asked_range(const Host& host, const std::vector<std::string>& operands) {
    if (operands.empty()) return std::optional<Range>();
    return find_range(host, operands.front()).map([](const Range& range) { return std::optional(range); });
}

Result<int> run(Context& context) {
    const auto host = context.host();
    if (!host) return host.error();
    const auto model = host->need_model();
    if (!model) return model.error();
    const auto part = asked_range(*host, context.arguments().operands);
    if (!part) return part.error();
    const Painter painter(**model);
    if (context.json()) {
        const std::uint64_t last = painter.extents().empty() ? 0 : painter.extents().back().range.last;
        context.print_json(map_document(painter, part->value_or(Range{0, last}), **model));
    } else {
        context.print(text_of(context, painter.draw(*part)));
    }
    return exit_code::yes;
}

}   // namespace

const Command kMap{.name = "map",
                   .operands = "[RANGE]",
                   .least = 0,
                   .most = 1,
                   .summary = "a picture of physical memory: who owns what, down to sub-sections of 2 MiB",
                   .options = {},
                   .notes = "",
                   .foreign = {},
                   .run = run};

}   // namespace memhotctl
