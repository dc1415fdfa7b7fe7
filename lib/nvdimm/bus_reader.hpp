// SPDX-License-Identifier: LGPL-2.1-or-later
//
// One reading of a snapshot into a bus; private to from_snapshot.cpp and dax_from_snapshot.cpp.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "nvdimm/from_snapshot.hpp"

namespace memhot {

class BusReader {
public:
    explicit BusReader(const Snapshot& snapshot)
        : snapshot_(snapshot), record_(snapshot.nvdimm ? *snapshot.nvdimm : none_),
          memory_is_told_(snapshot.blocks && !snapshot.zones.empty()) {}

    Result<BusReading> read(const std::map<std::uint64_t, InfoBlock>& media,
                            std::shared_ptr<const KernelProfile> profile);

private:
    NdBus& bus() { return out_->bus; }
    void assume(std::string text) { out_->assumptions.push_back(std::move(text)); }

    [[nodiscard]] std::vector<std::string> claims() const;
    [[nodiscard]] std::string provider_of(const NdRegionRecord& region) const;
    [[nodiscard]] bool maps_pages(const NdRegionRecord& region, const Range& space) const;
    Status read_regions();
    Status read_namespaces();
    [[nodiscard]] int seed_of(NdRegion& region) const;
    void enable_namespaces();
    void enable(NdRegion& region, NdNamespace& ns);
    NdAnswer enable_instance(NdRegion& region, NdNamespace& ns, const NdInstanceRecord& instance);
    std::optional<InfoBlock> assume_info(const NdNamespace& ns, const NdInstanceRecord& instance, bool is_btt2);
    void assume_media(NdNamespace& ns, const NamespaceRecord& record);
    void restore_block_states();

    // dax_from_snapshot.cpp
    void read_dax();
    void read_dax_region(const DaxRegionRecord& record);
    std::optional<Range> space_by_name(const DaxRegionRecord& record);
    std::optional<Range> space_of(const DaxRegionRecord& record);
    void read_dynamic_device(const DaxDeviceRecord& record, const DaxRegion& region);
    void restore_driver(DaxDevice& device, const DaxDeviceRecord& record);
    void restore_kmem(DaxDevice& device);

    const NvdimmRecord none_;
    const Snapshot& snapshot_;
    const NvdimmRecord& record_;
    // Blocks and zones are known, so that the memory of kmem devices need not be added again.
    bool memory_is_told_;
    std::optional<BusReading> out_;
};

}   // namespace memhot
