// SPDX-License-Identifier: GPL-2.0-or-later
#include "units/device_name.hpp"

#include <gtest/gtest.h>

namespace {

using memhot::units::device_order;
using memhot::units::DeviceName;
using memhot::units::parse_device_name;

TEST(DeviceName, OneOrTwoNumbers) {
    EXPECT_EQ(parse_device_name("region12", "region"), (DeviceName{12, std::nullopt}));
    EXPECT_EQ(parse_device_name("namespace1.20", "namespace"), (DeviceName{1, 20}));
    EXPECT_EQ(parse_device_name("hmem.3", "hmem."), (DeviceName{3, std::nullopt}));
}

TEST(DeviceName, AnythingElseIsNone) {
    for (const char* name : {"region", "region01", "region1x", "region-1", "region1.", "region1.01", "region1.2.3",
                             "dax1", "region99999999999", "namespace1"}) {
        EXPECT_EQ(parse_device_name(name, "region"), std::nullopt) << name;
    }
}

TEST(DeviceName, OrderIsByKindThenNumber) {
    EXPECT_TRUE(device_order("region2", "region10"));
    EXPECT_FALSE(device_order("region10", "region2"));
    EXPECT_TRUE(device_order("namespace2.9", "namespace2.11"));
    EXPECT_TRUE(device_order("dax9", "pfn1"));
    EXPECT_FALSE(device_order("region2", "region2"));
}

}   // namespace
