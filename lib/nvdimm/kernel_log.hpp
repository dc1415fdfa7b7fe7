// SPDX-License-Identifier: LGPL-2.1-or-later
//
// What the kernel logs while a command runs: the lines of the nvdimm and dax drivers in the place where they are printed,
// and between them those of the memory below (model/kernel_log.hpp). All gather in NdBus::log, which run_command() empties.
#pragma once

#include <string>
#include <string_view>

#include "nvdimm/bus.hpp"

namespace memhot {

// A device and what drives it, as dev_err() and its like put them in front: "nd_pmem pfn0.1".
struct LogDevice {
    std::string_view driver;   // empty: not bound yet, and then no bus either
    std::string name;
};
LogDevice log_device(const NdRegion& region, const NdNamespace& ns);   // nd_pmem of the namespace itself
LogDevice log_device(const DaxDevice& device, DaxDriver driver);

void log_line(NdBus& bus, const LogDevice& device, std::string_view text);
// call_driver_probe() (drivers/base/dd.c): nothing for a driver that says the device is not its own.
void log_probe_failed(NdBus& bus, const LogDevice& device, int error);

// An operation asked of the memory below and carried out, with what it logs.
Outcome carry_out(NdBus& bus, const Operation& operation, int handle = -1);
// The same with an answer that is known.
void carry_out(NdBus& bus, const Operation& operation, const Outcome& answer, int handle = -1);

// --- namespaces and their instances (drivers/nvdimm) ---------------------------------------------------------------
// pmem_attach_disk(): whether writes reach the medium is unknown.
void log_no_flush(NdBus& bus, const NdRegion& region, const LogDevice& device);
// devm_nsio_enable(), pmem_attach_disk()
void log_region_taken(NdBus& bus, const LogDevice& device, const NdNamespace& ns);
// nvdimm_namespace_common_probe(), the namespace itself
void log_misaligned(NdBus& bus, const NdRegion& region, const NdNamespace& ns);
// nvdimm_check_and_set_ro()
void log_read_only_disk(NdBus& bus, const NdRegion& region, const NdNamespace& ns, const LogDevice& device);
// nd_pfn_validate()
void log_info_refused(NdBus& bus, const NdRegion& region, const NdNamespace& ns, const InfoBlock& info,
                      const LogDevice& device, RuleId rule);
// nd_pfn_init()
void log_not_created(NdBus& bus, const NdRegion& region, const NdNamespace& ns, const LogDevice& device, RuleId rule);
// __nvdimm_setup_pfn()
void log_pages_cut(NdBus& bus, const LogDevice& device, const InfoBlock& info, std::uint64_t usable);
// grow_dpa_allocation(): once a boot
void log_underrun(NdBus& bus, const NdRegion& region, std::uint64_t more);

// --- dax devices (drivers/dax) -------------------------------------------------------------------------------------
// dev_dax_probe() of device.c
void log_range_taken(NdBus& bus, const DaxDevice& device, std::size_t index);
// dev_dax_kmem_probe(), before the first range is added
void log_kmem_no_node(NdBus& bus, const DaxDevice& device);
void log_kmem_trimming(NdBus& bus, const DaxDevice& device);
// ... one range; blocks: what is left of it
void log_kmem_range(NdBus& bus, const DaxDevice& device, const Range& blocks, bool claimed);
// dev_dax_kmem_remove()
void log_kmem_stuck(NdBus& bus, const DaxDevice& device, const Range& blocks);
void log_kmem_all_stuck(NdBus& bus, const DaxDevice& device);

// string_get_size() with STRING_UNITS_2 (lib/string_helpers.c): three digits, "62.0 MiB".
std::string kernel_size(std::uint64_t bytes);

}   // namespace memhot
