// SPDX-License-Identifier: GPL-2.0-or-later
//
// Which configuration files count, by systemd's rules (systemd.syntax(7) and conf_files_list() of src/basic/conf-files.c):
// of several files of one name that in /etc wins, then /run, /usr/local/lib and /usr/lib; one that is empty or a link to
// /dev/null masks the others; those that are left are read in the order of their names, whatever their directories. Takes
// a root directory and does not leave it through symbolic links.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "memhot/result.hpp"

namespace memhot::config {

// The best first.
inline constexpr std::string_view kPlaces[] = {"/etc", "/run", "/usr/local/lib", "/usr/lib"};

enum class FileState : std::uint8_t {
    used,
    hidden,   // one of the same name in a better directory counts
    masking,   // empty, or a link to /dev/null: it only hides others
};
std::string_view to_string(FileState state);

struct ConfigFile {
    std::string path;   // as seen below the root: "/etc/memhot/policy.d/10-cxl.policy"
    FileState state = FileState::used;
    std::string hidden_by;   // the path that counts instead
    std::string text;   // of one that is used
    friend bool operator==(const ConfigFile&, const ConfigFile&) = default;
};

// A configuration file is text that somebody wrote.
inline constexpr std::size_t kLargestFile = std::size_t{1} << 20;

// All files NAME.suffix in directories ("/etc/memhot/policy.d", ...), the best directory first; by name, and of one name by
// directory. Names that begin with a dot are left out. Errors: a directory, or a file that
// counts, that is there and cannot be read.
Result<std::vector<ConfigFile>> find_files(const std::string& root, std::span<const std::string> directories,
                                           std::string_view suffix);
// The one file of that name that counts ("memhot/memhotd.conf" below each of kPlaces), and those that it hides.
Result<std::vector<ConfigFile>> find_file(const std::string& root, std::string_view name);
// Below each of kPlaces: "/etc/memhot/policy.d", ...
std::vector<std::string> places_of(std::string_view name);

}   // namespace memhot::config
