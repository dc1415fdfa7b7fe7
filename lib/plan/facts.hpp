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

// "online, node0, zones Movable"; "absent" where there is no such block.
std::string block_words(const Model& model, std::uint64_t number);
// "enabled, 140000000-17fffffff", of a namespace; "disabled, ..." where nothing drives it. Without its uuid, which nobody
// knows before it is made, and its mode: what a disabled one becomes stands in its info block, which nobody can see.
std::string namespace_words(const NdBus& bus, std::string_view name);
// "system-ram, 140000000-147ffffff", of a dax device.
std::string dax_words(const NdBus& bus, std::string_view name);
// Whether a fact of kind zones tells of present pages of that node outside of zone Movable.
bool has_kernel_zone(std::string_view zones, int node);

class FactReader {
public:
    // Both must outlive this. bus: of the snapshot, as it stands before any step or as the steps so far leave it. Facts of
    // kind device are always those of the snapshot.
    FactReader(const Snapshot& snapshot, const NdBus& bus);

    // "absent" where there is no such thing.
    [[nodiscard]] std::string value(Fact::Kind kind, const std::string& name) const;

private:
    [[nodiscard]] std::string host() const;
    [[nodiscard]] std::string kernel() const;
    [[nodiscard]] std::string attribute(const std::string& name) const;
    [[nodiscard]] std::string section(const std::string& name) const;
    [[nodiscard]] std::string iomem(const std::string& name) const;
    [[nodiscard]] std::string zones() const;
    [[nodiscard]] std::string device(const std::string& name) const;
    [[nodiscard]] std::string identity(const std::string& name) const;

    const Snapshot& snapshot_;
    const NdBus& bus_;
    const Model& model_;
    // Told only where somebody asks.
    mutable std::optional<std::map<std::string, std::string, std::less<>>> devices_;
};

}   // namespace memhot::plan
