// SPDX-License-Identifier: LGPL-2.1-or-later
//
// The mirrored nvdimm bus: regions, namespaces by label or by region, the info blocks that lie on the media, and the dax
// devices on top. The memory below (resources, sections, blocks) is the Model of lib/model; everything that maps, claims
// or adds goes through it.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "memhot/model.hpp"
#include "model/shared_memmap.hpp"
#include "nvdimm/geometry.hpp"

namespace memhot {

enum class NsMode : std::uint8_t { raw, memory, fsdax, devdax, sector };
// As ndctl prints them; a label-less region's own pages ("memory" in sysfs) are fsdax to it.
std::string_view to_string(NsMode mode);

// What a pfn, dax or btt instance wrote into its namespace (struct nd_pfn_sb, struct btt_sb). What minor 4 added is 0 in
// older ones, and then as the running kernel has it.
struct InfoBlock {
    NsMode mode = NsMode::fsdax;   // fsdax, devdax or sector
    PageMap map = PageMap::device;
    std::uint64_t align = 0;
    std::uint64_t sector_size = 0;
    bool btt2 = false;   // of sector: version 2.0 (geometry.hpp)
    PfnGeometry geometry{};
    std::uint64_t parent = 0;   // identity of the namespace; 0 for label-less ones
    std::uint64_t page_size = 0;
    std::uint64_t struct_page_size = 0;
    std::uint64_t npfns = 0;   // usable pages when it was written; 0: not told
    std::uint64_t made = 0;   // a number of its own for each that is written here; 0: was there when the host was read
};

// What drives an enabled namespace.
struct Personality {
    NsMode mode = NsMode::raw;
    PageMap map = PageMap::ram;
    std::uint64_t align = 0;
    std::uint64_t size = 0;   // usable bytes
    std::uint64_t data_start = 0;   // address
    std::optional<int> mapping{};   // handle in the model
    std::optional<Range> claim{};   // in the model's resources
};

struct NdNamespace {
    int id = 0;
    Range space{};   // meaningful where size() != 0
    bool allocated = false;
    std::uint64_t identity = 0;   // stands for the uuid; new with each creation, 0 for none
    std::string uuid{};   // as the host shows it, or as it was asked for; else unknown
    std::string instance_uuid{};   // of the pfn or btt instance over it, as the host shows it
    std::optional<Personality> active{};
    std::optional<NsMode> claimed{};   // an instance that is not active holds it: what a failed ndctl leaves of a btt
    int instance = 0;   // N of the pfnR.N, daxR.N (of the nvdimm bus) or bttR.N by which it is active or claimed
    unsigned zeroed = 0;   // how often ndctl zeroed its first 8 KiB here
    bool info_hidden = false;   // idle when the host was read, and holder_class says that an info block is there
    // What its labels hold, ascending; empty: just `space`. Several only after a grow that found no room beside it.
    std::vector<Range> extents{};

    [[nodiscard]] std::uint64_t size() const { return allocated ? space.size() : 0; }
};

// One DIMM's part of a region: `mappingN` in sysfs.
struct NdMapping {
    std::string dimm{};   // "nmem0"
    std::uint64_t start = 0;   // device address
    std::uint64_t size = 0;
    bool enabled = true;   // its DIMM has a driver
    std::optional<unsigned> slots{};   // free labels (available_slots); absent: unknown, and taken as enough
};

// The idle instance of each kind that a region offers: N of pfnR.N, daxR.N and bttR.N.
struct InstanceSeeds {
    int pfn = 0;
    int dax = 0;
    int btt = 0;
    [[nodiscard]] int& of(NsMode mode);
    [[nodiscard]] int of(NsMode mode) const;
};

struct NdRegion {
    int id = 0;
    int bus = 0;   // of ndbus0
    std::string provider{};   // of that bus: "ACPI.NFIT", "e820"; empty: not told
    Range space{};
    std::uint64_t align = 16 * kMiB;
    unsigned ways = 1;   // interleaved DIMMs; 0: not backed by any
    bool labelled = false;   // namespaces come from labels; else one of the size of the region
    bool page_map = false;   // ND_REGION_PAGEMAP: the raw namespace itself gets struct pages (e820, of_pmem, virtio)
    bool read_only = false;
    int target_node = 0;
    int seed = 0;   // id of the namespace seed
    InstanceSeeds seeds{};
    std::map<int, NdNamespace> namespaces{};   // by id
    bool enabled = true;   // nd_region is bound
    // What its new BTTs are, btt_claim_class(): 2.0 where its DIMMs have labels 1.2, or a label area with nothing in it.
    bool btt2 = false;
    bool can_label = false;   // label-less, but its DIMMs take labels: reconfiguring initialises them
    std::vector<NdMapping> mappings{};   // empty: as many as ways says, each from device address 0

