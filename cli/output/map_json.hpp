// SPDX-License-Identifier: GPL-2.0-or-later
//
// The document memhot-map/1.
#pragma once

#include "output/json.hpp"
#include "output/picture.hpp"

namespace memhotctl {

Json map_document(const Painter& painter, const memhot::Range& part, const memhot::Model& model);

}   // namespace memhotctl
