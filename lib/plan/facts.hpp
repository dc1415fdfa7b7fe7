// SPDX-License-Identifier: LGPL-2.1-or-later
//
// What a plan relies on, told in words: the state of a block, the bits of a section, the lines of /proc/iomem, the files
// of a device. The same words on another snapshot mean that nothing that matters has changed.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>

#include "memhot/plan.hpp"
#include "nvdimm/bus.hpp"

namespace memhot::plan {

class FactReader {
public:
    // Both must outlive this. model: of the snapshot as it stands, before any step.
    FactReader(const Snapshot& snapshot, const Model& model);

    // "absent" where there is no such thing.
    [[nodiscard]] std::string value(Fact::Kind kind, const std::string& name) const;

private:
    [[nodiscard]] std::string host() const;
    [[nodiscard]] std::string kernel() const;
    [[nodiscard]] std::string attribute(const std::string& name) const;
    [[nodiscard]] std::string block(const std::string& name) const;
    [[nodiscard]] std::string section(const std::string& name) const;
    [[nodiscard]] std::string iomem(const std::string& name) const;
    [[nodiscard]] std::string zones() const;
    [[nodiscard]] std::string device(const std::string& name) const;

    const Snapshot& snapshot_;
    const Model& model_;
    // Told only where somebody asks.
    mutable std::optional<std::map<std::string, std::string, std::less<>>> devices_;
};

}   // namespace memhot::plan