    [[nodiscard]] const NdNamespace* find(int id) const;
    [[nodiscard]] NdNamespace* find(int id);
};

enum class DaxDriver : std::uint8_t { none, device_dax, kmem };
std::string_view to_string(DaxDriver driver);

struct DaxDevice {
    int region = 0;
    int id = 0;   // static ones: of the namespace
    std::vector<Range> ranges{};   // in the order of their page offsets; empty: size 0
    std::uint64_t align = 0;
    int target_node = 0;
    DaxDriver driver = DaxDriver::none;
    std::vector<Range> pages{};   // what device_dax maps: static ones from the start of the namespace, else the ranges
    std::optional<Altmap> altmap{};
    std::vector<int> mappings{};   // handles in the model
    std::vector<Range> added{};   // what kmem added
    bool memmap_on_memory = false;   // asked for, 6.8 and later
    bool prepopulated = false;   // a failed bind left its page map behind
    std::string kmem_state{};   // its file `state` while kmem drives it, 7.3 and later: "unplugged", "online", ...

    [[nodiscard]] std::string name() const;
    [[nodiscard]] std::uint64_t size() const;
    [[nodiscard]] std::uint64_t resource() const { return ranges.empty() ? 0 : ranges.front().start; }
};

// A dax region that can be divided: Soft Reserved memory (hmem) and volatile CXL regions. That of a namespace is static
// and has no record here.
struct DaxRegion {
    int id = 0;
    Range space{};
    std::uint64_t align = 0;   // 2 MiB
    int target_node = 0;
    bool kmem_by_default = false;   // IORESOURCE_DAX_KMEM, 6.3 and later
    bool memmap_on_memory = false;   // what new devices ask for
    std::optional<int> seed{};   // the oldest device that was created and never bound
    std::optional<int> youngest{};
};

// A mapping that a driver let go of, and what that took from others.
struct Unmapped {
    Mapping mapping;
    std::vector<MemmapLoss> losses;
};

struct NdBus {
    Model model;
    std::vector<NdRegion> regions{};   // by id
    std::vector<DaxDevice> dax{};   // by region and id
    std::vector<DaxRegion> dax_regions{};   // the dynamic ones, by id
    std::map<std::uint64_t, InfoBlock> media{};   // by address of the namespace start
    std::uint64_t last_identity = 0;
    std::uint64_t last_made = 0;   // of info blocks
    // Names given to /sys/bus/dax/drivers/DRIVER/new_id and not taken back.
    std::set<std::string, std::less<>> device_dax_ids{};
    std::set<std::string, std::less<>> kmem_ids{};
    std::vector<KernelMessage> log{};   // what the kernel said since the last command (kernel_log.hpp)
    std::vector<Unmapped> unmapped{};   // by the last command, those too whose place was mapped again

