// SPDX-License-Identifier: LGPL-2.1-or-later
//
// How text that somebody else wrote is shown in a one-line error: in double quotes, without control characters and cut
// where it is long. Depends on nothing.
#pragma once

#include <string>
#include <string_view>

namespace memhot::units {

// "text", with \xNN for what is not printable ASCII, cut behind limit bytes.
std::string quoted(std::string_view text, std::size_t limit = 64);

}   // namespace memhot::units
