// SPDX-License-Identifier: GPL-2.0-or-later
//
// What a verdict takes for granted.
#include <gmock/gmock.h>

#include "memhot/verdict.hpp"
#include "unit/model/host.hpp"

namespace memhot {
namespace {

using test::add_of;
using testing::Contains;
using testing::HasSubstr;
using testing::Not;

constexpr std::uint64_t kSection = 128 * kMiB;
constexpr std::uint64_t kFree = 0x200000000;   // block 0x40
const std::string kIomem = "00100000-3fffffff : System RAM\n140000000-147ffffff : Persistent Memory\n";

Model boot(const std::string& kernel = "6.12.95") { return test::boot({.iomem = kIomem, .kernel = kernel}); }

std::vector<std::string> supposed(const Model& model, const Operation& operation) {
    return predict(model, operation).assumptions;
}

// Section 6 of the specification: nobody checks, and onlining an added hole crashes.
TEST(Assumptions, that_there_is_memory_hold_until_it_is_online) {
    for (const Operation& added : {Operation{op::Probe{kFree}}, Operation{add_of(kFree, kSection)}}) {
        Model model = boot();
        EXPECT_THAT(supposed(model, added), Contains(HasSubstr("there is memory at the address")));
        test::run(model, added);
        EXPECT_THAT(
            supposed(model, op::SetState{0x40, "online"}),
            Contains("there is memory at 200000000-207ffffff: it was only added, and onlining what is not there "
                     "crashes the kernel"));
        test::run(model, op::SetState{0x40, "online"});
        EXPECT_THAT(supposed(model, op::SetState{0x40, "offline"}), Not(Contains(HasSubstr("there is memory"))));
    }
}

TEST(Assumptions, name_the_part_of_a_mapping_that_iomem_does_not) {
    const Model model = boot();
    const auto says = [&](std::uint64_t start, std::uint64_t size) {
        return supposed(model, test::map_of(start, size));
    };
    EXPECT_THAT(says(kFree, kSection), Contains(HasSubstr("there is memory at 200000000-207ffffff: /proc/iomem")));
    EXPECT_THAT(says(0x13c000000, kSection), Contains(HasSubstr("there is memory at 13c000000-13fffffff")));
    EXPECT_THAT(says(0x144000000, kSection), Contains(HasSubstr("there is memory at 148000000-14bffffff")));
    EXPECT_THAT(says(0x140000000, kSection), Not(Contains(HasSubstr("there is memory"))));
    // it is placed where nothing is, and has no memory of the host behind it
    EXPECT_THAT(supposed(model, test::private_map(kFree, kSection)), Not(Contains(HasSubstr("there is memory"))));
}

TEST(Assumptions, name_what_the_kernel_does_not_have_yet) {
    const auto remove_on = [](const std::string& kernel) {
        return supposed(boot(kernel), op::OfflineAndRemove{kFree, kSection});
    };
    EXPECT_THAT(remove_on("5.7"), Contains(HasSubstr("offline_and_remove_memory(), which came with 5.8")));
    EXPECT_THAT(remove_on("5.8"), Not(Contains(HasSubstr("offline_and_remove_memory()"))));

    op::Add driver = add_of(kFree, kSection);
    driver.driver_managed = true;
    driver.resource_name = "System RAM (kmem)";
    EXPECT_THAT(supposed(boot("5.7"), driver), Contains(HasSubstr("add_memory_driver_managed()")));
    EXPECT_THAT(supposed(boot("5.8"), driver), Not(Contains(HasSubstr("add_memory_driver_managed()"))));

    const op::Add own_memmap = test::memmap_add(kFree, kSection);
    EXPECT_THAT(supposed(boot("5.12"), own_memmap), Contains(HasSubstr("memmap_on_memory is ignored")));
    EXPECT_THAT(supposed(boot("5.13"), own_memmap), Not(Contains(HasSubstr("memmap_on_memory is ignored"))));
}

}   // namespace
}   // namespace memhot
