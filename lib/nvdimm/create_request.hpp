// SPDX-License-Identifier: LGPL-2.1-or-later
//
// The command line of ndctl create-namespace, read and checked without looking at any device (ndctl/namespace.c:
// set_defaults, parse_namespace_options).
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "nvdimm/command.hpp"
#include "nvdimm/options.hpp"

namespace memhot {

struct CreateRequest {
    RegionFilter where;
    std::optional<std::string> reconfigure;   // -e
    std::optional<NsMode> mode;
    std::optional<PageMap> map;
    std::optional<ParsedSize> size;
    std::optional<std::uint64_t> align;
    std::string align_text;
    std::optional<std::uint64_t> sector_size;
    std::optional<std::string> uuid;
    std::optional<std::string> name;
    bool block_type = false;    // -t blk: there are no such regions any more
    bool force = false;
    bool autolabel = true;
    bool autorecover = true;
    bool greedy = false;        // -c: in every region
    bool scan = false;          // no argument at all: where pmem has no room, regions of type blk are tried
};

// nothing where console has said what is wrong, and a usage text follows.
std::optional<CreateRequest> read_create_request(const KernelProfile& profile,
                                                 const std::vector<std::string>& arguments, Console& console);

// What is wanted of a region, or of a namespace that there is (parsed_parameters).
struct Wanted {
    NsMode mode = NsMode::fsdax;
    PageMap map = PageMap::device;
    std::uint64_t size = 0;
    std::uint64_t align = 0;
    std::uint64_t sector_size = 4096;
};
// validate_namespace_options(), in its order. EAGAIN: the region is passed over. ns: null to create.
NdAnswer validate_request(const NdBus& bus, const CreateRequest& request, const NdRegion& region, const NdNamespace* ns,
                          Console& console, Wanted& wanted);

// What namespace_create() asks of a region before it touches it; EAGAIN: passed over.
NdAnswer check_region(const NdBus& bus, const CreateRequest& request, const NdRegion& region, Console& console,
                      Wanted& wanted);
// region_get_namespace(): the first one while it is idle, else the seed; a label-less region has just one. Null where it is
// in use.
const NdNamespace* idle_namespace(const NdRegion& region);
// The seed that has space and never got a driver, which a create that failed half-way leaves: ndctl finds no idle namespace
// then. Null where there is none.
const NdNamespace* left_over_seed(const NdRegion& region);

// create-namespace carried out on the bus; what setup_namespace() was given, in its order.
std::vector<NamespaceRequest> creations(NdBus& bus, const std::vector<std::string>& arguments);

// ndctl_namespace_get_mode(): also of a namespace that is not active.
NsMode mode_of(const NdBus& bus, const NdRegion& region, const NdNamespace& ns);

}   // namespace memhot
