// SPDX-License-Identifier: LGPL-2.1-or-later
//
// The directory of one device in sysfs, read attribute by attribute. An attribute may be missing, may belong to a driver
// that is not bound (ENXIO) or be closed to the reader (EACCES): all absent. The first one that cannot be what the
// kernel prints is kept as the error of the device.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "host/root.hpp"

namespace memhot::host {

class Device {
public:
    // path: of its directory or of a link to it. hidden: gets the paths of what may not be read.
    Device(const Root& root, std::string path, std::vector<std::string>& hidden)
        : root_(&root), path_(std::move(path)), hidden_(&hidden) {}

    // One line; empty where it is absent or empty.
    std::string text(std::string_view attribute);
    // All lines, none of them empty; nothing where it is absent.
    std::optional<std::vector<std::string>> lines(std::string_view attribute);
    // Decimal or hexadecimal with 0x.
    std::optional<std::uint64_t> number(std::string_view attribute);
    std::optional<int> small(std::string_view attribute);
    // A node; -1, which stands for an unknown one, is absent.
    std::optional<int> node(std::string_view attribute);
    std::optional<bool> flag(std::string_view attribute);
    // "512 [4096]": all of them, and the one in brackets.
    struct Choice {
        std::vector<std::uint64_t> all;
        std::optional<std::uint64_t> chosen;
    };
    Choice choice(std::string_view attribute);
    // The last part of where a link points; empty where there is none.
    std::string link(std::string_view name);
    // Names in a directory below; none where it is not there.
    std::vector<std::string> list(std::string_view directory);

    void fail(std::string_view attribute, std::string_view text, std::string_view expected);
    [[nodiscard]] const std::string& path() const { return path_; }
    [[nodiscard]] Status status() const;

private:
    std::string below(std::string_view name) const;
    std::optional<std::string> content(std::string_view attribute);

    const Root* root_;
    std::string path_;
    std::vector<std::string>* hidden_;
    std::optional<Error> error_;
};

// Where a link in a directory points, in parts: "../../a/b" gives "..", "..", "a", "b"; empty where it is no link.
Result<std::vector<std::string>> read_link(const Root& root, std::string_view directory, std::string_view name);

// Keeps the first error among many devices.
void keep_first(std::optional<Error>& error, const Device& device);

}   // namespace memhot::host
