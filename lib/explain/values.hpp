// SPDX-License-Identifier: LGPL-2.1-or-later
//
// Making and printing the values of an explanation.
#pragma once

#include <string>
#include <string_view>

#include "memhot/explain.hpp"

namespace memhot::explaining {

ExplainedValue a_text(std::string_view name, std::string_view text);
ExplainedValue a_count(std::string_view name, std::uint64_t count);
ExplainedValue a_size(std::string_view name, std::uint64_t bytes);
ExplainedValue an_address(std::string_view name, std::uint64_t address);
ExplainedValue a_range(std::string_view name, const Range& range);

// "1040M", "2G", "119537664": the largest unit that it is a multiple of, so nothing is rounded.
std::string exact_size(std::uint64_t bytes);
// The form inside a sentence: sizes exact and without their other forms.
std::string brief(const ExplainedValue& value);

}   // namespace memhot::explaining
