// SPDX-License-Identifier: LGPL-2.1-or-later
//
// An outcome explained: which rule, with which numbers, on what evidence, and what would be accepted instead.
#pragma once

#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "memhot/model.hpp"
#include "memhot/value.hpp"

namespace memhot {

// Something that the operation corrupts, leaks or crashes although (or because) the kernel takes it.
struct Hazard {
    RuleId rule = RuleId::none;
    std::string text;       // what happens, with the numbers
    std::string releases;   // in which
};

struct Evidence {
    enum class Kind : std::uint8_t { resource, section, block, mapping, profile, device };
    Kind kind = Kind::resource;
    std::string text;   // an iomem line as it stands there, "section 0x2c: has 0x...0, wants 0x...f", ...
};

// What is there afterwards of a namespace, region, dax device or memory block that is new or different.
struct DeviceChange {
    std::string device;   // "namespace0.1", "memory40", "memory40-memory47"
    std::vector<Value> values;
};

struct Verdict {
    std::string operation;   // describe()
    std::string kernel;      // name of the profile that answered
    Outcome outcome;
    std::string summary;     // one sentence
    std::vector<Value> operands;   // what the rule compared
    std::vector<Evidence> evidence;
    std::vector<std::string>
        messages;      // the kernel's own lines, as far as they are certain; "?": nobody can see that part
    std::vector<std::string> prints;        // of commands: what the program says on stderr
    std::vector<Hazard> hazards;
    std::vector<std::string> assumptions;
    // The nearest range that would be accepted without a danger: in the device that the range is about, as much of it as
    // there is room for; else of the size that was asked for, anywhere. What is not aligned counts as its whole units.
    std::optional<Range> nearest;
    std::string remedy;   // what to do instead
    // of commands (nd_command.hpp), also what a refused one leaves behind; of operations see block_changes()
    std::vector<DeviceChange> changes;
    std::vector<std::string> commands;   // that would be accepted instead, in their order

    [[nodiscard]] bool dangerous() const { return outcome.kind == Outcome::Kind::crash || !hazards.empty(); }
};

// Computes and explains; changes nothing.
Verdict predict(const Model& model, const Operation& operation);

// The memory blocks of an operation, neighbours that are the same in one, as they are in the model after it; none for an
// operation that is not about blocks. predict() itself leaves them out: it does not carry out what it answers.
std::vector<DeviceChange> block_changes(const Model& after, const Operation& operation);

// The exit status of memhotctl for one verdict: 9 dangerous, 1 refused, 8 uncertain, 0 accepted.
int exit_status(const Verdict& verdict);

// JSON of a verdict ("format": "memhot-verdict/1").
std::string to_json(const Verdict& verdict);

}   // namespace memhot
