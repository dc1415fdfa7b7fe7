// SPDX-License-Identifier: GPL-2.0-or-later
//
// Features that a host shows: which witness says what, and what none of them says.
#include <gtest/gtest.h>

#include "host/features.hpp"
#include "support/host_tree.hpp"

namespace memhot::host {
namespace {

using test::HostTree;

TEST(FeaturesOfSysfs, ParametersAreCompiledInWithTheirFeature) {
    FoundFeatures found;
    features_of_sysfs({{{"online_policy", "auto-movable"}}}, true, found);
    const FoundFeatures expected = {
        {Feature::memmap_on_memory, false}, {Feature::auto_movable, true}, {Feature::memory_probe, true}};
    EXPECT_EQ(found, expected);
}

TEST(FeaturesOfSysfs, ForceIsSeenOnlyWhereItIsSet) {
    FoundFeatures found;
    features_of_sysfs({{{"memmap_on_memory", "force"}}}, std::nullopt, found);
    EXPECT_TRUE(found.at(Feature::memmap_on_memory_force));
    FoundFeatures plain;
    features_of_sysfs({{{"memmap_on_memory", "Y"}}}, std::nullopt, plain);
    EXPECT_TRUE(plain.at(Feature::memmap_on_memory));
    EXPECT_FALSE(plain.contains(Feature::memmap_on_memory_force));
}

TEST(FeaturesOfSysfs, SayNothingWhereThereIsNone) {
    FoundFeatures found;
    features_of_sysfs(std::nullopt, std::nullopt, found);
    EXPECT_TRUE(found.empty());
}

TEST(FeaturesOfConfig, LinesOfAConfiguration) {
    FoundFeatures found;
    features_of_config("CONFIG_MEMORY_HOTPLUG=y\n# CONFIG_ARCH_MEMORY_PROBE is not set\nCONFIG_DEVICE_PRIVATE=y\n"
                       "CONFIG_MHP_DEFAULT_ONLINE_TYPE_OFFLINE=y\n",
                       found);
    const FoundFeatures expected = {{Feature::device_private, true},
                                    {Feature::memory_probe, false},
                                    {Feature::memmap_on_memory, false},
                                    {Feature::default_online, false}};
    EXPECT_EQ(found, expected);
}

TEST(FeaturesOfConfig, DefaultOnlineOldAndNew) {
    const std::pair<const char*, bool> table[] = {
        {"CONFIG_MEMORY_HOTPLUG_DEFAULT_ONLINE=y\n", true},
        {"# CONFIG_MEMORY_HOTPLUG_DEFAULT_ONLINE is not set\n", false},
        {"CONFIG_MHP_DEFAULT_ONLINE_TYPE_OFFLINE=y\n", false},
        {"# CONFIG_MHP_DEFAULT_ONLINE_TYPE_OFFLINE is not set\n", true},
    };
    for (const auto& [line, online] : table) {
        FoundFeatures found;
        features_of_config(std::string("CONFIG_MEMORY_HOTPLUG=y\n") + line, found);
        EXPECT_EQ(found.at(Feature::default_online), online) << line;
    }
}

TEST(FeaturesOfConfig, NoConfigurationSaysNothing) {
    FoundFeatures found;
    features_of_config("", found);
    features_of_config("CONFIG_DEVICE_PRIVATE=y\n", found);
    features_of_config("CONFIG_MEMORY_HOTPLUG=", found);
    EXPECT_TRUE(found.empty());
}

// pSeries_show_cpuinfo() and pnv_show_cpuinfo() (arch/powerpc/platforms).
TEST(FeaturesOfCpuinfo, TellWhichMmuPowerpcHas) {
    for (const auto& [word, hash] : {std::pair{"Hash", true}, std::pair{"Radix", false}}) {
        FoundFeatures found;
        features_of_cpuinfo(std::string("timebase\t: 512000000\nplatform\t: pSeries\nMMU\t\t: ") + word + "\n", found);
        ASSERT_TRUE(found.contains(Feature::hash_mmu)) << word;
        EXPECT_EQ(found.at(Feature::hash_mmu), hash) << word;
    }
    FoundFeatures none;
    features_of_cpuinfo("processor\t: 0\nflags\t\t: fpu\nMMU-type\t: Hash\n", none);
    EXPECT_TRUE(none.empty());
}

TEST(FeaturesOfTypes, AMissingMemberSaysNoAMissingFunctionNothing) {
    FoundFeatures found;
    features_of_types(
        {{{"memory_block.zone", false}, {"memory_block.altmap", true}}, {"add_memory_driver_managed"}, 64}, found);
    const FoundFeatures expected = {{Feature::block_remembers_zone, false},
                                    {Feature::memmap_on_memory_force, true},
                                    {Feature::driver_managed_ram, true}};
    EXPECT_EQ(found, expected);
}

TEST(FeaturesOfTypes, TheAddressCheckIsInOnePlace) {
    FoundFeatures later;
    features_of_types({{}, {"mhp_get_pluggable_range"}, {}}, later);
    EXPECT_TRUE(later.at(Feature::pluggable_range));
    EXPECT_FALSE(later.at(Feature::addressable_check_in_add_pages));
    FoundFeatures earlier;
    features_of_types({{}, {"check_hotplug_memory_addressable"}, {}}, earlier);
    EXPECT_FALSE(earlier.at(Feature::pluggable_range));
    EXPECT_TRUE(earlier.at(Feature::addressable_check_in_add_pages));
}

// Type information as the kernel lays it out (include/uapi/linux/btf.h): header, types, strings.
class Btf {
public:
    std::uint32_t name(const std::string& text) {
        const auto at = static_cast<std::uint32_t>(strings_.size());
        strings_ += text + '\0';
        return at;
    }
    void integer() { type("int", 1, 0, 4, {32U}); }
    void structure(const std::string& text, std::uint32_t size, const std::vector<std::string>& members) {
        std::vector<std::uint32_t> words;
        for (const auto& member : members) words.insert(words.end(), {name(member), 1, 0});
        type(text, 4, static_cast<std::uint32_t>(members.size()), size, words);
    }
    void function(const std::string& text, std::uint32_t prototype) { type(text, 12, 0, prototype, {}); }
    void prototype() { type("", 13, 0, 0, {}); }

