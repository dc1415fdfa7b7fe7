// SPDX-License-Identifier: GPL-2.0-or-later
//
// Namespaces and dax devices in documents: ndctl's and daxctl's field names where the thing is the same; addresses are
// strings, sizes numbers of bytes.
#pragma once

#include "client/nd_tree.hpp"
#include "output/json.hpp"

namespace memhotctl {

// A region without labels has one namespace of its size, whatever sysfs shows of free space on its DIMMs.
bool is_divided(const memhot::NdRegionRecord& region);

Json to_document(const RegionNode& region);
Json to_document(const NamespaceNode& ns);
Json to_document(const DaxRegionNode& region);
Json to_document(const DaxNode& device);

}   // namespace memhotctl
