// SPDX-License-Identifier: GPL-2.0-or-later
//
// check: what the kernel will answer, and why.
#include <array>

#include "client/check.hpp"
#include "client/nd_commands.hpp"
#include "context.hpp"
#include "output/verdict_text.hpp"

namespace memhotctl {

using memhot::Result;

namespace {

constexpr std::array<Option, 10> kOptions{{
    {"type", 0, "TYPE", "map: generic (device-dax), fsdax or private (un-addressable); default generic"},
    {"altmap", 0, "RESERVE+FREE", "map: the memmap lies in the device, FREE bytes for it behind RESERVE bytes"},
    {"no-claim", 0, "", "map: without the claim that the pmem and dax drivers make first"},
    {"node", 0, "N", "add: to this NUMA node; default 0"},
    {"driver-managed", 0, "", "add: as dax/kmem does, add_memory_driver_managed()"},
    {"memmap-on-memory", 0, "", "add: ask for the memmap on the added memory itself"},
    {"offline", 0, "", "remove: offline the blocks first, offline_and_remove_memory()"},
    {"arch", 0, "ARCH", "as a machine of this architecture would: x86_64, arm64, ppc64, ...", true},
    {"page-size", 0, "SIZE", "as a kernel with pages of 4K, 16K or 64K would", true},
    {"shift", 0, "SIZE",
     "as if firmware had placed everything from the first RANGE on so much higher (+64M) or "
     "lower (-2M); every RANGE from there on moves with it; of a command of ndctl or daxctl "
     "everything from the first persistent-memory region (else CXL region, dax device) on",
     true},
}};

constexpr std::string_view kNotes = "Operations:\n"
                                    "  map RANGE             memremap_pages(), as for a namespace or a dax device\n"
                                    "  unmap RANGE           memunmap_pages() of the mapping there\n"
                                    "  add RANGE             add_memory()\n"
                                    "  probe ADDRESS         a write to /sys/devices/system/memory/probe\n"
                                    "  online THING          a write to the block's file state; also online_kernel,\n"
                                    "                        online_movable and offline\n"
                                    "  remove THING          remove_memory()\n"
                                    "  claim RANGE           request_mem_region()\n"
                                    "Several are answered one after the other, each seeing what those before it left.\n"
                                    "RANGE: START-END (hex, inclusive), START+SIZE, blockN, blockN-M, sectionN or a\n"
                                    "name in /proc/iomem; THING: also nodeN.\n\n"
                                    "Commands of ndctl and daxctl, with their own options behind them, several with\n"
                                    "the word then between them:\n"
                                    "  create-namespace [OPTION...]\n"
                                    "  reconfigure NAMESPACE [OPTION...]   ndctl create-namespace -e NAMESPACE\n"
                                    "  destroy NAMESPACE [OPTION...]       also enable-namespace, disable-namespace\n"
                                    "  reconfigure-dax DEVICE [OPTION...]  daxctl reconfigure-device DEVICE\n"
                                    "  create-device, destroy-device, enable-device, disable-device, online-memory,\n"
                                    "  offline-memory [OPTION...]          of daxctl\n"
                                    "  write PATH TEXT                     a file of an nd or dax device in sysfs\n";

Result<int> run(Context& context) {
    const auto host = context.host();
    if (!host) return host.error();
    const auto& arguments = context.arguments();
    const auto result = answer_check(*host, context.request(), {arguments.operands, arguments.options});
    if (!result) return result.error();
    if (context.json()) {
        context.print_json(check_document(result->answers));
    } else {
        context.print(verdict_text(result->answers, *result->profile, {context.terminal(), context.verbose()}));
    }
    return combined_status(result->answers);
}

}   // namespace

const Command kCheck{.name = "check",
                     .operands = "OPERATION...",
                     .least = 1,
                     .most = kAny,
                     .summary = "what the kernel will answer, why, and what to do instead",
                     .options = kOptions,
                     .notes = kNotes,
                     .foreign = nd_words(),
                     .run = run};

}   // namespace memhotctl
