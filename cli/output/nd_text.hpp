// SPDX-License-Identifier: GPL-2.0-or-later
//
// A region, namespace or dax device in full, for `show`.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "client/nd_tree.hpp"
#include "output/json.hpp"

namespace memhotctl {

struct NdView {
    std::vector<std::string> device;     // what it is, what drives it, and what is on it
    std::vector<std::string> stranded;   // bytes of it that nobody can use, and why; those of what is on it too
    std::string instead_of_range;        // of what has no addresses of its own
    Json document;                       // as namespace list has it
};

using SizeText = std::function<std::string(std::uint64_t)>;

// Nothing where no nvdimm region, namespace, DIMM, dax device, dax region or CXL region has that name.
std::optional<NdView> nd_view(const Host& host, std::string_view name, const SizeText& size);

}   // namespace memhotctl
