// SPDX-License-Identifier: LGPL-2.1-or-later
//
// /proc/iomem as text (proc_files.hpp); the tree in it is lib/model's to read.
#include <fmt/format.h>

#include "host/proc_files.hpp"
#include "units/quote.hpp"

namespace memhot::host {
namespace {

constexpr std::size_t kIomemLimit = std::size_t{16} << 20U;
constexpr std::string_view kRemedy = "read it as root (CAP_SYS_ADMIN), or use a snapshot that was captured so";

bool is_hex(char c) { return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f'); }

// The part of a line that holds addresses: "  START-END".
std::string_view addresses_of(std::string_view line) {
    const auto colon = line.find(" : ");
    return colon == std::string_view::npos ? std::string_view{} : trimmed(line.substr(0, colon));
}

Status check_first_line(const std::string& path, std::string_view text) {
    const auto line = text.substr(0, text.find('\n'));
    const auto addresses = addresses_of(line);
    const auto dash = addresses.find('-');
    if (dash != std::string_view::npos && dash != 0 && is_hex(addresses.front()) && is_hex(addresses.back()))
        return Done{};
    return bad_input(fmt::format("{}: line 1: {}, expected START-END : NAME", path, units::quoted(line)));
}

}   // namespace

bool has_only_zero_addresses(std::string_view iomem) {
    while (!iomem.empty()) {
        const auto end = iomem.find('\n');
        if (addresses_of(iomem.substr(0, end)).find_first_not_of("0-") != std::string_view::npos) return false;
        iomem.remove_prefix(end == std::string_view::npos ? iomem.size() : end + 1);
    }
    return true;
}

Result<IomemText> read_iomem(const Root& root) {
    const std::string path = root.shown("proc/iomem");
    auto text = root.read("proc/iomem", kIomemLimit);
    if (!text) {
        switch (text.error().kind()) {
            case ErrorKind::not_found: return IomemText{std::nullopt, fmt::format("{} is not there", path)};
            case ErrorKind::not_permitted:
                return IomemText{std::nullopt, fmt::format("{} may not be read: {}", path, kRemedy)};
            default: return text.error();
        }
    }
    if (text->empty()) return bad_input(fmt::format("{}: empty, expected lines START-END : NAME", path));
    if (auto checked = check_first_line(path, *text); !checked) return checked.error();
    if (has_only_zero_addresses(*text)) {
        return IomemText{std::nullopt, fmt::format("{} shows every address as 0: {}", path, kRemedy)};
    }
    return IomemText{std::move(*text), {}};
}

}   // namespace memhot::host
