// SPDX-License-Identifier: LGPL-2.1-or-later
//
// The mirrored nvdimm bus: regions, namespaces by label or by region, the info blocks that lie on the media, and the dax
// devices on top. The memory below (resources, sections, blocks) is the Model of lib/model; everything that maps, claims
// or adds goes through it.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "memhot/model.hpp"
#include "nvdimm/geometry.hpp"

namespace memhot {

enum class NsMode : std::uint8_t { raw, memory, fsdax, devdax, sector };
// As ndctl prints them; a label-less region's own pages ("memory" in sysfs) are fsdax to it.
std::string_view to_string(NsMode mode);

// What a pfn, dax or btt instance wrote into its namespace (struct nd_pfn_sb, struct btt_sb).
struct InfoBlock {
    NsMode mode = NsMode::fsdax;   // fsdax, devdax or sector
    PageMap map = PageMap::device;
    std::uint64_t align = 0;
    std::uint64_t sector_size = 0;
    PfnGeometry geometry;
    std::uint64_t parent = 0;   // identity of the namespace; 0 for label-less ones
};

// What drives an enabled namespace.
struct Personality {
    NsMode mode = NsMode::raw;
    PageMap map = PageMap::ram;
    std::uint64_t align = 0;
    std::uint64_t size = 0;   // usable bytes
    std::uint64_t data_start = 0;   // address
    std::optional<int> mapping;   // handle in the model
    std::optional<Range> claim;   // in the model's resources
};

struct NdNamespace {
    int id = 0;
    Range space;   // meaningful where size() != 0
    bool allocated = false;
    std::uint64_t identity = 0;   // stands for the uuid; new with each creation
    std::optional<Personality> active;

    [[nodiscard]] std::uint64_t size() const { return allocated ? space.size() : 0; }
};

struct NdRegion {
    int id = 0;
    Range space;
    std::uint64_t align = 16 * kMiB;
    unsigned ways = 1;   // interleaved DIMMs; 0: not backed by any
    bool labelled = false;   // namespaces come from labels; else one of the size of the region
    bool page_map = false;   // ND_REGION_PAGEMAP: the raw namespace itself gets struct pages (e820, of_pmem, virtio)
    bool read_only = false;
    int target_node = 0;
    int seed = 0;   // id of the namespace seed
    std::map<int, NdNamespace> namespaces;   // by id

    [[nodiscard]] const NdNamespace* find(int id) const;
    [[nodiscard]] NdNamespace* find(int id);
};

enum class DaxDriver : std::uint8_t { none, device_dax, kmem };

struct DaxDevice {
    int region = 0;
    int id = 0;   // of its namespace
    Range range;
    std::uint64_t align = 0;
    int target_node = 0;
    DaxDriver driver = DaxDriver::none;
    Range pages;   // what device_dax maps: from the namespace start
    std::optional<Altmap> altmap;
    std::optional<int> mapping;
    std::optional<Range> added;   // what kmem added

    [[nodiscard]] std::string name() const;
};

struct NdBus {
    Model model;
    std::vector<NdRegion> regions;   // by id
    std::vector<DaxDevice> dax;   // by region and id
    std::map<std::uint64_t, InfoBlock> media;   // by address of the namespace start
    std::uint64_t last_identity = 0;

    [[nodiscard]] NdRegion* find_region(int id);
    [[nodiscard]] DaxDevice* find_dax(std::string_view name);
};

std::string name_of(const NdRegion& region);
std::string name_of(const NdRegion& region, const NdNamespace& ns);

// --- space.cpp: label allocation (drivers/nvdimm/namespace_devs.c, dimm_devs.c, region_devs.c) ---------------------
std::uint64_t available_size(const NdRegion& region);
std::uint64_t max_available_extent(const NdRegion& region);
// The first hole in DPA order that holds the whole request.
std::optional<Range> find_space(const NdRegion& region, std::uint64_t size);
// Writes a namespace's size: 0 gives everything back. Returns errno, 0 where done.
int set_size(NdRegion& region, NdNamespace& ns, std::uint64_t size);

// --- enable.cpp: what binding drivers does ----------------------------------------------------------------------
struct EnableAnswer {
    int error = 0;
    RuleId rule = RuleId::none;
};
// nd_pmem_probe(): the personality that the info block on the media asks for, else raw (or memory).
EnableAnswer enable_namespace(NdBus& bus, NdRegion& region, NdNamespace& ns);
// A new instance over the idle namespace: writes its info block and enables it.
EnableAnswer create_instance(NdBus& bus, NdRegion& region, NdNamespace& ns, const InfoBlock& wanted);
// Unbinds and gives all claims back; the info block stays.
void disable_namespace(NdBus& bus, NdRegion& region, NdNamespace& ns);
// A probed seed is followed by a new one (nd_region_advance_seeds).
void advance_seed(NdRegion& region, const NdNamespace& ns);
// What sysfs does with a namespace whose size became 0: only id 0 and the seed stay.
void drop_if_idle(NdRegion& region, int id);

EnableAnswer bind_device_dax(NdBus& bus, DaxDevice& device);
EnableAnswer bind_kmem(NdBus& bus, DaxDevice& device);
void unbind_device_dax(NdBus& bus, DaxDevice& device);
// false where online blocks leak (up to 7.2 the unbind succeeds all the same).
bool unbind_kmem(NdBus& bus, DaxDevice& device);
// Blocks that start inside the device: what libdaxctl takes for its memory.
std::vector<std::uint64_t> blocks_of(const NdBus& bus, const DaxDevice& device);

}   // namespace memhot