    [[nodiscard]] std::string bytes() const {
        std::string out;
        const auto put = [&out](std::uint32_t word) { out.append(reinterpret_cast<const char*>(&word), sizeof(word)); };
        put(0x0001'eb9fU);   // magic, version 1, no flags
        put(24);
        put(0);
        put(static_cast<std::uint32_t>(types_.size()));
        put(static_cast<std::uint32_t>(types_.size()));
        put(static_cast<std::uint32_t>(strings_.size()));
        return out + types_ + strings_;
    }

private:
    void type(const std::string& text, std::uint32_t kind, std::uint32_t vlen, std::uint32_t size,
              const std::vector<std::uint32_t>& tail) {
        std::vector<std::uint32_t> words = {text.empty() ? 0 : name(text), kind << 24U | vlen, size};
        words.insert(words.end(), tail.begin(), tail.end());
        types_.append(reinterpret_cast<const char*>(words.data()), words.size() * sizeof(words[0]));
    }
    std::string types_;
    std::string strings_ = std::string(1, '\0');
};

std::string some_types() {
    Btf btf;
    btf.integer();                                                       // 1
    btf.structure("page", 64, {"flags"});                                // 2
    btf.structure("memory_block", 32, {"start_section_nr", "altmap"});   // 3
    btf.prototype();                                                     // 4
    btf.function("mhp_get_pluggable_range", 4);
    btf.function("something_else", 4);
    return btf.bytes();
}

bool has_btf_support() { return read_type_facts(some_types()).struct_page_size.has_value(); }

TEST(TypeFacts, AreReadFromBtf) {
    if (!has_btf_support()) GTEST_SKIP() << "built without libbpf";
    const auto facts = read_type_facts(some_types());
    EXPECT_EQ(facts.struct_page_size, 64U);
    const std::vector<std::pair<std::string, bool>> members = {
        {"memory_block.zone", false}, {"memory_block.nr_hwpoison", false}, {"memory_block.altmap", true}};
    EXPECT_EQ(facts.members, members);
    EXPECT_EQ(facts.functions, std::vector<std::string>{"mhp_get_pluggable_range"});
}

TEST(TypeFacts, NothingFromWhatIsNoBtf) {
    for (const std::string& text : {std::string(), std::string("garbage"), std::string(1000, '\xff')}) {
        const auto facts = read_type_facts(text);
        EXPECT_TRUE(facts.members.empty() && facts.functions.empty() && !facts.struct_page_size);
    }
    const auto whole = some_types();
    testing::internal::CaptureStderr();
    for (std::size_t cut = 0; cut < whole.size(); ++cut) read_type_facts(std::string_view(whole).substr(0, cut));
    EXPECT_EQ(testing::internal::GetCapturedStderr(), "");
}

TEST(ReadFeatures, SysfsIsSurerThanConfigurationAndTypes) {
    const HostTree tree;
    tree.file("boot/config-6.12.1",
              "CONFIG_MEMORY_HOTPLUG=y\nCONFIG_MHP_MEMMAP_ON_MEMORY=y\nCONFIG_ARCH_MEMORY_PROBE=y\n");
    tree.file("sys/kernel/btf/vmlinux", some_types());
    std::optional<unsigned> struct_page_size;
    const auto root = std::move(Root::open(tree.root())).value();
    const auto found = read_features(root, "6.12.1", {{}}, false, struct_page_size);
    ASSERT_TRUE(found.ok()) << found.error().message();
    EXPECT_FALSE(found->at(Feature::memmap_on_memory));
    EXPECT_FALSE(found->at(Feature::memory_probe));
    EXPECT_FALSE(found->at(Feature::device_private));
    if (!has_btf_support()) GTEST_SKIP() << "built without libbpf: BTF was not asked";
    EXPECT_EQ(struct_page_size, 64U);
    EXPECT_TRUE(found->at(Feature::memmap_on_memory_force));
}

TEST(ReadFeatures, TheReleaseIsNoPath) {
    const HostTree tree;
    tree.file("boot/config-x/../y", "CONFIG_MEMORY_HOTPLUG=y\n");
    std::optional<unsigned> struct_page_size;
    const auto root = std::move(Root::open(tree.root())).value();
    EXPECT_TRUE(read_features(root, "x/../y", {}, {}, struct_page_size)->empty());
}

}   // namespace
}   // namespace memhot::host
