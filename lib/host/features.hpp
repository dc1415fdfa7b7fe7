// SPDX-License-Identifier: LGPL-2.1-or-later
//
// Features that the host itself shows, whatever its version says: distributions backport. Three witnesses, each a table
// of what it can and cannot say: files of sysfs, the kernel's type information (BTF), its configuration.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "host/root.hpp"
#include "memhot/profile.hpp"

namespace memhot::host {

using FoundFeatures = std::map<Feature, bool>;

// From the parameters of memory_hotplug, where that directory is there, and from the file `probe`.
void features_of_sysfs(const std::optional<std::map<std::string, std::string>>& parameters, std::optional<bool> probe,
                       FoundFeatures& found);

// From a kernel configuration, the text of /boot/config-RELEASE.
void features_of_config(std::string_view config, FoundFeatures& found);

// From /proc/cpuinfo: the MMU of powerpc, which the boot chooses.
void features_of_cpuinfo(std::string_view cpuinfo, FoundFeatures& found);

struct TypeFacts {
    std::vector<std::pair<std::string, bool>> members;   // "memory_block.zone" of a structure that is there
    std::vector<std::string> functions;
    std::optional<unsigned> struct_page_size;
};
// What the text of /sys/kernel/btf/vmlinux says of the names that are asked for below; nothing where it cannot be read or this build has no libbpf.
TypeFacts read_type_facts(std::string_view text);
// A member that is not in its structure says no; a function that is not there says nothing, it may be inlined.
void features_of_types(const TypeFacts& facts, FoundFeatures& found);

// All of them. struct_page_size is set where BTF knows it.
Result<FoundFeatures> read_features(const Root& root, std::string_view release,
                                    const std::optional<std::map<std::string, std::string>>& parameters,
                                    std::optional<bool> probe, std::optional<unsigned>& struct_page_size);

}   // namespace memhot::host