    [[nodiscard]] NdRegion* find_region(int id);
    [[nodiscard]] const NdRegion* find_region(int id) const;
    [[nodiscard]] DaxDevice* find_dax(std::string_view name);
    [[nodiscard]] const DaxDevice* find_dax(std::string_view name) const;
    [[nodiscard]] DaxRegion* find_dax_region(int id);
    [[nodiscard]] const DaxRegion* find_dax_region(int id) const;
};

// Whether an instance of that mode has struct pages (fsdax, devdax).
bool has_pages(NsMode mode);
// Each DIMM of the region has a driver.
bool dimms_enabled(const NdRegion& region);
// The dax device of a devdax namespace; null where there is none.
const DaxDevice* device_over(const NdBus& bus, const NdRegion& region, const NdNamespace& ns);
// For a new mapping: above all that live.
int next_handle(const Model& model);
// The lowest N that no instance of that kind has (ida_alloc); and its name, "btt0.1".
int free_instance(const NdRegion& region, NsMode mode);
std::string instance_name(const NdRegion& region, NsMode mode, int instance);

// How ndctl and info blocks say that there is none.
inline constexpr std::string_view kZeroUuid = "00000000-0000-0000-0000-000000000000";
// nd_is_uuid_unique(): whether any namespace, pfn or btt of that bus has it; the one that shall get it counts, too.
bool has_uuid(const NdBus& bus, int nd_bus, std::string_view uuid);
bool has_uuid(const NdNamespace& ns, std::string_view uuid);

std::string name_of(const NdRegion& region);
std::string name_of(const NdRegion& region, const NdNamespace& ns);
// nvdimm_namespace_disk_name(): "pmem0", "pmem0.1", "pmem0s" of one that is active as sector.
std::string disk_name(const NdRegion& region, const NdNamespace& ns);

// What the kernel answers to a write to sysfs: errno, 0 where done.
struct NdAnswer {
    int error = 0;
    RuleId rule = RuleId::none;
    bool crash = false;
    [[nodiscard]] bool ok() const { return error == 0 && !crash; }
};
NdAnswer nd_refuse(RuleId rule);   // with the rule's own errno

// --- space.cpp: label allocation (drivers/nvdimm/namespace_devs.c, dimm_devs.c, region_devs.c) ---------------------
std::uint64_t available_size(const NdRegion& region);
// min_not_zero: 5.18 and later ignore a DIMM that has nothing left (Feature::nd_full_dimm_ignored).
std::uint64_t max_available_extent(const NdRegion& region, bool min_not_zero = true);
// A new namespace's place: the first hole in the order of device addresses that holds the whole request on every DIMM.
std::optional<Range> find_space(const NdRegion& region, std::uint64_t size);
// What a grow by that much would leave: the extents; nothing where no place is found ("allocation underrun").
std::optional<std::vector<Range>> grown(const NdRegion& region, const NdNamespace& ns, std::uint64_t more);
// uuid_store(), of a labelled region: a new identity, so that an info block of the old one no longer counts; "": any that is
// fresh. Labels follow, also of a namespace without a size: with a DIMM unbound that is the end
// (nd_pmem_namespace_label_update).
NdAnswer set_uuid(NdBus& bus, NdRegion& region, NdNamespace& ns, std::string_view uuid);
// Writes a namespace's size: 0 gives everything back.
NdAnswer set_size(NdRegion& region, NdNamespace& ns, std::uint64_t size, bool min_not_zero = true);
// Writes a region's align. label_less: also regions without DIMMs may be changed (5.13 and later).
NdAnswer set_region_align(const KernelProfile& profile, NdRegion& region, std::uint64_t value);
std::uint64_t default_region_align(std::uint64_t size, unsigned ways, std::uint64_t page_size);
// Before 5.7 there was none, and sizes were multiples of a page for each way.
std::uint64_t default_region_align(const KernelProfile& profile, std::uint64_t size, unsigned ways);

// --- enable.cpp: what binding drivers does ----------------------------------------------------------------------
// nd_pmem_probe(): the personality that the info block on the media asks for, else raw (or memory).
NdAnswer enable_namespace(NdBus& bus, NdRegion& region, NdNamespace& ns);
// A new instance over the idle namespace: writes its info block and enables it. A btt that fails keeps its claim.
NdAnswer create_instance(NdBus& bus, NdRegion& region, NdNamespace& ns, const InfoBlock& wanted);
// With force_raw, as ndctl does it to zero the info block, and disabled again; whether it came up.
bool enable_raw_and_disable(NdBus& bus, NdRegion& region, NdNamespace& ns);
// Unbinds and gives all claims back; the info block stays.
void disable_namespace(NdBus& bus, NdRegion& region, NdNamespace& ns);
// The driver of an instance goes and comes back; the instance stays, and keeps its claim.
void unbind_instance(NdBus& bus, NdRegion& region, NdNamespace& ns);
NdAnswer bind_instance(NdBus& bus, NdRegion& region, NdNamespace& ns);
// The info block that counts for a namespace: its parent must be the namespace itself.
const InfoBlock* info_block_of(const NdBus& bus, const NdNamespace& ns);
// nd_pfn_validate(): what a kernel says about an info block that is there.
NdAnswer validate_info_block(const KernelProfile& profile, const NdNamespace& ns, const InfoBlock& info);
// Whether the namespace itself gets struct pages, and whether it lies so that it can (pmem_should_map_pages).
bool maps_its_pages(const NdBus& bus, const NdRegion& region, const NdNamespace& ns);
// A probed seed is followed by a new one (nd_region_advance_seeds).
void advance_seed(NdRegion& region, const NdNamespace& ns);
// What sysfs does with a namespace whose size became 0: only id 0 and the seed stay.
void drop_if_idle(NdRegion& region, int id);

// --- dax.cpp: drivers of dax devices ----------------------------------------------------------------------------
NdAnswer bind_device_dax(NdBus& bus, DaxDevice& device);
NdAnswer bind_kmem(NdBus& bus, DaxDevice& device);
void unbind_device_dax(NdBus& bus, DaxDevice& device);
// false where online blocks leak (up to 7.2 the unbind succeeds all the same).
bool unbind_kmem(NdBus& bus, DaxDevice& device);
// Writes its file `state` (state_store(), 7.3 and later). uncertain: it may also fail with EBUSY, and everything is as
// before then, for pages of online memory may not be movable.
NdAnswer write_kmem_state(NdBus& bus, DaxDevice& device, std::string_view word, bool& uncertain);
// What the file says of a device that was just bound: by the policy of that moment. Empty where there is no such file.
std::string kmem_state_by_policy(const Model& model);
// Whatever drives it goes.
void unbind_dax(NdBus& bus, DaxDevice& device);
// A new device meets the drivers that are there (dax_bus_match).
void attach_dax(NdBus& bus, DaxDevice& device);
// The memory blocks that there are of whole-block ranges (what kmem added), ascending in each.
std::vector<BlockInfo> blocks_in(const Model& model, const std::vector<Range>& ranges);
// Blocks of its node that start between the first range's start and that plus the size: what libdaxctl takes for its
// memory, rightly only for devices of one range.
std::vector<std::uint64_t> blocks_of(const NdBus& bus, const DaxDevice& device);

}   // namespace memhot
