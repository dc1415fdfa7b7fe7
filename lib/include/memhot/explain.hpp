// SPDX-License-Identifier: LGPL-2.1-or-later
//
// What somebody pastes (a kernel log, the errors of ndctl, daxctl or cxl, a listing, a sentence) explained: which rule
// spoke, about which numbers, and the next value that would be taken.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "memhot/snapshot.hpp"
#include "memhot/value.hpp"

namespace memhot {

struct Explanation {
    enum class Kind : std::uint8_t {
        cause,         // a message that says what was wrong
        layout,        // numbers in the text (addresses, sizes, a listing) that do not go together
        symptom,       // a description in words
        consequence,   // a message that only says that something failed
        unknown,       // nothing known matched
    };
    Kind kind = Kind::unknown;
    int incident = 0;                     // what belongs together has the same number, from 1
    std::vector<std::string> lines;       // that matched, without time stamps
    std::string id;   // "ndctl.region-align"; a rule's own id where the mirrored kernel has the rule
    std::vector<std::string> rules;   // ids of the rules (rules.hpp) that speak this message
    int error = 0;   // errno that the text names
    std::string device;   // "pfn1.0", "memory272"
    std::vector<Value> found;   // numbers and words of the text
    std::string cause;   // one or two sentences
    std::vector<Value> next;   // values that would be taken instead
    std::string remedy;
    std::string releases;   // in which the rule speaks
    std::string source;   // kernel file: function, or the tool's
    std::vector<std::string> needed;   // what would tell more where the text's own numbers do not suffice
    std::vector<std::string> evidence;   // lines of the host's /proc/iomem that the numbers lie in
    std::vector<std::string> candidates;   // of unknown text: ids of the nearest known messages, with their text

    [[nodiscard]] const Value* find(std::string_view name) const;   // in found
    [[nodiscard]] const Value* find_next(std::string_view name) const;   // in next
};
std::string_view to_string(Explanation::Kind kind);

// What is known of the host that the text comes from. What is set wins over the snapshot; the text wins over both.
struct ExplainContext {
    const Snapshot* snapshot = nullptr;
    std::optional<std::uint64_t> block_size;   // of memory blocks
    std::optional<std::uint64_t> section_size;
    std::optional<std::uint64_t> page_size;
};

// Never empty: text that nothing matches gives one explanation of kind unknown. Incidents in the order of the text; in
// each one causes first, the most specific message first.
std::vector<Explanation> explain(std::string_view text, const ExplainContext& context = {});

// The document "memhot-explanations/1".
std::string to_json(const std::vector<Explanation>& explanations);

}   // namespace memhot
